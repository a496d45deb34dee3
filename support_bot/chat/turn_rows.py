"""What a turn leaves in the database: each step committed before its tools run, and one end.

Every write is a compare-and-set on state and fence, so a process that lost its turn changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from support_bot.chat import authority, frames, log, prompt
from support_bot.chat.models import Conversation, Step, Turn
from support_bot.chat.sources import sources_of
from support_bot.chat.truth import correction_of
from support_bot.llm.base import ToolCallRequest, Usage
from tools import gateway
from tools.context import ToolContext
from tools.errors import NotPermitted
from tools.provenance import NOTHING_KNOWN, Sources
from tracking.models import Customer

SIGN_IN_ENDED = "The sign-in that the customer's message came with has ended."


class TurnLost(Exception):
    """Another process holds the turn, or it has ended."""


class NoMandate(Exception):
    """The session that sent the message has ended, or the rights of its account have changed."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A turn this process runs under `fence`, and the customer's text that it answers.

    seconds: what is left of its time. stop_asked: the customer pressed stop while no process held it.
    """

    turn_id: UUID
    conversation_id: UUID
    customer_id: int
    message_seq: int
    session_key: str
    rights: str
    fence: int
    text: str
    origin: str = ""
    stop_asked: bool = False
    seconds: float = 0.0

    @property
    def resumed(self) -> bool:
        """Another process had it before: it died, or handed it over."""
        return self.fence > 1


@dataclass(frozen=True, slots=True)
class Ending:
    """How a turn ends. text: the assistant's; note: the honest system line of a failed one; data: its card."""

    state: str
    text: str
    error: str = ""
    note: str = ""
    note_data: dict[str, Any] | None = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class CommittedStep:
    """A step as it stands in the database. A call that was admitted but not answered yet has `told` None."""

    number: int
    text: str
    admitted: list[gateway.Admitted]


def commit_step(
    *,
    turn: Claimed,
    ctx: ToolContext,
    number: int,
    text: str,
    calls: Sequence[ToolCallRequest],
    usage: Usage,
    run: bool,
) -> list[gateway.Admitted]:
    """Store one answer of the model and admit its calls (or, with run=False, refuse them), in one commit.

    Raises TurnLost, and NoMandate where the session ended while the model spoke: then its calls are refused.
    """
    requests = [gateway.RawCall(name=call.name, arguments=call.arguments) for call in calls]
    with transaction.atomic():
        _hold(turn)
        admitted: list[gateway.Admitted] = []
        permitted = authority.stands(mandate=turn, customer_id=ctx.customer.pk)
        if not permitted:
            admitted = gateway.refuse_step(ctx=ctx, requests=requests, error=NotPermitted(SIGN_IN_ENDED))
        elif requests and run:
            excerpt = prompt.excerpt(conversation_id=turn.conversation_id, turn_seq=turn.message_seq, words=text)
            admitted = gateway.admit_step(
                ctx=ctx, requests=requests, excerpt=excerpt, sources=_sources(turn, ctx, calls)
            )
        elif requests:
            admitted = gateway.refuse_step(ctx=ctx, requests=requests)
        Step.objects.create(
            turn_id=turn.turn_id,
            number=number,
            text=text,
            calls=[_step_call(call, answer) for call, answer in zip(calls, admitted, strict=True)],
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            created_at=timezone.now(),
        )
    if not permitted:
        raise NoMandate
    return admitted


def _sources(turn: Claimed, ctx: ToolContext, calls: Sequence[ToolCallRequest]) -> Sources:
    """Where arguments may come from; asked for a change alone."""
    if all(gateway.is_read(call.name) for call in calls):
        return NOTHING_KNOWN
    return sources_of(conversation_id=turn.conversation_id, message_seq=turn.message_seq, customer=ctx.customer)


def _step_call(call: ToolCallRequest, answer: gateway.Admitted) -> dict[str, Any]:
    return {
        "id": call.id,
        "name": gateway.printable_name(call.name),
        "arguments": prompt.storable(gateway.kept_arguments(call.arguments)),
        "call_id": str(answer.call.pk),
        "told": answer.told,
    }


def _hold(turn: Claimed) -> None:
    """Lock the turn's row for this transaction. Raises TurnLost where it is no longer ours."""
    mine = Turn.objects.select_for_update().filter(pk=turn.turn_id, fence=turn.fence, state=Turn.State.RUNNING)
    if not mine.exists():
        raise TurnLost(str(turn.turn_id))


def record_told(*, turn: Claimed, number: int, told: Sequence[dict[str, Any]]) -> None:
    """Store what the model is answered with, before it is answered."""
    with transaction.atomic():
        _hold(turn)
        step = Step.objects.get(turn_id=turn.turn_id, number=number)
        for call, answer in zip(step.calls, told, strict=True):
            call["told"] = answer
        step.save(update_fields=["calls"])


def end_turn(*, turn_id: UUID, fence: int | None, ending: Ending) -> bool:
    """End a running turn once: its messages, its end frame and its state in one commit. False where it had ended."""
    now = timezone.now()
    with transaction.atomic():
        rows = Turn.objects.filter(pk=turn_id, state=Turn.State.RUNNING)
        if fence is not None:
            rows = rows.filter(fence=fence)
        if not rows.update(state=ending.state, error=ending.error, lease_until=None, ended_at=now):
            return False
        if ending.state != Turn.State.DONE:
            gateway.end_reads(turn_id=turn_id)
        conversation_id, customer_id = Turn.objects.values_list("conversation_id", "conversation__customer_id").get(
            pk=turn_id
        )
        news = []
        if ending.text:
            news.append(
                frames.message(author="assistant", text=ending.text, created_at=now, turn_id=turn_id, data=ending.data)
            )
        if ending.note:
            news.append(
                frames.message(
                    author="system", text=ending.note, created_at=now, turn_id=turn_id, data=ending.note_data
                )
            )
        news += _what_records_say(ending.text, customer_id, conversation_id, now)
        error = {"code": ending.error, "message": ending.note} if ending.error else None
        news.append(frames.turn(turn_id=turn_id, state=ending.state, error=error))
        log.append(conversation_id=conversation_id, frames=news, now=now)
    return True


def _what_records_say(text: str, customer_id: int, conversation_id: UUID, now: datetime) -> list[frames.Frame]:
    """A line beside an answer that claims what no record bears out; of no turn, like every word from the records."""
    found = correction_of(text=text, customer_id=customer_id, conversation_id=conversation_id)
    if found is None:
        return []
    data = {"type": "record_state", "calls": list(found.call_ids)}
    return [frames.message(author="system", text=found.text, created_at=now, data=data)]


def cancel_turn(*, conversation_id: UUID, turn_id: UUID) -> str | None:
    """Cancel a turn that has not begun; on one that runs, leave word for whoever holds it now or takes it up.

    Returns the state it was in; None where there is no such turn here.
    """
    with transaction.atomic():
        mine = Turn.objects.select_for_update().filter(pk=turn_id, conversation_id=conversation_id)
        state = mine.values_list("state", flat=True).first()
        if state == Turn.State.WAITING:
            now = timezone.now()
            Turn.objects.filter(pk=turn_id).update(state=Turn.State.CANCELLED, ended_at=now)
            frame = frames.turn(turn_id=turn_id, state=Turn.State.CANCELLED)
            log.append(conversation_id=conversation_id, frames=[frame], now=now)
        elif state == Turn.State.RUNNING:
            Turn.objects.filter(pk=turn_id).update(stop_asked=True)
    return state


def running_turn(*, conversation_id: UUID) -> UUID | None:
    rows = Turn.objects.filter(conversation_id=conversation_id, state=Turn.State.RUNNING)
    return rows.values_list("pk", flat=True).first()


def has_waiting(*, conversation_id: UUID) -> bool:
    return Turn.objects.filter(conversation_id=conversation_id, state=Turn.State.WAITING).exists()


def committed_steps(*, turn_id: UUID) -> list[CommittedStep]:
    """What a turn has come to, in order: for the process that goes on with it."""
    return [
        CommittedStep(
            number=step.number,
            text=step.text,
            admitted=gateway.admitted_before(answers=[(UUID(call["call_id"]), call["told"]) for call in step.calls]),
        )
        for step in Step.objects.filter(turn_id=turn_id).order_by("number")
    ]


def customer_of(*, conversation_id: UUID) -> Customer:
    return Conversation.objects.select_related("customer__user").get(pk=conversation_id).customer
