"""When a model counts as broken, by rules alone."""

from hypothesis import given
from hypothesis import strategies as st

from support_bot.chat.breaker_rules import BAD, LAST_CALLS, Circuit, heard

outcomes = st.lists(st.booleans(), max_size=60)
limits = st.integers(1, LAST_CALLS)


def after(calls: list[bool], *, limit: int, circuit: Circuit | None = None) -> Circuit:
    """Calls that each begin in the epoch of their time."""
    circuit = circuit or Circuit()
    for is_good in calls:
        circuit = heard(circuit, epoch=circuit.epoch, is_good=is_good, limit=limit)
    return circuit


@given(outcomes, limits)
def test_it_opens_with_the_first_ten_calls_of_which_too_many_failed(calls: list[bool], limit: int):
    opened = next((n for n in range(1, len(calls) + 1) if calls[:n][-LAST_CALLS:].count(False) >= limit), None)

    for count in range(len(calls) + 1):
        state = after(calls[:count], limit=limit).state
        if opened is None or count < opened:
            assert state == "closed"
        elif count == opened:
            assert state == "open"


@given(outcomes, limits)
def test_nothing_changes_while_all_is_well(calls: list[bool], limit: int):
    """What changes has to be written: a good call is worth a write only where it makes a bad one older."""
    circuit = after(calls, limit=limit)

    better = heard(circuit, epoch=circuit.epoch, is_good=True, limit=limit)

    if circuit.state == "closed" and BAD not in circuit.window:
        assert better is circuit
    if circuit.state == "closed":
        assert len(better.window) <= LAST_CALLS
        assert after([True] * LAST_CALLS, limit=limit, circuit=circuit) == Circuit(epoch=circuit.epoch)


@given(outcomes, outcomes, limits)
def test_what_began_in_another_epoch_decides_nothing(calls: list[bool], late: list[bool], limit: int):
    circuit = after(calls, limit=limit)

    for is_good in late:
        assert heard(circuit, epoch=circuit.epoch - 1, is_good=is_good, limit=limit) is circuit


@given(limits, st.sampled_from(["open", "half_open"]))
def test_a_probe_closes_it_with_a_clean_sheet_or_leaves_it_open(limit: int, state):
    circuit = Circuit(state=state, epoch=3)

    assert heard(circuit, epoch=3, is_good=True, limit=limit) == Circuit(epoch=4)
    assert heard(circuit, epoch=3, is_good=False, limit=limit) == Circuit(state="open", epoch=3)


@given(outcomes)
def test_a_limit_above_ten_turns_it_off(calls: list[bool]):
    assert after(calls, limit=LAST_CALLS + 1).state == "closed"
