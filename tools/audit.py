"""Writes the audit trail: always in the transaction of what it tells of, always ids, never personal values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog

from tools.models import AuditEntry, ToolCall

log = structlog.get_logger(__name__)

MODEL = "model"
WORKER = "worker"
CLOCK = "clock"


def customer_actor(customer_id: int) -> str:
    return f"customer:{customer_id}"


def user_actor(user_id: int) -> str:
    return f"user:{user_id}"


def record(
    *, event: str, actor: str, outcome: str, now: datetime, call: ToolCall | None = None, **details: Any
) -> None:
    """One entry and one log line. `event` is a dotted name such as `call.confirmed`."""
    AuditEntry.objects.create(
        at=now,
        event=event,
        actor=actor,
        call_id=call.pk if call else None,
        digest=call.digest if call else "",
        outcome=outcome,
        details=details,
    )
    log.info(event, actor=actor, outcome=outcome, call_id=str(call.pk) if call else None)


def record_all(*, event: str, actor: str, outcome: str, now: datetime, calls: list[ToolCall]) -> None:
    """The same entry for many calls, in one statement."""
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(at=now, event=event, actor=actor, call_id=call.pk, digest=call.digest, outcome=outcome)
            for call in calls
        ],
        batch_size=500,
    )
    log.info(event, actor=actor, outcome=outcome, calls=len(calls))
