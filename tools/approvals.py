"""What the customer and staff decide about a request: confirm, withdraw, verify, approve, decline, expire.

Consent and approval are bound to the digest of the canonical arguments; whoever loses a race is told what happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db import IntegrityError, transaction

from tools import audit, auditcap
from tools.canonical import digest_of
from tools.context import ToolContext
from tools.errors import ToolError
from tools.models import Approval, Decision, ToolCall
from tools.moves import database_now, move_call
from tools.notices import announce
from tools.plan import Plan
from tools.registry import find_tool
from tools.requests import plan_call
from tools.signals import call_changed
from tools.states import END_STATES, WAITING_STATES, State
from tools.wakeups import EXECUTE, wake
from tracking.errors import TrackingError
from tracking.models import Customer

log = structlog.get_logger(__name__)

DECIDE = "tools.decide_approval"
VERBS = {
    "approve": "approved",
    "decline": "declined",
    "mark_succeeded": "marked as done",
    "mark_failed": "marked as not done",
}


class DecisionError(Exception):
    """A decision that was not taken. `code` as on the wire: not_found, conflict, expired, not_permitted, invalid."""

    def __init__(self, code: str, message: str, *, call: ToolCall | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.call = call


@contextmanager
def _refusals_told(what: str, actor: str, call_id: UUID) -> Iterator[None]:
    """Outside of the transaction that a refusal rolls back: who tried what on which call, and why it was not taken."""
    try:
        yield
    except DecisionError as error:
        auditcap.record_refusal(
            event=f"call.{what}_refused",
            actor=actor,
            outcome=error.code,
            now=database_now(),
            call=error.call,
            call_id=call_id,
        )
        raise


# --- the customer -----------------------------------------------------------------------------------------------


def confirm(*, call_id: UUID, customer: Customer, digest: str) -> ToolCall:
    """Consent to exactly the arguments of `digest`; what the call became is in its state (also `expired`, `stale`).

    Once given, a repetition changes nothing. Raises DecisionError `not_found` or `conflict`.
    """
    with _refusals_told("confirm", audit.customer_actor(customer.pk), call_id), transaction.atomic():
        call = _own_call(call_id, customer)
        if digest != call.digest:
            raise DecisionError("conflict", "The request has changed. Look at it again before you confirm.", call=call)
        if call.state != State.AWAITING_CONFIRMATION:
            return call
        now = database_now()
        if call.expires_at is None or call.expires_at <= now:
            move_call(call=call, to=State.EXPIRED, actor=audit.CLOCK, now=now, reason="It was not confirmed in time.")
            return call
        if (moved := moved_since(call=call, now=now)) is not None:
            move_call(call=call, to=State.STALE, actor=audit.customer_actor(customer.pk), now=now, reason=moved)
            return call
        _take_consent(call, customer, now)
    return call


def _take_consent(call: ToolCall, customer: Customer, now: datetime) -> None:
    following = State.AWAITING_VERIFICATION if call.verify_at else _after_consent(call)
    move_call(
        call=call,
        to=following,
        actor=audit.customer_actor(customer.pk),
        now=now,
        confirmed_at=now,
        expires_at=now + timedelta(seconds=settings.APPROVAL_TTL_S),
    )
    if following == State.AWAITING_VERIFICATION:
        announce(call=call, kind="verify_change", to=call.verify_at, now=now)
    _hand_on(call, now)


def _after_consent(call: ToolCall) -> State:
    return State.AWAITING_APPROVAL if call.need else State.APPROVED


def _hand_on(call: ToolCall, now: datetime) -> None:
    """Put the call before staff, or wake the worker, by its new state."""
    if call.state == State.AWAITING_APPROVAL:
        Approval.objects.get_or_create(call=call, defaults={"need": call.need, "created_at": now})
    elif call.state == State.APPROVED:
        wake(EXECUTE, call.pk)


def verify_change(*, call_id: UUID, digest: str) -> ToolCall:
    """The owner of the old e-mail address agreed by the link that was sent there; the link works once."""
    with _refusals_told("verify", audit.ANYBODY, call_id), transaction.atomic():
        call = ToolCall.objects.select_for_update().filter(pk=call_id, digest=digest).first()
        if call is None:
            raise DecisionError("not_found", "This link does not belong to an open request.")
        now = database_now()
        if call.state != State.AWAITING_VERIFICATION or call.expires_at is None or call.expires_at <= now:
            raise DecisionError("expired", "This link has been used or has expired.", call=call)
        move_call(call=call, to=_after_consent(call), actor=audit.customer_actor(call.customer_id), now=now)
        _hand_on(call, now)
    return call


def withdraw(*, call_id: UUID, customer: Customer) -> ToolCall:
    """End a call that is not being executed. An ended one is returned as it is. Raises DecisionError `conflict`."""
    with _refusals_told("withdraw", audit.customer_actor(customer.pk), call_id), transaction.atomic():
        call = _own_call(call_id, customer)
        if call.state in END_STATES:
            return call
        if call.state not in WAITING_STATES:
            raise DecisionError("conflict", "This request is being carried out and cannot be withdrawn.", call=call)
        now = database_now()
        move_call(call=call, to=State.WITHDRAWN, actor=audit.customer_actor(customer.pk), now=now)
    return call


def _own_call(call_id: UUID, customer: Customer) -> ToolCall:
    call = ToolCall.objects.select_for_update().filter(pk=call_id, customer=customer, effect="write").first()
    if call is None:
        raise DecisionError("not_found", "There is no such request.")
    return call


# --- staff ------------------------------------------------------------------------------------------------------


def may_decide(*, user: AbstractBaseUser | AnonymousUser, call: ToolCall) -> bool:
    """Whether this person may decide this call now. Being superuser does not lift the rule on one's own requests."""
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return False
    return user.has_perm(DECIDE) and call.customer.user_id != user.pk


def owner_is_active(*, call: ToolCall) -> bool:
    """Whether the account behind the request is still there and open."""
    return call.customer.user is not None and call.customer.user.is_active


def tell_not_permitted(*, user: User, call: ToolCall) -> None:
    """Keep that somebody who may not decide this call sent a decision all the same."""
    actor = audit.user_actor(user.pk)
    auditcap.record_refusal(
        event="call.decide_refused", actor=actor, outcome="not_permitted", now=database_now(), call=call
    )


def approve(*, call_id: UUID, reviewer: User, version: int, digest: str) -> ToolCall:
    """Take one reviewer's approval of exactly what they saw. Raises DecisionError with what happened instead."""
    return _decide(call_id, reviewer, version, digest, "approve", "")


def decline(*, call_id: UUID, reviewer: User, version: int, digest: str, reason: str) -> ToolCall:
    """End the request with a reason that the customer reads. Raises DecisionError."""
    readable = "".join(char for char in reason if char.isprintable() or char == "\n").strip()[:500]
    if not readable:
        raise DecisionError("invalid", "Say why: the customer reads the reason.")
    return _decide(call_id, reviewer, version, digest, "decline", readable)


def _decide(call_id: UUID, reviewer: User, version: int, digest: str, decision: str, reason: str) -> ToolCall:
    with _refusals_told(decision, audit.user_actor(reviewer.pk), call_id), transaction.atomic():
        call = ToolCall.objects.select_for_update(of=("self",)).select_related("customer").filter(pk=call_id).first()
        if call is None:
            raise DecisionError("not_found", "There is no such request.")
        now = database_now()
        _check_decision(call, reviewer, version, digest, now)
        if decision == "approve" and not owner_is_active(call=call):
            actor = audit.user_actor(reviewer.pk)
            move_call(call=call, to=State.REFUSED, actor=actor, now=now, reason="not_permitted")
            return call
        if decision == "approve" and (moved := moved_since(call=call, now=now)) is not None:
            move_call(call=call, to=State.STALE, actor=audit.user_actor(reviewer.pk), now=now, reason=moved)
            return call
        _record_decision(call, reviewer, decision, reason, now)
        _settle(call, reviewer, decision, reason, now)
    return call


def _check_decision(call: ToolCall, reviewer: User, version: int, digest: str, now: datetime) -> None:
    if not may_decide(user=reviewer, call=call):
        raise DecisionError("not_permitted", "You may not decide this request.", call=call)
    if call.state != State.AWAITING_APPROVAL:
        raise DecisionError("conflict", what_happened(call=call), call=call)
    if call.expires_at is None or call.expires_at <= now:
        raise DecisionError("expired", "This request has expired; nothing was decided.", call=call)
    if version != call.version or digest != call.digest:
        raise DecisionError("conflict", "The request has changed since you opened the page.", call=call)
    if digest_of(tool=call.tool, customer_id=call.customer_id, arguments=call.arguments) != call.digest:
        raise DecisionError("conflict", "The stored arguments do not match their digest; do not approve.", call=call)


def _record_decision(call: ToolCall, reviewer: User, decision: str, reason: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            Decision.objects.create(
                call=call,
                reviewer=reviewer,
                decision=decision,
                reason=reason,
                digest=call.digest,
                version=call.version,
                decided_at=now,
            )
    except IntegrityError:
        raise DecisionError("conflict", "You have decided this request already.", call=call) from None


def _settle(call: ToolCall, reviewer: User, decision: str, reason: str, now: datetime) -> None:
    actor = audit.user_actor(reviewer.pk)
    if decision == "decline":
        move_call(call=call, to=State.DECLINED, actor=actor, now=now, reason=reason)
        Approval.objects.filter(call=call).update(decided_at=now)
        return
    have = approvals_had(call=call)
    if have < call.need:
        audit.record(event="call.approval_counted", actor=actor, outcome=f"{have}_of_{call.need}", now=now, call=call)
        call_changed.send(sender=ToolCall, call=call, sentence=None)
        return
    move_call(call=call, to=State.APPROVED, actor=actor, now=now)
    Approval.objects.filter(call=call).update(decided_at=now)
    _hand_on(call, now)


# --- what both ask ----------------------------------------------------------------------------------------------


def approvals_had(*, call: ToolCall) -> int:
    """How many different people have approved it in this round."""
    return Decision.objects.filter(call=call, decision="approve", void=False).count()


def moved_since(*, call: ToolCall, now: datetime) -> str | None:
    """None while the request fits the records as when it was made; else one sentence that says what has changed."""
    ctx = ToolContext(customer=call.customer, conversation_id=call.conversation_id, turn_id=call.turn_id, now=now)
    try:
        _, plan, _ = plan_call(ctx=ctx, definition=find_tool(name=call.tool), arguments=call.arguments)
    except (ToolError, TrackingError) as error:
        return f"This is no longer possible: {error}"[:500]
    except Exception:
        log.exception("call.not_comparable", call_id=str(call.pk))
        return "It could not be compared with the record."
    return what_changed(call=call, plan=plan)


def what_changed(*, call: ToolCall, plan: Plan) -> str | None:
    """None where `plan`, made of the rows as they are now, is the one that was frozen; else one sentence."""
    if plan.preconditions != call.preconditions or plan.changes_as_json() != call.changes:
        return "The record has changed since this was asked for."
    return None


def what_happened(*, call: ToolCall) -> str:
    """One sentence for staff about a call that is no longer theirs to decide: by whom and when."""
    last = Decision.objects.filter(call=call, void=False).select_related("reviewer").order_by("-decided_at").first()
    state = State(call.state).value.replace("_", " ")
    if last is None:
        return f"This request is not waiting for a decision: it is {state}."
    verb = VERBS[last.decision]
    return f"Already {verb} by {last.reviewer.get_username()} at {last.decided_at:%Y-%m-%d %H:%M} UTC; it is {state}."
