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
from django.db.models import Case, Q, When

from tools import audit, outside_steps, settling
from tools.canonical import load_arguments
from tools.context import ToolContext
from tools.dbroles import READ_ONLY, READ_WRITE, acting_as
from tools.effect_checks import Refusal, check_call, check_record, check_reviewers, is_over
from tools.errors import Internal, NotFound, NotPossible, Timeout, ToolError
from tools.health import TAMPERED
from tools.models import Effect, ToolCall
from tools.moves import LostRace, database_now, move_call
from tools.notices import announce
from tools.outside import MOST_ASKS, UNSETTLED, lease_s, pause, quiet_at
from tools.outside_steps import Sending, TooEarly
from tools.plan import Outcome
from tools.registry import REGISTRY, ToolDefinition
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


def execute_call(*, call_id: UUID) -> str | None:
    """Carry out an approved call, once. Returns its state afterwards; None where there was nothing to do.

    Safe to call at any time, any number of times, from any number of workers, with any id.
    """
    call = _claim(call_id)
    if call is None:
        return None
    try:
        if call.sent_at is not None and (state := outside_steps.ask_first(call)) is not None:
            return state
        step = _check_and_apply(call)
        return outside_steps.send(step) if isinstance(step, Sending) else step
    except LostRace:
        log.warning("call.lease_lost", call_id=str(call_id), fence=call.fence)
        return None
    except TooEarly:
        return outside_steps.wait_until_quiet(call)
    except Exception as error:
        return _after_error(call, error)


class _TooLate(Exception):
    """The time of the call ended while its effect was being made."""


def _check_and_apply(call: ToolCall) -> str | Sending:
    try:
        return _in_one_transaction(call)
    except _TooLate:  # nothing of it is left, and now the clock says so from the beginning
        return _in_one_transaction(call)


def _in_one_transaction(call: ToolCall) -> str | Sending:
    with transaction.atomic():
        _limit_statements(settings.EFFECT_TIMEOUT_S)
        step = _execute_claimed(call)
        if call.sent_at is not None and not isinstance(step, Sending) and quiet_at(call=call) > database_now():
            raise TooEarly(str(call.pk))
    return step


def _due(now: datetime) -> Q:
    return Q(state=State.APPROVED) | Q(state__in=UNSETTLED, lease_until__lte=now)


def _claim(call_id: UUID) -> ToolCall | None:
    """Take the call for CALL_LEASE_S under a new fence number; None where it is not due or another worker has it."""
    now = database_now()
    with transaction.atomic():
        rows = ToolCall.objects.select_for_update(skip_locked=_can_skip())
        call = rows.filter(_due(now), pk=call_id, effect="write").first()
        if call is None or outside_steps.must_wait(call):
            return None
        is_outside = settling.outside_of(call) is not None
        held: dict[str, Any] = {
            "fence": call.fence + 1,
            "lease_until": now + timedelta(seconds=lease_s() if is_outside else settings.CALL_LEASE_S),
        }
        if call.state == State.APPROVED:
            move_call(call=call, to=State.EXECUTING, actor=audit.WORKER, now=now, tries=1, asks=0, **held)
        elif call.state == State.EXECUTING and call.tries < settings.EFFECT_TRIES:
            _hold(call, tries=call.tries + 1, **held)
        elif call.sent_at is None:
            # Every try ended without a word: whatever kills the worker must not do so for ever.
            _give_up(call, now)
            return None
        elif call.state == State.EXECUTING and call.asks >= MOST_ASKS:
            settling.doubt(call=call, now=now)
            return None
        else:
            _hold(call, asks=call.asks + 1, **held)
    return call


def _hold(call: ToolCall, **columns: Any) -> None:
    """Not a move: a reviewer's form stays what it is."""
    ToolCall.objects.filter(pk=call.pk).update(**columns)
    for name, value in columns.items():
        setattr(call, name, value)


def _can_skip() -> bool:
    return bool(connection.features.has_select_for_update_skip_locked)


def _execute_claimed(claimed: ToolCall) -> str | Sending:
    """In the effect's transaction: check everything again on the locked row, then make the effect or end the call.

    An effect outside is only made ready here: it is sent once this transaction is committed.
    """
    # Customer before call, as at admission: two transactions that want both cannot block each other.
    Customer.objects.select_for_update(no_key=True).only("pk").get(pk=claimed.customer_id)
    rows = ToolCall.objects.select_for_update(of=("self",)).select_related("customer__user")
    call = rows.filter(pk=claimed.pk, state=State.EXECUTING, fence=claimed.fence).first()
    if call is None:
        raise LostRace(str(claimed.pk))
    now = database_now()
    try:
        definition = check_call(call, now)
        if not check_reviewers(call, now):
            return State.AWAITING_APPROVAL
        record, typed, ctx = check_record(call, definition, now)
    except Refusal as refusal:
        move_call(call=call, to=refusal.state, actor=audit.WORKER, now=now, reason=refusal.reason)
        if refusal.reason == TAMPERED:
            log.error("call.tampered", call_id=str(call.pk))
        return refusal.state
    if definition.outside is not None and settings.EFFECT_GATEWAY_URL:
        return outside_steps.prepare(call=call, outside=definition.outside, record=record, typed=typed, now=now)
    before = call.customer.email
    with acting_as(role=READ_WRITE, customer_id=call.customer_id):
        outcome: Outcome = definition.apply(ctx, record, call_id=call.pk, **typed)
    Effect.objects.create(
        call=call, tool=call.tool, record=outcome.record, digest=call.digest, fence=call.fence, made_at=now
    )
    _tell_old_contact(call, to=before, now=now)
    move_call(call=call, to=State.SUCCEEDED, actor=audit.WORKER, now=now, sentence=outcome.sentence)
    if is_over(call, database_now()):
        raise _TooLate
    return State.SUCCEEDED


def _tell_old_contact(call: ToolCall, *, to: str, now: datetime) -> None:
    """A change of somebody's contact data is told where they were reachable until now."""
    if call.tool == "update_profile" and to:
        announce(call=call, kind="contact_changed", to=to, now=now)


def _after_error(call: ToolCall, error: Exception) -> str | None:
    """An effect that failed left nothing behind. Try again later with growing pauses; after EFFECT_TRIES give up.

    What was sent outside is never given up here: nobody knows what became of it.
    """
    log.error("call.effect_error", call_id=str(call.pk), tries=call.tries, error=type(error).__name__, exc_info=error)
    now = database_now()
    with transaction.atomic():
        still_ours = ToolCall.objects.select_for_update().filter(pk=call.pk, state__in=UNSETTLED, fence=call.fence)
        ours = still_ours.first()
        if ours is None:
            log.warning("call.lease_lost", call_id=str(call.pk), fence=call.fence)
            return None
        if ours.state == State.NEEDS_RECONCILIATION or call.tries < settings.EFFECT_TRIES:
            ToolCall.objects.filter(pk=call.pk).update(lease_until=now + pause(max(ours.tries, ours.asks)))
        elif ours.sent_at is not None:
            settling.doubt(call=ours, now=now)
        else:
            _give_up(ours, now)
    return ours.state


def _give_up(call: ToolCall, now: datetime) -> None:
    reason = "It did not work on our side; nothing was changed."
    log.error("call.given_up", call_id=str(call.pk), tool=call.tool, tries=call.tries)
    move_call(call=call, to=State.FAILED, actor=audit.WORKER, now=now, reason=reason)


def due_calls(*, outside: bool | None = None, limit: int = 100) -> list[UUID]:
    """Approved calls that nobody has begun, and begun ones whose worker has gone: what the sweep wakes again.

    The oldest first; but what is done outside, where it may hang, comes after everything else. outside: only these, or
    only the others.
    """
    names = [definition.name for definition in REGISTRY.values() if definition.outside is not None]
    last = Case(When(tool__in=names, then=1), default=0)
    rows = ToolCall.objects.filter(_due(database_now()), effect="write").order_by(last, "created_at")
    if outside is not None:
        rows = rows.filter(tool__in=names) if outside else rows.exclude(tool__in=names)
    return list(rows.values_list("pk", flat=True)[:limit])
