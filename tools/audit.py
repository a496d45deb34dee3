"""Writes the audit trail: always in the transaction of what it tells of, always ids, never personal values.

An entry is one INSERT and takes no lock; tools/sealing.py chains the entries afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from tools import origin
from tools.auditproof import entry_mac
from tools.models import AuditEntry, ToolCall

log = structlog.get_logger(__name__)

MODEL = "model"
WORKER = "worker"
CLOCK = "clock"
# The first entry about a request: what it needed then.
REQUESTED = "call.requested"
ANYBODY = "anonymous"


def customer_actor(customer_id: int) -> str:
    return f"customer:{customer_id}"


def user_actor(user_id: int) -> str:
    return f"user:{user_id}"


def record(
    *,
    event: str,
    actor: str,
    outcome: str,
    now: datetime,
    call: ToolCall | None = None,
    call_id: UUID | None = None,
    **details: Any,
) -> None:
    """One entry and one log line. `event` is a dotted name such as `call.confirmed`.

    call_id: for an entry about a call that was not found or is not at hand. details: ids, counts and fixed words.
    """
    entry = _entry(event, actor, outcome, now, call, details)
    entry.call_id = call.pk if call else call_id
    _prove(entry)
    entry.save(force_insert=True)
    named = str(entry.call_id) if entry.call_id else None
    log.info(event, actor=actor, outcome=outcome, call_id=named, **entry.details)


def record_all(
    *,
    event: str,
    actor: str,
    outcome: str,
    now: datetime,
    calls: list[ToolCall],
    details: Sequence[dict[str, Any]] = (),
) -> None:
    """The same entry for many calls, in one statement; `details` has those of each, in the same order."""
    each = details or [{}] * len(calls)
    entries = [_entry(event, actor, outcome, now, call, own) for call, own in zip(calls, each, strict=True)]
    for entry in entries:
        _prove(entry)
    AuditEntry.objects.bulk_create(entries, batch_size=500)
    log.info(event, actor=actor, outcome=outcome, calls=len(calls))


def _entry(
    event: str, actor: str, outcome: str, now: datetime, call: ToolCall | None, details: dict[str, Any]
) -> AuditEntry:
    where = origin.current()
    return AuditEntry(
        at=now,
        event=event,
        actor=actor,
        customer_id=call.customer_id if call else None,
        call_id=call.pk if call else None,
        digest=call.digest if call else "",
        outcome=outcome,
        details={name: _plain(value) for name, value in details.items()},
        request_id=where.request_id,
        address=where.address,
    )


def _plain(value: Any) -> Any:
    """What every database gives back as it was put in: texts, whole numbers, truth values and lists of them."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return "".join(char if char.isprintable() else "?" for char in str(value))


def _prove(entry: AuditEntry) -> None:
    entry.mac = entry_mac(entry)
