"""Wakes the worker after a commit. A wake-up may be lost: what is due stands in the database and the sweep finds it."""

from __future__ import annotations

from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction

log = structlog.get_logger(__name__)

EXECUTE = "tools.tasks.execute"
SEND_NOTICE = "tools.tasks.send_notice"
# Redis: 0, the default, goes first. However much is to be done, the sweep and the heartbeats are not behind it: else a
# busy worker would be taken for a deaf one, and what was lost would be found only when everything else is done.
BEHIND = 6


def wake(task: str, identifier: UUID | int) -> None:
    """Publish `task(identifier)` once the present transaction has committed. Ids only; never raises."""

    def publish() -> None:
        try:
            current_app.send_task(task, args=[str(identifier)], retry=False, priority=BEHIND)
        except Exception as error:  # kombu raises what each transport's client raises; the sweep makes up for it
            log.warning("wakeup.lost", task=task, id=str(identifier), error=type(error).__name__)

    transaction.on_commit(publish)
