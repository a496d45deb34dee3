"""A request that a tool refused for one of its values: the value goes, and its question is asked again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support_bot.llm.demo.places import Address
from support_bot.llm.demo.requests import Request, Slots

_SLOT_OF_FIELD = {
    "amount": "amount",
    "at": "at",
    "date": "day",
    "phone": "phone",
    "email": "email",
    "name": "name",
    "street": "address",
    "city": "address",
    "postal_code": "address",
    "country": "country",
    "service": "service",
    "parcels": "parcels",
    "contents": "contents",
    "reason": "reason",
    "topic": "topic",
    "description": "problem",
    "safe_place": "safe_place",
}
_EMPTY: dict[str, dict[str, Any]] = {
    "amount": {"amount": None, "share": None},
    "at": {"day": None, "time": None},
    "address": {"address": Address()},
    "parcels": {"parcels": ()},
    "problem": {"description": None},
}


def reopened(request: Request, error: dict[str, Any]) -> Request | None:
    """The request with the refused value taken out and asked for; None where asking again would not help."""
    if error.get("code") != "invalid_arguments" or not request.intent:
        return None
    field = str(error.get("field") or "").partition(".")[0]
    slot = _SLOT_OF_FIELD.get(field)
    if slot is None or "already stored" in str(error.get("message")):
        return None
    if slot == "country" and request.intent == "quote":
        slot = "destination"
    return replace(request, slots=_without(request.slots, slot), asked=slot, tries=0)


def _without(slots: Slots, slot: str) -> Slots:
    if slot in ("country", "destination"):
        return replace(slots, address=replace(slots.address, country=None))
    return replace(slots, **_EMPTY.get(slot, {slot: None}))
