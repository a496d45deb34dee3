"""A session begins with its sign-in, ends when it is idle or old, and leaves nothing behind in the browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from support_bot.sessions import NOTES, begin, has_ended, is_begun, touch, touch_every

GetResponse = Callable[[HttpRequest], HttpResponse]

SIGNED_OUT = "_signed_out"


class SessionLimits:
    """Signs out a session past its idle or absolute limit before any view sees it, and notes that others are in use."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            if has_ended(data=request.session, user=request.user):
                logout(request)
            else:
                _use(request, request.user)
        response = self.get_response(request)
        if getattr(request, SIGNED_OUT, False):
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


def _use(request: HttpRequest, user: User) -> None:
    if not is_begun(session=request.session, user=user):
        begin(session=request.session, user=user)
    every = touch_every(is_staff=user.is_staff)
    if time.time() - request.session["used_at"] > every and request.session.session_key:
        # Not through request.session: saving all of it could undo what another request just put there.
        touch(session_key=request.session.session_key)


@receiver(user_logged_out, dispatch_uid="support_bot.end_session")
def end_session(request: HttpRequest | None, **_: Any) -> None:
    """The browser is told to forget what it kept of these pages."""
    if request is not None:
        setattr(request, SIGNED_OUT, True)


@receiver(user_logged_in, dispatch_uid="support_bot.begin_session")
def begin_session(request: HttpRequest, user: User, **_: Any) -> None:
    """The limits count from the sign-in itself, so a session that is used by sockets alone ends too."""
    for note in NOTES:
        request.session.pop(note, None)
    begin(session=request.session, user=user)
