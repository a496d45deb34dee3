"""The models of this process, by LLM_MODEL and LLM_FALLBACK_MODELS, made when first needed."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings

from support_bot.llm.base import Provider
from support_bot.llm.config import LLMConfig
from support_bot.llm.factory import make_provider


@lru_cache(maxsize=1)
def current_providers() -> tuple[Provider, ...]:
    """The model to ask first, then its fallbacks in order."""
    config = LLMConfig(
        connect_timeout_s=settings.LLM_CONNECT_TIMEOUT_S,
        first_token_timeout_s=settings.LLM_FIRST_TOKEN_TIMEOUT_S,
        idle_timeout_s=settings.LLM_IDLE_TIMEOUT_S,
        max_bytes=settings.LLM_MAX_BYTES,
        openai_base_url=settings.OPENAI_BASE_URL,
        openai_api_key=settings.OPENAI_API_KEY,
    )
    return tuple(
        make_provider(name=name, config=config) for name in [settings.LLM_MODEL, *settings.LLM_FALLBACK_MODELS]
    )


async def close_providers() -> None:
    """Release the connections; the next use makes new ones."""
    if current_providers.cache_info().currsize:
        for provider in current_providers():
            await provider.aclose()
        current_providers.cache_clear()
