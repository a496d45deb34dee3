"""Which process holds which turn: claimed under a lease and a fence, renewed, handed over, found again when lost.

The rows alone decide. A process that dies, hangs or stops loses its turns to whoever looks first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from support_bot.chat import log
from support_bot.chat.models import Turn
from support_bot.chat.turn_rows import Claimed
from tools.moves import database_now

# What kills each process that runs it must not do so for ever: after this many tries a turn is only ended.
MAX_CLAIMS = 3
# Seconds for the rest of a turn whose process died. With the lease and the look before it, its end comes within 30.
RESUME_S = 14.0
# Seconds in which the process that took a message begins its turn by itself.
LATE_S = 2.0

Held = tuple[UUID, int]  # a turn and the fence it is held under


def claim_next(*, conversation_id: UUID, lease_s: float | None = None) -> Claimed | None:
    """Take the oldest open turn: one that waits, or one that runs and that nobody holds any more.

    None where another process holds it, or there is none. lease_s: for who does not renew; default TURN_LEASE_S.
    """
    open_turns = Turn.objects.filter(
        conversation_id=conversation_id, state__in=[Turn.State.WAITING, Turn.State.RUNNING]
    )
    try:
        with transaction.atomic():
            turn = open_turns.select_for_update().order_by("message_seq").first()
            now = database_now()
            if turn is None or (turn.lease_until is not None and turn.lease_until > now):
                return None
            turn.state, turn.fence = Turn.State.RUNNING, turn.fence + 1
            turn.started_at = turn.started_at or now
            turn.lease_until = now + timedelta(seconds=lease_s or settings.TURN_LEASE_S)
            turn.save(update_fields=["state", "fence", "started_at", "lease_until"])
    except IntegrityError:
        return None  # one is running: whoever runs it takes the next
    return Claimed(
        turn_id=turn.pk,
        conversation_id=conversation_id,
        customer_id=turn.conversation.customer_id,
        message_seq=turn.message_seq,
        session_key=turn.session_key,
        rights=turn.rights,
        fence=turn.fence,
        text=log.message_text(conversation_id=conversation_id, seq=turn.message_seq),
        origin=turn.origin,
        stop_asked=turn.stop_asked,
        seconds=_seconds_for(turn, now),
    )


def _seconds_for(turn: Turn, now: datetime) -> float:
    """What is left of a turn's time; never more than a customer whose turn was lost once should have to wait on."""
    if turn.fence > MAX_CLAIMS or turn.started_at is None:
        return 0.0
    left = settings.TURN_TIMEOUT_S - (now - turn.started_at).total_seconds()
    return max(0.0, left if turn.fence == 1 else min(left, RESUME_S))


def renew(*, turns: Iterable[Held]) -> set[UUID]:
    """Hold these for another TURN_LEASE_S. Returns those that must not go on: lost, or stopped by their customer."""
    until = database_now() + timedelta(seconds=settings.TURN_LEASE_S)
    asked: set[UUID] = set()
    wanted: set[UUID] = set()
    for fence, ids in _by_fence(turns).items():
        asked.update(ids)
        mine = Turn.objects.filter(pk__in=ids, fence=fence, state=Turn.State.RUNNING)
        with transaction.atomic():
            # What is being written right now keeps its lease as it is: one slow commit must not cost all others theirs.
            free = list(mine.select_for_update(skip_locked=True).values_list("pk", flat=True))
            Turn.objects.filter(pk__in=free).update(lease_until=until)
        wanted.update(mine.filter(stop_asked=False).values_list("pk", flat=True))
    return asked - wanted


def hand_over(*, turns: Iterable[Held]) -> None:
    """Give up turns that go on elsewhere: from now on anybody may claim them."""
    now = database_now()
    for fence, ids in _by_fence(turns).items():
        Turn.objects.filter(pk__in=ids, fence=fence, state=Turn.State.RUNNING).update(lease_until=now)


def adrift(*, limit: int = 100) -> list[UUID]:
    """Conversations with work that nobody does: a running turn whose lease ran out, or turns that wait for none."""
    now = database_now()
    lost = Turn.objects.filter(state=Turn.State.RUNNING, lease_until__lte=now)
    # A turn that ended a moment ago has a process that takes the next by itself.
    a_moment_ago = now - timedelta(seconds=LATE_S)
    cared_for = Q(state=Turn.State.RUNNING) | Q(ended_at__gt=a_moment_ago)
    others = Turn.objects.filter(cared_for, conversation=OuterRef("conversation"))
    late = Turn.objects.filter(~Exists(others), state=Turn.State.WAITING, created_at__lte=a_moment_ago)
    found = lost.values_list("conversation_id", flat=True).union(late.values_list("conversation_id", flat=True))
    return list(found[:limit])


def _by_fence(turns: Iterable[Held]) -> dict[int, list[UUID]]:
    found: dict[int, list[UUID]] = {}
    for turn_id, fence in turns:
        found.setdefault(fence, []).append(turn_id)
    return found
