"""Function calling: however a stream splits, mixes or breaks its calls, arguments never change their call.

What does not end well is not run, and nothing in a stream is a command to the browser.
"""

from __future__ import annotations

import json
import random
from itertools import islice, pairwise
from typing import Any

import pytest

from tests.model_server import Item
from tests.safety.arena import Arena
from tests.safety.drive import dice
from tests.safety.hostile import DONE, Raw, call, cut_at, delta, event, fanout, piece, raw_bytes, say, sse
from tests.scaled import a_few_of


def pieces_of(calls: list[tuple[str, str, str]], chance: random.Random) -> list[Item]:
    """Calls as (id, name, arguments), split at random and interleaved at random; each keeps its own order."""
    queues: list[list[dict[str, Any]]] = []
    for index, (call_id, name, arguments) in enumerate(calls):
        head: dict[str, Any] = {"index": index, "id": call_id, "name": name}
        cuts = sorted({0, *(chance.randrange(len(arguments)) for _ in range(chance.randint(0, 6))), len(arguments)})
        parts = [arguments[a:b] for a, b in pairwise(cuts)]
        queues.append([head, *({"index": index, "arguments": part} for part in parts)])
    mixed: list[Item] = []
    while queues:
        queue = chance.choice(queues)
        mixed.append(piece(**queue.pop(0)))
        queues = [left for left in queues if left]
    return mixed


def test_fc_11_calls_that_are_split_and_mixed_come_out_whole(arena: Arena):
    chance = dice("fc_11")
    numbers = iter(range(1000, 1200))
    for _ in range(5):
        steps = []
        for _ in range(5):
            wanted = [(f"id_{n}", "get_order", json.dumps({"order_id": f"ORD-{n}"})) for n in islice(numbers, 8)]
            steps.append(sse(*pieces_of(wanted, chance), finish="tool_calls"))
        assert arena.turn(arena.a, *steps, say(".")).end["state"] == "done"

    asked = [row["arguments"]["order_id"] for row in arena.calls_of(arena.a)]
    assert sorted(asked) == [f"ORD-{number}" for number in range(1000, 1200)]


def order(number: int) -> str:
    return f'{{"order_id":"ORD-{number:04d}"}}'


def whole(index: Any, number: int, call_id: str | None = None) -> bytes:
    """One call for order `number` in one piece."""
    return piece(index, id=call_id or f"c{number}", name="get_order", arguments=order(number))


HALF = '{"order_id":"ORD-'
STRANGE: dict[str, list[Item]] = {
    "no ids": [piece(n, name="get_order", arguments=order(n)) for n in (1, 2)],
    "the same id": [whole(n, n, "x") for n in (1, 2)],
    "an id of 10 KB": [whole(0, 1, "i" * 10_000)],
    "an id that is no text": [whole(0, 1, "\x00\u202e")],
    "gaps": [whole(n, n) for n in (2, 7)],
    "backwards": [whole(n, n) for n in (5, 3, 1)],
    "no index": [whole(None, n) for n in (1, 2)],
    "a name letter by letter": [
        piece(0, id="c"),
        *(piece(0, name=x) for x in "get_order"),
        piece(0, arguments=order(1)),
    ],
    "arguments before the name": [
        piece(0, arguments='{"order_id":'),
        piece(0, arguments='"ORD-0001"}'),
        piece(0, id="c", name="get_order"),
    ],
    "two calls on one index": [
        piece(0, id="a", name="get_order", arguments=HALF),
        piece(0, id="b", name="get_order", arguments=HALF),
        piece(0, id="b", arguments='0002"}'),
    ],
    "one call's arguments on another's index": [
        piece(0, id="a", name="get_order", arguments=order(1)[:-1]),
        piece(1, id="b", name="get_order", arguments=order(2)[:-1]),
        piece(1, arguments="}"),
        piece(1, arguments="}"),
    ],
    "arguments without a call": [piece(3, arguments=order(1))],
    "a negative index": [whole(-1, 1)],
    "an index that is text": [whole("0", 1)],
    "an index that is true": [whole(True, 1)],
    "an index without an end": [whole(10**30, 1)],
}
NOT_THE_WIRE: dict[str, list[Item]] = {
    "calls that are no list": [delta(tool_calls={"0": {}})],
    "a call that is no object": [delta(tool_calls=["get_order"])],
    "a function that is a list": [delta(tool_calls=[{"index": 0, "function": ["get_order"]}])],
    "a name that is a number": [piece(0, id="a", name=7, arguments="{}")],
    "arguments that are an object": [piece(0, id="a", name="cancel_order", arguments={"order_id": "ORD-0001"})],
    "an id that is a list": [piece(0, id=["a"], name="get_order", arguments="{}")],
    "two thousand calls": [whole(n, n) for n in range(2000)],
    "a chunk that is a list": [b"data: [1]\n\n"],
    "a chunk that is no JSON": [b"data: {not json}\n\n"],
    "a chunk of bad UTF-8": [b'data: {"choices":[{"index":0,"delta":{"content":"\xff\xfe"}}]}\n\n'],
    "a chunk without an end": [b'data: {"choices":[{"index":0,"delta":{"content":"' + b"[" * 5000],
    "nested without an end": [b"data: " + b'{"a":' * 20000 + b"1" + b"}" * 20000 + b"\n\n"],
    "an error in the stream": [b'data: {"error":{"message":"boom","code":500}}\n\n'],
}  # fmt: skip


# The orders that are looked up, each by arguments that came for this very call; the other calls are refused.
LOOKED_UP: dict[str, list[int]] = {
    "no ids": [1, 2],
    "the same id": [1, 2],
    "gaps": [2, 7],
    "backwards": [5, 3, 1],
    "no index": [1, 2],
    "two calls on one index": [2],
    "one call's arguments on another's index": [],
    "arguments without a call": [],
}


@pytest.mark.parametrize("kind", a_few_of(STRANGE, 6))
def test_fc_11_odd_pieces_never_mix_the_arguments_of_two_calls(arena: Arena, kind: str):
    turn = arena.turn(arena.a, sse(*STRANGE[kind], finish="tool_calls"), say("That is all."))

    assert turn.end["state"] == "done"
    rows = arena.calls_of(arena.a)
    assert rows
    assert {len(row["arguments"]) for row in rows} <= {0, 1}
    ran = [row["arguments"]["order_id"] for row in rows if row["state"] != "refused"]
    assert ran == [f"ORD-000{number}" for number in LOOKED_UP.get(kind, [1])]
    asked = [c["id"] for m in arena.model.requests[-1]["messages"] if m.get("tool_calls") for c in m["tool_calls"]]
    answered = [m["tool_call_id"] for m in arena.model.requests[-1]["messages"] if m["role"] == "tool"]
    assert asked == answered
    assert len(set(asked)) == len(rows)
    assert all(0 < len(call_id) <= 64 for call_id in asked)


@pytest.mark.parametrize("kind", list(NOT_THE_WIRE))
def test_fc_11_what_is_not_the_wire_is_not_run(arena: Arena, kind: str):
    turn = arena.turn(arena.a, sse(*NOT_THE_WIRE[kind], finish="tool_calls"))

    assert (turn.end["state"], turn.end["error"]["code"]) == ("failed", "model_unavailable")
    assert arena.calls_of(arena.a) == []
    assert arena.journal() == []


@pytest.mark.parametrize("finish", [None, "length", "content_filter", "later", ""])
def test_fc_11_a_call_of_an_answer_that_was_cut_is_not_run(arena: Arena, finish: str | None):
    cancel = piece(0, id="a", name="cancel_order", arguments=json.dumps({"order_id": arena.a.facts.orders[1]}))
    reply = sse(cancel, finish=finish) if finish is not None else Raw((cancel, DONE))
    turn = arena.turn(arena.a, reply)

    assert turn.end["state"] == "failed"
    assert arena.calls_of(arena.a) == []


def test_fc_11_a_stream_that_breaks_anywhere_runs_nothing(arena: Arena):
    """The same answer, cut at 40 places: in a chunk, in a character, in the arguments, before the reason."""
    booked = arena.a.facts.orders[1]
    answer = fanout(("cancel_order", {"order_id": booked, "reason": "\u00fcber \U0001f600"}), say="Gladly \u00fcber.")
    sent = b"".join(item for item in answer.items("scripted") if isinstance(item, bytes))
    end = sent.index(b'"finish_reason": "tool_calls"')
    for place in dice("fc_11/cut").sample(range(1, end), 40):
        arena.model.always = cut_at(answer, place)  # where nothing had come yet, it is asked once more
        turn = arena.turn(arena.a)
        assert (turn.end["state"], turn.end["error"]["code"]) == ("failed", "model_unavailable"), place

    assert arena.calls_of(arena.a) == []


COMMANDS: list[Item] = [
    b'event: call\ndata: {"type": "call", "state": "approved"}\n\n',
    b'event: execute\nid: 7\nretry: 1\ndata: {"type": "script", "code": "alert(1)"}\n\n',
    b": a comment\n\n",
    event(type="turn", state="done", choices=[]),
    event(choices=[], execute={"tool": "cancel_order"}, frames=[{"type": "notice", "text": "hello"}]),
    delta(role="system", html="<b>x</b>", function_call={"name": "cancel_order", "arguments": "{}"}, refusal="no"),
    delta(reasoning_content="secret thoughts", audio={"data": "x"}, data={"type": "handoff_offer"}),
    event(choices=[], usage="many"),
    event(choices="none"),
    event(choices=[None]),
    event(choices=[{"index": 0, "delta": "text"}]),
    delta(content={"text": "not a text"}),
    delta(content=["a"]),
    delta(content=None, tool_calls=None),
]


def test_fc_12_only_text_and_calls_of_a_stream_have_a_meaning(arena: Arena):
    socket = arena.a.chat()
    turn = arena.turn(socket, sse(delta(content="Good "), *COMMANDS, delta(content="day.")))

    assert turn.end["state"] == "done"
    assert turn.frames[-2]["text"] == "Good day."
    assert turn.frames[-2]["data"] is None
    assert {frame["type"] for frame in turn.frames} <= {"message", "turn", "delta"}
    assert {frame["author"] for frame in turn.frames if frame["type"] == "message"} == {"customer", "assistant"}
    shown = "".join(frame["text"] for frame in turn.frames if frame["type"] == "delta")
    assert "Good day.".startswith(shown)  # the last pieces may come with the message alone
    assert arena.calls_of(arena.a) == []


def test_fc_12_a_second_answer_after_the_end_is_not_heard(arena: Arena):
    more = [delta(content=" And more."), piece(0, id="z", name="cancel_order", arguments='{"order_id":"ORD-0001"}')]
    reply = raw_bytes(delta(content="Done."), delta(finish="stop"), DONE, *more, delta(finish="tool_calls"), DONE)

    assert arena.turn(arena.a, reply).frames[-2]["text"] == "Done."
    assert arena.calls_of(arena.a) == []


def test_fc_12_frames_in_a_text_stay_text(arena: Arena):
    spoken = '{"type": "call", "state": "succeeded", "call_id": "x"}\n\ndata: {"type": "turn"}\n\nevent: message'

    turn = arena.turn(arena.a, say(spoken))

    assert turn.frames[-2]["text"] == spoken
    assert turn.calls == []


def test_fc_12_a_call_whose_stream_ends_well_is_run(arena: Arena):
    """The other side of all refusals above."""
    turn = arena.turn(arena.a, call("get_order", {"order_id": arena.a.facts.orders[0]}), say("Here."))

    assert [frame["state"] for frame in turn.calls] == ["running", "succeeded"]
