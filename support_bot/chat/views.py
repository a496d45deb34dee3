"""The chat's pages. Each finds the customer's own conversation or answers 404, and renders; talk goes by the socket."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.decorators import secure_admin_login
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from support_bot.chat import inbox
from tools.ratelimit import hit
from tracking.models import Customer

# Of one customer: nobody begins so many, and each is a row for good.
NEW_TALKS = "60/minute"

admin_login: Any = secure_admin_login(admin.site.login)


def _customer(request: HttpRequest) -> Customer | None:
    return Customer.objects.filter(user_id=request.user.pk or 0).first()


@require_safe
@login_required
def current(request: HttpRequest) -> HttpResponse:
    """To the newest conversation; staff who are no customers go to their queue."""
    customer = _customer(request)
    if customer is None:
        return redirect("admin:tools_approval_changelist")
    return redirect("conversation", inbox.current_conversation(customer=customer, now=timezone.now()).pk)


@require_POST
@login_required
def new(request: HttpRequest) -> HttpResponse:
    customer = _customer(request)
    if customer is None:
        raise Http404
    wait = hit(rate=NEW_TALKS, name="new_conversations", key=str(customer.pk))
    if wait is not None:
        answer = render(request, "429.html", {"wait": wait}, status=429)
        answer["Retry-After"] = str(wait)
        return answer
    return redirect("conversation", inbox.open_conversation(customer=customer, now=timezone.now()).pk)


@require_safe
@login_required
@csp_update({"require-trusted-types-for": ["'script'"], "trusted-types": ["'none'"]})  # type: ignore[arg-type]  # csp asks for Any
def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    customer = _customer(request)
    found = customer and inbox.find_conversation(customer=customer, conversation_id=conversation_id)
    if customer is None or found is None:
        raise Http404
    context = {
        "conversation": found,
        "ws_path": f"/ws/chat/{found.pk}/",
        "first_name": customer.name.split(" ")[0],
        "max_message_chars": settings.MAX_MESSAGE_CHARS,
    }
    return render(request, "chat/chat.html", context)
