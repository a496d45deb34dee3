"""Reads the answer to a question of ours into the slot that was asked for, as generously as is safe."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest

from support_bot.llm.demo.dates import find_bare_hour
from support_bot.llm.demo.entities import find_bare_digits, find_plain_amount
from support_bot.llm.demo.measures import Parcel, find_contents, merge
from support_bot.llm.demo.options import Option, pick
from support_bot.llm.demo.phrases import (
    read_address,
    read_name,
    read_phone,
    read_safe_place,
    read_service,
    read_share,
    read_topic,
)
from support_bot.llm.demo.places import Address, find_country, find_postal_code
from support_bot.llm.demo.reading import problem_kind
from support_bot.llm.demo.requests import PROFILE_FIELDS, Slots, merged_address, share_of
from support_bot.llm.demo.understanding import Heard

_OPENING = re.compile(
    r"^(?:(?:it'?s|it is|its|that'?s|that is|this is|the (?:new |full )?(?:phone |order |package |tracking "
    r")?(?:number|name|address|reason|topic|mail|email|amount|date|day|time|place|recipient|contents?) (?:is|"
    r"would be|should be)|yes|yeah|yep|sure|ok(?:ay)?|well|so|please|um+|hm+|oh|my (?:new )?\w+(?: \w+)? "
    r"(?:is(?: now)?|will be)|because|since|about|it'?s about|regarding|to|for|to say|just|named?|called|i want "
    r"it to be|should be|make it|change it to|use|put|"
    r"there (?:is|are)|it contains|contents?:?|with)[\s,:]+)+",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"\b(?:it|its|it's|weighs?|weight|weighing|is|are|about|around|and|the|size|sizes|dimensions?|measures?|measuring|approx|approximately|a|an|one|box|parcel|package|of|contents?|"
    r"with|in|cm|kg|by|x|roughly|circa|ca|maybe|each|both|there|inside|contains?|containing|to|please|thanks|big|large|small|medium|i|think|would|say|full|filled|has|have|"
    r"two|three|four|five|boxes|parcels|packages|carton|cartons|for|my|them|they)\b",
    re.IGNORECASE,
)


def fill(slots: Slots, *, asked: str, heard: Heard, options: Sequence[Option] = ()) -> Slots | None:
    """The slots with the answer in them; None where this is no answer to what was asked."""
    if asked in ("package", "order"):
        return _fill_number(slots, asked, heard, options)
    if asked == "service":
        return _fill_service(slots, heard, options)
    fill_slot = _FILLERS.get(asked)
    filled = fill_slot(slots, heard) if fill_slot else None
    return filled or _fill_another_field(slots, asked, heard)


def _fill_another_field(slots: Slots, asked: str, heard: Heard) -> Slots | None:
    """Who wants to change e-mail and address may give the address first."""
    others = [field for field in ("phone", "email", "address") if field in slots.fields and field != asked]
    if asked not in slots.fields:
        return None
    return next((filled for field in others if (filled := _FILLERS[field](slots, heard))), None)


def free_text(heard: Heard) -> str | None:
    """What is left of an answer in words without its opening: `because it was broken` -> `it was broken`."""
    text = _OPENING.sub("", heard.text.strip()).strip(" \n.!,;")
    return text or None


def _fill_number(slots: Slots, asked: str, heard: Heard, options: Sequence[Option]) -> Slots | None:
    named = heard.found.trackable if asked == "package" else heard.found.orders
    if not named:
        named = [option.number for option in pick(options, heard)]
    if not named and asked == "order" and (digits := find_bare_digits(heard.plain)):
        named = [f"ORD-{digits[0]}"]
    if not named and asked == "package" and heard.found.phones:
        named = [re.sub(r"\D", "", heard.found.phones[0])]
    if not named:
        return None
    return slots.with_number(asked, named[0])


def _fill_service(slots: Slots, heard: Heard, options: Sequence[Option]) -> Slots | None:
    text = heard.text.lower()
    named = next((option.number for option in options if option.number in text or option.text.lower() in text), None)
    if named is None and options:
        tokens = heard.words.tokens
        if "cheapest" in tokens or "cheap" in tokens:
            named = options[0].number  # quotes come the cheapest first
        elif {"fastest", "quickest", "fast", "quick"} & set(tokens):
            named = min(options, key=lambda option: option.status).number
        else:
            named = next((option.number for option in pick(options, heard)), None)
    named = named or read_service(heard.words)
    return replace(slots, service=named) if named else None


def _fill_field(slots: Slots, heard: Heard) -> Slots | None:
    fields = tuple(field for field in PROFILE_FIELDS if field in heard.words)
    phone, email = read_phone(heard), next(iter(heard.found.emails), None)
    address = read_address(heard)
    fields += tuple(
        field
        for field, value in (("phone", phone), ("email", email), ("address", address.street))
        if value and field not in fields
    )
    if "everything" in heard.words.tokens or "all" in heard.words.tokens:
        fields = PROFILE_FIELDS
    if not fields:
        return None
    return replace(
        slots, fields=fields, phone=phone, email=email, address=address if "address" in fields else slots.address
    )


def _fill_name(slots: Slots, heard: Heard) -> Slots | None:
    first = re.split(r"[,;\n]|\bat\b|\blives?\b", heard.text)[0]
    name = read_name(heard.spelled) or _OPENING.sub("", first.strip()).strip(" .!")
    if not name or any(char.isdigit() for char in name) or len(name.split()) > 6 or "?" in name:
        return None
    address = read_address(heard)
    return replace(slots, name=name, address=merged_address(slots.address, address))


def _fill_phone(slots: Slots, heard: Heard) -> Slots | None:
    phone = read_phone(heard) or next(iter(re.findall(r"\+?\d[\d ]{4,}\d", heard.plain)), None)
    return replace(slots, phone=phone) if phone else None


def _fill_email(slots: Slots, heard: Heard) -> Slots | None:
    return replace(slots, email=heard.found.emails[0]) if heard.found.emails else None


def _fill_address(slots: Slots, heard: Heard) -> Slots | None:
    found = read_address(heard)
    if not found.street and not found.postal_code and slots.address.street and not slots.address.city:
        words = free_text(heard)
        found = Address(city=words) if words and len(words.split()) <= 3 and not heard.guess.clear else found
    if not found.as_arguments():
        return None
    return replace(slots, address=merged_address(found, slots.address))


def _fill_destination(slots: Slots, heard: Heard) -> Slots | None:
    place = Address(postal_code=find_postal_code(heard.plain), country=find_country(heard.spelled))
    if not place.as_arguments():
        return None
    return replace(slots, address=merged_address(place, slots.address))


def _fill_country(slots: Slots, heard: Heard) -> Slots | None:
    country = find_country(heard.spelled) or find_country(heard.text.strip().upper())
    return replace(slots, address=replace(slots.address, country=country)) if country else None


def _fill_day(slots: Slots, heard: Heard) -> Slots | None:
    return replace(slots, day=heard.moment.day) if heard.moment.day else None


def _fill_change(slots: Slots, heard: Heard) -> Slots | None:
    words = heard.words
    if heard.moment.day:
        return replace(slots, day=heard.moment.day)
    if words.has("safe_spot", "leave") and (place := read_safe_place(heard.spelled)):
        return replace(slots, safe_place=place)
    if words.has("hold", "depot"):
        return replace(slots, hold=True)
    if (address := read_address(heard)).as_arguments():
        return replace(slots, address=address)
    if words.has("address", "redirect") or ("place" in words.tokens and "safe" not in words.tokens):
        return replace(slots, change="address")
    if words.has("delivery_date", "reschedule") or {"date", "day", "time"} & set(words.tokens):
        return replace(slots, change="day")
    return replace(slots, change="safe_place") if "safe" in words.tokens else None


def _fill_safe_place(slots: Slots, heard: Heard) -> Slots | None:
    place = read_safe_place(heard.spelled) or free_text(heard)
    return replace(slots, safe_place=place[:120]) if place else None


def _fill_amount(slots: Slots, heard: Heard) -> Slots | None:
    share = read_share(heard)
    amount = heard.found.money[0] if heard.found.money else None
    if amount is None and share is None:
        amount = find_plain_amount(heard.plain)
    if amount is None and share is None and "yes" in heard.words:
        share = "all"
    if amount is None and share is None:
        return None
    if slots.refundable is not None and share is not None:
        amount = share_of(slots.refundable, share)
    return replace(slots, amount=amount, share=share)


def _fill_reason(slots: Slots, heard: Heard) -> Slots | None:
    reason = free_text(heard)
    return replace(slots, reason=reason[:500]) if reason else None


def _fill_problem(slots: Slots, heard: Heard) -> Slots | None:
    text = free_text(heard)
    if not text:
        return None
    return replace(slots, problem=slots.problem or problem_kind(heard.words) or "other", description=text[:1000])


def _fill_at(slots: Slots, heard: Heard) -> Slots | None:
    time = heard.moment.time or find_bare_hour(heard.plain)
    if heard.moment.day is None and time is None:
        return None
    phone = read_phone(heard)
    return replace(
        slots,
        day=heard.moment.day or slots.day,
        time=time or slots.time,
        phone=phone or slots.phone,
        topic=slots.topic or read_topic(heard.spelled),
    )


def _fill_topic(slots: Slots, heard: Heard) -> Slots | None:
    topic = read_topic(heard.spelled) or free_text(heard)
    return replace(slots, topic=topic[:200]) if topic else None


def _fill_parcels(slots: Slots, heard: Heard) -> Slots | None:
    parcels = heard.parcels
    contents = _left_over(heard) or find_contents(heard.plain)
    if not parcels and not (contents and slots.parcels):
        return None
    both = zip_longest(parcels, slots.parcels, fillvalue=Parcel())
    merged = tuple(merge(new, known) for new, known in both)
    if contents:
        merged = tuple(replace(parcel, contents=parcel.contents or contents) for parcel in merged)
    return replace(slots, parcels=merged)


def _fill_contents(slots: Slots, heard: Heard) -> Slots | None:
    contents = find_contents(heard.plain) or free_text(heard)
    if not contents:
        return None
    return replace(slots, parcels=tuple(replace(parcel, contents=contents[:120]) for parcel in slots.parcels))


def _left_over(heard: Heard) -> str | None:
    """What is inside, where the answer says it between the figures: `3 kg, 30x20x10, books`."""
    segments = [re.sub(r"[^\w\s'-]", " ", segment) for segment in re.split(r"[,;.\n]|\band\b", heard.plain)]
    for segment in segments:
        rest = " ".join(_FILLER.sub(" ", segment).split())
        if re.search(r"[^\W\d_]{3}", rest) and len(rest.split()) <= 5:
            return rest
    return None


_FILLERS: dict[str, Callable[[Slots, Heard], Slots | None]] = {
    "field": _fill_field,
    "name": _fill_name,
    "recipient": _fill_name,
    "phone": _fill_phone,
    "email": _fill_email,
    "address": _fill_address,
    "destination": _fill_destination,
    "country": _fill_country,
    "day": _fill_day,
    "change": _fill_change,
    "safe_place": _fill_safe_place,
    "amount": _fill_amount,
    "reason": _fill_reason,
    "problem": _fill_problem,
    "at": _fill_at,
    "topic": _fill_topic,
    "parcels": _fill_parcels,
    "contents": _fill_contents,
}
# Slots whose answer may be any words at all, even words that would mean something else elsewhere.
ANY_WORDS = frozenset({"reason", "topic", "problem", "contents", "safe_place", "name", "recipient"})
