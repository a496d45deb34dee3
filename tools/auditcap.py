"""Entries about refusals, of which anybody can cause any number: so many a minute one by one, the rest as a count."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction

from tools import audit, origin
from tools.models import ToolCall

log = structlog.get_logger(__name__)

WINDOW_S = 60.0
MOST_EACH = 10  # of one event and outcome, by one actor or address
MOST_ALL = 300  # by everybody who is not signed in, in this process: addresses are cheap


class _Window:
    """What this process recorded and left out in the current minute."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.started = time.monotonic()
        self.taken: Counter[tuple[str, ...]] = Counter()
        self.anonymous = 0
        self.left_out: Counter[tuple[str, str]] = Counter()

    def take(
        self, event: str, outcome: str, actor: str, address: str
    ) -> tuple[bool, list[tuple[tuple[str, str], int]]]:
        """(whether to record it one by one, what the window before left out)."""
        with self.lock:
            before: list[tuple[tuple[str, str], int]] = []
            if time.monotonic() - self.started >= WINDOW_S:
                before = list(self.left_out.items())
                self.started, self.anonymous = time.monotonic(), 0
                self.taken.clear()
                self.left_out.clear()
            key = (event, outcome, actor, address if actor == audit.ANYBODY else "")
            known = actor != audit.ANYBODY
            if (known or self.anonymous < MOST_ALL) and self.taken[key] < MOST_EACH:
                self.taken[key] += 1
                self.anonymous += not known
                return True, before
            self.left_out[event, outcome] += 1
            return False, before


_window = _Window()


def record_refusal(
    *,
    event: str,
    actor: str,
    outcome: str,
    now: datetime,
    call: ToolCall | None = None,
    call_id: UUID | None = None,
    **details: Any,
) -> None:
    """As audit.record, for what was refused and changed nothing. A database that is away is told to the log alone."""
    one_by_one, before = _window.take(event, outcome, actor, origin.current().address)
    try:
        with transaction.atomic():
            for (left_event, left_outcome), count in before:
                audit.record(
                    event="audit.left_out", actor=audit.CLOCK, outcome=left_outcome, now=now, of=left_event, count=count
                )
            if one_by_one:
                audit.record(event=event, actor=actor, outcome=outcome, now=now, call=call, call_id=call_id, **details)
    except DatabaseError as error:
        log.error("audit.not_written", of=event, outcome=outcome, error=type(error).__name__)
