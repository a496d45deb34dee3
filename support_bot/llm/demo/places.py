"""Finds postal addresses and countries in a text. Pure; it knows the usual shapes, not the places themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

_COUNTRIES = """
AT Austria Österreich|AU Australia|BE Belgium|BG Bulgaria|BR Brazil|CA Canada|CH Switzerland Schweiz|CN China|CY Cyprus
CZ Czechia Czech_Republic|DE Germany Deutschland|DK Denmark|EE Estonia|ES Spain España|FI Finland|FR France|GR Greece
HR Croatia|HU Hungary|IE Ireland|IN India|IS Iceland|IT Italy Italia|JP Japan|LI Liechtenstein|LT Lithuania
LU Luxembourg|LV Latvia|MT Malta|MX Mexico|NL Netherlands The_Netherlands Holland|NO Norway|NZ New_Zealand
PL Poland|PT Portugal|RO Romania|RS Serbia|SE Sweden|SI Slovenia|SK Slovakia|TR Turkey Türkiye|UA Ukraine
GB United_Kingdom Great_Britain England Scotland Wales UK Britain|US United_States United_States_of_America USA America
""".replace("\n", "|")
COUNTRIES: dict[str, str] = {
    name.replace("_", " ").lower(): entry.split()[0]
    for entry in _COUNTRIES.strip("|").split("|")
    for name in entry.split()[1:]
}
_COUNTRY = re.compile(rf"(?<!\w)(?:the\s+)?({'|'.join(sorted(COUNTRIES, key=len, reverse=True))})(?!\w)", re.IGNORECASE)
_COUNTRY_CODE = re.compile(rf"(?<![\w-])({'|'.join(sorted(set(COUNTRIES.values())))})(?![\w-])")
# `fr 75002`, `75002 fr`; of the codes that are English words only the upper-case ones count.
_SMALL_CODES = "|".join(sorted({code.lower() for code in COUNTRIES.values()} - {"at", "be", "in", "is", "it", "no"}))
_CODE_BEFORE_POSTAL = re.compile(rf"(?<!\w)({_SMALL_CODES})[\s-]?(?=\d{{4,5}}(?!\w))")
_POSTAL_CODES = (
    re.compile(r"(?<!\w)(?:[A-Z]{1,2}-)?([A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2})(?!\w)", re.IGNORECASE),  # London NW1 6XE
    re.compile(r"(?<!\w)([A-Z]\d[A-Z]\s?\d[A-Z]\d)(?!\w)", re.IGNORECASE),  # Ottawa K1A 0B1
    re.compile(rf"(?<![\w-])(\d{{4}}\s?(?!{'|'.join(sorted(set(COUNTRIES.values())))})[A-Z]{{2}})(?!\w)"),  # 1012 AB
    re.compile(r"(?<![\w-])(\d{2}-\d{3}|\d{3}\s\d{2}|\d{4}-\d{3})(?![\w-])"),  # Warsaw, Stockholm, Lisbon
    re.compile(r"(?<!\w)(?:[A-Z]{1,2}[-\s])?(\d{5}(?:-\d{4})?)(?![\w.,]*\d|\w)"),  # D-10115 Berlin, IL 62704
    re.compile(r"(?<!\w)(?:[A-Z]{1,2}-)?(\d{4})(?![\w.,]*\d|\w)"),  # A-1010 Wien
)
# The address begins after the last of these words in front of it.
_LEAD = re.compile(
    r"(?:^|(?<=[\s,]))(?:to|is|read|reads|into|at|in|address|adress|now|by|:|be|it's|its|instead|street|from|yes|with|for|sure|ok|okay)\s*:?\s+(?=\S)",
    re.IGNORECASE,
)
# Words after the city that do not belong to it.
_TAIL = re.compile(
    r"\s+(?:please|pls|plz|instead|thanks?|thank you|thx|last|from|now|since|and|asap|today|tomorrow|as|on|by|"
    r"with|for|because|if|but|so|can|could"
    r"|i|my|is|not|until|next|this|when|then|or|via|using|express|standard|freight|rather)\b.*$",
    re.IGNORECASE,
)
_STREET_WITH_NUMBER = re.compile(r"(?=.*[^\W\d_]{2})(?=.*\d)")
_US_STATE = re.compile(r"^[A-Z]{2}$")
_STREET_WORD = re.compile(
    r"(?:str(?:aße|asse|eet|\.)?|weg|allee|platz|gasse|road|rd|avenue|ave|lane|drive|way|rue|via|calle)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address as far as it was said."""

    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None

    def as_arguments(self) -> dict[str, str]:
        """The parts that are known, by the names tools use."""
        parts = {"street": self.street, "city": self.city, "postal_code": self.postal_code, "country": self.country}
        return {name: part for name, part in parts.items() if part}


def find_country(text: str) -> str | None:
    """The country's two letters, from its name or an upper-case code; the last one named wins."""
    names = _COUNTRY.findall(text)
    if names:
        return COUNTRIES[names[-1].lower()]
    codes = _COUNTRY_CODE.findall(text) or [code.upper() for code in _CODE_BEFORE_POSTAL.findall(text)]
    return codes[-1] if codes else None


def find_postal_code(text: str) -> str | None:
    found = _find_postal(text)
    return found[1].upper() if found else None


def find_address(text: str) -> Address:
    """The address in a text: at best street, postal code and city; an empty Address where there is none."""
    country = find_country(text)
    plain = _COUNTRY.sub("", text).rstrip(" ,.;!?")
    if country and plain == text.rstrip(" ,.;!?"):
        plain = re.sub(rf"[\s,]+{country}$", "", plain)
    postal = _find_postal(plain)
    if postal is None:
        return _without_postal_code(plain, country)
    before, after = plain[: postal.start()], plain[postal.end() :]
    segments = [part.strip(" .") for part in re.split(r"[,;\n]|:\s", before)]
    segments = [part for part in segments if part and not _US_STATE.match(part)]
    city = _city(after)
    street = _street(segments)
    if city is None and segments and segments[-1] != (street or ("",))[0]:
        city = _city(segments[-1])
    return Address(street=street[1] if street else None, postal_code=postal[1].upper(), city=city, country=country)


def _find_postal(text: str) -> re.Match[str] | None:
    for shape in _POSTAL_CODES:
        matches = list(shape.finditer(text))
        if matches:
            return matches[-1]
    return None


def _without_postal_code(text: str, country: str | None) -> Address:
    segments = [part.strip(" .") for part in re.split(r"[,;\n]|:\s", text) if part.strip(" .")]
    street = _street(segments)
    if street is None:
        return Address(country=country)
    following = segments[segments.index(street[0]) + 1 :]
    return Address(street=street[1], city=_city(following[0]) if following else None, country=country)


def _street(segments: list[str]) -> tuple[str, str] | None:
    """The segment that holds the street and the street itself: the last segment with letters and a number."""
    for segment in reversed(segments):
        street = _after_lead(segment)
        street = re.sub(r"\s+(?:in|at)$", "", _TAIL.sub("", street)).strip(" .-")
        if _STREET_WITH_NUMBER.match(street) and len(street.split()) <= 7:
            return segment, street + ("." if segment.endswith(f"{street}.") else "")
        if _STREET_WORD.search(street) and len(street.split()) <= 4 and street[:1].isupper():
            return segment, street
    return None


def _after_lead(segment: str) -> str:
    leads = [match for match in _LEAD.finditer(segment) if re.search(r"[^\W\d_]{2}", segment[match.end() :])]
    return segment[leads[-1].end() :] if leads else segment


def _city(text: str) -> str | None:
    first = re.split(r"[,;\n!?]|\.\s", text.strip(" ,.;"))[0]
    city = re.sub(
        r"^(?:(?:in|at|to|is|zip|code|postal|postcode)\b\s*:?\s*)+",
        "",
        _TAIL.sub("", " " + first).strip(" ."),
        flags=re.IGNORECASE,
    )
    words = city.split()
    if not words or any(char.isdigit() for char in city):
        return None
    if words[0][0].isupper():  # keep the capitalised run: `Köln last week`
        kept = [
            word
            for position, word in enumerate(words)
            if all(w[0].isupper() or w in _SMALL for w in words[: position + 1])
        ]
        words = kept
    return " ".join(words[:4]) or None


_SMALL = frozenset(
    {"am", "an", "der", "de", "la", "le", "les", "sur", "upon", "on", "den", "im", "bei", "of", "the", "del"}
)
