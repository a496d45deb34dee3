"""The Provider around the dialogue: stream events, call ids, today's date, histories of other models."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime

import pytest

from support_bot.llm.base import (
    AssistantMessage,
    Done,
    Prompt,
    TextDelta,
    ToolCallRequest,
    ToolResultMessage,
    UserMessage,
)
from support_bot.llm.demo import DemoProvider
from support_bot.llm.demo.provider import pieces, respond, today_of
from support_bot.llm.demo.talk import TEXTS
from tests.llm.corpus_world import ORDERS, PACKAGES, SYSTEM, TOOLS


def _prompt(*messages):
    return Prompt(system=SYSTEM, messages=messages, tools=TOOLS)


async def _events(prompt):
    provider = DemoProvider(pace_s=0)
    events = [event async for event in provider.stream(prompt)]
    await provider.aclose()
    return events


def test_it_says_what_it_is():
    provider = DemoProvider(model="rules")

    assert provider.name == "demo:rules"
    assert provider.label == "Built-in demo model (rules, no AI service)"


def test_another_model_is_refused():
    with pytest.raises(ValueError, match="demo:large"):
        DemoProvider(model="large")


async def test_text_comes_in_pieces_and_ends_with_done():
    events = await _events(_prompt(UserMessage("what can you do?")))

    deltas = [event for event in events if isinstance(event, TextDelta)]
    assert "".join(delta.text for delta in deltas) == TEXTS["help"]
    assert all(1 <= len(delta.text.split()) <= 3 for delta in deltas)
    assert events[-1] == Done(finish_reason="stop")


async def test_a_call_is_asked_for_with_json_arguments():
    events = await _events(_prompt(UserMessage("where is abcd 1337?")))

    assert events == [
        Done(
            finish_reason="tool_calls",
            calls=(ToolCallRequest(id="call_1", name="check_package", arguments='{"package_id": "ABCD-1337"}'),),
        )
    ]


async def test_ids_are_unique_in_the_history():
    call = ToolCallRequest(id="call_1", name="check_package", arguments='{"package_id": "ABCD-1337"}')
    result = json.dumps({"ok": True, "result": PACKAGES["ABCD-1337"]})

    events = await _events(
        _prompt(
            UserMessage("where is ABCD-1337"),
            AssistantMessage(text="", calls=(call,)),
            ToolResultMessage(call_id="call_1", name="check_package", content=result),
            AssistantMessage(text="Delivered."),
            UserMessage("and ABCD-2001 and ABCD-3001?"),
        )
    )

    assert [call.id for call in events[-1].calls] == ["call_2", "call_3"]


async def test_the_answer_comes_from_the_result():
    call = ToolCallRequest(id="call_1", name="check_package", arguments='{"package_id": "ABCD-1337"}')
    result = json.dumps({"ok": True, "result": PACKAGES["ABCD-1337"]})

    events = await _events(
        _prompt(
            UserMessage("who signed for ABCD-1337?"),
            AssistantMessage(text="", calls=(call,)),
            ToolResultMessage(call_id="call_1", name="check_package", content=result),
        )
    )

    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert text.startswith("It was signed for by A. Smith.")
    assert "yesterday, 14:05" in text
    assert not re.search(r"\d{4}-\d{2}-\d{2}T", text)


@pytest.mark.parametrize(
    "content",
    ["", "no json", "[]", '{"ok": true}', '{"ok": true, "result": {}}', '{"ok": false}', '{"ok": true, "result": 5}'],
)
@pytest.mark.parametrize(
    "said", ["where is ABCD-1337", "where is my package", "refund ORD-1001", "where is the truck TRK-01"]
)
def test_a_strange_answer_of_a_tool_is_no_defect(said, content):
    """Whatever a tool answers, the customer gets a sentence."""
    calls = respond(_prompt(UserMessage(said))).calls
    requests = tuple(
        ToolCallRequest(id=f"id-{number}", name=call.tool, arguments=json.dumps(call.arguments))
        for number, call in enumerate(calls)
    )
    results = tuple(ToolResultMessage(call_id=call.id, name=call.name, content=content) for call in requests)

    reply = respond(_prompt(UserMessage(said), AssistantMessage(text="", calls=requests), *results))

    assert reply.text


def test_the_history_of_another_model_is_taken_over():
    """Calls that we would not have made are no trouble; a number that was named is still `it`."""
    call = ToolCallRequest(id="x", name="get_order", arguments='{"order_id": "ORD-1002"}')
    refusal = json.dumps({"ok": False, "error": {"code": "timeout", "message": "late"}})
    history = (
        UserMessage("tell me more"),
        AssistantMessage(text="One moment.", calls=(call,)),
        ToolResultMessage(call_id="x", name="get_order", content=refusal),
        AssistantMessage(text="That took too long."),
    )

    reply = respond(_prompt(*history, UserMessage("where is ABCD-2001?")))

    assert [call.tool for call in reply.calls] == ["check_package"]


def test_a_step_that_another_model_began_is_finished():
    call = ToolCallRequest(id="x", name="get_order", arguments='{"order_id": "ORD-1002"}')
    result = ToolResultMessage(
        call_id="x", name="get_order", content=json.dumps({"ok": True, "result": ORDERS["ORD-1002"]})
    )

    reply = respond(_prompt(UserMessage("hm, you know which"), AssistantMessage(text="", calls=(call,)), result))

    assert reply.text.startswith("Order ORD-1002 is booked")


def test_a_result_without_its_call_is_left_out():
    orphan = ToolResultMessage(call_id="gone", name="check_package", content="{}")

    reply = respond(_prompt(orphan, UserMessage("hello")))

    assert reply.topics == ("greet",)


def test_the_same_prompt_gets_the_same_reply():
    prompt = _prompt(UserMessage("where is ABCD-1337 and call me tomorrow at 9 about it"))

    assert respond(prompt) == respond(prompt)


def test_an_empty_prompt_and_an_empty_message():
    assert respond(Prompt(system="", messages=())).text == ""
    assert respond(_prompt(UserMessage(""))).text


def test_today_comes_from_the_system_text():
    assert today_of("Today is Friday, 2026-11-20 (time zone Europe/Berlin)") == date(2026, 11, 20)
    assert today_of("no date, or 2026-99-99") == datetime.now(UTC).date()


def test_pieces_lose_nothing():
    text = "one two three four\n- five\n- six"

    assert "".join(pieces(text)) == text


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "{{ 7*7 }}", "a" * 4000, "?" * 200, "ORD- ABCD- @order @package", "0" * 400]
)
def test_hostile_and_odd_messages_get_an_honest_answer(text):
    reply = respond(_prompt(UserMessage(text)))

    assert reply.text or reply.calls
