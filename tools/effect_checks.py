"""What is checked once more on the locked row right before an effect: nothing that was true earlier is trusted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tools import audit
from tools.approvals import DECIDE, approvals_had, what_changed
from tools.auditproof import entry_is_ours
from tools.canonical import digest_of
from tools.context import ToolContext
from tools.errors import NotFound, ToolError
from tools.models import AuditEntry, Decision, ToolCall
from tools.moves import database_now, move_call
from tools.registry import ToolDefinition, find_tool
from tools.requests import approvals_needed, plan_call
from tools.states import State
from tracking import errors as tracking_errors


class Refusal(Exception):
    """The call must not be executed: the end state it gets, and why in one sentence."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


def check_call(call: ToolCall, now: datetime) -> ToolDefinition:
    """Digest, owner, consent, decision and clock. Raises Refusal."""
    try:
        definition = find_tool(name=call.tool)
    except ToolError as error:
        raise Refusal(State.REFUSED, "not_permitted") from error
    if digest_of(tool=call.tool, customer_id=call.customer_id, arguments=call.arguments) != call.digest:
        raise Refusal(State.REFUSED, "tampered")
    if definition.effect != "write" or call.confirmed_at is None or not _owner_may(call, definition):
        raise Refusal(State.REFUSED, "not_permitted")
    approving = Decision.objects.filter(call=call, decision="approve", void=False)
    if any(decision.digest != call.digest for decision in approving):
        raise Refusal(State.REFUSED, "tampered")
    _check_clock(call, now)
    return definition


def _check_clock(call: ToolCall, now: datetime) -> None:
    if is_over(call, now):
        raise Refusal(State.EXPIRED, "It could not be carried out in time.")


def is_over(call: ToolCall, now: datetime) -> bool:
    return call.expires_at is None or call.expires_at <= now


def _owner_may(call: ToolCall, definition: ToolDefinition) -> bool:
    user = call.customer.user
    if user is None or not user.is_active:
        return False
    return definition.permission is None or user.has_perm(definition.permission)


def check_reviewers(call: ToolCall, now: datetime) -> bool:
    """True where enough reviewers approved who still may; else those decisions are void and staff decide again."""
    if not call.need:
        return True
    for decision in Decision.objects.filter(call=call, decision="approve", void=False).select_related("reviewer"):
        reviewer = decision.reviewer
        if (
            reviewer.is_active
            and reviewer.is_staff
            and reviewer.has_perm(DECIDE)
            and reviewer.pk != call.customer.user_id
        ):
            continue
        Decision.objects.filter(pk=decision.pk).update(void=True)
    if approvals_had(call=call) >= call.need:
        return True
    move_call(
        call=call,
        to=State.AWAITING_APPROVAL,
        actor=audit.WORKER,
        now=now,
        reason="",
        lease_until=None,
        fence=call.fence,
    )
    return False


def check_record(call: ToolCall, definition: ToolDefinition, now: datetime) -> tuple[Any, dict[str, Any], ToolContext]:
    """The record, locked, exactly as when it was asked for. Raises Refusal `stale`, or where staff were left out."""
    ctx = ToolContext(customer=call.customer, conversation_id=call.conversation_id, turn_id=call.turn_id, now=now)
    try:
        record, plan, typed = plan_call(ctx=ctx, definition=definition, arguments=call.arguments, lock=True)
    except (ToolError, tracking_errors.TrackingError) as error:
        if isinstance(error, NotFound | tracking_errors.NotFound):
            audit.record(event="authz.denied", actor=audit.WORKER, outcome=NotFound.code, now=now, call=call)
        raise Refusal(State.STALE, f"This is no longer possible: {error}"[:500]) from error
    _check_clock(call, database_now())  # once more: to get hold of the record may have taken its time
    if (moved := what_changed(call=call, plan=plan)) is not None:
        raise Refusal(State.STALE, moved)
    if not call.need and approvals_needed(ctx=ctx, definition=definition, typed=typed):
        raise Refusal(State.REFUSED, "not_permitted")
    if not _need_stands(call):
        raise Refusal(State.REFUSED, "tampered")
    return record, typed, ctx


def _need_stands(call: ToolCall) -> bool:
    """How many must approve stands in the trail too, under a keyed proof: whoever changes the row cannot write that."""
    asked = AuditEntry.objects.filter(call_id=call.pk, event=audit.REQUESTED).order_by("pk").first()
    return asked is None or (entry_is_ours(asked) and asked.details.get("need", call.need) == call.need)
