"""Named limits: how often a customer or an address may do a thing. In Redis where there is one, else in this process.

A limit of chat fails soft: while Redis is away each process counts for itself.
"""

from __future__ import annotations

import math
import time
from functools import lru_cache
from typing import Literal

import structlog
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

log = structlog.get_logger(__name__)

Name = Literal["messages", "tool_calls", "handshakes", "track"]
SETTINGS: dict[Name, str] = {
    "messages": "RATE_MESSAGES",  # 20 a minute: faster than anybody types
    "tool_calls": "RATE_TOOL_CALLS",  # 60 a minute: a busy model, not a loop
    "handshakes": "RATE_HANDSHAKES",  # 30 a minute: a few tabs on a shaky line
    "track": "RATE_TRACK",  # 20 a minute and address: a person, not a sweep of numbers
}

_local = MovingWindowRateLimiter(MemoryStorage())


@lru_cache(maxsize=1)
def _shared() -> MovingWindowRateLimiter | None:
    if not settings.REDIS_URL:
        return None
    return MovingWindowRateLimiter(storage_from_string(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1))


@lru_cache(maxsize=64)
def _item(rate: str) -> RateLimitItem:
    return parse(rate)


def seconds_to_wait(*, name: Name, key: str | int) -> int | None:
    """Count one use. None where it is allowed, else whole seconds (>= 1) until the next one is."""
    rate: str | None = getattr(settings, SETTINGS[name])
    return None if rate is None else hit(rate=rate, name=name, key=str(key))


def hit(*, rate: str, name: str, key: str) -> int | None:
    """As seconds_to_wait, for a rate of a tool's own such as `5/minute`."""
    shared = _shared()
    if shared is not None:
        try:
            return _hit(shared, rate, name, key)
        except Exception as error:  # any trouble with Redis: the limits library lets each client's errors through
            log.warning("ratelimit.storage_away", error=type(error).__name__)
    return _hit(_local, rate, name, key)


def _hit(limiter: MovingWindowRateLimiter, rate: str, name: str, key: str) -> int | None:
    item = _item(rate)
    if limiter.hit(item, name, key):
        return None
    return max(1, math.ceil(limiter.get_window_stats(item, name, key).reset_time - time.time()))
