"""The built-in demo model: rules instead of a language model. It knows the Prompt it is given and nothing else."""

from support_bot.llm.config import LLMConfig
from support_bot.llm.demo.provider import DemoProvider

__all__ = ["DemoProvider", "make"]


def make(*, model: str, config: LLMConfig) -> DemoProvider:
    """For llm/factory.py. The limits of a wire do not concern it."""
    return DemoProvider(model=model)
