"""How accounts differ from allauth's defaults. It holds no rule of its own about who may do what."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from support_bot.clients import request_address


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Behind a proxy the limits of signing in count the visitor's address, not the proxy's."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return request_address(request=request)
