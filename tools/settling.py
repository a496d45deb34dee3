"""Ends a call whose effect was made outside, or was not: books, ledger, audit, state and chat event in one commit.

The worker does so by what the gateway says; staff, on the review page, where it says nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from tools import audit, auditcap
from tools.approvals import DecisionError, may_decide, what_happened
from tools.canonical import digest_of, load_arguments
from tools.models import Approval, Decision, Effect, ToolCall
from tools.moves import database_now, move_call
from tools.outside import Outside, pause
from tools.registry import REGISTRY
from tools.states import State
from tracking.models import Customer


class NotBookable(Exception):
    """What was done outside cannot be booked from this row. The text says why, to staff."""


def outside_of(call: ToolCall) -> Outside | None:
    """The outside part of the call's tool, where it has one."""
    definition = REGISTRY.get(call.tool)
    return definition.outside if definition is not None else None


# --- in the caller's transaction, which holds the call ----------------------------------------------------------


def succeed(*, call: ToolCall, actor: str, now: datetime) -> None:
    """Book what was done outside, however the record reads by now. Raises NotBookable."""
    definition = REGISTRY.get(call.tool)
    if definition is None or definition.outside is None:
        raise NotBookable("This tool does nothing outside of our own records.")
    if digest_of(tool=call.tool, customer_id=call.customer_id, arguments=call.arguments) != call.digest:
        raise NotBookable("The stored arguments do not match their digest.")
    typed = load_arguments(definition=definition, arguments=call.arguments)
    outcome = definition.outside.book(call_id=call.pk, customer=call.customer, now=now, **typed)
    Effect.objects.create(
        call=call, tool=call.tool, record=outcome.record, digest=call.digest, fence=call.fence, made_at=now
    )
    move_call(call=call, to=State.SUCCEEDED, actor=actor, now=now, reason="", sentence=outcome.sentence)


def fail(*, call: ToolCall, actor: str, now: datetime, reason: str) -> None:
    """Nothing was done outside; nothing is booked."""
    move_call(call=call, to=State.FAILED, actor=actor, now=now, reason=reason)


def doubt(*, call: ToolCall, now: datetime) -> None:
    """Nobody knows whether it was done: put it before staff, and tell the customer so."""
    outside = outside_of(call)
    reason = outside.doubt if outside is not None else ""
    Approval.objects.get_or_create(call=call, defaults={"need": call.need, "created_at": now})
    move_call(
        call=call,
        to=State.NEEDS_RECONCILIATION,
        actor=audit.WORKER,
        now=now,
        reason=reason,
        asks=0,
        lease_until=now + pause(1),
    )


# --- staff ------------------------------------------------------------------------------------------------------


def settle(*, call_id: UUID, reviewer: User, version: int, digest: str, succeeded: bool, reason: str) -> ToolCall:
    """Take what a reviewer found out elsewhere. Raises DecisionError with what happened instead, as a decision does."""
    actor = audit.user_actor(reviewer.pk)
    mark = "mark_succeeded" if succeeded else "mark_failed"
    try:
        with transaction.atomic():
            return _settle(call_id, reviewer, version, digest, mark, reason)
    except DecisionError as error:
        event = f"call.{mark}_refused"
        now = database_now()
        auditcap.record_refusal(event=event, actor=actor, outcome=error.code, now=now, call=error.call, call_id=call_id)
        raise


def _settle(call_id: UUID, reviewer: User, version: int, digest: str, mark: str, reason: str) -> ToolCall:
    call = _held(call_id)
    _check(call, reviewer, version, digest)
    readable = "".join(char for char in reason if char.isprintable() or char == "\n").strip()[:500]
    if not readable:
        raise DecisionError("invalid", "Say how you know: the reason is kept with the decision.", call=call)
    now = database_now()
    Decision.objects.create(
        call=call, reviewer=reviewer, decision=mark, reason=readable, digest=digest, version=version, decided_at=now
    )
    actor = audit.user_actor(reviewer.pk)
    audit.record(event=f"call.{mark}", actor=actor, outcome=mark, now=now, call=call)
    if mark == "mark_failed":
        outside = outside_of(call)
        fail(call=call, actor=actor, now=now, reason=outside.undone if outside is not None else "Nothing was changed.")
        return call
    try:
        succeed(call=call, actor=actor, now=now)
    except NotBookable as error:
        raise DecisionError("conflict", f"{error} It cannot be marked as done.", call=call) from error
    return call


def _held(call_id: UUID) -> ToolCall:
    """The call under lock: the customer before it, as everybody takes them."""
    customer_id = ToolCall.objects.filter(pk=call_id).values_list("customer_id", flat=True).first()
    if customer_id is None:
        raise DecisionError("not_found", "There is no such request.")
    Customer.objects.select_for_update(no_key=True).only("pk").get(pk=customer_id)
    return ToolCall.objects.select_for_update(of=("self",)).select_related("customer").get(pk=call_id)


def _check(call: ToolCall, reviewer: User, version: int, digest: str) -> None:
    if not may_decide(user=reviewer, call=call):
        raise DecisionError("not_permitted", "You may not decide this request.", call=call)
    if call.state == State.AWAITING_APPROVAL:
        raise DecisionError("invalid", "Choose approve or decline: this was not begun.", call=call)
    if call.state != State.NEEDS_RECONCILIATION:
        raise DecisionError("conflict", what_happened(call=call), call=call)
    if version != call.version or digest != call.digest:
        raise DecisionError("conflict", "The request has changed since you opened the page.", call=call)
