"""How old the newest sign of life of a worker is, and how long the oldest approved call has been waiting."""

from __future__ import annotations

from django.db.models import Max, Min

from tools.models import Heartbeat, ToolCall
from tools.moves import database_now
from tools.states import State


def heartbeat_age_s() -> float | None:
    """Seconds since a worker last carried out a task that came through the broker; None where it never did."""
    newest = Heartbeat.objects.aggregate(newest=Max("at"))["newest"]
    return None if newest is None else round(max(0.0, (database_now() - newest).total_seconds()), 1)


def outbox_age_s() -> float | None:
    """Seconds that the oldest approved call has waited for a worker; None where none waits. They are the outbox."""
    waiting = ToolCall.objects.filter(effect="write", state=State.APPROVED)
    oldest = waiting.aggregate(oldest=Min("approved_at"))["oldest"]
    return None if oldest is None else round(max(0.0, (database_now() - oldest).total_seconds()), 1)


def beat(*, name: str) -> None:
    """Write a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": database_now()})
