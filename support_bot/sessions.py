"""How long a session may be idle and how old it may get, and the note in it of when it was last used."""

from __future__ import annotations

import time

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction

# (idle, absolute) in seconds: staff half an hour and twelve hours, customers a day and thirty days, unless the
# environment says otherwise.
STAFF_LIMITS = (1800, 43200)
CUSTOMER_LIMITS = (86400, 2592000)
# The session row is written at most this often to remember that it was used.
TOUCH_S = 60


def session_limits(*, is_staff: bool) -> tuple[int, int]:
    """(idle, absolute) limits in seconds."""
    idle, longest = STAFF_LIMITS if is_staff else CUSTOMER_LIMITS
    return settings.SESSION_IDLE_S or idle, settings.SESSION_MAX_S or longest


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
