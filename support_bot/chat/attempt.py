"""One request to one model: admitted by its breaker and the customer's budget, shown as it comes, settled at its end.

Whatever becomes of it is written down: what it cost, and whether the model is well.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from time import monotonic

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from support_bot.chat import breaker, budget, prompt
from support_bot.chat.breaker import ModelResting, Permit
from support_bot.chat.database import in_thread
from support_bot.chat.live import LiveTurn
from support_bot.chat.turn_rows import NoMandate
from support_bot.llm.base import Done, LLMBroken, LLMError, LLMTimeout, LLMTooLong, Prompt, Provider

log = structlog.get_logger(__name__)

# The customer whose message became a probe waits no longer for a first sign: of an open breaker they are told in ten
# seconds.
PROBE_S = 8.0

_alone: set[asyncio.Task[None]] = set()


class Stopped(Exception):
    """The turn goes no further: how it ends."""

    def __init__(self, state: str, error: str = "") -> None:
        super().__init__(error or state)
        self.state = state
        self.error = error


def go_on(live: LiveTurn) -> None:
    """Raises what ends the turn where the customer stopped it or its session ended."""
    if live.stopped == "not_permitted":
        raise NoMandate
    if live.stopped:
        raise Stopped("cancelled")


async def admit(*, provider: Provider, full_prompt: Prompt, live: LiveTurn, may_probe: bool) -> Attempt:
    """Leave to ask this model now. Raises ModelResting, Spent, and what `go_on` raises."""
    go_on(live)
    return await in_thread(_admit)(provider, full_prompt, live, may_probe)


def _admit(provider: Provider, full_prompt: Prompt, live: LiveTurn, may_probe: bool) -> Attempt:
    permit = breaker.permit(model=provider.name)
    if permit.is_probe and not may_probe:
        raise ModelResting("this step has made its probe")
    is_free = provider.name.startswith("demo:")
    meter = budget.begin(turn=live.turn, prompt=full_prompt, now=timezone.now(), is_free=is_free)
    if permit.is_probe:
        try:
            breaker.claim(permit=permit)  # last: who has no budget must not use up a probe
        except ModelResting:
            meter.billed = False
            budget.settle(meter=meter)
            raise
    return Attempt(provider=provider, prompt=full_prompt, live=live, permit=permit, meter=meter)


@dataclass(slots=True)
class Attempt:
    """sign: the model said something or ended. is_overdue: we gave it up. is_alone: the turn has gone on without it."""

    provider: Provider
    prompt: Prompt
    live: LiveTurn
    permit: Permit
    meter: budget.Meter
    sign: asyncio.Event = field(default_factory=asyncio.Event)
    is_overdue: bool = False
    is_alone: bool = False

    async def answer(self, *, deadline: float) -> Done:
        """Raises LLMError, Stopped, NoMandate."""
        task = asyncio.create_task(self._read())
        self.live.watch(task)
        try:
            await self._wait(task, deadline)
            go_on(self.live)
            if task.cancelled():
                raise Stopped("cancelled")
            return task.result()
        finally:
            self.live.watch(None)
            if not self.is_alone:
                await self._end(task)

    async def _read(self) -> Done:
        """Show the text as it comes; the step counts only when its stream ended well, what it costs counts always."""
        # All steps of a turn are one text: a new step begins a new paragraph.
        gap = "\n\n" if self.live.text else ""
        try:
            async for event in self.provider.stream(self.prompt):
                self.sign.set()
                if isinstance(event, Done):
                    self.meter.done(event.calls, event.usage)
                    return event
                if not self.is_alone:
                    self.meter.hear(event.text)
                    self.live.add(gap + prompt.storable(event.text))
                    gap = ""
                    if self.live.is_full:
                        raise LLMTooLong("the answer is longer than anybody reads")
            raise LLMBroken("the stream had no end")
        except LLMError as error:
            self.meter.failed(error)
            raise

    async def _wait(self, task: asyncio.Task[Done], deadline: float) -> None:
        left = deadline - monotonic()
        if self.permit.is_probe and left > PROBE_S and not await self._has_sign(task, PROBE_S):
            self.is_alone = True
            alone = asyncio.create_task(self._see_out(task))
            _alone.add(alone)
            alone.add_done_callback(_alone.discard)
            raise LLMTimeout("the probe gave no sign")
        await asyncio.wait({task}, timeout=max(0.0, deadline - monotonic()))
        if not task.done():
            self.is_overdue = not self.sign.is_set()
            raise Stopped("failed", "timeout")

    async def _has_sign(self, task: asyncio.Task[Done], seconds: float) -> bool:
        sign = asyncio.create_task(self.sign.wait())
        try:
            done, _ = await asyncio.wait({task, sign}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return bool(done)
        finally:
            sign.cancel()

    async def _see_out(self, task: asyncio.Task[Done]) -> None:
        """Wait on for a first sign, with nobody to show it to: a slow model that is well must not stay locked out."""
        try:
            self.is_overdue = not await self._has_sign(task, settings.LLM_FIRST_TOKEN_TIMEOUT_S)
        finally:
            await self._end(task)

    async def _end(self, task: asyncio.Task[Done]) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await in_thread(self._settle)(*self._verdict(task))

    def _verdict(self, task: asyncio.Task[Done]) -> tuple[bool | None, str]:
        """Whether the model is well, as far as this says anything of it, and else what was wrong."""
        if self.is_overdue:
            return False, "no answer in time"
        if task.cancelled():
            return (True, "") if self.is_alone and self.sign.is_set() else (None, "")
        error = task.exception()
        if error is None:
            return True, ""
        if not isinstance(error, LLMError):
            return None, ""
        if error.counts:
            return False, f"{type(error).__name__}: {error}"
        # It answers, only not to this: enough to open again for others, nothing to judge by otherwise.
        return (True, "") if self.permit.is_probe else (None, "")

    def _settle(self, is_good: bool | None, reason: str) -> None:
        """What is not written down stays on the account as it was estimated."""
        try:
            budget.settle(meter=self.meter)
            if is_good is not None:
                breaker.report(permit=self.permit, is_good=is_good, reason=reason)
        except DatabaseError as error:
            log.warning("llm.not_settled", model=self.provider.name, error=type(error).__name__)
