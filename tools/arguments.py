"""The types of arguments that tools share: each accepts what people usually write and yields one canonical spelling.

Lengths and patterns are checked here, before any record is read. What depends on a record or on the clock is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from pydantic import AfterValidator

from tools.invisible import is_invisible, without_emoji_styles
from tracking.tracking_numbers import order_reference, package_number, truck_unit

# Blanks of any width are one to a reader.
_BLANKS = re.compile("[ \t\r\n\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_ASCII_BLANKS = re.compile(r"[ \t\r\n]+")
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,7})\.[0-9]{2}")
_INTERNATIONAL = re.compile(r"(?:\+|00)[0-9 ()/.-]{5,30}")
_NATIONAL = re.compile(r"[0-9(][0-9 ()/.-]{4,24}")
_POSTAL = re.compile(r"[A-Z0-9](?:[A-Z0-9 -]{0,10}[A-Z0-9])?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?")
_SERVICE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
# Places of phone numbering plans that are no countries of ISO 3166.
_NOT_ISO = frozenset({"AC", "TA"})


def text_of(*, least: int = 1, most: int) -> AfterValidator:
    """Visible text on one line, NFC, blanks joined, of `least` to `most` characters."""

    def check(text: str) -> str:
        line = unicodedata.normalize("NFC", without_emoji_styles(_BLANKS.sub(" ", text))).strip(" ")
        if any(is_invisible(char) for char in line):  # a reviewer would see something else than is stored
            raise ValueError("Leave out control characters and other invisible characters.")
        if not least <= len(line) <= most:
            raise ValueError(f"Write {least} to {most} characters.")
        return line

    return AfterValidator(check)


# What people leave around a word by accident; anything else there is a part of what was written.
EDGES = " \t\r\n"


def _stripped(read: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda text: read(text.strip(EDGES)))


def _by_pattern(read: Callable[..., str | None], problem: str) -> AfterValidator:
    def check(text: str) -> str:
        found = read(text=text)
        if found is None:
            raise ValueError(problem)
        return found

    return AfterValidator(check)


def _amount(text: str) -> str:
    if not _AMOUNT.fullmatch(text) or text == "0.00":
        raise ValueError('Write a positive amount as a string with two decimals, such as "24.90".')
    return text


def _phone(text: str) -> str:
    """E.164 where the text holds a country code; else the bare national digits, which `national_phone` completes."""
    if not text.isascii() or len(text) > 40:
        raise ValueError("Write a phone number such as +49 30 23125001.")
    if _INTERNATIONAL.fullmatch(text):
        return e164(text=text, region=None)
    if _NATIONAL.fullmatch(text):
        return "".join(char for char in text if char.isdigit())
    raise ValueError("Write a phone number such as +49 30 23125001.")


def e164(*, text: str, region: str | None) -> str:
    """The international spelling. `region` (ISO 3166) is where a number without country code is from."""
    international = "+" + text[2:] if text.startswith("00") else text
    try:
        number = phonenumbers.parse(international, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueError("This is no phone number that can be called; write it such as +49 30 23125001.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(text: str) -> str:
    address = text.lower()
    try:
        validate_email(address)
    except ValidationError:
        address = ""
    if not address or not address.isascii() or len(address) > 254 or "[" in address:  # a bare machine is nobody's
        raise ValueError("Write an e-mail address such as name@example.com.")
    return address


def _country(text: str) -> str:
    code = text.upper() if text.isascii() else ""
    if code not in phonenumbers.SUPPORTED_REGIONS or code in _NOT_ISO:
        raise ValueError("Write the country as its two letters of ISO 3166, such as DE.")
    return code


def _postal_code(text: str) -> str:
    code = _ASCII_BLANKS.sub(" ", text).upper() if text.isascii() else ""
    if not _POSTAL.fullmatch(code):
        raise ValueError("Write a postal code of up to 12 letters, digits, blanks and dashes.")
    return code


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "").isoformat()
    except ValueError:
        raise ValueError("Write the date as YYYY-MM-DD, such as 2027-01-31.") from None


def _moment(text: str) -> str:
    """With an offset; one that was left out is the office's time zone."""
    try:
        moment = datetime.fromisoformat(text if _MOMENT.fullmatch(text) else "")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.get_default_timezone())
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Write date and time with an offset, such as 2027-01-31T10:00+01:00.") from None
    return moment.isoformat(timespec="seconds")


def _service(text: str) -> str:
    code = text.lower()
    if not _SERVICE.fullmatch(code):
        raise ValueError("Use a service code of list_services.")
    return code


PackageId = Annotated[str, _by_pattern(package_number, "Write a package number such as ABCD-1337.")]
OrderId = Annotated[str, _by_pattern(order_reference, "Write an order number such as ORD-1001.")]
TruckId = Annotated[str, _by_pattern(truck_unit, "Write a truck number such as TRK-01.")]
Amount = Annotated[str, AfterValidator(_amount)]
Phone = Annotated[str, _stripped(_phone)]
Email = Annotated[str, _stripped(_email)]
Country = Annotated[str, _stripped(_country)]
PostalCode = Annotated[str, _stripped(_postal_code)]
IsoDate = Annotated[str, _stripped(_date)]
IsoMoment = Annotated[str, _stripped(_moment)]
ServiceCode = Annotated[str, _stripped(_service)]
Name = Annotated[str, text_of(most=120)]
Street = Annotated[str, text_of(most=120)]
City = Annotated[str, text_of(most=80)]
