"""`provider:model` -> Provider. The one list of the providers there are.

A provider's module is loaded when its first model is made: the SDKs are large, and most processes ask no model.
"""

from __future__ import annotations

from importlib import import_module

from support_bot.llm.base import Provider
from support_bot.llm.config import LLMConfig

# Each module has `make(*, model: str, config: LLMConfig) -> Provider`.
PROVIDERS = {
    "openai": "support_bot.llm.openai",
    "demo": "support_bot.llm.demo",
}


def make_provider(*, name: str, config: LLMConfig) -> Provider:
    """The provider of a `provider:model` string. Raises ValueError with the names there are."""
    kind, _, model = name.partition(":")
    if kind not in PROVIDERS or not model:
        known = ", ".join(f"{known}:<model>" for known in sorted(PROVIDERS))
        raise ValueError(f"{name!r} is no provider:model; known are {known}")
    made: Provider = import_module(PROVIDERS[kind]).make(model=model, config=config)
    return made
