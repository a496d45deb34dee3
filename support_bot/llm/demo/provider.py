"""The Provider `demo:rules`: answers a prompt by rules of its own, with no AI service, key or network."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime
from itertools import zip_longest

from support_bot.llm.base import (
    AssistantMessage,
    Done,
    Prompt,
    PromptMessage,
    StreamEvent,
    TextDelta,
    ToolCallRequest,
    ToolResultMessage,
    UserMessage,
)
from support_bot.llm.demo.dialogue import Dialogue, Outcome, Reply

_WORDS_IN_A_PIECE = 3
_PIECE = re.compile(rf"(?:\S+\s*){{1,{_WORDS_IN_A_PIECE}}}")
_ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


class DemoProvider:
    """The built-in demo model. pace_s: the pause between two pieces of text, so that an answer visibly streams."""

    label = "Built-in demo model (rules, no AI service)"

    def __init__(self, *, model: str = "rules", pace_s: float = 0.015) -> None:
        if model != "rules":
            raise ValueError(f"demo:{model} is not known; the built-in demo model is demo:rules")
        self.name = f"demo:{model}"
        self._pace_s = pace_s

    async def stream(self, prompt: Prompt) -> AsyncIterator[StreamEvent]:
        """Yield the answer in pieces of a few words, then Done with the calls."""
        # A long history takes some milliseconds of pure computing: not in the event loop.
        reply = await asyncio.to_thread(respond, prompt)
        for piece in pieces(reply.text):
            yield TextDelta(piece)
            await asyncio.sleep(self._pace_s)
        calls = _numbered(prompt, reply)
        yield Done(finish_reason="tool_calls" if calls else "stop", calls=calls)

    async def aclose(self) -> None:
        """There is nothing to release."""


def respond(prompt: Prompt) -> Reply:
    """Replay the history; the reply to its last message counts."""
    dialogue = Dialogue(tools=frozenset(tool.name for tool in prompt.tools), today=today_of(prompt.system))
    reply = Reply()
    calls: dict[str, ToolCallRequest] = {}
    outcomes: list[Outcome] = []
    for message, following in zip_longest(prompt.messages, prompt.messages[1:]):
        if isinstance(message, UserMessage):
            reply = dialogue.hear(message.text)
            if following is not None and not _is_answer(following):
                dialogue.forget_questions()
        elif isinstance(message, AssistantMessage):
            calls |= {call.id: call for call in message.calls}
            if not _is_answer(message):
                dialogue.note_news()
        elif call := calls.get(message.call_id):
            outcomes.append(Outcome(tool=call.name, arguments=call.arguments, content=message.content))
        if outcomes and not isinstance(following, ToolResultMessage):
            reply = dialogue.learn(outcomes)
            outcomes = []
    return reply


def _is_answer(message: PromptMessage) -> bool:
    """Whether this is what a model said; notices and the words of staff begin with a bracket."""
    return isinstance(message, AssistantMessage) and not message.text.startswith("[")


def today_of(system: str) -> date:
    """The date that the system prompt names; the clock's where it names none."""
    for found in _ISO_DATE.findall(system):
        try:
            return date.fromisoformat(found)
        except ValueError:
            continue
    return datetime.now(UTC).date()


def pieces(text: str) -> Iterable[str]:
    """The text in pieces of a few words, blanks and line ends included."""
    return _PIECE.findall(text)


def _numbered(prompt: Prompt, reply: Reply) -> tuple[ToolCallRequest, ...]:
    """The calls with ids that no call of the history has."""
    taken = {call.id for message in prompt.messages if isinstance(message, AssistantMessage) for call in message.calls}
    numbers = (number for number in range(1, len(taken) + len(reply.calls) + 1) if f"call_{number}" not in taken)
    return tuple(
        ToolCallRequest(id=f"call_{number}", name=call.tool, arguments=json.dumps(call.arguments, ensure_ascii=False))
        for number, call in zip(numbers, reply.calls, strict=False)
    )
