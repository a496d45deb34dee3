"""Who holds a turn: one process at a time, never for ever, and for no longer than its customer should wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from support_bot.chat import frames, inbox, leases, log, turn_rows
from support_bot.chat.models import Conversation, Turn
from tracking.models import Customer

pytestmark = pytest.mark.django_db
WAITING, RUNNING = Turn.State.WAITING, Turn.State.RUNNING


@pytest.fixture
def talk(alice: Customer) -> Conversation:
    return inbox.open_conversation(customer=alice, now=timezone.now())


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


def turn_in(talk: Conversation, **fields: Any) -> Turn:
    """A turn with its message; by default it has waited for a while."""
    turn_id, at = uuid4(), fields.pop("created_at", ago(60))
    said = frames.message(author="customer", text="Hi", created_at=at, turn_id=turn_id, client_msg_id=uuid4())
    (numbered,) = log.append(conversation_id=talk.pk, frames=[said], now=at)
    return Turn.objects.create(id=turn_id, conversation=talk, message_seq=numbered["seq"], created_at=at, **fields)


def running(talk: Conversation, *, lease: float, fence: int = 1, began: float = 5) -> Turn:
    """lease: seconds that it is still held; below 0, that nobody has held it."""
    return turn_in(talk, state=RUNNING, fence=fence, lease_until=ago(-lease), started_at=ago(began))


def claim(talk: Conversation) -> turn_rows.Claimed | None:
    return leases.claim_next(conversation_id=talk.pk)


def test_a_waiting_turn_is_claimed_once_and_in_order(talk: Conversation):
    first, _ = turn_in(talk), turn_in(talk)

    claimed = claim(talk)

    assert claimed is not None
    assert (claimed.turn_id, claimed.fence, claimed.resumed) == (first.pk, 1, False)
    assert claimed.seconds == pytest.approx(60, abs=1)
    assert claim(talk) is None


def test_a_turn_that_somebody_holds_is_left_alone_and_so_is_what_waits_behind_it(talk: Conversation):
    running(talk, lease=3)
    turn_in(talk)

    assert claim(talk) is None
    assert leases.adrift() == []


def test_a_turn_that_nobody_holds_is_taken_up_before_what_waits_behind_it(talk: Conversation):
    lost = running(talk, lease=-1)
    turn_in(talk)

    assert leases.adrift() == [talk.pk]
    claimed = claim(talk)

    assert claimed is not None
    assert (claimed.turn_id, claimed.fence, claimed.resumed) == (lost.pk, 2, True)
    assert leases.adrift() == []


def test_who_lost_a_turn_can_write_nothing_any_more(talk: Conversation):
    old = running(talk, lease=-1)
    claim(talk)

    ending = turn_rows.Ending(state="done", text="Late.")

    assert not turn_rows.end_turn(turn_id=old.pk, fence=old.fence, ending=ending)
    assert leases.renew(turns=[(old.pk, old.fence)]) == {old.pk}


@pytest.mark.parametrize(
    ("fence", "began", "seconds"),
    [(1, 5, leases.RESUME_S), (1, 50, 10), (1, 70, 0), (2, 5, leases.RESUME_S), (3, 5, 0)],
    ids=["little is asked of who waits on", "never more than its time", "over", "twice", "what kills is only ended"],
)
def test_the_time_of_a_turn_that_is_taken_up(talk: Conversation, fence: int, began: float, seconds: float):
    running(talk, lease=-1, fence=fence, began=began)

    claimed = claim(talk)

    assert claimed is not None
    assert claimed.seconds == pytest.approx(seconds, abs=1)


def test_a_turn_nobody_began_is_found_unless_somebody_is_about_to(talk: Conversation, alice: Customer):
    fresh, behind = (inbox.open_conversation(customer=alice, now=timezone.now()) for _ in range(2))
    turn_in(talk)
    turn_in(fresh, created_at=timezone.now())
    turn_in(behind, state=Turn.State.DONE, ended_at=timezone.now())
    turn_in(behind)

    assert leases.adrift() == [talk.pk]


def test_renewing_holds_what_is_ours_and_names_what_is_not(talk: Conversation, alice: Customer):
    others = [inbox.open_conversation(customer=alice, now=timezone.now()) for _ in range(2)]
    ours, taken, stopped = (running(one, lease=1, fence=2) for one in (talk, *others))
    turn_rows.cancel_turn(conversation_id=others[1].pk, turn_id=stopped.pk)

    lost = leases.renew(turns=[(ours.pk, 2), (taken.pk, 1), (stopped.pk, 2)])

    ours.refresh_from_db()
    assert lost == {taken.pk, stopped.pk}
    assert ours.lease_until is not None
    assert (ours.lease_until - timezone.now()).total_seconds() == pytest.approx(10, abs=1)


def test_what_is_handed_over_can_be_claimed_at_once(talk: Conversation):
    turn = running(talk, lease=8)

    leases.hand_over(turns=[(turn.pk, turn.fence)])

    assert leases.adrift() == [talk.pk]
    assert claim(talk) is not None


def test_only_the_holder_can_hand_over(talk: Conversation):
    turn = running(talk, lease=8, fence=2)

    leases.hand_over(turns=[(turn.pk, 1)])

    assert leases.adrift() == []


def test_a_turn_that_was_stopped_while_nobody_held_it_says_so_to_who_takes_it_up(talk: Conversation):
    turn = running(talk, lease=-1)
    turn_rows.cancel_turn(conversation_id=talk.pk, turn_id=turn.pk)

    claimed = claim(talk)

    assert claimed is not None
    assert claimed.stop_asked
