"""How long a session lasts: not past its idle and absolute limits, nor past a change of its account's address."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction

from tools.keyed import holds, is_current, prove

# (idle, absolute) in seconds: staff half an hour and twelve hours, customers a day and thirty days, unless the
# environment says otherwise.
STAFF_LIMITS = (1800, 43200)
CUSTOMER_LIMITS = (86400, 2592000)
# The session row is written at most this often to remember that it was used.
TOUCH_S = 60
ADDRESS = "session address"
NOTES = ("started_at", "used_at", "address")


def session_limits(*, is_staff: bool) -> tuple[int, int]:
    """(idle, absolute) limits in seconds."""
    idle, longest = STAFF_LIMITS if is_staff else CUSTOMER_LIMITS
    return settings.SESSION_IDLE_S or idle, settings.SESSION_MAX_S or longest


def begin(*, session: SessionBase, user: User) -> None:
    """What a sign-in notes in its session; for one that has not ended, what is missing or of an earlier SECRET_KEY."""
    session.setdefault("started_at", int(time.time()))
    session.setdefault("used_at", session["started_at"])
    session["address"] = prove(purpose=ADDRESS, text=_address_of(user))


def is_begun(*, session: SessionBase, user: User) -> bool:
    """Whether `begin` has nothing to note."""
    known = str(session.get("address", ""))
    return "started_at" in session and is_current(proof=known, purpose=ADDRESS, text=_address_of(user))


def has_ended(*, data: Mapping[str, Any] | SessionBase, user: User) -> bool:
    """Whether what `begin` noted is out of date. A new e-mail address ends every session, also the one that asked."""
    if "address" in data and not holds(proof=str(data["address"]), purpose=ADDRESS, text=_address_of(user)):
        return True
    idle, longest = session_limits(is_staff=user.is_staff)
    started = data.get("started_at")
    used = data.get("used_at", started)
    if not isinstance(started, int) or not isinstance(used, int):
        return False  # not made by a sign-in; its first page notes both
    now = time.time()
    return now - started > longest or now - used > idle


def _address_of(user: User) -> str:
    return f"{user.pk} {user.email}"


def touch_every(*, is_staff: bool) -> float:
    """Seconds after which use is noted again: well below the idle limit, however short that is."""
    return min(TOUCH_S, session_limits(is_staff=is_staff)[0] / 4)


def touch(*, session_key: str) -> None:
    """Note that a session is in use. Nothing else of it changes, and one that ended meanwhile stays ended.

    Read and written under its lock: what another request puts into the session at this moment is not lost.
    """
    with transaction.atomic():
        row = Session.objects.select_for_update().filter(session_key=session_key).first()
        if row is None:
            return
        store = SessionStore()
        data = store.decode(row.session_data) | {"used_at": int(time.time())}
        Session.objects.filter(session_key=session_key).update(session_data=store.encode(data))
