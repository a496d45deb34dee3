"""Named limits: how often a customer or an address may do a thing. In Redis where there is one, else in this process.

A limit of chat fails soft: while Redis is away each process counts for itself. An address may do PER_ADDRESS times what
one customer may: behind it are many people, an office or a mobile network, and sometimes one with many accounts.
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
def _item(rate: str, times: int) -> RateLimitItem:
    once = parse(rate)
    return type(once)(once.amount * times, once.multiples)


def seconds_to_wait(*, name: Name, key: str | int) -> int | None:
    """Count one use. None where it is allowed, else whole seconds (>= 1) until the next one is."""
    rate: str | None = getattr(settings, SETTINGS[name])
    return None if rate is None else hit(rate=rate, name=name, key=str(key))


def seconds_to_wait_for(*, name: Name, customer_id: int, origin: str) -> int | None:
    """As seconds_to_wait, for a customer and then for the address they come from ("" where there is none).

    origin: stands for the address; a keyed hash, so that no address lies in Redis.
    """
    rate: str | None = getattr(settings, SETTINGS[name])
    if rate is None:
        return None
    wait = hit(rate=rate, name=name, key=f"customer {customer_id}")
    if wait is not None or not origin or settings.PER_ADDRESS is None:
        return wait
    return hit(rate=rate, name=name, key=f"address {origin}", times=settings.PER_ADDRESS)


def hit(*, rate: str, name: str, key: str, times: int = 1) -> int | None:
    """As seconds_to_wait, for a rate of a tool's own such as `5/minute`; `times` allows that many times as much."""
    item = _item(rate, times)
    shared = _shared()
    if shared is not None:
        try:
            return _hit(shared, item, name, key)
        except Exception as error:  # any trouble with Redis: the limits library lets each client's errors through
            log.warning("ratelimit.storage_away", error=type(error).__name__)
    return _hit(_local, item, name, key)


def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItem, name: str, key: str) -> int | None:
    if limiter.hit(item, name, key):
        return None
    return max(1, math.ceil(limiter.get_window_stats(item, name, key).reset_time - time.time()))
