"""The states of a call: exactly the moves of the contract, and end states that nothing leaves."""

from __future__ import annotations

import itertools

import pytest

from tools.states import END_STATES, MOVES, OPEN_WRITE_STATES, WAITING_STATES, State, check_move

BEFORE_EXECUTING = ["awaiting_confirmation", "awaiting_verification", "awaiting_approval", "approved"]
ENDED_EARLY = ["withdrawn", "declined", "expired", "superseded", "refused", "stale"]
# Written out from the contract, not from the code.
ALLOWED = {
    *(("running", new) for new in ("succeeded", "failed", "refused")),
    *itertools.product(BEFORE_EXECUTING, ENDED_EARLY),
    ("awaiting_confirmation", "awaiting_verification"),
    ("awaiting_confirmation", "awaiting_approval"),
    ("awaiting_confirmation", "approved"),
    ("awaiting_verification", "awaiting_approval"),
    ("awaiting_verification", "approved"),
    ("awaiting_approval", "approved"),
    ("approved", "executing"),
    ("approved", "awaiting_approval"),
    *(("executing", new) for new in ("succeeded", "failed", "stale", "refused", "expired")),
    ("executing", "needs_reconciliation"),
    ("executing", "awaiting_approval"),
    ("needs_reconciliation", "succeeded"),
    ("needs_reconciliation", "failed"),
}


@pytest.mark.parametrize(("old", "new"), list(itertools.product(State.values, State.values)))
def test_a_call_moves_exactly_as_the_contract_says(old: str, new: str):
    try:
        check_move(old=old, new=new)
    except ValueError:
        allowed = False
    else:
        allowed = True

    assert allowed == ((old, new) in ALLOWED)


def test_every_state_is_running_open_or_ended_and_only_one_of_them():
    kinds = [{State.RUNNING}, OPEN_WRITE_STATES, END_STATES]

    assert sorted(state for kind in kinds for state in kind) == sorted(State)


def test_end_states_are_never_left():
    assert not END_STATES & set(MOVES)


def test_only_a_call_that_is_not_being_executed_waits():
    assert {State.EXECUTING, State.NEEDS_RECONCILIATION} == OPEN_WRITE_STATES - WAITING_STATES


@pytest.mark.parametrize("unknown", ["", "done", "Approved", "approved "])
def test_an_unknown_state_is_an_error_never_a_move(unknown: str):
    with pytest.raises(ValueError, match=r"."):
        check_move(old="approved", new=unknown)
    with pytest.raises(ValueError, match=r"."):
        check_move(old=unknown, new="approved")
