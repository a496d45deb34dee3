"""The review page: what staff see before they decide, and the one form that decides.

Everything shown is drawn from the stored canonical arguments and the records; the conversation is shown apart, as said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from tools import approvals
from tools.approvals import DecisionError
from tools.context import ToolContext
from tools.errors import ToolError
from tools.lineage import shown_arguments, warnings_of
from tools.models import Decision, ToolCall
from tools.moves import database_now
from tools.reauthentication import proved_lately
from tools.registry import REGISTRY, ToolDefinition, find_tool
from tools.requests import plan_call
from tools.states import State
from tools.textview import visible
from tracking.errors import TrackingError

log = structlog.get_logger(__name__)

# Two values of one field could be read as two decisions.
ONCE = ("decision", "version", "digest", "reason")
STATUS = {"not_permitted": 403, "not_found": 404, "invalid": 400}


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One field before and after, with invisible characters as codes."""

    field: str
    label: str
    before: str
    after: str
    risk: bool


def write_tools() -> list[ToolDefinition]:
    return [definition for definition in REGISTRY.values() if definition.effect == "write"]


def page(request: HttpRequest, *, call_id: UUID, chrome: dict[str, Any]) -> HttpResponse:
    """GET shows, POST decides; see protocol for every answer. `chrome` is the admin's own context."""
    if not isinstance(request.user, User) or not request.user.has_perm("tools.view_approval"):
        raise PermissionDenied
    call = ToolCall.objects.select_related("customer", "approval").filter(pk=call_id, approval__isnull=False).first()
    if call is None:
        raise Http404
    if request.method in ("GET", "HEAD"):
        return _form(request, call, chrome)
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    return _decide(request, request.user, call, chrome)


def _decide(request: HttpRequest, user: User, call: ToolCall, chrome: dict[str, Any]) -> HttpResponse:
    if not approvals.may_decide(user=user, call=call):
        approvals.tell_not_permitted(user=user, call=call)
        raise PermissionDenied
    if not proved_lately(request=request):
        target = urlencode({"next": request.path})
        return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{target}")
    if any(len(request.POST.getlist(name)) > 1 for name in ONCE):
        return _form(request, call, chrome, error="The form names a field twice. Load the page again.", status=400)
    decision = request.POST.get("decision", "")
    version, digest = request.POST.get("version", ""), request.POST.get("digest", "")
    if decision not in ("approve", "decline"):
        return _form(request, call, chrome, error="Choose approve or decline.", status=400)
    if not version.isdecimal():
        return _form(request, call, chrome, error="The form is incomplete. Load the page again.", status=400)
    try:
        decided = _take(user, call, decision, int(version[:9]), digest, request.POST.get("reason", ""))
    except DecisionError as error:
        if error.code == "invalid":
            return _form(request, call, chrome, error=error.message, status=400)
        return _conflict(request, error.call or call, error.message, chrome, STATUS.get(error.code, 409))
    if decided.state in (State.STALE, State.REFUSED):
        why = decided.reason if decided.state == State.STALE else "The customer’s account is closed."
        return _conflict(request, decided, f"{why} Nothing was done; the customer is told.", chrome, 409)
    return redirect("admin:tools_approval_changelist")


def _take(user: User, call: ToolCall, decision: str, version: int, digest: str, reason: str) -> ToolCall:
    if decision == "approve":
        return approvals.approve(call_id=call.pk, reviewer=user, version=version, digest=digest)
    return approvals.decline(call_id=call.pk, reviewer=user, version=version, digest=digest, reason=reason)


def _conflict(request: HttpRequest, call: ToolCall, message: str, chrome: dict[str, Any], status: int) -> HttpResponse:
    context = chrome | {"call": call, "message": message, "title": "Not decided", "decisions": _decisions(call)}
    return render(request, "admin/tools/approval/conflict.html", context, status=status)


def _form(
    request: HttpRequest, call: ToolCall, chrome: dict[str, Any], *, error: str = "", status: int = 200
) -> HttpResponse:
    may, why_not = _may_decide(request.user, call)
    context = chrome | {
        "title": "Review a request",
        "call": call,
        "state_label": State(call.state).label,
        "customer": call.customer,
        "changes": shown_changes(call.changes),
        "stale": _changed_since(call),
        "arguments": shown_arguments(call=call),
        "warnings": warnings_of(call=call),
        "excerpt": [
            {"author": line["author"], "text": visible(line["text"], keep_lines=True), "created_at": line["created_at"]}
            for line in call.excerpt
        ],
        "decisions": _decisions(call),
        "have": approvals.approvals_had(call=call),
        "need": call.need,
        "may_decide": may,
        "may_not_reason": why_not,
        "error": error,
    }
    return render(request, "admin/tools/approval/review.html", context, status=status)


def _may_decide(user: Any, call: ToolCall) -> tuple[bool, str]:
    if call.state != State.AWAITING_APPROVAL:
        return False, approvals.what_happened(call=call)
    if call.customer.user_id == user.pk:
        return False, "This is your own request; somebody else has to decide it."
    if not approvals.may_decide(user=user, call=call):
        return False, "You may look at requests but not decide them."
    if Decision.objects.filter(call=call, reviewer=user, void=False).exists():
        return False, "You have approved this request; a second person has to decide as well."
    return True, ""


def _decisions(call: ToolCall) -> list[Decision]:
    return list(Decision.objects.filter(call=call).select_related("reviewer").order_by("decided_at"))


def shown_changes(changes: list[dict[str, Any]]) -> list[ShownChange]:
    """For the page: what is risky (money, address, e-mail) first, nothing invisible."""
    shown = [
        ShownChange(
            field=change["field"],
            label=change["label"],
            before=visible(change["before"]) if change["before"] is not None else "",
            after=visible(change["after"]) if change["after"] is not None else "",
            risk=change["risk"],
        )
        for change in changes
    ]
    return sorted(shown, key=lambda change: not change.risk)


def _changed_since(call: ToolCall) -> list[ShownChange]:
    """Fields that read otherwise in the records now than when the customer asked."""
    if call.state not in (State.AWAITING_APPROVAL, State.APPROVED):
        return []
    ctx = ToolContext(
        customer=call.customer, conversation_id=call.conversation_id, turn_id=call.turn_id, now=database_now()
    )
    try:
        _, plan, _ = plan_call(ctx=ctx, definition=find_tool(name=call.tool), arguments=call.arguments)
    except (ToolError, TrackingError) as error:
        return [ShownChange(field="", label="No longer possible", before="", after=visible(error), risk=True)]
    except Exception:
        log.exception("review.not_comparable", call_id=str(call.pk))
        return [ShownChange(field="", label="Could not be compared with the record", before="", after="", risk=True)]
    frozen = {change["field"]: change for change in call.changes}
    moved = [change for change in plan.changes_as_json() if change != frozen.get(change["field"])]
    facts = [
        {
            "field": name,
            "label": name.replace("_", " "),
            "before": call.preconditions.get(name),
            "after": now,
            "risk": True,
        }
        for name, now in plan.preconditions.items()
        if call.preconditions.get(name) != now
    ]
    return shown_changes([*moved, *facts])
