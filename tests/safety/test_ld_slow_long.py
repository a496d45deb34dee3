"""A model that takes its time, at the deadlines that the product has by itself: 15 s idle, 60 s in all."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.model_server import Answer
from tests.processes import Running, Stack
from tests.safety.arena import Arena
from tests.safety.endurance import Endurance
from tests.safety.hostile import delta, drip, hang, headers_then_nothing, say, sse
from tests.safety.person import Person
from tests.wire import Frame

DEADLINES = ("LLM_FIRST_TOKEN_TIMEOUT_S", "LLM_IDLE_TIMEOUT_S", "TURN_TIMEOUT_S")
IDLE_S, TOTAL_S = 15.0, 60.0
EVERY_S = 5.0
SLACK_S = 5.0

IDLE: dict[str, Callable[[], Answer]] = {
    "a byte every 5 s": lambda: drip(say("Hello"), interval=EVERY_S),
    "only comments": lambda: drip(say("Hello"), interval=EVERY_S, before=b": still here\n\n"),
    "keep-alive blanks": lambda: drip(say("Hello"), interval=EVERY_S, before=b"\n"),
    "headers and nothing": headers_then_nothing,
    "nothing at all": hang,
}
# Each delta is a sign of life; there is no end of them.
ENDLESS = "a word every 5 s"


def ended(person: Person) -> tuple[float, Frame, list[Frame]]:
    """(seconds, the end, every frame) of one turn."""
    socket = person.chat()
    begun = time.monotonic()
    turn_id = socket.until(type="message", client_msg_id=socket.say("Hello"))["turn_id"]
    end = socket.until_turn_ends(turn_id, within=TOTAL_S + 30)
    return time.monotonic() - begun, end, socket.frames


@pytest.mark.long
def test_ld_04_the_products_own_deadlines_end_every_silence(
    arena: Arena,
    beside: Stack,
    crowd: Callable[[Running, int], list[Person]],
    endurance: Callable[..., Endurance],
    record_property: Callable[[str, object], None],
):
    web = beside.web(**{name: value for name, value in arena.product.variables.items() if name not in DEADLINES})
    steady = endurance(web)
    kinds = [*IDLE, ENDLESS]
    people = crowd(web, len(kinds))
    words = sse(*(delta(content=f"word {n} ") for n in range(100)))
    answers = IDLE | {ENDLESS: lambda: drip(words, interval=EVERY_S, size=len(delta(content="word 1 ")))}
    for kind, person in zip(kinds, people, strict=True):
        arena.model.script_for(person.facts.tag, always=lambda body, kind=kind: answers[kind]())

    with ThreadPoolExecutor(len(people)) as pool:
        found = dict(zip(kinds, pool.map(ended, people), strict=True))

    record_property("measured", "LD-04 " + ", ".join(f"{kind}: {took:.1f} s" for kind, (took, *_) in found.items()))
    for kind in IDLE:
        took, end, frames = found[kind]
        assert (end["state"], end["error"]["code"]) == ("failed", "model_unavailable"), kind
        assert IDLE_S - 1 < took < 2 * IDLE_S + SLACK_S, (kind, took)  # once more, where nothing had come
        assert "tracking_form" in str(frames), kind
    took, end, _ = found[ENDLESS]
    assert (end["state"], end["error"]["code"]) == ("failed", "timeout")
    assert TOTAL_S - 1 < took < TOTAL_S + SLACK_S
    assert steady.problems() == []
    record_property("measured", f"LD-04 {steady.measured}")
