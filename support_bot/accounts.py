"""How accounts differ from allauth's defaults. It holds no rule of its own about who may do what."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from support_bot.clients import request_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Behind a proxy the limits of signing in count the visitor's address, not the proxy's."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return request_address(request=request)


@require_safe
@login_required
def email(request: HttpRequest) -> HttpResponse:
    """The customer's addresses, to look at. A change goes through the chat alone, where the old address agrees first.

    It stands in the place of allauth's own page, which would let whoever holds a session add an address, remove the old
    one and have the password reset sent to the new.
    """
    addresses = EmailAddress.objects.filter(user_id=request.user.pk).order_by("-primary", "email")
    return render(request, "account/email.html", {"addresses": addresses})
