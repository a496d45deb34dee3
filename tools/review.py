"""The review page: what staff see before they decide, and the one form that decides.

Everything shown is drawn from the stored canonical arguments and the records; the conversation is shown apart, as said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse

from tools import approvals, settling
from tools.approvals import DecisionError
from tools.lineage import shown_arguments, warnings_of
from tools.models import Decision, ToolCall
from tools.preview import preview_of
from tools.reauthentication import proved_lately
from tools.registry import REGISTRY, ToolDefinition
from tools.states import State
from tools.textview import visible

# Two values of one field could be read as two decisions.
ONCE = ("decision", "version", "digest", "reason")
STATUS = {"not_permitted": 403, "not_found": 404, "invalid": 400}


MARKS = ("mark_succeeded", "mark_failed")


class _FormError(Exception):
    """The form was not filled in. The text says what to do."""


@dataclass(frozen=True, slots=True)
class _Posted:
    """What the form says, as it was typed."""

    decision: str
    version: int
    digest: str
    reason: str


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
    try:
        decided = _take(user, call, _read(request))
    except _FormError as error:
        return _form(request, call, chrome, error=str(error), status=400)
    except DecisionError as error:
        if error.code == "invalid":
            return _form(request, call, chrome, error=error.message, status=400)
        return _conflict(request, error.call or call, error.message, chrome, STATUS.get(error.code, 409))
    if decided.state in (State.STALE, State.REFUSED):
        why = decided.reason if decided.state == State.STALE else "The customer’s account is closed."
        return _conflict(request, decided, f"{why} Nothing was done; the customer is told.", chrome, 409)
    return redirect("admin:tools_approval_changelist")


def _read(request: HttpRequest) -> _Posted:
    """Raises _FormError."""
    if any(len(request.POST.getlist(name)) > 1 for name in ONCE):
        raise _FormError("The form names a field twice. Load the page again.")
    posted = {name: request.POST.get(name, "") for name in ONCE}
    if posted["decision"] not in ("approve", "decline", *MARKS):
        raise _FormError("Choose one of the buttons.")
    if not posted["version"].isdecimal():
        raise _FormError("The form is incomplete. Load the page again.")
    return _Posted(posted["decision"], int(posted["version"][:9]), posted["digest"], posted["reason"])


def _take(user: User, call: ToolCall, posted: _Posted) -> ToolCall:
    seen: dict[str, Any] = {
        "call_id": call.pk,
        "reviewer": user,
        "version": posted.version,
        "digest": posted.digest,
    }
    if posted.decision == "approve":
        return approvals.approve(**seen)
    if posted.decision == "decline":
        return approvals.decline(**seen, reason=posted.reason)
    return settling.settle(**seen, succeeded=posted.decision == "mark_succeeded", reason=posted.reason)


def _conflict(request: HttpRequest, call: ToolCall, message: str, chrome: dict[str, Any], status: int) -> HttpResponse:
    context = chrome | {"call": call, "message": message, "title": "Not decided", "decisions": _decisions(call)}
    return render(request, "admin/tools/approval/conflict.html", context, status=status)


def _form(
    request: HttpRequest, call: ToolCall, chrome: dict[str, Any], *, error: str = "", status: int = 200
) -> HttpResponse:
    may, why_not = _may_decide(request.user, call)
    preview = preview_of(call=call)
    context = chrome | {
        "title": "Review a request",
        "call": call,
        "state_label": State(call.state).label,
        "customer": call.customer,
        "changes": preview.changes,
        "stale": preview.stale,
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
        "unsettled": call.state == State.NEEDS_RECONCILIATION,
        "may_not_reason": why_not,
        "error": error,
    }
    return render(request, "admin/tools/approval/review.html", context, status=status)


def _may_decide(user: Any, call: ToolCall) -> tuple[bool, str]:
    if call.state not in (State.AWAITING_APPROVAL, State.NEEDS_RECONCILIATION):
        return False, approvals.what_happened(call=call)
    if call.customer.user_id == user.pk:
        return False, "This is your own request; somebody else has to decide it."
    if not approvals.may_decide(user=user, call=call):
        return False, "You may look at requests but not decide them."
    approved = Decision.objects.filter(call=call, reviewer=user, void=False)
    if call.state == State.AWAITING_APPROVAL and approved.exists():
        return False, "You have approved this request; a second person has to decide as well."
    return True, ""


def _decisions(call: ToolCall) -> list[Decision]:
    return list(Decision.objects.filter(call=call).select_related("reviewer").order_by("decided_at"))
