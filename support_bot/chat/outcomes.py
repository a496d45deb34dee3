"""Writes what became of a call into its conversation: in the transaction that moved it, in words from the record."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.dispatch import receiver
from django.utils import timezone

from support_bot.chat import frames, log
from support_bot.chat.models import Event
from tools.approvals import approvals_had
from tools.models import ToolCall
from tools.signals import call_changed
from tools.states import State

# What stands before words of staff.
REASON = " Their reason: "
# What the customer reads when a request ends without an effect, or nobody knows. {what} is the request's own summary.
ENDINGS: dict[str, str] = {
    State.NEEDS_RECONCILIATION: "This is not settled: {what}. {reason}",
    State.FAILED: "This could not be carried out: {what}. {reason}",
    State.STALE: "This was not carried out: {what}. {reason} You can ask for it again.",
    State.DECLINED: "Our staff declined this request: {what}." + REASON + "{reason}",
    State.EXPIRED: "This request has expired and nothing was changed: {what}. {reason}",
    State.REFUSED: "This request was stopped by a check and nothing was changed: {what}.",
}


@receiver(call_changed)
def write_call(
    sender: type[ToolCall], *, call: ToolCall, sentence: str | None, also_in: UUID | None = None, **_: Any
) -> None:
    """A `call` frame for every change, and one system message when a write has come to its end, or to a halt."""
    have = approvals_had(call=call) if call.need else 0
    news = [frames.call(call=call, have=have)]
    if text := outcome_text(call=call, sentence=sentence):
        now = timezone.now()
        data = {"type": "call_outcome", "call_id": str(call.pk), "state": str(call.state)}
        news.append(frames.message(author="system", text=text, created_at=now, data=data))
    for conversation_id in [also_in] if also_in else _shown_in(call):
        log.append(conversation_id=conversation_id, frames=news, now=timezone.now())


def _shown_in(call: ToolCall) -> list[UUID]:
    """The call's own conversation, and for a write others that show its card; always in one order."""
    if call.conversation_id is None:
        return []
    if call.effect != "write":
        return [call.conversation_id]
    shown = Event.objects.filter(call_id=call.pk, type="call").values_list("conversation_id", flat=True).distinct()
    return sorted({call.conversation_id, *shown})


def outcome_text(*, call: ToolCall, sentence: str | None) -> str | None:
    """The sentence of the effect, or of the end of a write that had none; None for everything else."""
    if call.effect != "write":
        return None
    if sentence is not None:
        return sentence
    template = ENDINGS.get(call.state)
    if template is None:
        return None
    return template.format(what=call.summary.rstrip("."), reason=call.reason).strip()
