"""What holds for every page: personal pages are never cached, and a session ends when it is idle or old."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from support_bot.sessions import session_limits

GetResponse = Callable[[HttpRequest], HttpResponse]

# The session row is written at most this often to remember that it was used.
TOUCH_S = 60


class PersonalPages:
    """Every answer that is not a static file may hold personal data: no cache keeps it, no other site embeds it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(settings.STATIC_URL):
            response.setdefault("Cache-Control", "no-store")
            response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class SessionLimits:
    """Signs out a session past its idle or absolute limit before any view sees it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            idle, longest = session_limits(is_staff=request.user.is_staff)
            started = request.session.setdefault("started_at", now)
            used = request.session.get("used_at", started)
            if now - used > idle or now - started > longest:
                logout(request)
            elif now - used > min(TOUCH_S, idle // 4) or "used_at" not in request.session:
                request.session["used_at"] = now
        return self.get_response(request)
