"""Everything kept about one customer as one JSON document, written piece by piece: no size of it fills the memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from support_bot.chat.erasure import sessions_of
from support_bot.chat.models import Conversation, Event, Feedback
from tools import export as requests
from tracking import export as records
from tracking.models import Customer

FORMAT = 1
Row = Mapping[str, Any]


def export(*, customer: Customer, now: datetime) -> Iterator[str]:
    """The document's text in pieces."""
    head: dict[str, Any] = {"format": FORMAT, "exported_at": now, "profile": records.profile(customer=customer)}
    yield _json(head | {"account": records.account(customer=customer)})[:-1]
    for name, rows in _lists(customer):
        yield f",\n{json.dumps(name)}: ["
        for number, row in enumerate(rows):
            yield (",\n" if number else "\n") + _json(row)
        yield "]"
    yield "}\n"


def _json(value: Row) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _lists(customer: Customer) -> Iterator[tuple[str, Iterator[Row]]]:
    yield "orders", records.orders(customer=customer)
    yield "packages", records.packages(customer=customer)
    yield "refunds", records.refunds(customer=customer)
    yield "problem_reports", records.problem_reports(customer=customer)
    yield "callbacks", records.callbacks(customer=customer)
    yield "conversations", _conversations(customer)
    yield "messages", _messages(customer)
    yield "feedback", _feedback(customer)
    yield "requests", requests.calls(customer=customer)
    yield "mails", requests.mails(customer=customer)
    yield "audit", requests.trail(customer=customer)
    yield "sessions", _sessions(customer)


def _conversations(customer: Customer) -> Iterator[Row]:
    rows = Conversation.objects.filter(customer=customer).order_by("created_at", "pk")
    yield from rows.values("id", "mode", "created_at").iterator()


def _messages(customer: Customer) -> Iterator[Row]:
    """What was said in all conversations. Staff are `staff`, as the customer saw them."""
    events = Event.objects.filter(conversation__customer=customer, type="message").order_by("conversation_id", "seq")
    for event in events.only("conversation_id", "seq", "author", "payload", "created_at").iterator(chunk_size=500):
        said = {name: event.payload.get(name) for name in ("text", "data")}
        yield (
            {"conversation": event.conversation_id, "seq": event.seq, "author": event.author}
            | said
            | {"created_at": event.created_at}
        )


def _feedback(customer: Customer) -> Iterator[Row]:
    rows = Feedback.objects.filter(conversation__customer=customer).order_by("pk")
    yield from rows.values("conversation_id", "seq", "rating", "comment", "created_at").iterator()


def _sessions(customer: Customer) -> Iterator[Row]:
    """When this account was signed in. The keys are left out: they sign in."""
    if customer.user is None:
        return
    for data, expires_at in sessions_of(user=customer.user):
        times = {name: _moment(data.get(name)) for name in ("started_at", "used_at")}
        yield times | {"expires_at": expires_at}


def _moment(value: object) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) else None
