"""Function calling: a thousand calls, loops without an end and repeated wishes stay within what a turn may do."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.safety.arena import Arena, tool_results
from tests.safety.hostile import call, fanout, loop, say

POOLS = 2 * (8 + 2) + 10  # what web and worker may open (DB_THREADS + 2 each), and some for beat and probes


def test_fc_09_of_a_thousand_calls_eight_are_run(arena: Arena):
    """Half of them changes; a bystander talks meanwhile."""
    facts = arena.a.facts
    wanted: list[tuple[str, dict[str, Any] | str]] = []
    for number in range(500):
        wanted.append(("list_my_orders", {"limit": number % 50 + 1}))
        report = {"package_id": facts.packages[0], "problem": "other", "description": f"n {number}"}
        wanted.append(("report_problem", report))
    answer = fanout(*wanted)
    arena.model.script_for(arena.a.facts.tag, answer, say("That was much."))
    arena.model.script_for(arena.b.facts.tag, always=say("Hello, bystander."))
    bystander, most = arena.b.chat(), connections(arena)

    with most:
        mine = arena.a.chat()
        turn_id = mine.until(type="message", client_msg_id=mine.say("Do everything"))["turn_id"]
        assert arena.turn(bystander).text.endswith("Hello, bystander.")
        end = mine.until_turn_ends(turn_id)

    assert end["state"] == "done"
    request = next(r for r in arena.model.requests if len(tool_results(r)) == 1000)
    told = tool_results(request)
    asked = [c["id"] for m in request["messages"] if m.get("tool_calls") for c in m["tool_calls"]]
    answered = [m["tool_call_id"] for m in request["messages"] if m["role"] == "tool"]
    assert asked == answered
    assert len(set(answered)) == 1000
    assert [answer["error"]["code"] for answer in told[8:]] == ["too_many_calls"] * 992
    assert len(arena.calls_of(arena.a, state="awaiting_confirmation")) <= 3
    assert len(arena.calls_of(arena.a, state="succeeded")) <= 8
    assert len(arena.calls_of(arena.a)) == 1000
    assert most.seen <= POOLS
    assert arena.effects() == []


class connections:  # noqa: N801 - reads like the block it opens
    """The most connections that the product had at once while the block ran."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.seen = 0

    def __enter__(self) -> connections:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        while not self._over.wait(0.02):
            self.seen = max(self.seen, int(self.arena.sql(query)[0][0]))

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def test_fc_09_every_step_of_a_turn_is_cut_to_eight(arena: Arena):
    many = fanout(*(("get_order", {"order_id": f"ORD-{number:04d}"}) for number in range(60)))
    arena.turn(arena.a, many, many, say("Enough."))

    ran = arena.calls_of(arena.a, state="failed")
    refused = arena.calls_of(arena.a, state="refused")
    assert {row["reason"] for row in ran} == {"not_found"}
    assert len(ran) == 16
    assert len(refused) == 104


def test_fc_09_arguments_without_an_end_are_neither_kept_nor_sent_back(arena: Arena):
    long = {"package_id": "A" * 900_000}
    arena.turn(arena.a, fanout(("check_package", long), ("report_problem", long), ("x" * 900_000, {})), say("Enough."))

    assert [answer["error"]["code"] for answer in arena.told()] == ["invalid_json", "invalid_json", "unknown_tool"]
    assert len(arena.model.bodies[-1]) - len(arena.model.bodies[0]) < 10_000
    kept = "SELECT max(length(calls::text)) FROM chat_step s JOIN chat_turn t ON t.id = s.turn_id"
    assert arena.sql(f"{kept} WHERE t.conversation_id = %s", arena.a.sockets()[0].conversation)[0][0] < 30_000


@pytest.mark.parametrize("kind", ["one", "two in turn", "another each time", "changes"])
def test_fc_10_a_loop_ends_at_the_limit_with_an_honest_word(arena: Arena, kind: str):
    facts = arena.a.facts
    answers = {
        "one": [call("check_package", {"package_id": facts.packages[0]})],
        "two in turn": [
            call("check_package", {"package_id": facts.packages[0]}),
            call("get_order", {"order_id": facts.orders[0]}),
        ],
        "another each time": [call("list_my_orders", {"limit": number}) for number in range(1, 40)],
        "changes": [call("cancel_order", {"order_id": facts.orders[1]}, say="Again.")],
    }[kind]
    arena.model.always = loop(*answers)

    turn = arena.turn(arena.a)

    assert (turn.end["state"], turn.end["error"]["code"]) == ("failed", "too_many_steps")
    assert len(arena.model.requests) == 6
    closing = [frame for frame in turn.frames if frame["type"] == "message" and frame["author"] == "system"]
    assert len(closing) == 1
    if kind == "changes":
        assert len(arena.calls_of(arena.a, effect="write", state="awaiting_confirmation")) == 1
    if kind == "one":
        assert len(arena.calls_of(arena.a, state="succeeded")) == 2


def test_fc_10_the_third_identical_read_has_no_new_answer(arena: Arena):
    same = call("check_package", {"package_id": arena.a.facts.packages[0]})
    other_spelling = call("check_package", {"package_id": arena.a.facts.packages[0].lower().replace("-", " ")})

    arena.turn(arena.a, same, same, other_spelling, say("Enough."))

    assert arena.told()[0]["error"]["code"] == "too_many_calls"


def test_fc_10_a_loop_over_many_turns_makes_one_request(arena: Arena):
    """The same change in every turn, in two conversations, spelled in different ways."""
    spellings = ["+49 30 1234567", "+49301234567", "0049 30 1234567", "+49 (30) 123-4567"]
    for spelling in spellings:
        arena.turn(arena.a, call("update_profile", {"phone": spelling}), say("Prepared."))
    arena.a.browser.post("/chat/new/", {}, page="/accounts/password/change/")
    other = arena.a.chat()
    arena.turn(other, call("update_profile", {"phone": spellings[0]}), say("Prepared."))

    assert len(arena.calls_of(arena.a, effect="write")) == 1
