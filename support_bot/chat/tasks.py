"""Purges what is old. Runs in the worker of the turns, so that it never holds up approved calls."""

from __future__ import annotations

import structlog
from celery import shared_task

from support_bot.chat import retention
from support_bot.chat.retention import Purged
from tools.moves import database_now

log = structlog.get_logger(__name__)

# Seconds: a night's purge is done in pieces, so that it never holds up what else waits in this queue.
PURGE_S = 20.0


@shared_task(name="support_bot.chat.tasks.purge")
def purge() -> None:
    """What the rules of retention say, a piece at a time until nothing is left to do."""
    if not retention.purge(now=database_now(), tell=_tell, seconds=PURGE_S):
        purge.delay()


def _tell(purged: Purged) -> None:
    if purged.count:
        log.info("retention.purged", table=purged.rule.table, count=purged.count)
