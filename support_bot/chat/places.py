"""How many sockets a customer and an address have open, in all processes together: leases of half a minute in Redis.

It fails soft: while Redis is away, or where there is none, each process counts its own alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# Seconds: a process that died gives its places back within this; each process renews its own in time.
LEASE_S = 30
RENEW_S = 10.0
# All or nothing, by Redis's own clock. KEYS: where to count; ARGV: who, the lease, and how many each key may hold.
TAKE = """
local now = tonumber(redis.call('TIME')[1])
for i, key in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    if redis.call('ZCARD', key) >= tonumber(ARGV[i + 2]) then return 0 end
end
for _, key in ipairs(KEYS) do
    redis.call('ZADD', key, now + ARGV[2], ARGV[1])
    redis.call('EXPIRE', key, ARGV[2])
end
return 1
"""
NO_END = 2**31


@dataclass(frozen=True, slots=True)
class Place:
    """One socket's: whose it is, and where it comes from (a keyed hash, or "")."""

    name: str
    customer_id: int
    origin: str

    def counted_at(self) -> list[str]:
        found = [f"sockets:customer:{self.customer_id}"]
        return [*found, f"sockets:address:{self.origin}"] if self.origin else found

    def limits(self) -> list[int]:
        """How many places there are under each of the keys."""
        own = settings.MAX_SOCKETS or NO_END
        return [own, own * settings.PER_ADDRESS if settings.PER_ADDRESS else NO_END][: len(self.counted_at())]


@lru_cache(maxsize=1)
def _client() -> Redis | None:
    return (
        Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) if settings.REDIS_URL else None
    )


def is_free(*, place: Place, taken: Iterable[Place]) -> bool:
    """Whether there is room beside the places that this process knows of."""
    known = list(taken)
    mine = sum(other.customer_id == place.customer_id for other in known)
    near = sum(other.origin == place.origin for other in known)
    return all(count < limit for count, limit in zip((mine, near), place.limits(), strict=False))


def take(*, place: Place) -> bool:
    """Take a place among all processes; False where none is left. May wait a second for Redis: not for the loop."""
    client = _client()
    if client is None or settings.MAX_SOCKETS is None:
        return True
    try:
        return bool(
            client.eval(TAKE, len(place.counted_at()), *place.counted_at(), place.name, LEASE_S, *place.limits())
        )
    except RedisError as error:
        log.warning("places.storage_away", error=type(error).__name__)
        return True


def give_back(*, place: Place) -> None:
    """Never raises: a place that is not given back ends with its lease."""
    client = _client()
    if client is None:
        return
    try:
        for key in place.counted_at():
            client.zrem(key, place.name)
    except RedisError as error:
        log.warning("places.storage_away", error=type(error).__name__)


def renew(*, places: Iterable[Place]) -> None:
    """Hold the places of open sockets for another lease, also those that a flushed Redis has forgotten."""
    client, held = _client(), list(places)
    if client is None or not held or settings.MAX_SOCKETS is None:
        return
    try:
        until = int(client.time()[0]) + LEASE_S
        with client.pipeline(transaction=False) as batch:
            for place in held:
                for key in place.counted_at():
                    batch.zadd(key, {place.name: until})
                    batch.expire(key, LEASE_S)
            batch.execute()
    except RedisError as error:
        log.warning("places.storage_away", error=type(error).__name__)
