"""Takes one person's values out of their requests. Who decided what, when and about which digest stays.

So does the trail, which holds ids alone. Every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When

from tools.customers import OPERATOR
from tools.models import Decision, Notice, ToolCall
from tools.moves import move_call
from tools.registry import REGISTRY, UNKNOWN
from tools.requests import lock_open_requests
from tools.states import OPEN_WRITE_STATES, WAITING_STATES, State
from tracking.batches import in_batches
from tracking.models import Customer

CALL_BLANK: dict[str, Any] = {
    "label": "",
    "arguments": {},
    "summary": "",
    "changes": [],
    "preconditions": {},
    "verify_at": "",
    "reason": "",
    "excerpt": [],
    "provenance": {},
}


class NotNow(Exception):
    """A request must come to its end first. The text says what to do."""


def open_calls(*, customer: Customer) -> QuerySet[ToolCall]:
    return ToolCall.objects.filter(customer=customer, effect="write", state__in=OPEN_WRITE_STATES)


def check_settled(*, customer: Customer) -> None:
    """Raises NotNow where money may have moved outside and nobody knows yet."""
    sent = Q(state=State.NEEDS_RECONCILIATION) | Q(state=State.EXECUTING, sent_at__isnull=False)
    if open_calls(customer=customer).filter(sent).exists():
        raise NotNow("A payment of this customer is not settled. Staff settle it on its review page; then try again.")


def end_open_calls(*, customer: Customer, now: datetime) -> int:
    """Withdraw what waits, in the customer's name, and stop what a worker has begun. Returns how many ended.

    The effect's own transaction begins with the customer's row, which is locked here: it has either committed or will
    find the call ended.
    """
    with transaction.atomic():
        lock_open_requests(customer=customer)
        check_settled(customer=customer)
        calls = list(open_calls(customer=customer).order_by("pk"))
        for call in calls:
            to = State.WITHDRAWN if call.state in WAITING_STATES else State.REFUSED
            move_call(call=call, to=to, actor=OPERATOR, now=now, reason="not_permitted" if to == State.REFUSED else "")
        for call in ToolCall.objects.filter(customer=customer, effect="read", state=State.RUNNING):
            move_call(call=call, to=State.FAILED, actor=OPERATOR, now=now, reason="unavailable")
    return len(calls)


def not_blank() -> Q:
    """Calls that still hold something a person said or a record held."""
    blank = Q(**CALL_BLANK)
    return ~blank | _named_by_a_model()


def _named_by_a_model() -> Q:
    """Calls of tools that do not exist: the name is a text of a model, which may have put anything there."""
    return ~Q(tool__in=[*REGISTRY, UNKNOWN])


def blank_calls(*, calls: QuerySet[ToolCall]) -> int:
    """In the caller's transaction: the calls' words and values, their mails and the reasons of their decisions."""
    Notice.objects.filter(call__in=calls).delete()
    Decision.objects.filter(call__in=calls).exclude(reason="").update(reason="")
    name = Case(When(_named_by_a_model(), then=Value(UNKNOWN)), default=F("tool"))
    return calls.update(**CALL_BLANK, tool=name)


def blank_all_calls(*, customer: Customer) -> Iterator[int]:
    """Yields how many calls each transaction took."""
    mine = ToolCall.objects.filter(customer=customer).filter(not_blank())
    yield from in_batches(rows=mine, change=lambda calls: blank_calls(calls=calls))
    with transaction.atomic():
        Notice.objects.filter(call__customer=customer).delete()
        Decision.objects.filter(call__customer=customer).exclude(reason="").update(reason="")
