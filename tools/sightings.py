"""Whether a canonical value stands in a text, however people write it: case, blanks, amounts, phone numbers, days."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

from tools.disguises import bare_letters

_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_AMOUNT = re.compile(r"(\d+)\.(\d\d)")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d):(\d\d).*)?")
_PHONE = re.compile(r"\+\d{7,15}")
_CALLED = re.compile(r"[+(\d][\d\s()/.-]{5,30}\d")
_RECORD = re.compile(r"[A-Z]{2,5}-(\d{3,})")
# Values that mean the same wherever they stand: addresses of mail and web, long numbers.
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+\w|\b(?:[\w-]+\.)+[a-z]{2,}\b|\d[\d .-]{4,}\d", re.IGNORECASE)
_MONTHS = (
    "jan enero|ene|januar|january", "feb febrero|februar|february", "mar märz|maerz|marzo|march|mär",
    "apr abril|april|abr", "may mai|mayo", "jun junio|juni|june", "jul julio|juli|july", "aug agosto|august|ago",
    "sep septiembre|september|sept", "oct octubre|oktober|october|okt", "nov noviembre|november",
    "dec diciembre|dezember|december|dez|dic",
)  # fmt: skip
_WEEKDAYS = (
    "monday|mon|montag|lunes", "tuesday|tue|tues|dienstag|martes", "wednesday|wed|mittwoch|miércoles|miercoles",
    "thursday|thu|thurs|donnerstag|jueves", "friday|fri|freitag|viernes", "saturday|sat|samstag|sábado|sabado",
    "sunday|sun|sonntag|domingo",
)  # fmt: skip
_NEAR = {
    0: "today|tonight|heute|hoy",
    1: "tomorrow|morgen|mañana|manana",
    2: "übermorgen|pasado mañana|day after tomorrow",
}
# Of a text this many words in a row are no accident.
RUN = 4
# So much of a paraphrase stands in what the customer said.
MOSTLY = 0.6
LONG_WORD = 4


class Texts:
    """Texts to look into, all at once: each value is searched for one time, however many there are.

    today: what their `tomorrow` is counted from.
    """

    def __init__(self, texts: Iterable[str], *, today: date | None = None) -> None:
        self.today = today
        raw = list(texts)
        self.raw = "\n|\n".join(raw)
        self.plains = [_plain(text) for text in raw]
        self.plain = "\n".join(self.plains)
        self.tokens = [_TOKEN.findall(plain) for plain in self.plains]
        # With a blank around each token, a run of them is a part of this; none reaches into another text.
        self.joined = f" {' | '.join(' '.join(tokens) for tokens in self.tokens)} "

    @cached_property
    def bare(self) -> list[str]:
        """Only their letters and digits."""
        return [bare_letters(text) for text in self.plains]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def tokens_of(text: str) -> tuple[str, ...]:
    """Words and numbers, so that `ABCD-1337`, `abcd 1337` and `24,90`, `24.90` are one."""
    return tuple(_TOKEN.findall(_plain(text)))


def stands_in(value: str, texts: Texts, *, whole: bool = False) -> bool:
    """Whether one of the texts says this value; `whole`: says nothing else."""
    wanted = tokens_of(value)
    if whole or not wanted:
        return bool(value) and _plain(value) in texts.plains
    if len(value) == 2 and value.isupper():  # a country's code: `de` is a word in many languages
        return re.search(rf"(?<!\w){value}(?!\w)", texts.raw) is not None
    if any(_has_run(spelling, texts) for spelling in _spellings(value, wanted)):
        return True
    if not value.isascii() and _plain(value) in texts.plain:  # where words are not set apart by blanks
        return True
    if _PHONE.fullmatch(value):
        return _says_phone(value, texts.raw)
    if found := _ISO.fullmatch(value):
        return any(
            _says_moment(found, one, tokens, texts.today)
            for one, tokens in zip(texts.plains, texts.tokens, strict=True)
        )
    return False


def _says_moment(found: re.Match[str], plain: str, tokens: list[str], today: date | None) -> bool:
    day = date.fromisoformat(found[1])
    return _says_day(day, plain, tokens, today) and (found[2] is None or _says_time(found, set(tokens)))


def _spellings(value: str, wanted: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield wanted
    if amount := _AMOUNT.fullmatch(value):
        units, cents = amount.groups()
        grouped = tokens_of(f"{int(units):,}")
        for spelling in ((units,), grouped):
            yield (*spelling, cents)
            if cents.endswith("0"):
                yield (*spelling, cents[0]) if cents != "00" else spelling
    if number := _RECORD.fullmatch(value):
        yield (number[1],)


def _has_run(wanted: tuple[str, ...], texts: Texts) -> bool:
    return f" {' '.join(wanted)} " in texts.joined


def _says_phone(value: str, raw: str) -> bool:
    """With the country's code or without: the digits that were written are the end of the number."""
    digits = value[1:]
    for run in _CALLED.findall(raw):
        written = "".join(char for char in run if char.isdecimal()).lstrip("0")
        if len(written) >= 6 and digits.endswith(written):
            return True
    return False


def _says_day(day: date, plain: str, words: list[str], today: date | None) -> bool:
    tokens = set(words)
    month = set(re.split(r"[ |]", _MONTHS[day.month - 1]))
    if month & tokens and {str(day.day), f"{day.day:02}"} & tokens:
        return True
    numbers = [(a, b) for a, b in pairwise(words) if a.isdecimal() and b.isdecimal()]
    if any({int(a), int(b)} == {day.day, day.month} and len(a) < 3 and len(b) < 3 for a, b in numbers):
        return True
    if today is None:
        return False
    ahead = (day - today).days
    if ahead in _NEAR and re.search(rf"(?<!\w)(?:{_NEAR[ahead]})(?!\w)", plain):
        return True
    if any(token.isdecimal() and len(token) < 3 and day == today + timedelta(days=int(token)) for token in tokens):
        return bool(tokens & {"days", "day", "tagen", "tage", "días", "dias"})
    return 0 <= ahead <= 14 and bool(set(_WEEKDAYS[day.weekday()].split("|")) & tokens)


def _says_time(found: re.Match[str], tokens: set[str]) -> bool:
    hour = int(found[2])
    if {str(hour), f"{hour:02}"} & tokens or (hour == 12 and {"noon", "midday", "mittag", "mediodía"} & tokens):
        return True
    return hour > 12 and str(hour - 12) in tokens


def word_for_word(value: str, others: Texts) -> list[str]:
    """The pieces of `value` that stand in one of them: runs of words, and every address or long number."""
    pieces = [found for found in _ADDRESS.findall(value) if _has_run(tokens_of(found), others)]
    tokens = tokens_of(value)
    for at in range(len(tokens) - RUN + 1):
        run = tokens[at : at + RUN]
        if _has_run(run, others):
            pieces.append(" ".join(run))
    return pieces


def seen_in(value: str, said: Texts) -> bool:
    """Whether a sentence tells again what was said in other words: most of its longer words were used."""
    words = {token for token in tokens_of(value) if len(token) >= LONG_WORD}
    used = {token for tokens in said.tokens for token in tokens}
    return len(tokens_of(value)) >= RUN - 1 and bool(words) and len(words & used) >= MOSTLY * len(words)
