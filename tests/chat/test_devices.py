"""FT-12: one customer on several devices. All of them see one order, and one turn runs at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import psycopg
import pytest

from tests.chat.conftest import Chat
from tests.model_server import Call, Gate, calls, text

pytestmark = pytest.mark.servers


def test_ft_12_what_two_devices_send_at_once_has_one_order_for_all(chat: Chat):
    browser = chat.customer()
    phone = chat.socket(browser)
    laptop, stale = (chat.socket(browser, phone.conversation) for _ in range(2))
    chat.model.script(text("First.", gate := Gate()), text("Second."), text("Third."))
    phone.say("One")
    turn_id = phone.until(type="delta")["turn_id"]  # only now does it take no place in the queue any more

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda socket: socket.say("At the same time"), (phone, laptop)))
    acks = [device.until(type="ack", client_msg_id=said[at])["seq"] for at, device in enumerate((phone, laptop))]
    gate.set()
    late = chat.socket(browser, phone.conversation, resume=1)
    devices = (phone, laptop, stale, late)
    for device in devices:
        while [frame["type"] for frame in device.durable()].count("turn") < 3:
            device.receive()

    views = [[frame for frame in device.durable() if "seq" in frame] for device in devices]
    log = views[0]
    assert views[1] == views[2] == log
    assert views[3] == log[1:]
    assert [frame["seq"] for frame in log] == list(range(1, len(log) + 1))
    assert sorted(acks) == [2, 3]
    answered = [frame["turn_id"] for frame in log if frame["type"] == "turn"]
    assert answered == [turn_id, *(frame["turn_id"] for frame in log[1:3])]
    with psycopg.connect(chat.database_url) as rows:
        query = "SELECT started_at, ended_at FROM chat_turn WHERE conversation_id = %s ORDER BY message_seq"
        times = rows.execute(query, [phone.conversation]).fetchall()
    assert all(ended <= started for (_, ended), (started, _) in pairwise(times))


def test_ft_12_a_stale_tab_repeats_and_undoes_nothing(chat: Chat):
    browser = chat.customer()
    phone = chat.socket(browser)
    chat.model.script(calls(Call("update_profile", {"city": "Bremen"})), text("Prepared."))
    said = phone.say("I moved to Bremen")
    turn_id = phone.until(type="message", client_msg_id=said)["turn_id"]
    phone.until_turn_ends(turn_id)
    tab = chat.socket(browser, phone.conversation, resume=1)
    card = next(frame for frame in phone.frames if frame["type"] == "call")
    phone.send(type="call.confirm", call_id=card["call_id"], digest=card["digest"])
    confirmed = phone.until(type="call", state="awaiting_approval")

    tab.say("I moved to Bremen", client_msg_id=said)
    ack = tab.until(type="ack", client_msg_id=said)
    tab.send(type="turn.cancel", turn_id=turn_id)
    too_late = tab.until(type="error", turn_id=turn_id)
    tab.send(type="call.confirm", call_id=card["call_id"], digest=card["digest"])
    shown = tab.until(type="call", state="awaiting_approval")
    last = chat.socket(browser, phone.conversation, resume=None).until(type="hello")["last_seq"]

    assert (ack["seq"], too_late["code"]) == (1, "expired")
    assert shown == confirmed
    assert last == confirmed["seq"]
    with psycopg.connect(chat.database_url) as rows:
        turns = rows.execute("SELECT state FROM chat_turn WHERE conversation_id = %s", [phone.conversation]).fetchall()
    assert turns == [("done",)]
