"""How values lie in the Redis cache: as JSON, so that writing to Redis can never run code here."""

from __future__ import annotations

import json
from typing import Any

import structlog
from django.core.cache.backends.redis import RedisCache

log = structlog.get_logger(__name__)


class JSONSerializer:
    """The two methods Django's Redis cache asks of a serializer."""

    def dumps(self, obj: Any) -> bytes | int:
        # Integers stay bare so that Redis itself can count with them.
        return obj if type(obj) is int else json.dumps(obj).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


class TrustlessRedisCache(RedisCache):
    """A value that is none of ours is no value: whoever can write to Redis must not keep people from signing in."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except ValueError as error:
            log.error("cache.no_value", error=type(error).__name__)
            self.delete(key, version)
            return default
