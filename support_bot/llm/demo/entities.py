"""Finds numbers in a text: packages, orders, trucks, carriers' numbers, phones, e-mails and money. Pure functions.

A found thing is replaced by a word such as `@order`, so that the rest of the sentence can be understood without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from support_bot.llm.demo.words import SPELLER

_PACKAGE = re.compile(r"(?<![\w@.])([A-Za-z]{4})(\s?[-–—_]\s?|\s|\.|)(\d{4,8})(?!\w|@)")
_ORDER = re.compile(
    r"(?<!\w)(?:ord(?:er|r|e)?s?|oder|odrer|booking|reference|ref)\.?\s*(?:nos?\.?|numbers?|nr\.?|num|id|#)?\s*(?:is\s*)?"
    r"[-–—_:#]?\s*(\d{4,12})(?![\w.]?\d)",
    re.IGNORECASE,
)
_HASH_ORDER = re.compile(r"(?<!\w)#\s?(\d{4,12})(?!\w)")
_TRUCK = re.compile(
    r"(?<!\w)(?:trk|truck|trck|lorry|van)\s*(?:no\.?|number|nr\.?)?\s*[-–—_#]?\s*(\d{1,4})(?!\w)", re.IGNORECASE
)
_CARRIER = re.compile(
    r"(?<![\w@+])(?:1Z\s?(?:[0-9A-Z]\s?){15}[0-9A-Z]|[A-Z]{2}\s?(?:\d\s?){8}\d\s?[A-Z]{2}|TBA\d{12}|JJ?D\d{16,20}|"
    r"\d{10,34}|\d{4}(?:[ ]\d{4}){2,7}(?:[ ]\d{1,4})?)(?!\w)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w@])(?:\+|00)?\(?\d[\d\s()/.–-]{4,20}\d(?!\w|@)")
_CURRENCY = r"€|\$|£|eur(?:os?)?|usd|gbp|dollars?|pounds?|bucks|quid|chf"
_MONEY = re.compile(
    rf"(?<![\w.,])(?:(?:{_CURRENCY})\s?(\d+(?:[.,]\d{{1,2}})?)|(\d+(?:[.,]\d{{1,2}})?)(?:\s?(?:{_CURRENCY})|(?=\s+back\b)))(?!\w)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])(\d{1,6}(?:[.,]\d{1,2})?)(?![\w.,]*\d)")
# Nine digits and no separators may be a phone or a carrier's number; below this it is neither without a hint.
_FEWEST_PHONE_DIGITS = 7
_MOST_PHONE_DIGITS = 15


@dataclass(slots=True)
class Found:
    """What stood in a text. `masked` is the text with every found thing replaced by its kind."""

    masked: str
    packages: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    trucks: list[str] = field(default_factory=list)
    carrier_numbers: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    money: list[Decimal] = field(default_factory=list)

    @property
    def numbers(self) -> set[str]:
        """Every number of a record."""
        return {*self.trackable, *self.orders, *self.trucks}

    @property
    def trackable(self) -> list[str]:
        """Every number that check_package may know, ours first."""
        return [*self.packages, *self.carrier_numbers]


def find_numbers(text: str) -> Found:
    """Look for everything but phones, the unmistakable first."""
    found = Found(masked=text)
    _take(found, _EMAIL, lambda m: found.emails.append(m[0].rstrip(".")), " @email ")
    _take(found, _ORDER, lambda m: found.orders.append(f"ORD-{m[1]}"), " @order ")
    _take(found, _HASH_ORDER, lambda m: found.orders.append(f"ORD-{m[1]}"), " @order ")
    _take(found, _TRUCK, lambda m: found.trucks.append(f"TRK-{int(m[1]):02d}"), " @truck ")
    _take(found, _PACKAGE, lambda m: _take_package(found, m), " @package ")
    _take(found, _CARRIER, lambda m: _take_carrier(found, m[0]), " @digits ")
    _take(found, _MONEY, lambda m: found.money.append(to_money(m[1] or m[2])), " @money ")
    return found


def find_phones(found: Found) -> None:
    """Look for phones in what is left; dates and measures must be masked by now, as they look like phones."""
    _take(found, _PHONE, lambda m: _take_phone(found, m[0]), " @phone ")


def to_money(digits: str) -> Decimal:
    """`12,5` -> 12.50"""
    return Decimal(digits.replace(",", ".")).quantize(Decimal("0.01"))


def find_plain_amount(text: str) -> Decimal | None:
    """A number that stands alone, as in `refund 10 of it`."""
    match = _NUMBER.search(text)
    return to_money(match[1]) if match else None


def find_bare_digits(text: str) -> list[str]:
    """Groups of three or more digits, for an answer to `which order?` such as `1002`."""
    return re.findall(r"(?<!\d)\d{3,9}(?!\d)", text)


def _take(found: Found, pattern: re.Pattern[str], keep: Callable[[re.Match[str]], object], mask: str) -> None:
    """Replace every match by its mask; `keep` returns False for a match that is not one after all."""
    found.masked = pattern.sub(lambda match: match[0] if keep(match) is False else mask, found.masked)


def _take_package(found: Found, match: re.Match[str]) -> bool:
    letters, between, digits = match.groups()
    if between.isspace() and not letters.isupper() and SPELLER.is_word(letters.lower()):
        return False  # `call 2001`, `from 2024`
    found.packages.append(f"{letters.upper()}-{digits}")
    return True


def _take_carrier(found: Found, number: str) -> bool:
    compact = number.replace(" ", "").upper()
    if (
        compact.isdigit()
        and compact.startswith("0")
        and len(compact) <= _MOST_PHONE_DIGITS - 2
        and not compact.startswith("00")
    ):
        return False  # a national phone number
    if compact.isdigit() and " " in number and len(compact) < _MOST_PHONE_DIGITS:
        return False
    found.carrier_numbers.append(compact)
    return True


def _take_phone(found: Found, number: str) -> bool:
    digits = sum(char.isdigit() for char in number)
    if not _FEWEST_PHONE_DIGITS <= digits <= _MOST_PHONE_DIGITS:
        return False
    found.phones.append(" ".join(number.split()).strip(" ."))
    return True
