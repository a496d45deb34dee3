"""Everything kept about one customer's requests and look-ups, row by row. Staff appear as their role alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q

from tools.audit import customer_actor, user_actor
from tools.models import AuditEntry, Notice, ToolCall
from tracking.models import Customer

Row = Mapping[str, Any]

CALL = (
    *("id", "conversation_id", "turn_id", "tool", "effect", "label", "state", "arguments", "digest", "record"),
    *("summary", "changes", "preconditions", "verify_at", "reason", "excerpt", "provenance"),
    *("created_at", "confirmed_at", "approved_at", "expires_at", "ended_at"),
)


def calls(*, customer: Customer) -> Iterator[Row]:
    """Requests with their decisions, and look-ups, oldest first."""
    rows = ToolCall.objects.filter(customer=customer).order_by("created_at", "pk").prefetch_related("decisions")
    for call in rows.iterator(chunk_size=500):
        decisions = sorted(call.decisions.all(), key=lambda decision: decision.decided_at)
        yield {name: getattr(call, name) for name in CALL} | {
            "decisions": [
                {"by": "reviewer", "decision": one.decision, "reason": one.reason, "at": one.decided_at}
                for one in decisions
            ]
        }


def mails(*, customer: Customer) -> Iterator[Row]:
    rows = Notice.objects.filter(call__customer=customer).order_by("pk")
    yield from rows.values("call_id", "kind", "to", "created_at", "sent_at").iterator()


def trail(*, customer: Customer) -> Iterator[Row]:
    """The audit's entries of this customer's requests and of what they did."""
    own = [customer_actor(customer.pk)]
    if customer.user_id is not None:
        own.append(user_actor(customer.user_id))
    about = Q(customer_id=customer.pk) | Q(actor__in=own) | Q(details__customer=customer.pk)
    rows = AuditEntry.objects.filter(about).order_by("pk")
    for entry in rows.values("at", "event", "actor", "call_id", "digest", "outcome").iterator():
        yield {**entry, "actor": _role(entry["actor"], own)}


def _role(actor: str, own: list[str]) -> str:
    return "you" if actor in own else {"user": "staff", "customer": "customer"}.get(actor.split(":")[0], actor)
