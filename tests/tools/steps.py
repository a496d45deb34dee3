"""A request's way in single steps, each as the chat, the review page or the worker takes it."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from tools import approvals
from tools.context import ToolContext
from tools.execution import execute_call
from tools.gateway import Admitted, RawCall, admit_step
from tools.models import Effect, ToolCall
from tracking.models import Customer

EXCERPT = [{"author": "customer", "text": "Please do it.", "created_at": "2026-11-20T10:00:00+00:00"}]
NEW_PHONE = "+493012345678"


def context(
    customer: Customer, *, turn_id: uuid.UUID | None = None, conversation_id: uuid.UUID | None = None
) -> ToolContext:
    return ToolContext(customer=customer, conversation_id=conversation_id, turn_id=turn_id, now=timezone.now())


def raw(tool: str, **arguments: Any) -> RawCall:
    return RawCall(name=tool, arguments=json.dumps(arguments))


def admit(ctx: ToolContext, *requests: RawCall) -> list[Admitted]:
    with transaction.atomic():
        return admit_step(ctx=ctx, requests=requests, excerpt=EXCERPT)


def ask(customer: Customer, tool: str = "update_profile", **arguments: Any) -> ToolCall:
    """The model asks for a change (by default of the phone number): the new request, which nobody has confirmed."""
    admitted = admit(context(customer), raw(tool, **(arguments or {"phone": NEW_PHONE})))[0]
    assert admitted.told is not None
    assert admitted.told["ok"], admitted.told
    return admitted.call


def confirmed(customer: Customer, tool: str = "update_profile", **arguments: Any) -> ToolCall:
    """The same, after the customer's consent."""
    call = ask(customer, tool, **arguments)
    return approvals.confirm(call_id=call.pk, customer=customer, digest=call.digest)


def approve(call: ToolCall, reviewer: User) -> ToolCall:
    return approvals.approve(call_id=call.pk, reviewer=reviewer, version=call.version, digest=call.digest)


def approved(customer: Customer, reviewer: User, tool: str = "update_profile", **arguments: Any) -> ToolCall:
    """The same, after one reviewer's approval."""
    return approve(confirmed(customer, tool, **arguments), reviewer)


def carried_out(call: ToolCall) -> ToolCall:
    """The call after a worker looked at it."""
    execute_call(call_id=call.pk)
    return again(call)


def again(call: ToolCall) -> ToolCall:
    """As the row is now."""
    return ToolCall.objects.get(pk=call.pk)


def effects(call: ToolCall) -> int:
    return Effect.objects.filter(call_id=call.pk).count()


def change_row(call: ToolCall, **columns: Any) -> ToolCall:
    """Somebody writes the row past every check, as an attacker with SQL would, or time passes."""
    ToolCall.objects.filter(pk=call.pk).update(**columns)
    return again(call)
