"""What the worker is woken for. A task carries an id and nothing else; what is to be done stands in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

import structlog
from celery import Task, shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError

from tools import health, notices
from tools.execution import due_calls, execute_call
from tools.expiry import expire_due
from tools.sealing import seal_entries

log = structlog.get_logger(__name__)


@shared_task(name="tools.tasks.execute")
def execute(call_id: str) -> None:
    """Carry out one approved call, if its row says so."""
    try:
        identifier = UUID(call_id)
    except (ValueError, AttributeError, TypeError):
        log.warning("task.bad_id", task="execute")
        return
    execute_call(call_id=identifier)


@shared_task(name="tools.tasks.send_notice")
def send_notice(notice_id: str) -> None:
    """Send one mail, if it has not been sent."""
    if not str(notice_id).isdecimal():
        log.warning("task.bad_id", task="send_notice")
        return
    notices.send(notice_id=int(notice_id))


@shared_task(name="tools.tasks.sweep")
def sweep() -> None:
    """Do what a lost wake-up left undone: end what has expired, carry out what is due, send what was not sent."""
    expire_due()
    for outside in (False, True):  # a time of its own for each: neither must wait for ever behind the other
        _for_a_while(partial(execute_call, call_id=call_id) for call_id in due_calls(outside=outside))
    _for_a_while(partial(notices.send, notice_id=notice_id) for notice_id in notices.due())


def _for_a_while(work: Iterable[partial[Any]]) -> None:
    """One after the other for SWEEP_S seconds. The rest is for the next sweep, and for the tasks that come by name:
    whoever works here holds a place of the worker, and its heartbeat needs one.
    """
    until = monotonic() + settings.SWEEP_S
    for one in work:
        if monotonic() >= until:
            return
        _one_of_many(one, **one.keywords)


def _one_of_many(work: Callable[[], object], **which: object) -> None:
    """What keeps one must not keep the others: it is told to the log, and the next sweep tries again."""
    try:
        work()
    except SoftTimeLimitExceeded:
        raise  # the task's time is over: end here, before the hard limit ends the process
    except Exception as error:
        log.error(
            "sweep.one_failed",
            error=type(error).__name__,
            exc_info=error,
            **{name: str(value) for name, value in which.items()},
        )


@shared_task(name="tools.tasks.seal")
def seal() -> None:
    """Chain the audit entries that were written since the last time."""
    try:
        seal_entries()
    except DatabaseError as error:  # the next second tries again; what is not sealed waits
        log.warning("audit.not_sealed", error=type(error).__name__)


@shared_task(name="tools.tasks.heartbeat", bind=True)
def heartbeat(self: Task[[], None]) -> None:
    """Proof that this worker hears the broker, on the queue by which this came."""
    queue, worker = (self.request.delivery_info or {}).get("routing_key"), str(self.request.hostname or "worker")
    if queue not in health.QUEUES:
        log.warning("task.bad_queue", task="heartbeat")
        return
    # The one worker of the demo hears all queues; others are named after theirs.
    health.beat(name=worker if worker.startswith(f"{queue}.") else f"{queue}.{worker}"[:120])
