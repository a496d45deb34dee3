"""The built-in demo model: rules instead of a language model. It knows the Prompt it is given and nothing else."""

from support_bot.llm.demo.provider import DemoProvider

__all__ = ["DemoProvider"]
