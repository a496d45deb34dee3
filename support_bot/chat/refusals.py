"""Tells the audit trail of sockets that were refused, and whose they would have been."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.db import DatabaseError
from django.utils import timezone

from tools import audit, auditcap


def tell_refused(*, scope: dict[str, Any], outcome: str) -> None:
    """outcome: the close code, or `origin` where the handshake itself was refused."""
    auditcap.record_refusal(event="socket.refused", actor=_actor(scope), outcome=outcome, now=timezone.now())


def _actor(scope: dict[str, Any]) -> str:
    """Whose session the handshake carried, whether or not it still stands."""
    try:
        user_id = str(scope["session"].get(SESSION_KEY, "")) if "session" in scope else ""
    except DatabaseError:
        user_id = ""
    return audit.user_actor(int(user_id)) if user_id.isdecimal() else audit.ANYBODY
