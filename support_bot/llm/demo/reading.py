"""Reads the slots of a request out of what the customer said, where it says them plainly.

An answer to a question of ours may be read more generously: that is filling.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from support_bot.llm.demo.entities import find_plain_amount
from support_bot.llm.demo.phrases import (
    contents_between,
    read_address,
    read_name,
    read_phone,
    read_reason,
    read_recipient,
    read_safe_place,
    read_service,
    read_share,
    read_topic,
)
from support_bot.llm.demo.places import Address, find_country, find_postal_code
from support_bot.llm.demo.requests import PROFILE_FIELDS, Slots
from support_bot.llm.demo.understanding import Clause, Heard
from support_bot.llm.demo.words import Words

_SUITABLE = frozenset({"suit", "work", "works", "fit", "good", "possible", "convenient", "home"})
_NEWEST = frozenset({"last", "latest", "newest", "recent", "recently"})
_ANOTHER = re.compile(
    r"\b(?:a|an|another|other|different|one of my|some) (?:other )?(?:package|parcel|order|shipment|packet|booking)\b"
)
# `refund 10`, `give back the 24.90`: an amount without its currency.
_BARE_AMOUNT = re.compile(
    r"\brefund(?:\s+(?:of|me))?\s+(\d{1,4}(?:[.,]\d{1,2})?)\b(?!\s?%)|(?<![\d.,])(\d{1,4}[.,]\d{2})(?![\d.,%])",
    re.IGNORECASE,
)
_PROBLEMS = (
    ("not_received", ("never_got", "says_delivered", "not_arrived", "misdelivered", "lost", "stolen")),
    ("wrong_item", ("wrong_item", "other_person", "swapped")),
    ("missing_items", ("missing", "without")),
    ("damaged", ("damaged",)),
    ("other", ("mishandled",)),
)
STATUS_WORDS = (
    ("out_for_delivery", "is_out"),
    ("ready_for_pickup", "is_pickup"),
    ("delivery_delayed", "is_delayed"),
    ("on_hold", "is_on_hold"),
    ("return_to_sender", "is_returned"),
    ("delivery_failed", "is_failed"),
    ("in_transit", "is_on_the_way"),
    ("cancelled", "is_cancelled"),
    ("pending", "is_pending"),
    ("delivered", "is_delivered"),
)
_ORDER_STATUSES = (
    ("cancelled", "is_cancelled"),
    ("booked", "is_booked"),
    ("in_transit", "is_on_the_way"),
    ("delivered", "is_delivered"),
)


def read_slots(intent: str, clause: Clause, *, today: date) -> Slots:
    """The slots that this clause names for this intent."""
    heard = clause.whole
    found = heard.found
    slots = Slots(
        package=next(iter(found.trackable), None),
        order=next(iter(found.orders), None),
        truck=next(iter(found.trucks), None),
    )
    read = _READERS.get(intent)
    return read(slots, clause) if read else slots


def aspects_of(heard: Heard) -> frozenset[str]:
    """What the answer should begin with; `newest` and `another` say which record is not meant by `it`."""
    words = heard.words
    pairs = {
        "when": ("when", "arrive", "delivery_date"),
        "late": ("late", "why"),
        "sign": ("sign",),
        "where": ("where",),
        "not_arrived": ("not_arrived",),
        "open": ("is_open",),
        "money": ("pay", "how_much", "price", "refund"),
        "phone": ("phone",),
        "email": ("email",),
        "address": ("address",),
        "carrier": ("carrier",),
        "sender": ("sender",),
        "name": ("name",),
    }
    aspects = {aspect for aspect, meanings in pairs.items() if words.has(*meanings)}
    if _NEWEST & set(words.tokens):
        aspects.add("newest")
    if _ANOTHER.search(" ".join(words.tokens)):
        aspects.add("another")
    return frozenset(aspects)


def problem_kind(words: Words) -> str | None:
    return next((kind for kind, meanings in _PROBLEMS if words.has(*meanings)), None)


def _status(words: Words, table: tuple[tuple[str, str], ...]) -> str | None:
    return next((status for status, meaning in table if meaning in words), None)


def _read_list_packages(slots: Slots, clause: Clause) -> Slots:
    words = clause.whole.words
    status = _status(words, STATUS_WORDS)
    if status == "delivered" and ("when" in words or "not" in words or "@date" in words):
        status = None  # `when are my parcels delivered` asks about those that are not
    if status is None and "did" in words.tokens and "deliver" in words:
        status = "delivered"
    if status is None and words.has("hold", "depot"):
        status = "ready_for_pickup"
    return replace(slots, status=status)


def _read_list_orders(slots: Slots, clause: Clause) -> Slots:
    return replace(slots, status=_status(clause.whole.words, _ORDER_STATUSES))


def _read_list_requests(slots: Slots, clause: Clause) -> Slots:
    return replace(slots, status="declined" if "is_declined" in clause.whole.words else None)


def _read_quote(slots: Slots, clause: Clause) -> Slots:
    heard = clause.whole
    place = Address(postal_code=find_postal_code(heard.plain), country=find_country(heard.spelled))
    return replace(slots, parcels=heard.parcels, address=place, service=read_service(heard.words))


def _read_booking(slots: Slots, clause: Clause) -> Slots:
    heard = clause.whole
    recipient = read_recipient(heard.spelled)
    address = read_address(heard)
    if not address.postal_code:
        address = Address(country=find_country(heard.spelled))
    return replace(
        slots,
        parcels=tuple(replace(parcel, contents=parcel.contents or contents_between(heard)) for parcel in heard.parcels),
        name=recipient,
        address=address,
        service=read_service(heard.words),
    )


def _read_profile_change(slots: Slots, clause: Clause) -> Slots:
    heard = clause.whole
    phone = read_phone(heard)
    email = heard.found.emails[-1] if heard.found.emails else None
    name = read_name(heard.spelled) if heard.words.has("name", "married") else None
    address = (
        read_address(heard) if heard.words.has("address", "moved", "country") or "@postal" in heard.words else Address()
    )
    if not heard.words.has("address", "moved", "@postal") and not address.street:
        address = Address(country=address.country) if "country" in heard.words else Address()
    number_alone = "number" in heard.words and not heard.words.has("phone", "email", "name", "address")
    named = {
        "name": heard.words.has("name", "married"),
        "phone": heard.words.has("phone") or number_alone or phone is not None,
        "email": heard.words.has("email") or email is not None,
        "address": heard.words.has("address", "moved") or bool(address.as_arguments()),
    }
    fields = tuple(field for field in PROFILE_FIELDS if named[field])
    return replace(slots, phone=phone, email=email, name=name, address=address, fields=fields)


def _read_delivery_change(slots: Slots, clause: Clause) -> Slots:
    heard = clause.whole
    words = heard.words
    day = next(
        (piece.moment.day for piece in clause.pieces if piece.moment.day and not _rules_out_its_day(piece)), None
    )
    place = read_safe_place(heard.spelled) if words.has("safe_spot", "leave") else None
    hold = True if words.has("hold") and not place else None
    address = Address()
    if not place and not hold:
        address = read_address(heard)
    change = None
    if words.has("address", "redirect") or (
        "new" in words and "delivery_date" not in words and not words.has("reschedule")
    ):
        change = "address"
    if words.has("reschedule", "delivery_date", "date", "day"):
        change = "day"
    if "safe_place" in words.tokens or ("safe" in words.tokens and not place):
        change = "safe_place"
    return replace(slots, day=day, safe_place=place, hold=hold, address=address, change=change)


def _read_cancel(slots: Slots, clause: Clause) -> Slots:
    return replace(slots, reason=read_reason(clause))


def _read_refund(slots: Slots, clause: Clause) -> Slots:
    heard = clause.whole
    amount = heard.found.money[0] if heard.found.money else None
    if amount is None and (bare := _BARE_AMOUNT.search(heard.plain)):
        amount = find_plain_amount(bare[1] or bare[2])
    return replace(slots, amount=amount, share=read_share(heard), reason=read_reason(clause))


def _read_problem(slots: Slots, clause: Clause) -> Slots:
    kind = problem_kind(clause.whole.words)
    description = clause.whole.text.strip() if kind else None
    return replace(slots, problem=kind, description=description)


def _read_callback(slots: Slots, clause: Clause) -> Slots:
    heard = clause.whole
    return replace(
        slots, day=heard.moment.day, time=heard.moment.time, phone=read_phone(heard), topic=read_topic(heard.spelled)
    )


_READERS: dict[str, Callable[[Slots, Clause], Slots]] = {
    "list_packages": _read_list_packages,
    "list_orders": _read_list_orders,
    "list_requests": _read_list_requests,
    "quote": _read_quote,
    "create_order": _read_booking,
    "update_profile": _read_profile_change,
    "change_delivery": _read_delivery_change,
    "cancel_order": _read_cancel,
    "refund": _read_refund,
    "problem": _read_problem,
    "callback": _read_callback,
}


def _rules_out_its_day(piece: Heard) -> bool:
    """`I am not home tomorrow`, `away until Friday`: the day that is named is not the one that is wanted."""
    tokens = piece.words.tokens
    before = tokens[: tokens.index("@date")] if "@date" in tokens else ()
    unsuitable = "not" in tokens and bool(_SUITABLE & set(tokens))
    return unsuitable or "not" in before or ("until" in before and "not_home" in piece.words)
