"""The answer of a model for one step: the models in order, and one more try where nothing had come yet.

Knows no tool and commits nothing of the answer: turns.py does, once the whole step is here. Text that was shown is
never asked for again.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from time import monotonic

import structlog

from support_bot.chat.attempt import Stopped, admit
from support_bot.chat.breaker import ModelResting
from support_bot.chat.live import LiveTurn
from support_bot.chat.providers import current_providers
from support_bot.llm.base import Done, LLMError, LLMTimeout, LLMUnavailable, Prompt, Provider

log = structlog.get_logger(__name__)

RECONNECTING = "The assistant is not answering. Trying again …"
# What fails faster than this may be over in a moment: a connection that a restarted server had forgotten, one bad
# machine behind a balancer. A time-out is not tried again, the turn has no time for it.
QUICK_S = 2.0
PAUSE_S = (0.2, 0.5)
# Longer than this nobody waits for a server that says when to come again.
LONGEST_PAUSE_S = 2.0


async def ask(full_prompt: Prompt, live: LiveTurn, deadline: float) -> Done:
    """The first model that answers. Raises LLMError where none does, Stopped, NoMandate, Spent."""
    asking = _Asking(prompt=full_prompt, live=live, deadline=deadline, shown=len(live.text))
    for provider in current_providers():
        try:
            return await asking.answer_of(provider)
        except LLMError as error:
            asking.failed(provider, error)
            if asking.has_text():
                raise
        except Stopped as stopped:
            if stopped.error == "timeout" and asking.failure is not None and not asking.has_text():
                break  # the models took all of the time
            raise
    raise asking.failure or LLMError("there is no model")


@dataclass(slots=True)
class _Asking:
    """shown: characters of the turn before this step. failure: of the last model that was asked."""

    prompt: Prompt
    live: LiveTurn
    deadline: float
    shown: int
    failure: LLMError | None = None
    may_probe: bool = True
    has_told: bool = False

    def has_text(self) -> bool:
        return len(self.live.text) > self.shown

    def failed(self, provider: Provider, error: LLMError) -> None:
        if isinstance(error, ModelResting):
            self.failure = self.failure or error
            return
        log.warning("llm.failed", model=provider.name, error=type(error).__name__, detail=str(error))
        self.failure = error

    async def answer_of(self, provider: Provider) -> Done:
        """Raises what ask raises; LLMError where this model gives no answer."""
        begun = monotonic()
        try:
            return await self._try(provider)
        except LLMUnavailable as error:
            pause = self._pause(error, took=monotonic() - begun)
            if pause is None:
                raise
            self.failed(provider, error)
        await asyncio.sleep(pause)
        return await self._try(provider)

    def _pause(self, error: LLMUnavailable, *, took: float) -> float | None:
        """Seconds until one more try of the same model; None where there is none."""
        if isinstance(error, LLMTimeout | ModelResting) or not self.may_probe:
            return None
        if self.has_text() or error.received or took > QUICK_S:
            return None
        if error.retry_after is not None and error.retry_after > LONGEST_PAUSE_S:
            return None
        pause = random.uniform(*PAUSE_S) + (error.retry_after or 0.0)
        return pause if monotonic() + pause < self.deadline else None

    async def _try(self, provider: Provider) -> Done:
        attempt = await admit(provider=provider, full_prompt=self.prompt, live=self.live, may_probe=self.may_probe)
        self.may_probe = self.may_probe and not attempt.permit.is_probe
        if self.failure is not None and not isinstance(self.failure, ModelResting) and not self.has_told:
            self.has_told = True
            await self.live.notice(code="reconnecting_model", text=RECONNECTING)
        return await attempt.answer(deadline=self.deadline)
