"""Takes personal values out of a text: card numbers, e-mail addresses, telephone numbers, passwords in addresses.

Pure, linear in the text's length, and safe to apply twice. Whole fields are better left out than masked: this is for
texts that others wrote. Knowingly left: a card number with letters or words between or instead of its digits, one in
groups of odd sizes or without a known issuer around commas, bars and the like, and one inside a longer such list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

from tools.invisible import UNSEEN, without_format_characters

# What people put between digits, and what hides there: blanks, dashes, dots, slashes, invisible characters. As wide as
# a few lines: a gap of any width is cleaned to one blank somewhere.
_GAP = r"[\s._/()~\-\u00ad\u200b-\u2015\u2060\u2212\ufeff]{0,24}"
_DIGITS = re.compile(rf"(?<!\d)\d(?:{_GAP}\d){{12,}}")
# A blank as it is written in addresses and pages, whose own digits are not the number's.
_CODE = r"(?:&(?:[a-zA-Z]{2,8}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});|%[0-9a-fA-F]{2})"
_CODES = re.compile(_CODE)
# Any other sign may part groups too, but it parts the numbers of a list as well: here the groups must be a card's.
_SIGN = rf"(?:{_GAP}|{_CODE}{{1,3}}|\s{{0,8}}[^\w\s\]]{{1,3}}\s{{0,8}})"
_GROUPED = re.compile(
    rf"(?<!\d)(?:\d{{4}}(?:{_SIGN}\d{{4}}){{2}}{_SIGN}\d{{1,7}}(?:{_SIGN}\d{{3}})?"
    rf"|\d{{4}}{_SIGN}\d{{6}}{_SIGN}\d{{4,5}}"
    r"|\d([^\w\s]|_)\d(?:\1\d){11,17}|\d\d([^\w\s]|_)\d\d(?:\2\d\d){5,7})(?!\d)"
)
_LISTED_BEFORE = re.compile(rf"\d{{4}}{_SIGN}$")
_LISTED_AFTER = re.compile(rf"{_SIGN}\d{{4}}(?!\d)")
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2(?:19|20)\d\d)(?!\d)", re.ASCII
)
# Ids and digests of ours hold long runs of digits; a letter among them tells them from a card number.
_HEX = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[0-9]*[a-f])[0-9a-f]{32,128})\b", re.IGNORECASE)
_QUOTE = '"'
_AT = r"(?:@|\uff20|\ufe6b|%40)"
_DOT = r"[.\uff0e\u3002\uff61]"
_EMAIL = re.compile(
    rf"""(?P<local>"[^"\n]{{1,64}}"|[\w.!#$&'*+/?^`{{|}}~\uff0e-]{{1,64}})"""
    rf"""(?:{_AT}(?P<domain>(?:[\w-]{{1,63}}{_DOT}){{1,8}}[\w-]{{2,63}}|(?:\d{{1,3}}\.){{3}}\d{{1,3}}|\[[\w:.]{{2,60}}\])"""
    rf"""|[^\S\n]?{_AT}[^\S\n]?(?P<apart>(?:[\w-]{{1,63}}{_DOT}){{1,8}}[^\W\d_][\w-]{{1,62}}))"""
)
_BARE = re.compile(rf"[\w.!#$&'*+/?^`{{|}}~-]{{1,64}}{_AT}(?=[\w-]*[^\W\d_])[\w-]{{2,63}}(?![\w.\uff0e])")
_CREDENTIALS = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@\"']{1,512}@", re.IGNORECASE)
_BETWEEN = r"[\s\-./()\u00a0\u2010-\u2015]{0,3}"
_PHONE = re.compile(
    rf"""
    (?<![\w+]) (?:\+|\uff0b|00) {_BETWEEN} [1-9] (?:{_BETWEEN}\d){{6,13}} (?!\w)
    | (?<![\w.:/+-]) \(0[1-9]\d{{0,4}}\) (?:{_BETWEEN}\d){{4,10}} (?!\w)
    | (?<![\w.:/+-]) (?!\d{{1,2}}[./-]\d{{1,2}}[./-](?:19|20)\d\d\b) 0[1-9] (?:{_BETWEEN}\d){{7,10}} (?!\w)
    | (?<![\w.:/+-]) (?:\([2-9]\d\d\)|[2-9]\d\d)[-.\ ]{{1,2}}\d{{3}}[-.\ ]\d{{4}} (?!\w)
    """,
    re.VERBOSE | re.IGNORECASE,
)
# How the numbers of card companies begin (low, high), and how long they are.
_ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({13, 16, 19})),
    ("51", "55", frozenset({16})),
    ("2221", "2720", frozenset({16})),
    ("34", "34", frozenset({15})),
    ("37", "37", frozenset({15})),
    ("300", "305", frozenset({14})),
    ("36", "36", frozenset(range(14, 20))),
    ("38", "39", frozenset(range(14, 20))),
    ("3528", "3589", frozenset(range(16, 20))),
    ("60", "69", frozenset(range(16, 20))),
    ("81", "81", frozenset(range(16, 20))),
    ("50", "50", frozenset({13, 15, 16, 18, 19})),
    ("56", "58", frozenset({13, 15, 16, 18, 19})),
)


def mask_cards(text: str) -> str:
    """Card numbers, however their digits are grouped: `[card ending 1111]`.

    A card number has a right check digit and either sixteen digits or the beginning and length of a known issuer.
    """
    return _outside_ids(text, lambda part: _without_cards(part, set()))


def card_numbers(text: str) -> set[str]:
    """The digits of what `mask_cards` would mask."""
    found: set[str] = set()
    _outside_ids(text, lambda part: _without_cards(part, found))
    return found


def mask_email(text: str, *, hint: bool = False) -> str:
    """E-mail addresses: `[email]`, or with `hint` `a…@example.com` for a person who knows theirs."""

    def masked(found: re.Match[str]) -> str:
        return f"{found['local'].strip(_QUOTE)[:1]}…@{found['domain'] or found['apart']}" if hint else "[email]"

    return _EMAIL.sub(masked, text)


def mask_bare_email(text: str) -> str:
    """Addresses at a machine without a domain, `bob@localhost`, which a log may hold of its own."""
    return _BARE.sub("[email]", text)


def mask_phone(text: str, *, hint: bool = False) -> str:
    """Telephone numbers in international, European national and North American writing: `[phone]`.

    With `hint` `[phone ending 78]`. Longer numbers, dates and ids stay: see the tests for what counts.
    """

    def masked(found: re.Match[str]) -> str:
        digits = [char for char in found[0] if char.isdecimal()]
        return f"[phone ending {''.join(digits[-2:])}]" if hint else "[phone]"

    return _outside_ids(text, lambda part: _PHONE.sub(masked, part))


def mask_credentials(text: str) -> str:
    """User and password in an address: `redis://:secret@host` becomes `redis://[credentials]@host`."""
    return _CREDENTIALS.sub(lambda found: f"{found['scheme']}[credentials]@", text)


def mask_personal(text: str, *, hint: bool = False) -> str:
    """All of it, and without what hides within it: a mark that nobody sees parts a number for a search alone."""
    text = without_format_characters(text)
    return mask_phone(mask_cards(mask_email(mask_credentials(text), hint=hint)), hint=hint)


def is_card_number(*, digits: str) -> bool:
    """Whether 13 to 19 ASCII digits can be a card's."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1 or not _luhn(digits):
        return False
    return len(digits) == 16 or _has_issuer(digits)


def _has_issuer(digits: str) -> bool:
    return any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in _ISSUERS)


def _luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _outside_ids(text: str, change: Callable[[str], str]) -> str:
    """`change` applied to what lies between ids and digests."""
    parts, end = [], 0
    for found in _HEX.finditer(text):
        parts += [change(text[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, change(text[end:])])


Card = tuple[int, int, str]  # where it begins and ends, and its digits


def _without_cards(text: str, numbers: set[str]) -> str:
    """The text without its cards, whose digits are put into `numbers`; digits of every script count."""
    for pattern, find in ((_DIGITS, _cards_in_run), (_GROUPED, _card_in_groups)):
        parts, end = [], 0
        for found in pattern.finditer(_in_ascii(text)):
            for first, last, digits in find(found):
                numbers.add(digits)
                parts += [text[end:first], f"[card ending {digits[-4:]}]"]
                end = last
        text = "".join([*parts, text[end:]])
    return text


def _in_ascii(text: str) -> str:
    """As long as the text, with digits for whatever is one, and no signs that only change how one looks."""
    return text if text.isascii() else "".join(char if char.isascii() else _plain_sign(char) for char in text)


def _plain_sign(char: str) -> str:
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    return "\u200b" if char in UNSEEN or unicodedata.category(char) in ("Cf", "Mn", "Me") else char


def _cards_in_run(found: re.Match[str]) -> list[Card]:
    """The card numbers in a run of digits and gaps; each begins and ends where a group of digits does."""
    run, shift = found[0], found.start()
    places = [place for place, char in enumerate(run) if char.isdecimal()]
    digits = "".join(run[place] for place in places)
    starts = [0, *(right for right, (a, b) in enumerate(pairwise(places), 1) if b > a + 1)]
    ends = [*starts[1:], len(places)]
    cards: list[Card] = []
    index = 0
    while index < len(starts):
        first = starts[index]
        # At most nineteen groups on: a group has a digit, and a card number no more than nineteen.
        for last in range(index, min(index + 19, len(ends))):
            number, written = digits[first : ends[last]], slice(places[first], places[ends[last] - 1] + 1)
            if is_card_number(digits=number) and not _is_list(run[written]):
                cards.append((shift + written.start, shift + written.stop, number))
                index = last
                break
        index += 1
    return cards


def _card_in_groups(found: re.Match[str]) -> list[Card]:
    """The match where it is one card of a known issuer, whatever code of three digits follows it."""
    before, after = found.string[max(0, found.start() - 7) : found.start()], found.string[found.end() :][:7]
    if _LISTED_BEFORE.search(before) or _LISTED_AFTER.match(after):
        return []
    for written in (found[0], re.sub(r"\D+\d{3}$", "", found[0])):
        digits = re.sub(r"\D", "", _CODES.sub("", written))
        if is_card_number(digits=digits) and _has_issuer(digits) and not _is_list(_CODES.sub(" ", written)):
            return [(found.start(), found.start() + len(written), digits)]
    return []


def _is_list(written: str) -> bool:
    """Whether these are days, or numbers that were given out one after another."""
    groups = re.findall(r"\d+", written)
    if _DATE.search(written):
        return True
    alike = len(groups) > 2 and len({(len(group), group[:2]) for group in groups}) == 1
    return alike and len(set(groups)) == len(groups) and groups in (sorted(groups), sorted(groups, reverse=True))
