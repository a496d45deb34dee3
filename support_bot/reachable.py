"""Asks the database and the broker something small, and takes no answer within seconds for none.

A server that hangs is away: whoever asks how we are must not hang with it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import connection
from kombu import Connection

R = TypeVar("R")
log = structlog.get_logger(__name__)

ANSWER_WITHIN_S = 3.0
# Few: a question that hangs keeps its thread, and while all of them hang the answer is known.
_ASKING = ThreadPoolExecutor(max_workers=4, thread_name_prefix="reachable")


def from_database(question: Callable[[], R]) -> R | None:
    """What `question` reads; None where the database is away."""

    def ask() -> R:
        try:
            return question()
        finally:
            connection.close()

    return _in_time("database", ask)


def broker_answers() -> bool:
    if not settings.REDIS_URL:
        return True  # the broker is this process
    return _in_time("broker", _ping_broker) is not None


def _ping_broker() -> bool:
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as session:
        session.ensure_connection(max_retries=1, timeout=2)
    return True


def _in_time(what: str, ask: Callable[[], R]) -> R | None:
    try:
        return _ASKING.submit(ask).result(timeout=ANSWER_WITHIN_S)
    except Exception as error:  # whatever a driver raises when its server is away, or the time-out
        log.warning("ready.away", what=what, error=type(error).__name__)
        return None
