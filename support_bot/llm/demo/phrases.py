"""Reads single things out of free text by the words around them: a name, a reason, a safe place, a topic. Pure."""

from __future__ import annotations

import re

from support_bot.llm.demo.places import Address, find_address
from support_bot.llm.demo.requests import Share
from support_bot.llm.demo.understanding import Clause, Heard
from support_bot.llm.demo.words import SPELLER, Words

_BECAUSE = re.compile(
    r"(?:\b(?:because|since|as(?=\s+(?:it|the|i|my|they|you)\b)|reason(?: is| being)?:?|due to|owing to|cuz|coz|bc|"
    r"cause|given that|for being)\s+(?:of\s+)?)(.+)",
    re.IGNORECASE | re.DOTALL,
)
_ABOUT = re.compile(
    r"\b(?:about|regarding|concerning|re|because of|because|on the subject of|topic(?: is)?|to discuss|to talk "
    r"about|in connection with|"
    r"with regards? to|as(?=\s+(?:my|the|i)\b)|subject|due to)\b:?\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
_TIME_TAIL = re.compile(
    r"[\s,]+(?:tomorrow|today|tonight|on\s+(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|tues|wednes|thurs|fri|satur|sun)day|at\s+\d|this\s+(?:after|eve|mor)|"
    r"next\s+\w+|in the (?:morning|afternoon|evening)|please|pls|thanks|thank you|asap|\d{1,2}[:.]\d\d|"
    r"\d{1,2}\s?[ap]m|on\s+\d|on the \d|when you can)\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_NAME_STOPS = r"please|pls|thanks|and|instead|now|because|since|as|at|with|for|via|by|from|my|is|in|to"
_NAME = re.compile(
    rf"\b(?:name|surname)\b[^.:]*?(?:\bto\b|\bis now\b|\bis\b|\bshould be\b|\bwill be\b|:|\binto\b|"
    rf"\bas\b)\s*:?\s*((?:(?!(?:{_NAME_STOPS})\b)[^\W\d_][\w.'-]*\s*){{1,4}})",
    re.IGNORECASE,
)
_CALLED = re.compile(
    rf"\b(?:i am|i'm|im) (?:now )?(?:called|named)\s+((?:(?!(?:{_NAME_STOPS})\b)[^\W\d_][\w.'-]*\s*){{1,4}})",
    re.IGNORECASE,
)
_RECIPIENT = re.compile(
    r"\b(?:to|for|recipient(?: is|:)?|addressed to|addressee(?: is|:)?)\s*:?\s+((?:(?:Mr|Mrs|Ms|"
    r"Dr)\.?\s+)?[A-ZÄÖÜ][\w'-]+(?:\s+(?:van|von|de|der|la))*(?:\s+[A-ZÄÖÜ][\w'-]+){1,3})(?=\s*(?:,|\bat\b|\bin\b|"
    r"$|\n|\.|;))"
)
_PLACE_WORDS = (
    r"neighbou?rs?|garage|porch|shed|doorstep|front door|back door|backdoor|terrace|reception|concierge|letter "
    r"?box|mailbox|bin|doormat|balcony|carport|"
    r"door|greenhouse|janitor|safe place|garden|hallway|stairs|bench|gate|office|basement|cellar|staircase|bush|"
    r"plant pot|barn|patio"
)
_SAFE_PLACE = re.compile(
    rf"((?:\b(?:with|in|at|on|behind|under|next to|by|inside|to|into|near|beside|outside|in front of)\s+)?(?:(?:my|"
    rf"the|a|our|his|her|their)\s+)?(?:[\w'-]+\s+){{0,2}}?(?:{_PLACE_WORDS})\b"
    r"(?:\s+(?:at|in|of|on|next to|number|no\.?|behind|by)\s+(?!monday|tuesday|wednesday|thursday|friday|saturday|"
    r"sunday|tomorrow|case)(?:(?:my|the|a)\s+)?[\w'-]+)?)",
    re.IGNORECASE,
)
_CITY = re.compile(r"\b(?:city|town)\b[^.]*?\b(?:to|is|:)\s+([A-ZÄÖÜ][\w'-]+(?:\s[A-ZÄÖÜ][\w'-]+)?)")
_STREET = re.compile(r"\bstreet\b[^.]*?\b(?:to|is|:)\s+([^,.;]+)", re.IGNORECASE)
_ALL = frozenset(
    {
        "every",
        "all",
        "full",
        "fully",
        "whole",
        "entire",
        "everything",
        "complete",
        "completely",
        "entirely",
        "total",
        "100%",
        "maximum",
        "max",
    }
)
_NO_CONTENTS = frozenset(
    {
        "to",
        "for",
        "from",
        "by",
        "via",
        "please",
        "pls",
        "thanks",
        "with",
        "express",
        "standard",
        "freight",
        "each",
        "about",
        "approx",
        "around",
        "and",
        "in",
        "at",
        "the",
    }
)
_SERVICES = ("standard", "express", "freight")


def read_phone(heard: Heard) -> str | None:
    """A phone number; long digits without separators count as well where a phone is what the talk is about."""
    numbers = [*heard.found.phones, *(number for number in heard.found.carrier_numbers if number.isdigit())]
    return next((number for number in numbers if sum(char.isdigit() for char in number) <= 15), None)


def read_name(text: str) -> str | None:
    match = _NAME.search(text) or _CALLED.search(text)
    if match is None:
        return None
    name = match[1].strip(" .")
    first = name.split()[0]
    # `my name is spelled wrong` names nobody.
    return None if first.islower() and SPELLER.is_word(first) else name


def read_address(heard: Heard) -> Address:
    """Street, postal code and city where a street or a postal code is there; else what `my city is …` says."""
    address = find_address(heard.plain)
    if address.street or address.postal_code:
        return address
    city, street = _CITY.search(heard.text), _STREET.search(heard.text)
    return Address(
        street=street[1].strip() if street else None, city=city[1] if city else None, country=address.country
    )


def read_safe_place(text: str) -> str | None:
    match = _SAFE_PLACE.search(text)
    if match is None:
        return None
    place = re.sub(r"^(?:to|it|please)\s+", "", match[1].strip(), flags=re.IGNORECASE)
    return None if re.fullmatch(r"(?:(?:in|at)\s+)?(?:a|the)?\s*safe place", place, re.IGNORECASE) else place


def read_reason(clause: Clause) -> str | None:
    """What follows `because`, or what was said beside the request."""
    if match := _BECAUSE.search(clause.whole.text):
        return match[1].strip(" .!,;")
    told = [piece for piece in clause.pieces if "overcharged" in piece.words or piece is not clause.core]
    told = [piece for piece in told if not piece.words.has("@money", "want", "please", "back", "cancel", "refund")]
    return ", ".join(text for piece in told if len((text := piece.text.strip(" .,;!")).split()) > 2) or None


def read_topic(text: str) -> str | None:
    match = _ABOUT.search(text)
    if match is None:
        return None
    topic = _TIME_TAIL.sub("", f" {match[1]}").strip(" .!?,;")
    return topic or None


def read_share(heard: Heard) -> Share | None:
    if "half" in heard.words.tokens or "50%" in heard.text:
        return "half"
    return "all" if _ALL & set(heard.words.tokens) or "100%" in heard.text else None


def read_service(words: Words) -> str | None:
    return next((service for service in _SERVICES if service in words.tokens), None)


def contents_between(heard: Heard) -> str | None:
    """`5 kg, 40x30x20 cm, clothes, to Bob`: a word or two between the commas that is nothing else."""
    for segment in heard.plain.split(",")[1:]:
        words = segment.split()
        if (
            0 < len(words) <= 3
            and words[0][0].islower()
            and words[0] not in _NO_CONTENTS
            and segment.replace(" ", "").isalpha()
        ):
            return " ".join(words)
    return None


def read_recipient(text: str) -> str | None:
    match = _RECIPIENT.search(text)
    return match[1].strip() if match else None
