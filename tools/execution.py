"""Runs tools: a read in the turn that asked, a write in the worker after everything was checked once more.

A write's effect, its ledger row, audit, state and the chat's event are one commit. Nothing here trusts what was true
when the request was made, and no call is executed because a message said so: only its row counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q

from tools import audit
from tools.approvals import DECIDE, approvals_had, what_changed
from tools.canonical import digest_of, load_arguments
from tools.context import ToolContext
from tools.dbroles import READ_ONLY, READ_WRITE, acting_as
from tools.errors import Internal, NotFound, NotPossible, Timeout, ToolError
from tools.models import Decision, Effect, ToolCall
from tools.moves import LostRace, database_now, move_call
from tools.notices import announce
from tools.plan import Outcome
from tools.registry import ToolDefinition, find_tool
from tools.requests import approvals_needed, plan_call
from tools.states import State
from tracking import errors as tracking_errors
from tracking.models import Customer

log = structlog.get_logger(__name__)

# PostgreSQL: the statement timeout fired.
QUERY_CANCELED = "57014"


# --- read tools -------------------------------------------------------------------------------------------------


def run_read(*, ctx: ToolContext, definition: ToolDefinition, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of a read tool as JSON data. Raises ToolError and nothing else."""
    timeout_s = definition.timeout_s or settings.TOOL_TIMEOUT_S
    try:
        with acting_as(role=READ_ONLY, customer_id=ctx.customer.pk, timeout_s=timeout_s):
            result = definition.function(ctx, **load_arguments(definition=definition, arguments=arguments))
            data: dict[str, Any] = result.model_dump(mode="json")
    except Exception as error:
        raise tool_error(error, definition) from error
    return data


def tool_error(error: Exception, definition: ToolDefinition) -> ToolError:
    """What a model may know of any error of a tool; details of our own defects go to the log alone."""
    if isinstance(error, ToolError):
        return error
    if isinstance(error, tracking_errors.NotFound):
        return NotFound(str(error))
    if isinstance(error, tracking_errors.NotPossible):
        return NotPossible(str(error), next_step=error.next_step)
    if isinstance(error, DatabaseError) and getattr(error.__cause__, "sqlstate", None) == QUERY_CANCELED:
        return Timeout(definition.fallback or "The look-up took too long.")
    log.error("tool.failed", tool=definition.name, error=type(error).__name__, exc_info=error)
    return Internal(definition.fallback or "The look-up failed on our side.")


def _limit_statements(timeout_s: float) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # 0 would mean no limit at all.
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(max(1, int(timeout_s * 1000)))])


# --- write tools ------------------------------------------------------------------------------------------------


class _Refusal(Exception):
    """The call must not be executed: the end state it gets, and why in one sentence."""

    def __init__(self, state: State, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


def execute_call(*, call_id: UUID) -> str | None:
    """Carry out an approved call, once. Returns its state afterwards; None where there was nothing to do.

    Safe to call at any time, any number of times, from any number of workers, with any id.
    """
    call = _claim(call_id)
    if call is None:
        return None
    try:
        with transaction.atomic():
            _limit_statements(settings.EFFECT_TIMEOUT_S)
            return _execute_claimed(call)
    except LostRace:
        log.warning("call.lease_lost", call_id=str(call_id), fence=call.fence)
        return None
    except Exception as error:
        return _after_error(call, error)


def _claim(call_id: UUID) -> ToolCall | None:
    """Take the call for CALL_LEASE_S under a new fence number; None where it is not due or another worker has it."""
    now = database_now()
    lease_until = now + timedelta(seconds=settings.CALL_LEASE_S)
    with transaction.atomic():
        due = Q(state=State.APPROVED) | Q(state=State.EXECUTING, lease_until__lte=now)
        call = (
            ToolCall.objects.select_for_update(skip_locked=_can_skip()).filter(due, pk=call_id, effect="write").first()
        )
        if call is None:
            return None
        fence = call.fence + 1
        if call.state == State.APPROVED:
            move_call(
                call=call,
                to=State.EXECUTING,
                actor=audit.WORKER,
                now=now,
                lease_until=lease_until,
                fence=fence,
                tries=1,
            )
        elif call.tries >= settings.EFFECT_TRIES:
            # Every try ended without a word: whatever kills the worker must not do so for ever.
            _give_up(call, now)
            return None
        else:
            ToolCall.objects.filter(pk=call.pk).update(fence=fence, lease_until=lease_until, tries=F("tries") + 1)
            call.fence, call.lease_until, call.tries = fence, lease_until, call.tries + 1
    return call


def _can_skip() -> bool:
    return bool(connection.features.has_select_for_update_skip_locked)


def _execute_claimed(claimed: ToolCall) -> str:
    """In the effect's transaction: check everything again on the locked row, then make the effect or end the call."""
    # Customer before call, as at admission: two transactions that want both cannot block each other.
    Customer.objects.select_for_update(no_key=True).only("pk").get(pk=claimed.customer_id)
    rows = ToolCall.objects.select_for_update(of=("self",)).select_related("customer__user")
    call = rows.filter(pk=claimed.pk, state=State.EXECUTING, fence=claimed.fence).first()
    if call is None:
        raise LostRace(str(claimed.pk))
    now = database_now()
    try:
        definition = _check_call(call, now)
        if not _check_reviewers(call, now):
            return State.AWAITING_APPROVAL
        record, typed, ctx = _check_record(call, definition, now)
    except _Refusal as refusal:
        move_call(call=call, to=refusal.state, actor=audit.WORKER, now=now, reason=refusal.reason)
        return refusal.state
    before = call.customer.email
    with acting_as(role=READ_WRITE, customer_id=call.customer_id):
        outcome: Outcome = definition.apply(ctx, record, call_id=call.pk, **typed)
    Effect.objects.create(
        call=call, tool=call.tool, record=outcome.record, digest=call.digest, fence=call.fence, made_at=now
    )
    _tell_old_contact(call, to=before, now=now)
    move_call(call=call, to=State.SUCCEEDED, actor=audit.WORKER, now=now, sentence=outcome.sentence)
    return State.SUCCEEDED


def _check_call(call: ToolCall, now: datetime) -> ToolDefinition:
    """Digest, owner, consent, decision and clock. Raises _Refusal."""
    try:
        definition = find_tool(name=call.tool)
    except ToolError as error:
        raise _Refusal(State.REFUSED, "not_permitted") from error
    if digest_of(tool=call.tool, customer_id=call.customer_id, arguments=call.arguments) != call.digest:
        raise _Refusal(State.REFUSED, "tampered")
    if definition.effect != "write" or call.confirmed_at is None or not _owner_may(call, definition):
        raise _Refusal(State.REFUSED, "not_permitted")
    approving = Decision.objects.filter(call=call, decision="approve", void=False)
    if any(decision.digest != call.digest for decision in approving):
        raise _Refusal(State.REFUSED, "tampered")
    if call.expires_at is None or call.expires_at <= now:
        raise _Refusal(State.EXPIRED, "It could not be carried out in time.")
    return definition


def _owner_may(call: ToolCall, definition: ToolDefinition) -> bool:
    user = call.customer.user
    if user is None or not user.is_active:
        return False
    return definition.permission is None or user.has_perm(definition.permission)


def _check_reviewers(call: ToolCall, now: datetime) -> bool:
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


def _check_record(call: ToolCall, definition: ToolDefinition, now: datetime) -> tuple[Any, dict[str, Any], ToolContext]:
    """The record, locked, exactly as when it was asked for. Raises _Refusal `stale`, or where staff were left out."""
    ctx = ToolContext(customer=call.customer, conversation_id=call.conversation_id, turn_id=call.turn_id, now=now)
    try:
        record, plan, typed = plan_call(ctx=ctx, definition=definition, arguments=call.arguments, lock=True)
    except (ToolError, tracking_errors.TrackingError) as error:
        if isinstance(error, NotFound | tracking_errors.NotFound):
            audit.record(event="authz.denied", actor=audit.WORKER, outcome=NotFound.code, now=now, call=call)
        raise _Refusal(State.STALE, f"This is no longer possible: {error}"[:500]) from error
    if (moved := what_changed(call=call, plan=plan)) is not None:
        raise _Refusal(State.STALE, moved)
    if not call.need and approvals_needed(ctx=ctx, definition=definition, typed=typed):
        raise _Refusal(State.REFUSED, "not_permitted")
    return record, typed, ctx


def _tell_old_contact(call: ToolCall, *, to: str, now: datetime) -> None:
    """A change of somebody's contact data is told where they were reachable until now."""
    if call.tool == "update_profile" and to:
        announce(call=call, kind="contact_changed", to=to, now=now)


def _after_error(call: ToolCall, error: Exception) -> str | None:
    """An effect that failed left nothing behind. Try again later with growing pauses; after EFFECT_TRIES give up."""
    log.error("call.effect_error", call_id=str(call.pk), tries=call.tries, error=type(error).__name__, exc_info=error)
    now = database_now()
    if call.tries < settings.EFFECT_TRIES:
        pause = timedelta(seconds=min(2**call.tries, 60))
        ToolCall.objects.filter(pk=call.pk, state=State.EXECUTING, fence=call.fence).update(lease_until=now + pause)
        return State.EXECUTING
    with transaction.atomic():
        still_ours = ToolCall.objects.select_for_update().filter(pk=call.pk, state=State.EXECUTING, fence=call.fence)
        ours = still_ours.first()
        if ours is None:
            log.warning("call.lease_lost", call_id=str(call.pk), fence=call.fence)
            return None
        _give_up(ours, now)
    return State.FAILED


def _give_up(call: ToolCall, now: datetime) -> None:
    reason = "It did not work on our side; nothing was changed."
    move_call(call=call, to=State.FAILED, actor=audit.WORKER, now=now, reason=reason)


def due_calls(*, limit: int = 100) -> list[UUID]:
    """Approved calls that nobody has begun, and begun ones whose worker has gone: what the sweep wakes again."""
    now = database_now()
    due = Q(state=State.APPROVED) | Q(state=State.EXECUTING, lease_until__lte=now)
    return list(
        ToolCall.objects.filter(due, effect="write").order_by("created_at").values_list("pk", flat=True)[:limit]
    )
