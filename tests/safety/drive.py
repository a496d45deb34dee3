"""Puts many calls of a hostile model through whole turns, and says what the model was told about each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.safety.arena import Arena, tool_results
from tests.safety.hostile import fanout, say
from tests.safety.person import Person

SEED = 20261121
# One place of a step and one step of a turn are kept for a harmless call and a last word: a turn of nothing but
# nonsense ends after two steps.
CALLS = 7
STEPS = 5
Case = tuple[str, dict[str, Any] | str]


def dice(name: str) -> random.Random:
    """The chance of one fuzz test, the same in every run; the seed is printed."""
    print(f"seed {SEED}/{name}")
    return random.Random(f"{SEED}/{name}")


def drive(arena: Arena, person: Person, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """The answer to each case, in order; every turn ends well."""
    told: list[dict[str, Any]] = []
    for start in range(0, len(cases), CALLS * STEPS):
        batch = cases[start : start + CALLS * STEPS]
        steps = [batch[at : at + CALLS] for at in range(0, len(batch), CALLS)]
        before = len(arena.model.requests)
        replies = [fanout(*step, ("list_my_orders", {"limit": number + 1})) for number, step in enumerate(steps)]
        turn = arena.turn(person, *replies, say("That is all."))
        assert turn.end["state"] == "done", turn.end
        for number, step in enumerate(steps):
            answers = tool_results(arena.model.requests[before + number + 1])
            assert len(answers) == len(step) + 1
            told += answers[: len(step)]
    return told


def codes(told: list[dict[str, Any]]) -> list[str]:
    """The error code of each answer, `ok` where there is none."""
    return ["ok" if answer["ok"] else answer["error"]["code"] for answer in told]
