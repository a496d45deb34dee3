"""`provider:model` -> Provider. The one list of the providers there are."""

from __future__ import annotations

from collections.abc import Callable

from support_bot.llm.base import Provider
from support_bot.llm.config import LLMConfig
from support_bot.llm.demo import DemoProvider
from support_bot.llm.openai import OpenAIProvider

PROVIDERS: dict[str, Callable[[str, LLMConfig], Provider]] = {
    "openai": lambda model, config: OpenAIProvider(model=model, config=config),
    "demo": lambda model, config: DemoProvider(model=model),
}


def make_provider(*, name: str, config: LLMConfig) -> Provider:
    """The provider of a `provider:model` string. Raises ValueError with the names there are."""
    kind, _, model = name.partition(":")
    if kind not in PROVIDERS or not model:
        known = ", ".join(f"{known}:<model>" for known in sorted(PROVIDERS))
        raise ValueError(f"{name!r} is no provider:model; known are {known}")
    return PROVIDERS[kind](model, config)
