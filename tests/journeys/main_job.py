"""The main job, told once: a customer asks and changes, staff approve, the worker does it, the customer is told.

Written against the wire alone, so that the demo, PostgreSQL with Redis, and the compose file's commands all walk it.
"""

from __future__ import annotations

from tests.model_server import Call, ModelServer, calls, text
from tests.wire import Browser, Frame

NEW_PHONE = "+493012345678"


def walk(url: str, model: ModelServer, *, within: float = 20.0) -> Frame:
    """Returns the last `call` frame of the change; fails where any step of the job does."""
    alice, rita = Browser(url).sign_in("alice"), Browser(url).sign_in("rita")
    chat, other_tab = alice.socket(), None
    try:
        model.script(
            calls(Call("check_package", {"package_id": "ABCD-1337"})),
            text("Your package ABCD-1337 ", "was delivered."),
            calls(Call("update_profile", {"phone": "+49 30 12345678"})),
            text("I have prepared the change. Please confirm it."),
        )
        answer = chat.ask("Where is package ABCD-1337?")
        assert answer["author"] == "assistant"
        assert answer["text"] == "Your package ABCD-1337 was delivered."

        chat.ask("Please change my phone number to +49 30 12345678")
        waiting = last_call(chat.durable(), "awaiting_confirmation")
        assert waiting["arguments"] == {"phone": NEW_PHONE}
        other_tab = alice.socket(chat.conversation)
        chat.send(type="call.confirm", call_id=waiting["call_id"], digest=waiting["digest"])
        chat.until(type="call", state="awaiting_approval")

        assert rita.decide(waiting["call_id"], "approve").status_code == 302
        for tab in (chat, other_tab):
            done = tab.until(type="call", state="succeeded", within=within)
            told = tab.until(type="message", author="system", within=within)
            assert told["turn_id"] is None
            assert "phone" in told["text"].lower()
        return done
    finally:
        for side in (chat, other_tab, alice, rita):
            if side is not None:
                side.close()


def last_call(frames: list[Frame], state: str) -> Frame:
    return [frame for frame in frames if frame["type"] == "call" and frame["state"] == state][-1]
