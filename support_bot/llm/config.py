"""The limits and addresses of a model call, handed in by whoever wires the provider: this package reads no settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LLMConfig:
    """Deadlines in seconds, size in bytes; an empty base_url means the SDK's own default."""

    connect_timeout_s: float = 5
    first_token_timeout_s: float = 15
    idle_timeout_s: float = 15
    max_bytes: int = 4 * 1024 * 1024
    openai_base_url: str = ""
    openai_api_key: str = ""
