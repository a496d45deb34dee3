"""Whether a session still stands for its customer: asked at the handshake, for frames and before every model step.

The user a socket was opened with is a snapshot; the rows decide.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from support_bot.sessions import session_limits
from tracking.models import Customer


@dataclass(frozen=True, slots=True)
class Authority:
    """A live session and whose it is."""

    session_key: str
    user_id: int
    customer: Customer


def find_authority(*, session_key: str) -> Authority | None:
    """The customer of a session, or None where it ended, the account is disabled or its password changed."""
    now = timezone.now()
    session = Session.objects.filter(session_key=session_key, expire_date__gt=now).first()
    if session is None:
        return None
    data = SessionStore().decode(session.session_data)
    user_id = str(data.get(SESSION_KEY, ""))
    if not user_id.isdigit():
        return None
    customer = Customer.objects.select_related("user").filter(user_id=int(user_id)).first()
    if customer is None or customer.user is None or not _stands(customer.user, data, now):
        return None
    return Authority(session_key=session_key, user_id=int(user_id), customer=customer)


def _stands(user: User, data: dict[str, object], now: datetime) -> bool:
    if not user.is_active or data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    if not constant_time_compare(str(data.get(HASH_SESSION_KEY, "")), user.get_session_auth_hash()):
        return False
    idle, longest = session_limits(is_staff=user.is_staff)
    started = data.get("started_at")
    used = data.get("used_at", started)
    if not isinstance(started, int) or not isinstance(used, int):
        return True  # signed in a moment ago; the first page sets both
    return now.timestamp() - started <= longest and now.timestamp() - used <= idle


def touch(*, session_key: str) -> None:
    """Talking in the chat is using the session: it does not go idle under the customer's hands."""
    session = Session.objects.filter(session_key=session_key).first()
    if session is None:
        return
    store = SessionStore(session_key)
    store["used_at"] = int(time.time())
    try:
        store.save(must_create=False)
    except UpdateError:
        return  # signed out this moment: the next look finds no session


def ended_sessions(*, session_keys: Iterable[str]) -> set[str]:
    """Those of the given sessions that no longer stand for anybody."""
    return {key for key in set(session_keys) if find_authority(session_key=key) is None}


def customer_of_account(*, user_id: int) -> Customer | None:
    """The customer of an active account, for talk without a browser session (the terminal)."""
    return Customer.objects.select_related("user").filter(user_id=user_id, user__is_active=True).first()
