"""Which model is asked when, and what the customer is told meanwhile: with models made of a few lines, and no wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest

from support_bot.chat import attempt, breaker, budget, model_call
from support_bot.chat.attempt import Stopped
from support_bot.chat.breaker import ModelResting, Permit
from support_bot.chat.live import LiveTurn
from support_bot.llm.base import (
    Done,
    LLMBroken,
    LLMError,
    LLMRejected,
    LLMTimeout,
    LLMTooLong,
    LLMUnavailable,
    Prompt,
    StreamEvent,
    TextDelta,
)
from tests.chat.test_live import claimed

PROMPT = Prompt(system="", messages=())
Step = str | float | LLMError


@dataclass
class Model:
    """Answers each request by the next script: text is said, a number waited, an error raised; then it is done."""

    name: str
    scripts: list[list[Step]]
    label: str = "model"
    asked: int = 0
    gone: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, prompt: Prompt) -> AsyncIterator[StreamEvent]:
        script = self.scripts[self.asked]
        self.asked += 1
        self.begun.set()
        try:
            for step in script:
                if isinstance(step, LLMError):
                    raise step
                if isinstance(step, str):
                    yield TextDelta(step)
                else:
                    await asyncio.sleep(step)
            yield Done("stop")
        finally:
            self.gone += 1

    async def aclose(self) -> None:
        """Nothing to close."""


@dataclass
class World:
    """Breakers in memory. probes: models that are open and due; resting: open and not due."""

    models: list[Model] = field(default_factory=list)
    probes: set[str] = field(default_factory=set)
    resting: set[str] = field(default_factory=set)
    reports: list[tuple[str, bool, str]] = field(default_factory=list)
    frames: list[dict[str, Any]] = field(default_factory=list)
    settled: list[budget.Meter] = field(default_factory=list)
    live: LiveTurn = field(init=False)

    def __post_init__(self) -> None:
        async def send(frame: dict[str, Any]) -> None:
            self.frames.append(frame)

        self.live = LiveTurn(turn=claimed(), send=send)

    def permit(self, *, model: str) -> Permit:
        if model in self.resting:
            raise ModelResting
        return Permit(model=model, epoch=0, is_probe=model in self.probes)

    def claim(self, *, permit: Permit) -> None:
        self.probes.discard(permit.model)
        self.resting.add(permit.model)

    def report(self, *, permit: Permit, is_good: bool, reason: str = "") -> None:
        self.reports.append((permit.model, is_good, reason))

    async def ask(self, *models: Model, within: float = 5.0) -> Done:
        self.models = list(models)
        try:
            return await model_call.ask(PROMPT, self.live, monotonic() + within)
        finally:
            await self.live.close()

    @property
    def notices(self) -> list[str]:
        return [frame["code"] for frame in self.frames if frame["type"] == "notice"]

    @property
    def verdicts(self) -> list[tuple[str, bool]]:
        return [(model, is_good) for model, is_good, _ in self.reports]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(model_call, "current_providers", lambda: made.models)
    monkeypatch.setattr(model_call, "PAUSE_S", (0.0, 0.01))
    monkeypatch.setattr(budget, "begin", lambda **_: budget.Meter(entry=None, asked=1))
    monkeypatch.setattr(budget, "settle", lambda *, meter: made.settled.append(meter))
    for name in ("permit", "claim", "report"):
        monkeypatch.setattr(breaker, name, getattr(made, name))
    return made


def unavailable(retry_after: float | None = None, received: int = 0) -> LLMUnavailable:
    error = LLMUnavailable("InternalServerError 500")
    error.retry_after, error.received = retry_after, received
    return error


async def test_the_first_model_answers_and_nobody_else_is_asked(world: World):
    one, two = Model("one", [["Hello"]]), Model("two", [])

    await world.ask(one, two)

    assert (world.live.text, one.asked, two.asked, world.notices) == ("Hello", 1, 0, [])
    assert world.verdicts == [("one", True)]


async def test_a_quick_failure_is_tried_once_more_and_said(world: World):
    one = Model("one", [[unavailable()], ["Hello"]])

    await world.ask(one)

    assert (world.live.text, one.asked, world.notices) == ("Hello", 2, ["reconnecting_model"])
    assert world.verdicts == [("one", False), ("one", True)]


async def test_never_more_than_one_more_try(world: World):
    one = Model("one", [[unavailable()], [unavailable()], ["Hello"]])

    with pytest.raises(LLMUnavailable):
        await world.ask(one)

    assert one.asked == 2


NOT_AGAIN: dict[str, Callable[[], LLMError]] = {
    "a time-out": lambda: LLMTimeout("connect"),
    "seconds to wait": lambda: unavailable(3),
    "a part of a call had come": lambda: unavailable(received=10),
    "a refusal": lambda: LLMRejected("401"),
    "nonsense": lambda: LLMBroken("no JSON"),
}


@pytest.mark.parametrize("why", list(NOT_AGAIN))
async def test_what_is_not_tried_again_goes_to_the_next_model_at_once(world: World, why: str):
    one, two = Model("one", [[NOT_AGAIN[why]()]]), Model("two", [["Hello"]])
    begun = monotonic()

    await world.ask(one, two, within=60)

    assert (one.asked, two.asked, world.live.text, world.notices) == (1, 1, "Hello", ["reconnecting_model"])
    assert monotonic() - begun < 1


async def test_what_failed_late_is_not_tried_again(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model_call, "QUICK_S", 0.05)
    one = Model("one", [[0.1, unavailable()]])

    with pytest.raises(LLMUnavailable):
        await world.ask(one)

    assert one.asked == 1


async def test_a_short_time_to_wait_is_waited(world: World):
    one = Model("one", [[unavailable(0.2)], ["Hello"]])
    begun = monotonic()

    await world.ask(one)

    assert monotonic() - begun >= 0.2


async def test_text_that_was_shown_is_never_asked_for_again(world: World):
    one, two = Model("one", [["Half ", unavailable()]]), Model("two", [["Whole"]])

    with pytest.raises(LLMUnavailable):
        await world.ask(one, two)

    assert (world.live.text, one.asked, two.asked, world.notices) == ("Half ", 1, 0, [])


async def test_a_resting_model_is_passed_over_without_a_word(world: World):
    world.resting = {"one"}
    one, two = Model("one", []), Model("two", [["Hello"]])

    await world.ask(one, two)

    assert (one.asked, world.live.text, world.notices) == (0, "Hello", [])


async def test_when_all_rest_the_turn_is_told_at_once(world: World):
    world.resting = {"one", "two"}

    with pytest.raises(ModelResting):
        await world.ask(Model("one", []), Model("two", []))

    assert world.notices == []


async def test_a_step_makes_one_probe_at_most(world: World):
    world.probes = {"one", "two"}
    one, two = Model("one", [[unavailable()]]), Model("two", [])

    with pytest.raises(LLMUnavailable, match="500"):
        await world.ask(one, two)

    assert (one.asked, two.asked) == (1, 0)
    assert world.verdicts == [("one", False)]


async def test_a_probe_that_hangs_is_given_up_early_but_seen_out(world: World, monkeypatch: pytest.MonkeyPatch):
    """The customer is told in time; the model is merely slow and must not stay locked out for ever."""
    monkeypatch.setattr(attempt, "PROBE_S", 0.05)
    world.probes = {"one"}
    one = Model("one", [[1.5, "Late", 60.0]])
    begun = monotonic()

    with pytest.raises(LLMTimeout):
        await world.ask(one)

    assert monotonic() - begun < 1.3
    assert world.reports == []
    await asyncio.wait_for(asyncio.gather(*attempt._alone), 5)
    assert world.verdicts == [("one", True)]
    assert world.live.text == ""
    assert one.gone == 1
    assert len(world.settled) == 1


async def test_a_probe_without_any_sign_is_a_failure(world: World, monkeypatch: pytest.MonkeyPatch, settings: Any):
    monkeypatch.setattr(attempt, "PROBE_S", 0.05)
    settings.LLM_FIRST_TOKEN_TIMEOUT_S = 0.1
    world.probes = {"one"}
    one = Model("one", [[60.0]])

    with pytest.raises(LLMTimeout):
        await world.ask(one)

    await asyncio.wait_for(asyncio.gather(*attempt._alone), 5)
    assert world.verdicts == [("one", False)]
    assert one.gone == 1


async def test_a_probe_that_speaks_in_time_goes_on_as_any_answer(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attempt, "PROBE_S", 1.0)
    world.probes = {"one"}

    await world.ask(Model("one", [["Slowly ", 1.2, "but surely"]]))

    assert world.live.text == "Slowly but surely"
    assert world.verdicts == [("one", True)]


@pytest.mark.parametrize("error", [LLMRejected("400"), LLMTooLong("4 MB")])
async def test_what_a_customer_can_bring_about_says_nothing_of_the_model(world: World, error: LLMError):
    with pytest.raises(type(error)):
        await world.ask(Model("one", [[error]]))

    assert world.reports == []


async def test_a_turn_that_is_stopped_says_nothing_of_the_model(world: World):
    one = Model("one", [[60.0]])
    asking = asyncio.create_task(world.ask(one))
    await one.begun.wait()

    world.live.cancel()

    with pytest.raises(Stopped, match="cancelled"):
        await asking
    assert world.reports == []
    assert one.gone == 1


async def test_silence_to_the_end_of_the_turn_is_a_failure_of_the_model(world: World):
    with pytest.raises(Stopped, match="timeout"):
        await world.ask(Model("one", [[60.0]]), within=0.5)

    assert world.verdicts == [("one", False)]


async def test_a_long_answer_at_the_end_of_the_turn_is_none(world: World):
    with pytest.raises(Stopped, match="timeout"):
        await world.ask(Model("one", [["Word by word ", 60.0]]), within=0.5)

    assert world.reports == []


async def test_models_that_took_all_of_the_time_are_an_outage(world: World):
    one, two = Model("one", [[0.05, LLMTimeout("first token")]]), Model("two", [[60.0]])

    with pytest.raises(LLMTimeout, match="first token"):
        await world.ask(one, two, within=1.0)

    assert world.verdicts == [("one", False), ("two", False)]


async def test_each_silence_is_told_of_once(world: World, settings: Any):
    settings.STILL_WORKING_S = 0.1
    await world.live.begin()

    await world.ask(Model("one", [[0.35, "Well, ", 0.35, "then."]]))

    assert world.notices == ["still_working", "still_working"]
    assert world.live.text == "Well, then."
