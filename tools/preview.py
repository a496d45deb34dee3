"""What a request would change, drawn for a reviewer: its plan against the rows as they are now, beside what was asked.

Nothing here is said by a model: it is all made from the stored canonical arguments and the records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from tools.context import ToolContext
from tools.errors import ToolError
from tools.models import ToolCall
from tools.moves import database_now
from tools.plan import Plan
from tools.registry import find_tool
from tools.requests import plan_call
from tools.states import State
from tools.textview import visible
from tracking.errors import TrackingError

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field before and after, with invisible characters as codes.

    asked: what it read when the customer asked, where it reads otherwise now (`moved`).
    """

    field: str
    label: str
    before: str
    after: str
    risk: bool
    moved: bool = False
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """changes: what is risky (money, address, e-mail) first. stale: what has moved since; then nothing can be done."""

    changes: list[ShownChange]
    stale: list[ShownChange]


def preview_of(*, call: ToolCall) -> Preview:
    """Against the rows as they are while it can still be carried out; later, as it was asked for."""
    frozen = [_shown(change) for change in call.changes]
    if call.state not in (State.AWAITING_APPROVAL, State.APPROVED):
        return Preview(_risk_first(frozen), [])
    ctx = ToolContext(
        customer=call.customer, conversation_id=call.conversation_id, turn_id=call.turn_id, now=database_now()
    )
    try:
        _, plan, _ = plan_call(ctx=ctx, definition=find_tool(name=call.tool), arguments=call.arguments)
    except (ToolError, TrackingError) as error:
        return Preview(_risk_first(frozen), [_warning("No longer possible", visible(error))])
    except Exception:
        log.exception("review.not_comparable", call_id=str(call.pk))
        return Preview(_risk_first(frozen), [_warning("Could not be compared with the record", "")])
    changes = _compared(call.changes, plan)
    moved = [change for change in changes if change.moved]
    return Preview(_risk_first(changes), _risk_first([*moved, *_facts(call, plan)]))


def _compared(frozen: list[dict[str, Any]], plan: Plan) -> list[ShownChange]:
    """The plan as it is now, each change that is not the one that was asked for marked, also one that is none now."""
    asked = {change["field"]: change for change in frozen}
    rows = []
    for change in plan.changes_as_json():
        before = asked.pop(change["field"], None)
        rows.append(_shown(change) if before == change else _shown(change, asked=before or {}))
    # What no longer is a change reads already as it was to read afterwards.
    gone = [_shown(change | {"before": change["after"]}, asked=change) for change in asked.values()]
    return [*rows, *gone]


def _facts(call: ToolCall, plan: Plan) -> list[ShownChange]:
    """What is no change itself, but has to read as when it was asked for."""
    names = [*plan.preconditions, *(name for name in call.preconditions if name not in plan.preconditions)]
    return [
        ShownChange(
            field=name,
            label=name.replace("_", " "),
            before=_text(call.preconditions.get(name)),
            after=_text(plan.preconditions.get(name)),
            risk=True,
            moved=True,
        )
        for name in names
        if call.preconditions.get(name) != plan.preconditions.get(name)
    ]


def _shown(change: dict[str, Any], *, asked: dict[str, Any] | None = None) -> ShownChange:
    before, after = (_text(change[side]) for side in ("before", "after"))
    was = "" if not asked else f"{_text(asked['before']) or 'not set'} → {_text(asked['after']) or 'removed'}"
    return ShownChange(
        field=change["field"],
        label=visible(change["label"]),
        before=before,
        after=after,
        risk=change["risk"],
        moved=asked is not None,
        asked=was,
    )


def _text(value: object) -> str:
    return "" if value is None else visible(value)


def _warning(label: str, text: str) -> ShownChange:
    return ShownChange(field="", label=label, before="", after=text, risk=True, moved=True)


def _risk_first(changes: list[ShownChange]) -> list[ShownChange]:
    return sorted(changes, key=lambda change: not change.risk)
