"""Turns what a customer typed into words and their meanings: short forms written out, spelling put right.

It knows single words and phrases; what a sentence wants is decided by intents.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from support_bot.llm.demo.moods import moods
from support_bot.llm.demo.places import COUNTRIES
from support_bot.llm.demo.spelling import Speller

_DATA = Path(__file__).parent / "data"
_TOKEN = re.compile(r"@[a-z]+|[^\W_]+(?:[-'][^\W_]+)*|[?!]")
# These stand beside a request and leave their words for it: `cancel, I do not need it any more`.
_ASIDES = frozenset({"on_file", "yes", "no", "never_mind", "dont_know", "correction", "again", "press_confirm", "tell"})
# `Rue`, `Bob`: a short capitalised word inside a sentence is no misspelt keyword.
_SHORT_NAME = re.compile(r"(?<=[^.!?] )[A-Z][a-z]{1,3}\b")
_APOSTROPHES = re.compile(r"[’‘`´ʼ]")
_CONTRACTIONS = (
    (re.compile(r"\b(?:can't|cannot)\b"), "can not"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'d\b"), " would"),
    (re.compile(r"\b(where|what|when|who|how|it|that|there|here|why)'s\b"), r"\1 is"),
    (re.compile(r"'s\b"), "s"),
    # Words that people write in two ways.
    (re.compile(r"\be-?\s?mail(s?)\b"), r"email\1"),
    (re.compile(r"\bre-(\w)"), r"re\1"),
    (re.compile(r"\b(\w+)-(\w+)\b"), r"\1 \2"),
)


def data_lines(name: str) -> list[str]:
    """The lines of a data file without comments; an indented line continues the one before."""
    text = (_DATA / name).read_text(encoding="utf-8").replace("\n    ", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _read_meanings() -> dict[tuple[str, ...], frozenset[str]]:
    """Phrase (one word or several) -> its meanings."""
    meanings: dict[tuple[str, ...], set[str]] = {}
    for line in data_lines("meanings.txt"):
        meaning, _, phrases = line.partition(": ")
        for phrase in phrases.split():
            meanings.setdefault(tuple(phrase.split("_")), set()).add(meaning)
    return {phrase: frozenset(found) for phrase, found in meanings.items()}


MEANINGS = _read_meanings()
SHORT_FORMS = {
    short: long.split() for short, _, long in (line.partition(" = ") for line in data_lines("short_forms.txt"))
}
_LONGEST_PHRASE = max(len(phrase) for phrase in MEANINGS)
SPELLER = Speller(
    keywords={word for phrase in MEANINGS for word in phrase},
    known={
        *(word for line in data_lines("english.txt") for word in line.split()),
        *(word for written_out in SHORT_FORMS.values() for word in written_out),
        *(name for name in COUNTRIES if name.isalpha()),
        *SHORT_FORMS,
        *(word for line in data_lines("intents.txt") for word in re.findall(r"(?<![@^\[])\b[a-z]{3,}\b", line)),
    },
)


@dataclass(frozen=True, slots=True)
class Words:
    """The corrected words of a text, in order, and everything they mean; `@order` and its like stand for numbers."""

    tokens: tuple[str, ...]
    meanings: frozenset[str]

    def __contains__(self, meaning: str) -> bool:
        return meaning in self.meanings

    def has(self, *meanings: str) -> bool:
        """Whether any of these is meant."""
        return any(meaning in self.meanings for meaning in meanings)


def read_words(text: str) -> Words:
    """The words of a text in which numbers, names of days and so on were already replaced by `@…`."""
    tokens = tuple(_spelled(text))
    return Words(tokens=tokens, meanings=_meanings_of(tokens))


def _spelled(text: str) -> list[str]:
    names = {word.lower() for word in _SHORT_NAME.findall(text) if not SPELLER.is_word(word.lower())}
    plain = _APOSTROPHES.sub("'", text.lower())
    for pattern, written_out in _CONTRACTIONS:
        plain = pattern.sub(written_out, plain)
    found: list[str] = []
    for token in _TOKEN.findall(plain):
        if token in names:
            found.append(token)
        elif token in SHORT_FORMS:
            found.extend(SHORT_FORMS[token])
        else:
            found.extend(SPELLER.correct(token))
    return found


def _meanings_of(tokens: tuple[str, ...]) -> frozenset[str]:
    """Longest phrases first from left to right; a phrase uses its words up, unless it stands aside."""
    found = {*moods(tokens)}
    position = 0
    while position < len(tokens):
        used = 0
        for length in range(min(_LONGEST_PHRASE, len(tokens) - position), 0, -1):
            meanings = MEANINGS.get(tokens[position : position + length], frozenset())
            found |= meanings
            if meanings - _ASIDES or (meanings and length == 1):
                used = length
                break
        if used <= 1:
            found.add(tokens[position])
        position += max(used, 1)
    return frozenset(found)
