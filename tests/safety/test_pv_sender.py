"""Erasing the sender of a delivery: what they wrote is gone from the talk of whoever received it, too."""

from __future__ import annotations

from tests.safety.arena import Arena
from tests.safety.hostile import call, say
from tests.safety.test_pv_privacy import command, dump, expect_erasure, values_of


def test_pv_06_an_erased_sender_is_gone_from_the_recipients_talk(arena: Arena):
    expect_erasure(arena)
    a, b = arena.a, arena.b
    note = arena.sql("SELECT sender_note FROM tracking_package WHERE number = %s", arena.pair.sent_to_a)[0][0]
    tag = note.split()[0]
    assert tag.startswith("CANARY-N-")
    socket = a.chat()
    arena.turn(
        socket, call("check_package", {"package_id": arena.pair.sent_to_a}), say(f"It says: {note}"), text="And?"
    )
    request = arena.request(a, "cancel_order", {"order_id": a.facts.orders[1]})
    invented = f"lookup_{b.facts.tag}".replace("-", "_")
    arena.turn(b, call(invented, {"x": b.facts.tag}), say("I cannot."))
    told = "SELECT 1 FROM chat_step s JOIN chat_turn t ON t.id = s.turn_id"
    here = " WHERE t.conversation_id = %s AND s.calls::text LIKE %s"
    assert arena.sql(told + here, socket.conversation, f"%{tag}%")
    own = values_of(a, dump(arena))

    command(arena, "erase_customer", b.facts.username, "--yes")

    assert values_of(b, dump(arena)) == set()
    assert invented not in dump(arena)
    key, kept = arena.customer_ids()["A"], ""
    for rows in (
        "SELECT e::text FROM chat_event e JOIN chat_conversation c ON c.id = e.conversation_id"
        " WHERE c.customer_id = %s",
        "SELECT s::text FROM chat_step s JOIN chat_turn t ON t.id = s.turn_id JOIN chat_conversation c"
        " ON c.id = t.conversation_id WHERE c.customer_id = %s",
        "SELECT t::text FROM tools_toolcall t WHERE t.customer_id = %s",
    ):
        kept += "".join(text for (text,) in arena.sql(rows, key))
    assert "It says: [erased]" in kept
    assert tag not in kept
    assert own - values_of(a, dump(arena)) == set()
    asked = len(arena.model.bodies)
    assert arena.turn(socket, say("Yes."), text="And now?").text.endswith("Yes.")
    assert not [body for body in arena.model.bodies[asked:] if b.facts.tag.encode() in body or tag.encode() in body]
    excerpt = arena.sql("SELECT excerpt::text FROM tools_toolcall WHERE id = %s", request["call_id"])[0][0]
    assert tag not in excerpt
    assert "ok:" in command(arena, "verify_audit")
