"""Short values that others fill in and that are given without quotation marks: in their known form, or not at all."""

from __future__ import annotations

import re

from phonenumbers import SUPPORTED_REGIONS

_CARRIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.&-]{0,31}")
# A code has a digit where it has letters, of which no four stand together: "AD100", "SW1A 1AA", "1010", "10115-1234".
_POSTAL = re.compile(r"(?=.{0,11}[0-9])(?!.*[A-Za-z]{4})[A-Za-z0-9]{1,6}(?:[ -][A-Za-z0-9]{1,4})?")
OTHER_CARRIER = "other"


def known_carrier(text: str) -> str:
    """One word; a sentence names no carrier."""
    return text if _CARRIER.fullmatch(text) else OTHER_CARRIER


def known_postal_code(text: str) -> str | None:
    return text if _POSTAL.fullmatch(text) else None


def known_country(text: str) -> str:
    """Two letters of ISO 3166; empty where it is something else."""
    return text if text in SUPPORTED_REGIONS else ""
