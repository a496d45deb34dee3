"""One call of a model: the models in order, their deadlines, what is shown of the answer and what it cost.

Knows no tool and commits nothing of the answer: turns.py does, once the whole step is here.
"""

from __future__ import annotations

import asyncio
from time import monotonic

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from support_bot.chat import budget, prompt
from support_bot.chat.database import in_thread
from support_bot.chat.live import LiveTurn
from support_bot.chat.providers import current_providers
from support_bot.chat.turn_rows import NoMandate
from support_bot.llm.base import Done, LLMError, Prompt, Provider, TextDelta

log = structlog.get_logger(__name__)


class Stopped(Exception):
    """The turn goes no further: how it ends."""

    def __init__(self, state: str, error: str = "") -> None:
        super().__init__(error or state)
        self.state = state
        self.error = error


async def ask(full_prompt: Prompt, live: LiveTurn, deadline: float) -> Done:
    """One model call; the next provider is tried only while no text was seen. Raises LLMError, Stopped, Spent."""
    before = len(live.text)
    failure = LLMError("there is no model")
    for provider in current_providers():
        try:
            return await _ask_one(provider, full_prompt, live, deadline)
        except LLMError as error:
            log.warning("llm.failed", model=provider.name, error=type(error).__name__, detail=str(error))
            failure = error
            if len(live.text) > before:
                break
    raise failure


def go_on(live: LiveTurn) -> None:
    """Raises what ends the turn where the customer stopped it or its session ended."""
    if live.stopped == "not_permitted":
        raise NoMandate
    if live.stopped:
        raise Stopped("cancelled")


async def _ask_one(provider: Provider, full_prompt: Prompt, live: LiveTurn, deadline: float) -> Done:
    go_on(live)
    before = len(live.text)
    is_free = provider.name.startswith("demo:")
    meter = await in_thread(budget.begin)(turn=live.turn, prompt=full_prompt, now=timezone.now(), is_free=is_free)
    task = asyncio.create_task(_consume(provider, full_prompt, live, meter))
    live.watch(task)
    try:
        left = deadline - monotonic()
        finished, _ = await asyncio.wait({task}, timeout=min(settings.STILL_WORKING_S, left))
        if not finished and left > settings.STILL_WORKING_S:
            if len(live.text) == before:
                await live.notice(code="still_working", text="Still working on it …")
            finished, _ = await asyncio.wait({task}, timeout=max(0.0, deadline - monotonic()))
        if not finished:
            raise Stopped("failed", "timeout")
        go_on(live)
        if task.cancelled():
            raise Stopped("cancelled")
        return task.result()
    finally:
        live.watch(None)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _settle(meter)


async def _settle(meter: budget.Meter) -> None:
    """What is not written down stays on the account as it was estimated."""
    try:
        await in_thread(budget.settle)(meter=meter)
    except DatabaseError as error:
        log.warning("budget.not_settled", error=type(error).__name__)


async def _consume(provider: Provider, full_prompt: Prompt, live: LiveTurn, meter: budget.Meter) -> Done:
    """Show the text as it comes; the step counts only when its stream ended well, what it costs counts always."""
    # All steps of a turn are one text: a new step begins a new paragraph.
    gap = "\n\n" if live.text else ""
    try:
        async for event in provider.stream(full_prompt):
            if isinstance(event, Done):
                meter.done(event.calls, event.usage)
                return event
            if isinstance(event, TextDelta):
                meter.hear(event.text)
                live.add(gap + prompt.storable(event.text))
                gap = ""
        raise LLMError("the stream had no end")
    except LLMError as error:
        meter.failed(error)
        raise
