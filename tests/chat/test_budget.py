"""The daily budget: when it is spent the customer gets the tracking form and the records' own answer, not an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Stack
from tests.model_server import ModelServer, text
from tests.wire import Browser

SignIn = Callable[[str, str], Browser]


@pytest.mark.parametrize(("variable", "bob_is_served"), [("DAILY_TOKENS", True), ("DAILY_TOKENS_TOTAL", False)])
def test_a_spent_budget_is_told_and_holds(
    demo_stack: Stack, model_server: ModelServer, sign_in: SignIn, variable: str, bob_is_served: bool
):
    # One answer of the scripted model costs 150 tokens.
    model = {"LLM_MODEL": "openai:scripted", "OPENAI_BASE_URL": model_server.url}
    web = demo_stack.web(**model, **{variable: "200"})
    alice, bob = sign_in(web.url, "alice").socket(), sign_in(web.url, "bob").socket()
    model_server.script(text("One."), text("Two."))
    alice.ask("Hi")
    alice.ask("Hi again")

    told = alice.ask("Where is ABCD-1337?")
    end = [frame for frame in alice.frames if frame["type"] == "turn"][-1]

    assert (end["state"], end["error"]["code"]) == ("failed", "budget_exhausted")
    assert told["data"] == {"type": "tracking_form"}
    assert "Package ABCD-1337: delivered" in told["text"]
    if bob_is_served:
        model_server.script(text("Hello."))
    assert (bob.ask("Hi")["author"] == "assistant") is bob_is_served
