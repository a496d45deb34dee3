"""The one place that writes a call's state: compare-and-set, with audit and news in the same commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.tools.steps import again, ask, change_row, confirmed
from tools import audit
from tools.models import AuditEntry, Effect, ToolCall
from tools.moves import LostRace, database_now, move_call
from tools.states import END_STATES, OPEN_WRITE_STATES, State
from tracking.models import Customer

pytestmark = pytest.mark.django_db


def move(call: ToolCall, to: str, **fields: Any) -> None:
    move_call(call=call, to=to, actor=audit.CLOCK, now=timezone.now(), **fields)


def test_a_move_brings_row_and_object_up_to_date_and_is_audited(alice: Customer):
    call = ask(alice)
    version = call.version

    move(call, State.EXPIRED, reason="Too late.")

    found = again(call)
    assert (found.state, found.version, found.reason) == (call.state, call.version, call.reason)
    assert (call.state, call.version, call.reason) == ("expired", version + 1, "Too late.")
    entry = AuditEntry.objects.get(event="call.expired")
    assert (entry.actor, entry.outcome, entry.digest) == ("clock", "expired", call.digest)
    assert entry.details == {"reason_given": True}


def test_whoever_saw_an_older_version_loses(alice: Customer):
    first, second = ask(alice), ToolCall.objects.get()
    move(first, State.AWAITING_APPROVAL)
    before = AuditEntry.objects.count()

    with pytest.raises(LostRace):
        move(second, State.WITHDRAWN)

    assert again(first).state == "awaiting_approval"
    assert AuditEntry.objects.count() == before


def test_whoever_saw_the_same_state_of_an_older_round_loses(alice: Customer):
    """Approved, then sent back to staff: a decision made on the page of before is about another round."""
    call = confirmed(alice)
    of_before = again(call)
    for state in (State.APPROVED, State.EXECUTING, State.AWAITING_APPROVAL):
        move(call, state)

    with pytest.raises(LostRace):
        move(of_before, State.DECLINED, reason="No.")

    assert (again(call).state, again(call).reason) == ("awaiting_approval", "")


def test_whoever_saw_another_state_of_the_same_version_loses(alice: Customer):
    call = ask(alice)
    ToolCall.objects.update(state=State.DECLINED)

    with pytest.raises(LostRace):
        move(call, State.WITHDRAWN)

    assert again(call).state == "declined"


def test_a_move_that_does_not_exist_is_an_error_and_writes_nothing(alice: Customer):
    call = ask(alice)

    with pytest.raises(ValueError, match="cannot move"):
        move(call, State.SUCCEEDED)

    assert again(call).state == "awaiting_confirmation"


@pytest.mark.parametrize("state", sorted(END_STATES))
def test_an_end_sets_when_and_gives_the_lease_back(alice: Customer, state: str):
    call = change_row(confirmed(alice), state="executing", lease_until=timezone.now())
    if state in ("withdrawn", "declined", "superseded"):
        call = change_row(call, state="approved")

    move(call, state)

    assert again(call).ended_at is not None
    assert again(call).lease_until is None


def test_a_move_without_its_news_does_not_happen(alice: Customer, no_news_of: Any):
    call = ask(alice)
    no_news_of(call)

    with pytest.raises(OSError, match="event"):
        move(again(call), State.WITHDRAWN)

    assert again(call).state == "awaiting_confirmation"
    assert not AuditEntry.objects.filter(event="call.withdrawn").exists()


def test_the_time_is_the_databases():
    now = database_now()

    assert now.tzinfo is not None
    assert abs(timezone.now() - now) < timedelta(seconds=30)


@pytest.mark.servers
def test_the_databases_clock_goes_on_inside_a_transaction():
    """`now()` would stand still at the start of a long transaction and let what is late pass."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        began = cursor.fetchone()[0]

    assert database_now() > began


@pytest.mark.parametrize("state", sorted(OPEN_WRITE_STATES))
def test_the_database_itself_allows_one_open_request_for_a_digest(alice: Customer, state: str):
    call = change_row(ask(alice), state=state)
    copy = {
        "customer": alice,
        "effect": "write",
        "tool": call.tool,
        "digest": call.digest,
        "created_at": timezone.now(),
    }

    with pytest.raises(IntegrityError), transaction.atomic():
        ToolCall.objects.create(state="awaiting_confirmation", **copy)
    ToolCall.objects.create(state="withdrawn", **copy)

    assert ToolCall.objects.count() == 2


def test_the_database_knows_every_state_and_no_other(alice: Customer):
    call = ask(alice)

    with pytest.raises(IntegrityError), transaction.atomic():
        ToolCall.objects.filter(pk=call.pk).update(state="done")


def test_the_ledger_takes_one_row_of_a_call(alice: Customer):
    call = ask(alice)
    row = {"call": call, "tool": call.tool, "record": "x", "digest": call.digest, "fence": 1, "made_at": timezone.now()}
    Effect.objects.create(**row)

    with pytest.raises(IntegrityError), transaction.atomic():
        Effect.objects.create(**row)
