"""A refund of which nobody knows, by the wire alone: told honestly, settled by staff or by itself, and paid once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.effect_gateway import DROPS, EffectGateway, Mood, says
from tests.journeys.main_job import last_call
from tests.model_server import Call, ModelServer, calls, text
from tests.processes import Stack
from tests.wire import Browser, Frame, Socket

QUEUE = "/admin/tools/approval/"


def ask_back(chat: Socket, model: ModelServer, amount: str) -> Frame:
    """The customer asks for money back and confirms: the call as it waits for staff."""
    arguments = {"order_id": "ORD-1001", "amount": amount, "reason": "It came late."}
    model.script(calls(Call("request_refund", arguments)), text("Please confirm."))
    chat.ask(f"I want {amount} back for ORD-1001, it came late.")
    waiting = last_call(chat.durable(), "awaiting_confirmation")
    chat.send(type="call.confirm", call_id=waiting["call_id"], digest=waiting["digest"])
    return chat.until(type="call", state="awaiting_approval")


def told(chat: Socket, state: str) -> str:
    """What the customer is told when the call gets to `state`."""
    chat.until(type="call", state=state)
    said: str = chat.until(type="message", author="system")["text"]
    return said


def test_it_is_told_settled_and_paid_once(
    demo_stack: Stack, model_server: ModelServer, sign_in: Callable[[str, str], Browser]
):
    with EffectGateway() as gateway:
        web = demo_stack.web(
            LLM_MODEL="openai:scripted",
            OPENAI_BASE_URL=model_server.url,
            EFFECT_GATEWAY_URL=gateway.url,
            EFFECT_TIMEOUT_S="2",
            EFFECT_TRIES="1",
            SWEEP_S="1",
        )
        alice, rita = sign_in(web.url, "alice"), sign_in(web.url, "rita")
        chat = alice.socket()
        gateway.next("POST", DROPS, DROPS)
        gateway.always["GET"] = says(503)

        by_staff = ask_back(chat, model_server, "4.90")["call_id"]
        assert rita.decide(by_staff, "approve").status_code == 302
        assert "do not know yet whether the money was paid back" in told(chat, "needs_reconciliation")
        assert f'href="{QUEUE}{by_staff}/review/"' in rita.get(QUEUE).text
        assert rita.decide(by_staff, "mark_succeeded").status_code == 400
        assert rita.decide(by_staff, "mark_succeeded", reason="Found it there.").status_code == 302
        assert told(chat, "succeeded") == "4.90 EUR for order ORD-1001 was refunded."

        by_itself = ask_back(chat, model_server, "2.00")["call_id"]
        assert rita.decide(by_itself, "approve").status_code == 302
        assert "do not know yet" in told(chat, "needs_reconciliation")
        gateway.always["GET"] = Mood()
        assert told(chat, "succeeded") == "2.00 EUR for order ORD-1001 was refunded."

    assert [key for key, _ in gateway.payments] == [by_staff, by_itself]
    assert len(gateway.posts()) == 2
    assert books(demo_stack) == (Decimal("6.90"), 2)


def books(stack: Stack) -> tuple[Decimal, Any]:
    """What went back of ORD-1001, and how many refunds that were."""
    with sqlite3.connect(stack.database_url.removeprefix("sqlite:///")) as rows:
        (refunded,) = rows.execute("SELECT refunded FROM tracking_order WHERE reference = 'ORD-1001'").fetchone()
        query = "SELECT count(*) FROM tracking_refund r JOIN tracking_order o ON o.id = r.order_id"
        (count,) = rows.execute(f"{query} WHERE o.reference = 'ORD-1001'").fetchone()
    return Decimal(str(refunded)).quantize(Decimal("0.01")), count
