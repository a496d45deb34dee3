"""The page behind the link that is sent to an old e-mail address: GET shows what would change, POST agrees, once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from tools.approvals import DecisionError
from tools.approvals import verify_change as agree
from tools.models import ToolCall
from tools.moves import database_now
from tools.notices import read_token
from tools.states import State


@require_http_methods(["GET", "HEAD", "POST"])
def verify_change(request: HttpRequest, token: str) -> HttpResponse:
    """200 with the form or the thanks; 404 for a link that is not ours; 410 for one that was used or is too old.

    Whoever holds the link owns the old address; that is what it proves, so no sign-in is asked for.
    """
    found = read_token(token=token)
    if found is None:
        return render(request, "verify_change_expired.html", status=404)
    call_id, digest = found
    if request.method == "POST":
        try:
            agree(call_id=call_id, digest=digest)
        except DecisionError:
            return render(request, "verify_change_expired.html", status=410)
        return render(request, "verify_change_done.html")
    waiting = ToolCall.objects.filter(state=State.AWAITING_VERIFICATION, expires_at__gt=database_now())
    call = waiting.filter(pk=call_id, digest=digest).first()
    if call is None:
        return render(request, "verify_change_expired.html", status=410)
    return render(request, "verify_change.html", {"call": call, "changes": call.changes})
