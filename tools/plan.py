"""What a write tool would change, worked out from a record and canonical arguments without touching anything.

A Plan is what the customer confirms, what staff review and what the worker compares with before it applies anything.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, as text for people. `risk`: show it first (money, address, e-mail)."""

    field: str
    label: str
    before: str | None
    after: str | None
    risk: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """One change request, frozen.

    record: what it is about, e.g. `order:ORD-1001`; a newer request of the same tool for the same record supersedes.
    summary: one sentence made from the record, e.g. `Refund 24.90 EUR for order ORD-1001`.
    preconditions: facts of the record, by name, which must read the same when the effect is made; else it is stale.
    verify_at: an e-mail address whose owner must agree before staff see the request (a change of e-mail: the old one).
    """

    record: str
    summary: str
    changes: tuple[Change, ...]
    preconditions: dict[str, str] = field(default_factory=dict)
    verify_at: str | None = None

    def changes_as_json(self) -> list[dict[str, Any]]:
        return [asdict(change) for change in self.changes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an effect did: one sentence for the customer made from the record, and the record it touched."""

    sentence: str
    record: str
