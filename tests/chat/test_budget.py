"""The daily budget: when it is spent the customer gets the tracking form and the records' own answer, not an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from support_bot.chat import budget, inbox
from support_bot.chat.models import Conversation, ModelCall
from support_bot.chat.turn_rows import Claimed
from support_bot.llm.base import LLMError, Prompt, ToolCallRequest, Usage, UserMessage
from tests.conftest import Stack
from tests.model_server import ModelServer, text
from tests.wire import Browser
from tracking.models import Customer

SignIn = Callable[[str, str], Browser]


@pytest.mark.parametrize(
    ("variable", "bob_is_served"),
    [("DAILY_TOKENS", True), pytest.param("DAILY_TOKENS_TOTAL", False, marks=pytest.mark.long)],
)
def test_a_spent_budget_is_told_and_holds(
    demo_stack: Stack, model_server: ModelServer, sign_in: SignIn, variable: str, bob_is_served: bool
):
    # One answer of the scripted model costs about 950 tokens: a quarter of its prompt, and 50.
    model = {"LLM_MODEL": "openai:scripted", "OPENAI_BASE_URL": model_server.url}
    web = demo_stack.web(**model, **{variable: "1200"})
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


# --- what counts --------------------------------------------------------------------------------------------------


@pytest.fixture
def turn(alice: Customer) -> Claimed:
    talk = inbox.open_conversation(customer=alice, now=timezone.now())
    return claimed(talk, alice)


def claimed(talk: Conversation, customer: Customer, origin: str = "") -> Claimed:
    return Claimed(
        turn_id=uuid4(),
        conversation_id=talk.pk,
        customer_id=customer.pk,
        message_seq=1,
        session_key="",
        rights="",
        fence=1,
        text="",
        origin=origin,
    )


PROMPT = Prompt(system="s" * 400, messages=(UserMessage("m" * 400),))
ASKED = 200 + 2 * 6  # its bytes, and a few for each message


def begin(turn: Claimed) -> budget.Meter:
    return budget.begin(turn=turn, prompt=PROMPT, now=timezone.now(), is_free=False)


def cost() -> tuple[int, int]:
    return ModelCall.objects.values_list("input_tokens", "output_tokens").get()


def test_the_providers_own_numbers_count_where_it_gives_them(turn):
    meter = begin(turn)
    meter.hear("x" * 400)
    meter.done((), Usage(input_tokens=120, output_tokens=30))
    budget.settle(meter=meter)

    assert cost() == (120, 30)


@pytest.mark.parametrize("reported", [Usage(1, 1), Usage(ASKED // 4 - 1, 2499)])
def test_a_server_that_reports_next_to_nothing_is_not_believed(turn, reported):
    meter = begin(turn)
    meter.hear("x" * 40_000)
    meter.done((), reported)
    budget.settle(meter=meter)

    assert cost() == (ASKED // 4, 2500)


def test_a_server_that_counts_nothing_is_counted_by_bytes_calls_included(turn):
    meter = begin(turn)
    meter.hear("x" * 400)
    meter.done((ToolCallRequest(id="1", name="n" * 40, arguments="a" * 360),), Usage())
    budget.settle(meter=meter)

    assert cost() == (ASKED, 200)


@pytest.mark.parametrize(
    ("began", "received", "costs"), [(True, 400, (ASKED, 100)), (True, 0, (ASKED, 0)), (False, 0, (0, 0))]
)
def test_an_answer_that_broke_off_costs_what_came_and_a_refusal_nothing(turn, began, received, costs):
    meter, error = begin(turn), LLMError()
    error.began, error.received = began, received
    meter.failed(error)
    budget.settle(meter=meter)

    assert cost() == costs


def test_a_request_counts_while_it_runs_and_where_its_process_died(turn, settings):
    settings.DAILY_TOKENS = ASKED + 1
    begin(turn)

    with pytest.raises(budget.Spent):
        begin(turn)


def test_what_a_process_asked_before_it_died_does_not_refuse_the_same_turn_but_any_other(turn, settings):
    settings.DAILY_TOKENS = ASKED + 1
    begin(turn)

    begin(replace(turn, fence=2))

    with pytest.raises(budget.Spent):
        begin(replace(turn, turn_id=uuid4(), fence=2))


def test_an_address_may_spend_a_multiple_of_one_customer(alice, bob, settings):
    settings.DAILY_TOKENS, settings.PER_ADDRESS = ASKED * 2 + budget.ANSWER_TOKENS, 1
    talks = [inbox.open_conversation(customer=who, now=timezone.now()) for who in (alice, bob)]
    begin(claimed(talks[0], alice, origin="here"))
    begin(claimed(talks[0], alice, origin="here"))

    with pytest.raises(budget.Spent):
        begin(claimed(talks[1], bob, origin="here"))
    begin(claimed(talks[1], bob, origin="elsewhere"))


def test_yesterday_is_another_day(turn, settings):
    settings.DAILY_TOKENS = 1
    begin(turn)
    with pytest.raises(budget.Spent):
        begin(turn)
    ModelCall.objects.update(created_at=timezone.now() - timedelta(days=1))

    begin(turn)

    assert ModelCall.objects.count() == 2


def test_the_built_in_model_costs_nothing(turn, settings):
    settings.DAILY_TOKENS = 1
    for _ in range(3):
        budget.settle(meter=budget.begin(turn=turn, prompt=PROMPT, now=timezone.now(), is_free=True))

    assert ModelCall.objects.count() == 0
