"""How values lie in the Redis cache: as JSON, so that writing to Redis can never run code here."""

from __future__ import annotations

import json
from typing import Any


class JSONSerializer:
    """The two methods Django's Redis cache asks of a serializer."""

    def dumps(self, obj: Any) -> bytes | int:
        # Integers stay bare so that Redis itself can count with them.
        return obj if type(obj) is int else json.dumps(obj).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)
