"""Reads the numbers that people type, by exact ASCII patterns. Pure: it looks nothing up.

Every function returns the one spelling that the tables hold, or None where the text cannot be such a number.
"""

from __future__ import annotations

import re
import secrets

LONGEST_INPUT = 60
_OWN = re.compile(r"([A-Z]{4})[ -]?([0-9]{4,8})")
_ANY_CARRIER = re.compile(r"[A-Z0-9][A-Z0-9-]{3,39}")
_APART = re.compile(r"  |(?<![^ ])[^ ] [^ ](?![^ ])")
_ORDER = re.compile(r"ORD[ -]?([0-9]{4,12})")
_TRUCK = re.compile(r"TRK[ -]?([0-9]{2,6})")
# No vowels, so that no number spells a word; no letter that is read as a digit.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


def _plain(text: str) -> str | None:
    text = text.strip(" \t\r\n")
    if not text.isascii() or len(text) > LONGEST_INPUT:
        return None
    return text.upper()


def package_number(*, text: str) -> str | None:
    """`abcd 1337` -> `ABCD-1337`; a carrier's number without its single blanks. At least one digit."""
    plain = _plain(text)
    if plain is None:
        return None
    if own := _OWN.fullmatch(plain):
        return f"{own[1]}-{own[2]}"
    joined = plain.replace(" ", "")
    if _APART.search(plain) or _OWN.fullmatch(joined):  # no carrier groups its numbers so, and ours are written as one
        return None
    if _ANY_CARRIER.fullmatch(joined) and any(char.isdigit() for char in joined):
        return joined
    return None


def order_reference(*, text: str) -> str | None:
    plain = _plain(text)
    found = _ORDER.fullmatch(plain) if plain else None
    return f"ORD-{found[1]}" if found else None


def truck_unit(*, text: str) -> str | None:
    plain = _plain(text)
    found = _TRUCK.fullmatch(plain) if plain else None
    return f"TRK-{found[1]}" if found else None


def new_package_number() -> str:
    letters = "".join(secrets.choice(_LETTERS) for _ in range(4))
    return f"{letters}-{secrets.randbelow(9 * 10**7) + 10**7}"


def new_order_reference() -> str:
    """Not in sequence: how much is booked is nobody's business."""
    return f"ORD-{secrets.randbelow(9 * 10**9) + 10**9}"
