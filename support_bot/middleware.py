"""What holds for every page: personal pages are never cached, and a session ends when it is idle or old."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from support_bot.sessions import session_limits, touch, touch_every

GetResponse = Callable[[HttpRequest], HttpResponse]


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
    """Signs out a session past its idle or absolute limit before any view sees it, and notes that others are in use."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            is_staff = request.user.is_staff
            idle, longest = session_limits(is_staff=is_staff)
            started = request.session.setdefault("started_at", now)
            used = request.session.setdefault("used_at", started)
            if now - used > idle or now - started > longest:
                logout(request)
            elif now - used > touch_every(is_staff=is_staff) and request.session.session_key:
                # Not through request.session: saving all of it could undo what another request just put there.
                touch(session_key=request.session.session_key)
        return self.get_response(request)


@receiver(user_logged_in, dispatch_uid="support_bot.begin_session")
def begin_session(request: HttpRequest, **_: Any) -> None:
    """The limits count from the sign-in itself, so a session that is used by sockets alone ends too."""
    request.session["started_at"] = request.session["used_at"] = int(time.time())
