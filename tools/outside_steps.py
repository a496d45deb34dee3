"""The steps of an effect outside: sent after everything was checked and committed, asked for, booked under the fence.

No transaction is open while the gateway is spoken to. What was sent once is asked for before it is sent again, and it
ends without an effect only when the gateway knows nothing of it although nothing can be under way any more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from tools import audit, outside_http, settling
from tools.models import ToolCall
from tools.moves import LostRace, database_now
from tools.outside import LONGEST_PAUSE_S, UNSETTLED, Outside, in_flight, lease_s, pause, quiet_at
from tools.outside_http import Answer
from tools.settling import outside_of
from tools.states import State
from tracking.models import Customer

log = structlog.get_logger(__name__)


class TooEarly(Exception):
    """The checks ended a call whose effect may still be under way outside. Undo that and ask again later."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A call that was checked and marked as sent: what is to be sent once that is committed.

    again: an earlier try may have got there. until: the monotonic time after which another worker may hold the call.
    """

    call: ToolCall
    outside: Outside
    body: dict[str, str]
    again: bool
    until: float


def must_wait(call: ToolCall) -> bool:
    """Whether nothing can be done for this call at the moment: it is not claimed then."""
    outside = outside_of(call)
    if outside is None or (call.state == State.NEEDS_RECONCILIATION and call.sent_at is None):
        return call.state == State.NEEDS_RECONCILIATION  # nobody can be asked: staff settle it
    if settings.EFFECT_GATEWAY_URL and outside_http.is_resting():
        return True
    return call.state == State.APPROVED and in_flight(record=call.record, besides=call.pk)


def prepare(*, call: ToolCall, outside: Outside, record: Any, typed: dict[str, Any], now: datetime) -> Sending | str:
    """At the end of the checks, in their transaction, with the record locked: from the commit on it counts as sent."""
    if in_flight(record=call.record, besides=call.pk):
        ToolCall.objects.filter(pk=call.pk).update(lease_until=now + pause(call.tries))
        return State.EXECUTING
    again = call.sent_at is not None
    until = time.monotonic() + lease_s() - settings.EFFECT_TIMEOUT_S
    ToolCall.objects.filter(pk=call.pk).update(sent_at=now, lease_until=now + timedelta(seconds=lease_s()))
    outcome = "again" if again else "first"
    audit.record(event="call.sent_outside", actor=audit.WORKER, outcome=outcome, now=now, call=call, tries=call.tries)
    return Sending(call=call, outside=outside, body=outside.body(record, **typed), again=again, until=until)


def send(sending: Sending) -> str:
    """Send it, and end the call or leave it for later by what comes back. Returns its state."""
    call, path = sending.call, sending.outside.path
    if time.monotonic() > sending.until:
        raise LostRace(str(call.pk))
    answer = outside_http.send(path=path, key=call.pk, body=sending.body)
    if _is_doubtful(answer, sending):
        asked = outside_http.ask(path=path, key=call.pk)
        refused = answer.outcome == "refused" and asked.outcome == "absent"
        answer = Answer("refused" if refused else asked.outcome, f"{answer.why},{asked.why}")
    if answer.outcome == "done":
        return _book(call, answer)
    if answer.outcome == "refused":
        return _fail(call, answer, sending.outside.refused)
    return _wait(call, answer)


def _is_doubtful(answer: Answer, sending: Sending) -> bool:
    """Whether to ask at once. One that hangs is asked later, unless this was the last try."""
    if answer.outcome == "refused":
        # What was sent before may have been done in between, and this be refused for just that reason.
        return sending.again
    hangs = answer.why == outside_http.TIMEOUT and sending.call.tries < settings.EFFECT_TRIES
    return answer.outcome == "unknown" and not hangs


def ask_first(call: ToolCall) -> str | None:
    """Ask what became of a call that was sent before. None where it may be sent again, else its state."""
    outside = outside_of(call)
    if outside is None:
        raise LookupError(f"{call.tool} has no outside part any more")
    answer = outside_http.ask(path=outside.path, key=call.pk)
    if answer.outcome == "done":
        return _book(call, answer)
    if answer.outcome == "absent":
        if not call.asks and call.state == State.EXECUTING:
            return None
        if quiet_at(call=call) <= database_now():
            return _fail(call, answer, outside.undone)
    return _wait(call, answer)


def wait_until_quiet(call: ToolCall) -> str:
    """Look at it again when nothing that was sent can be under way any more."""
    with transaction.atomic():
        held, now = _held(call), database_now()
        _pause_until(held, max(quiet_at(call=held), now + pause(1)))
    return held.state


# --- what is committed afterwards, under the same fence ---------------------------------------------------------


def _book(call: ToolCall, answer: Answer) -> str:
    with transaction.atomic():
        held, now = _held(call), database_now()
        _note(held, answer, now)
        settling.succeed(call=held, actor=audit.WORKER, now=now)
    return State.SUCCEEDED


def _fail(call: ToolCall, answer: Answer, reason: str) -> str:
    with transaction.atomic():
        held, now = _held(call), database_now()
        _note(held, answer, now)
        log.error("call.given_up", call_id=str(call.pk), tool=call.tool, tries=held.tries, why=answer.why)
        settling.fail(call=held, actor=audit.WORKER, now=now, reason=reason)
    return State.FAILED


def _wait(call: ToolCall, answer: Answer) -> str:
    """Try or ask again, with growing pauses. Where nothing more is sent and nobody knows, it is for staff too."""
    with transaction.atomic():
        held, now = _held(call), database_now()
        _note(held, answer, now)
        if held.state == State.NEEDS_RECONCILIATION:
            _pause_until(held, now + pause(held.asks, longest_s=LONGEST_PAUSE_S))
        elif held.tries < settings.EFFECT_TRIES:
            _pause_until(held, now + pause(held.tries))
        elif answer.outcome == "absent":
            _pause_until(held, max(quiet_at(call=held), now + pause(1)))
        else:
            settling.doubt(call=held, now=now)
    return held.state


def _held(call: ToolCall) -> ToolCall:
    """The call, locked, while it is still ours. Raises LostRace."""
    Customer.objects.select_for_update(no_key=True).only("pk").get(pk=call.customer_id)
    rows = ToolCall.objects.select_for_update(of=("self",)).select_related("customer")
    held = rows.filter(pk=call.pk, state__in=UNSETTLED, fence=call.fence).first()
    if held is None:
        raise LostRace(str(call.pk))
    return held


def _note(call: ToolCall, answer: Answer, now: datetime) -> None:
    audit.record(
        event="call.answered_outside", actor=audit.WORKER, outcome=answer.outcome, now=now, call=call, why=answer.why
    )


def _pause_until(call: ToolCall, moment: datetime) -> None:
    ToolCall.objects.filter(pk=call.pk).update(lease_until=moment)
