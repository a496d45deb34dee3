"""How the work is going, as the database knows it: which workers hear, what waits how long, what needs a person.

A heartbeat is written by a task that came through the broker, so it proves that a worker hears, not only lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min, QuerySet

from tools.models import Heartbeat, Notice, ToolCall
from tools.moves import database_now
from tools.states import State

# A heartbeat's name begins with the queue.
QUEUES = ("effects", "turns")
# Seconds above which a worker counts as deaf, an approved call and a mail as stuck.
HEARTBEAT_MAX_S = 60.0
OUTBOX_MAX_S = 120.0
MAIL_MAX_S = 300.0
TAMPERED = "tampered"


@dataclass(frozen=True, slots=True)
class Hearing:
    """One queue: how many workers were heard of within the last minute, and how long ago the last one was."""

    queue: str
    workers: int
    age_s: float | None


@dataclass(frozen=True, slots=True)
class Work:
    """What staff want to know at one look. Ages in seconds, None where nothing waits."""

    hearing: tuple[Hearing, ...]
    outbox: int
    outbox_age_s: float | None
    to_reconcile: int
    late_mails: int
    tampered_today: int
    failed_today: int


def heartbeat_age_s() -> float | None:
    """Seconds since every queue was heard: the age of the one heard of least lately. None where one never was."""
    ages = [hearing.age_s for hearing in _hearing(database_now())]
    known = [age for age in ages if age is not None]
    return max(known) if len(known) == len(ages) else None


def outbox_age_s() -> float | None:
    """Seconds that the oldest approved call has waited for a worker; None where none waits. They are the outbox."""
    return _age(_outbox().aggregate(oldest=Min("approved_at"))["oldest"], database_now())


def work() -> Work:
    now = database_now()
    writes = ToolCall.objects.filter(effect="write")
    today = writes.filter(ended_at__gt=now - timedelta(days=1))
    return Work(
        hearing=tuple(_hearing(now)),
        outbox=_outbox().count(),
        outbox_age_s=outbox_age_s(),
        to_reconcile=writes.filter(state=State.NEEDS_RECONCILIATION).count(),
        late_mails=Notice.objects.filter(sent_at=None, created_at__lt=now - timedelta(seconds=MAIL_MAX_S)).count(),
        failed_today=today.filter(state=State.FAILED).count(),
        tampered_today=today.filter(state=State.REFUSED, reason=TAMPERED).count(),
    )


def beat(*, name: str) -> None:
    """Write a sign of life."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": database_now()})


def _hearing(now: datetime) -> list[Hearing]:
    found = []
    for queue in QUEUES:
        workers = Heartbeat.objects.filter(name__startswith=f"{queue}.")
        lately = workers.filter(at__gt=now - timedelta(seconds=HEARTBEAT_MAX_S)).count()
        newest = workers.aggregate(newest=Max("at"))["newest"]
        found.append(Hearing(queue=queue, workers=lately, age_s=_age(newest, now)))
    return found


def _outbox() -> QuerySet[ToolCall]:
    return ToolCall.objects.filter(effect="write", state=State.APPROVED)


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else round(max(0.0, (now - moment).total_seconds()), 1)
