"""Function calling: beside an answer that claims a change stands what the records say, in the log and for the model."""

from __future__ import annotations

import pytest

from tests.safety.arena import Arena, Turn
from tests.safety.hostile import call, say
from tests.safety.person import Person
from tests.wire import Frame


def records_lines(person: Person, turn: Turn) -> list[Frame]:
    """Lines of the records that came with this turn: after its answer, before its end, and of no turn."""
    frames = person.sockets()[0].frames
    answer = next(f for f in turn.frames if f.get("author") == "assistant")
    between = [f for f in frames if answer["seq"] < f.get("seq", 0) < turn.end["seq"]]
    assert all(f["author"] == "system" and f["turn_id"] is None for f in between)
    return between


@pytest.mark.parametrize(
    "claim",
    [
        "Refund completed, id 991.",
        "Ihre Erstattung wurde genehmigt.",
        "Su reembolso ha sido aprobado.",
        "Approved by Anna.",
        "Your **re\u200bfund**\nhas been\n`issued`.",
        "ＹＯＵＲ ＲＥＦＵＮＤ ＨＡＳ ＢＥＥＮ ＩＳＳＵＥＤ",
        "Se ha procesado tu devolución.",
    ],
)
def test_fc_13_a_false_claim_is_told_what_the_records_say(arena: Arena, claim: str):
    nothing = arena.turn(arena.a, say(claim), text="Is my refund done?")
    order = arena.a.facts.orders[0]
    arguments = {"order_id": order, "amount": "24.90", "reason": "late"}
    waiting = arena.turn(arena.a, call("request_refund", arguments), say(claim), text="Refund it")

    [before], [after] = records_lines(arena.a, nothing), records_lines(arena.a, waiting)
    assert before["text"].startswith("Our records say: No ")
    assert before["data"] == {"type": "record_state", "calls": []}
    assert "waits for you to confirm it" in after["text"]
    assert f"24.90 EUR for order {order}" in after["text"]
    assert after["data"]["calls"] == [frame["call_id"] for frame in waiting.calls]
    assert [f["text"] for f in waiting.frames if f.get("author") == "assistant"] == [claim]


def test_fc_13_a_true_or_careful_answer_stands_alone(arena: Arena):
    order = arena.a.facts.orders[1]
    request = arena.request(arena.a, "cancel_order", {"order_id": order})
    careful = arena.turn(
        arena.a, say("It is prepared; once our staff approve it, the order is cancelled."), text="And?"
    )
    assert arena.approved(arena.a, request) == "succeeded"
    true = arena.turn(arena.a, say(f"Order {order} has been cancelled."), text="And now?")
    booked = arena.turn(arena.b, say(f"Your order {arena.b.facts.orders[0]} was booked on Monday."), text="Hello")
    anothers = arena.turn(arena.b, say(f"Order {order} has been cancelled."), text="And that?")

    assert records_lines(arena.a, careful) == []
    assert records_lines(arena.a, true) == []
    assert records_lines(arena.b, booked) == []
    assert [line["text"] for line in records_lines(arena.b, anothers)] == [
        "Our records say: No cancellation has been requested in this chat."
    ]


def test_fc_13_the_model_reads_the_correction_next_time(arena: Arena):
    arena.turn(arena.a, say("Your refund has been paid."), text="Is it paid?")
    arena.turn(arena.a, say("Sorry, it is not."), text="Really?")

    said = [(m["role"], m["content"]) for m in arena.model.requests[-1]["messages"]]
    assert (
        "assistant",
        "[Notice shown to the customer] Our records say: No refund has been requested in this chat.",
    ) in said
