"""A tool by itself: arguments parsed as the gateway does, then the read, the plan or the effect."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any

from django.utils import timezone

from tools.canonical import load_arguments, parse_arguments
from tools.context import ToolContext
from tools.dbroles import READ_WRITE, acting_as
from tools.execution import run_read
from tools.plan import Outcome, Plan
from tools.registry import ToolDefinition, find_tool
from tools.requests import approvals_needed, plan_call
from tracking.models import Customer


def context(customer: Customer, *, now: datetime | None = None) -> ToolContext:
    return ToolContext(customer=customer, conversation_id=None, turn_id=None, now=now or timezone.now())


def parsed(tool: str, **arguments: Any) -> tuple[ToolDefinition, dict[str, Any]]:
    definition = find_tool(name=tool)
    return definition, parse_arguments(definition=definition, raw=json.dumps(arguments))


def read(customer: Customer, tool: str, **arguments: Any) -> dict[str, Any]:
    definition, canonical = parsed(tool, **arguments)
    return run_read(ctx=context(customer), definition=definition, arguments=canonical)


def planned(customer: Customer, tool: str, *, now: Any = None, **arguments: Any) -> Plan:
    definition, canonical = parsed(tool, **arguments)
    _, plan, _ = plan_call(ctx=context(customer, now=now), definition=definition, arguments=canonical)
    return plan


def applied(customer: Customer, tool: str, *, call_id: Any = None, **arguments: Any) -> Outcome:
    """Plan and apply at once, as the worker does after everybody agreed."""
    definition, canonical = parsed(tool, **arguments)
    ctx = context(customer)
    record, _, typed = plan_call(ctx=ctx, definition=definition, arguments=canonical, lock=True)
    assert definition.apply is not None
    with acting_as(role=READ_WRITE, customer_id=customer.pk):
        outcome: Outcome = definition.apply(ctx, record, call_id=call_id or uuid.uuid4(), **typed)
    return outcome


def reviewers(customer: Customer, tool: str, **arguments: Any) -> int:
    definition, canonical = parsed(tool, **arguments)
    typed = load_arguments(definition=definition, arguments=canonical)
    return approvals_needed(ctx=context(customer), definition=definition, typed=typed)


def shown(plan: Plan) -> dict[str, tuple[str | None, str | None]]:
    """What a plan changes: field -> (before, after)."""
    return {change.field: (change.before, change.after) for change in plan.changes}
