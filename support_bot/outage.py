"""Where Redis or the database is away: what needs it gets a page of its own (503), and is possible again with it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token
from django.views.defaults import server_error
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
        return _away(render(request, "503.html", {"signing_in": view in SIGN_IN}, status=503))


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    """handler500: an error that nothing caught. A database that is away is no mistake in a page, and says so."""
    error = sys.exc_info()[1]
    if not isinstance(error, OperationalError | InterfaceError):
        return server_error(request)
    log.error("database.away", error=type(error).__name__)
    # Without the request: who is signed in stands in the database.
    return _away(HttpResponse(render_to_string("503.html", {"staff": request.path.startswith("/admin/")}), status=503))


def _away(answer: HttpResponse) -> HttpResponse:
    answer["Retry-After"] = str(RETRY_S)
    return answer
