"""Whether the records bear out that something was done: a customer's calls, and what read tools told of records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tools.models import ToolCall
from tools.states import State

ANY = "any"
_AGREED: frozenset[str] = frozenset({State.APPROVED, State.EXECUTING, State.NEEDS_RECONCILIATION, State.SUCCEEDED})
_NUMBER = re.compile(r"\b[A-Z]{2,5}-\d{3,}\b", re.IGNORECASE)
_AMOUNT = re.compile(r"(?<![\d.,])\d+[.,]\d\d(?![\d.,]\d)")


def requests_of(*, customer_id: int, conversation_id: UUID) -> list[ToolCall]:
    """Requests of this conversation, and what was carried out for the customer elsewhere; the newest first."""
    made = ToolCall.objects.filter(customer_id=customer_id, effect="write").exclude(digest="")
    here = made.filter(conversation_id=conversation_id).order_by("-created_at")[:50]
    elsewhere = made.filter(state=State.SUCCEEDED).exclude(conversation_id=conversation_id).order_by("-created_at")[:50]
    return [*here, *elsewhere]


@dataclass(frozen=True, slots=True)
class Names:
    """The records and the amounts that a sentence names."""

    numbers: frozenset[str]
    amounts: frozenset[str]

    def fit(self, other: Names) -> bool:
        """Whether the other speaks of one of them, of each sort that is named here."""
        return all(not mine or mine & theirs for mine, theirs in self._pairs(other))

    def _pairs(self, other: Names) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        return (self.numbers, other.numbers), (self.amounts, other.amounts)

    def __bool__(self) -> bool:
        return bool(self.numbers or self.amounts)


def names_in(sentence: str, *, kind: str) -> Names:
    """Amounts count for refunds alone: elsewhere such figures are days and times. A new order has no number before."""
    numbers = () if kind == "create_order" else _NUMBER.findall(sentence)
    amounts = _AMOUNT.findall(sentence) if kind == "request_refund" else ()
    return Names(
        numbers=frozenset(number.upper() for number in numbers),
        amounts=frozenset(amount.replace(",", ".") for amount in amounts),
    )


def is_borne_out(
    *,
    kind: str,
    agreed: bool,
    sentence: str,
    conversation_id: UUID,
    calls: Iterable[ToolCall],
    told: Sequence[tuple[str, dict[str, Any]]],
) -> bool:
    """Whether a call of this kind (a tool, or ANY) was carried out, or with `agreed` approved.

    What the sentence names has to be the call's; a call of another conversation counts only where something is named.
    """
    states: frozenset[str] = _AGREED if agreed else frozenset({State.SUCCEEDED})
    names = names_in(sentence, kind=kind)
    for call in calls:
        of_this = kind in (ANY, call.tool) and names.fit(names_in(call.summary, kind=kind))
        if of_this and call.state in states and (names or call.conversation_id == conversation_id):
            return True
    return any(_record_says(kind, names, states, item) for _, answer in told for item in _items(answer.get("result")))


def _items(result: Any) -> Iterable[dict[str, Any]]:
    """Every object in a result, at any depth."""
    if isinstance(result, dict):
        yield result
        for part in result.values():
            yield from _items(part)
    elif isinstance(result, list):
        for part in result:
            yield from _items(part)


def _record_says(kind: str, names: Names, states: frozenset[str], item: dict[str, Any]) -> bool:
    if "state_text" in item and "tool" in item:  # a request that list_my_requests told of
        same = names.fit(names_in(str(item.get("summary")), kind=kind))
        return kind in (ANY, item["tool"]) and item.get("state") in states and same
    this = not names.numbers or bool(names.numbers & {item.get("order_id"), item.get("package_id")})
    if "price" in item and "refunded" in item and this:
        if kind == "request_refund":
            return item["refunded"] != "0.00" and names.amounts <= {item["refunded"]}
        return kind == "create_order" or (kind == "cancel_order" and item.get("status") == "cancelled")
    if kind == "change_delivery" and "delivery_changeable" in item and this:
        return any(item.get(wish) for wish in ("delivery_date", "safe_place", "hold_at_depot"))
    return False
