"""What a process logged, as a strict reader takes it."""

from __future__ import annotations

import json
from typing import Any


def records(log: bytes) -> list[dict[str, Any]]:
    """Every line as a record. Fails for a line that is none."""
    assert not log or log.endswith(b"\n")
    found = [json.loads(line) for line in log.decode("utf-8", "strict").split("\n") if line]
    assert all(isinstance(record, dict) for record in found)
    return found
