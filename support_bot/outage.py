"""Where Redis is away: what needs its counters is refused with a page of its own (503), and possible again with it."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

RETRY_S = 30
SIGN_IN = ("account_login", "mfa_authenticate", "mfa_login_webauthn")


class CountersAway:
    """Middleware: a password or code whose tries cannot be counted is not tried at all."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, RedisError):
            return None
        match = request.resolver_match
        view = match.view_name if match else "unknown"
        log.error("redis.away", page=view, error=type(error).__name__)
        answer = render(request, "503.html", {"signing_in": view in SIGN_IN}, status=503)
        answer["Retry-After"] = str(RETRY_S)
        return answer
