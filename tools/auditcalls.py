"""What the calls themselves tell of the trail: every call, decision and effect was committed with an entry.

A trail that was cut or emptied, however consistently, no longer has the entries of the rows that it told of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from tools.models import AuditEntry, Decision, Effect, ToolCall
from tools.states import State

CHUNK = 2000
BEGINNINGS = ("call.running", "call.requested", "tool.rejected")
DECIDED = ("call.approved", "call.approval_counted", "call.declined", "call.succeeded", "call.failed")


def unrecorded() -> Iterator[tuple[str, str]]:
    """(row, what is missing), oldest first of each kind. Every kind is one statement and so one view of the tables."""
    for call_id in _stream(_without_beginning(), "created_at", "pk"):
        yield f"call {call_id[0]}", "no entry tells how it began: entries were removed, or it was written by SQL"
    for call_id, state in _stream(_without_state(), "created_at", "pk", "state"):
        yield f"call {call_id}", f"is {state}, and no entry tells so: entries were removed, or it was changed by SQL"
    for call_id, reviewer in _stream(_without_decision(), "decided_at", "call_id", "reviewer_id"):
        yield f"call {call_id}", f"no entry tells of the decision of user:{reviewer} on it"
    for call_id in _stream(_without_effect(), "made_at", "pk"):
        yield f"call {call_id[0]}", "no entry tells of its effect"


def _stream(rows: QuerySet[Any], at: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    return rows.order_by(at, "pk").values_list(*columns).iterator(chunk_size=CHUNK)


# Each is an anti-join on the index of call_id.


def _without_beginning() -> QuerySet[ToolCall]:
    entries = AuditEntry.objects.filter(call_id=OuterRef("pk"), event__in=BEGINNINGS)
    return ToolCall.objects.filter(~Exists(entries))


def _without_state() -> QuerySet[ToolCall]:
    entries = AuditEntry.objects.filter(call_id=OuterRef("pk"))
    told, rejected = Exists(entries.filter(outcome=OuterRef("state"))), Exists(entries.filter(event="tool.rejected"))
    # What was rejected has the error's code as its outcome.
    return ToolCall.objects.filter(~told).filter(~Q(state=State.REFUSED) | ~rejected)


def _without_decision() -> QuerySet[Decision]:
    actor = Concat(Value("user:"), Cast(OuterRef("reviewer_id"), CharField()))
    entries = AuditEntry.objects.filter(call_id=OuterRef("call_id"), event__in=DECIDED, actor=actor)
    return Decision.objects.filter(~Exists(entries))


def _without_effect() -> QuerySet[Effect]:
    entries = AuditEntry.objects.filter(call_id=OuterRef("pk"), event="call.succeeded")
    return Effect.objects.filter(~Exists(entries))
