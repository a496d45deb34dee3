"""What a tool declares of an effect that is made outside of our database, and how long such an effect is waited for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from tools.models import ToolCall
from tools.plan import Outcome
from tools.states import State

# Until one of these is settled, nobody sends another one about the same record.
UNSETTLED = (State.EXECUTING, State.NEEDS_RECONCILIATION)
LONGEST_PAUSE_S = 600
# Claims that only ask and end without a word before staff are told: whatever kills the worker, it is not for ever.
MOST_ASKS = 5


@dataclass(frozen=True, slots=True)
class Outside:
    """The outside part of a write tool, made where EFFECT_GATEWAY_URL says; without that, `apply` is all there is.

    path: below that address; the call id is the key of everything that is sent there.
    body: (record, **arguments) -> what is sent.
    book: (*, call_id, customer, now, **arguments) -> Outcome: writes what was done there into our own records, however
    they read by then, and never whether it was right.
    refused, undone, doubt: one sentence for the customer: it was refused there; nothing was done; nobody knows yet.
    """

    path: str
    body: Callable[..., dict[str, str]]
    book: Callable[..., Outcome]
    refused: str
    undone: str
    doubt: str


def lease_s() -> float:
    """How long a worker holds such a call: longer than what it sends and then asks can take."""
    return max(settings.CALL_LEASE_S, 2 * settings.EFFECT_TIMEOUT_S + 2)


def quiet_at(*, call: ToolCall) -> datetime:
    """From when on "we have no such thing" means that nothing will be done any more.

    Before that, what was sent may still be under way there: it may be sent again under the same key, but not given up.
    """
    if call.sent_at is None:
        raise ValueError("the call was never sent")
    return call.sent_at + timedelta(seconds=2 * settings.EFFECT_TIMEOUT_S)


def pause(times: int, *, longest_s: int = 60) -> timedelta:
    """From 2 s on, doubled each time."""
    return timedelta(seconds=min(2 ** min(times, 16), longest_s))


def in_flight(*, record: str, besides: UUID | None = None) -> bool:
    """Whether a call about this record was sent and its outcome is not in our books yet."""
    sent = ToolCall.objects.filter(effect="write", record=record, state__in=UNSETTLED, sent_at__isnull=False)
    return (sent if besides is None else sent.exclude(pk=besides)).exists()
