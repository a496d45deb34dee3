"""The one place that writes a call's state: a compare-and-set, with audit and news in the same commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from tools import audit
from tools.models import ToolCall
from tools.signals import call_changed
from tools.states import END_STATES, State, check_move


class LostRace(Exception):
    """Somebody else moved the call first. The caller reads it again and says what happened."""


def database_now() -> datetime:
    """The database's clock: the one that decides what is late, whichever process asks."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found


def move_call(
    *,
    call: ToolCall,
    to: str,
    actor: str,
    now: datetime,
    sentence: str | None = None,
    **fields: Any,
) -> None:
    """Move `call` from the state and version it was read with. Raises LostRace where they no longer hold.

    fields: further columns to set, e.g. reason=, expires_at=. `call` is brought up to date in place.
    """
    check_move(old=call.state, new=to)
    if to == State.APPROVED:
        fields.setdefault("approved_at", now)
    if to in END_STATES:
        fields.setdefault("ended_at", now)
        fields.setdefault("lease_until", None)
    with transaction.atomic():
        rows = ToolCall.objects.filter(pk=call.pk, state=call.state, version=call.version)
        if not rows.update(state=to, version=F("version") + 1, **fields):
            raise LostRace(str(call.pk))
        for name, value in {"state": to, "version": call.version + 1, **fields}.items():
            setattr(call, name, value)
        audit.record(event=f"call.{to}", actor=actor, outcome=to, now=now, call=call, reason_given=bool(call.reason))
        call_changed.send(sender=ToolCall, call=call, sentence=sentence)
