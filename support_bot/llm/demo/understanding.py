"""Splits a customer's message into clauses and says what each wants and which numbers, dates and places it names.

It looks at one message alone; what was said before is dialogue.py's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from support_bot.llm.demo.dates import Moment, find_moment
from support_bot.llm.demo.entities import Found, find_numbers, find_phones
from support_bot.llm.demo.intents import BARE, HINT, Guess, best_guess
from support_bot.llm.demo.measures import Parcel, find_parcels
from support_bot.llm.demo.places import find_country, find_postal_code
from support_bot.llm.demo.words import SPELLER, Words, read_words

# A full stop after these ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:str|\d\.\d{1,2}|\b(?:st|no|nr|mr|mrs|ms|dr|tel|e\.g|i\.e|a\.m|p\.m|approx|ca|[a-z]))\.$", re.IGNORECASE
)
# `25. November` is no end either.
_SENTENCE_END = re.compile(
    r"(?:[.!?]+[)\"']*\s+|\n+|;\s*)(?!(?<=\d\. )(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))", re.IGNORECASE
)
_CONNECTOR = re.compile(
    r"\s*,\s*(?:and\s+|but\s+|also\s+|then\s+|so\s+|plus\s+)*|\s+(?:and|n|but|also|then|plus|&|\+|as well as|"
    r"besides|so|while|btw|by the way)"
    r"\s+(?:also\s+|then\s+|please\s+|secondly\s+)*|\s+[-–—]+\s+|\s*:\s+|\s*\(?\d\)\s+",
    re.IGNORECASE,
)
# `where is ABCD-2001 cancel ORD-1002`: after a number, one of these begins something new.
_RUN_ON = re.compile(
    r"(?<=\d)\s+(?=(?:please\s+|pls\s+|can you\s+|could you\s+)?(?:cancel|cancle|track|where|when|refund|call|"
    r"change|show|who|what|tell|list|"
    r"update|report|book|leave|deliver)\b)",
    re.IGNORECASE,
)
_SQL = re.compile(
    r"\b(?:select\b.+\bfrom|insert\s+into|drop\s+table|delete\s+from|update\s+\w+\s+set|union\s+select)\b|;\s*--|'\s*or\s+'?1",
    re.I,
)
_SUM = re.compile(r"\b\d+\s*(?:[+*/×]|times|plus|minus|divided by)\s*\d+\b", re.IGNORECASE)
_MARKUP = re.compile(r"<\s*/?\s*\w+[^>]*>|\{\{.*\}\}|\$\{")
_OF_SOMEBODY = re.compile(
    r"(?<!@)\b(?:orders?|packages?|parcels?|address|phone(?: number)?|e-?mail|data|profile|details|shipments?)"
    r"\s+(?:of|from|belonging to)\s+(?:customer\s+|user\s+)?([a-z]{3,12})\b"
    r"|\b([a-z]{3,12})'s\s+(?:orders?|packages?|parcels?|address|phone|e-?mail|data|profile|details|shipments?)",
    re.IGNORECASE,
)
_BECAUSE = frozenset({"because", "since"})
_QUESTIONS = (
    "where",
    "when",
    "why",
    "who",
    "track",
    "status",
    "sign",
    "delivery_date",
    "list",
    "what",
    "state_question",
    "?",
)


@dataclass(frozen=True)
class Heard:
    """One piece of a message: the text as typed, what it names, and the meanings of the rest.

    spelled: the text with its spelling put right. plain: the text without the numbers, dates and measures in it.
    """

    text: str
    spelled: str
    plain: str
    found: Found
    parcels: tuple[Parcel, ...]
    moment: Moment
    words: Words

    @cached_property
    def guess(self) -> Guess:
        """What it wants; a reason given with `because` counts only where the rest says nothing."""
        tokens = self.words.tokens
        cut = next((position for position, token in enumerate(tokens) if token in _BECAUSE), 0)
        head = best_guess(read_words(" ".join(tokens[:cut]))) if cut else Guess()
        return head if head.clear and head.score > HINT else best_guess(self.words)

    @property
    def asks(self) -> bool:
        """Whether it is a question about something, not a statement."""
        return self.words.has(*_QUESTIONS)


@dataclass(frozen=True)
class Clause:
    """A part of a message that wants one thing. `core` is the piece that says what, `whole` all of it."""

    guess: Guess
    core: Heard
    whole: Heard
    pieces: tuple[Heard, ...]


def hear(text: str, *, today: date) -> Heard:
    """Look for everything in one piece of text."""
    spelled = SPELLER.respelled(text)
    found, parcels, moment = _find(spelled, today)
    masked = found.masked
    if _SQL.search(text) or _MARKUP.search(text):
        masked += " @sql"
    if (other := _OF_SOMEBODY.search(masked)) and not SPELLER.is_word((other[1] or other[2]).lower()):
        masked += " @other"
    as_typed = found.masked if spelled == text else _find(text, today)[0].masked
    plain = re.sub(r" ?@[a-z]+ ?", " ", as_typed)
    if _SUM.search(masked):
        masked += " @sum"
    if find_country(spelled):
        masked += " @country"
    if find_postal_code(plain):
        masked += " @postal"
    return Heard(
        text=text, spelled=spelled, plain=plain, found=found, parcels=parcels, moment=moment, words=read_words(masked)
    )


def _find(text: str, today: date) -> tuple[Found, tuple[Parcel, ...], Moment]:
    """Numbers, then measures, then dates, then phones: each is masked before the next could be taken for it."""
    found = find_numbers(text)
    measured = find_parcels(found.masked)
    moment = find_moment(measured.masked, today=today)
    found.masked = moment.masked
    find_phones(found)
    return found, measured.parcels, moment


def split_clauses(text: str, *, today: date) -> list[Clause]:
    """The clauses in order. Pieces that want nothing of their own belong to a neighbour."""
    groups: list[list[tuple[str, Heard]]] = []
    for glue, piece in _pieces(text):
        heard = hear(piece, today=today)
        if groups and not _starts_anew(groups[-1], heard, glue_is_soft=not _SENTENCE_END.search(glue)):
            groups[-1].append((glue, heard))
        else:
            groups.append([(glue, heard)])
    return [_clause(group, today) for group in groups]


def _pieces(text: str) -> list[tuple[str, str]]:
    """(what stood before it, piece); cut at sentence ends, commas, `and` and their like."""
    cuts = [
        (match.start(), match.end())
        for match in _SENTENCE_END.finditer(text)
        if not _ABBREVIATION.search(text[: match.end()].rstrip())
    ]
    cuts += [(match.start(), match.end()) for pattern in (_CONNECTOR, _RUN_ON) for match in pattern.finditer(text)]
    pieces: list[tuple[str, str]] = []
    start, glue = 0, ""
    for cut_start, cut_end in sorted(cuts):
        if cut_start < start:
            continue
        mark = "?" if "?" in text[cut_start:cut_end] else ""
        if piece := text[start:cut_start].strip():
            pieces.append((glue, piece + mark))
            glue = text[cut_start + len(mark) : cut_end]
        start = cut_end
    if piece := text[start:].strip():
        pieces.append((glue, piece))
    return pieces


def _starts_anew(group: list[tuple[str, Heard]], piece: Heard, *, glue_is_soft: bool) -> bool:
    """A piece is a request of its own where both it and what went before are clear and differ."""
    before = _strongest(group).guess
    if glue_is_soft and (_is_bare(piece) or (all(_is_bare(heard) for _, heard in group) and not piece.found.numbers)):
        return False  # `call me, it's about ORD-1003`, `ORD-1001: it arrived broken`
    if not (piece.guess.clear and before.clear):
        return False
    return piece.guess.name != before.name


def _is_bare(heard: Heard) -> bool:
    """Hardly more than a number or a catchword."""
    few_words = len(heard.words.tokens) <= 2 and heard.guess.name in ("faq", "chatter", "process", "help")
    return few_words or (heard.guess.score <= BARE and not heard.guess.social and not heard.asks)


def _strongest(group: list[tuple[str, Heard]]) -> Heard:
    return max((heard for _, heard in group), key=lambda heard: heard.guess.score)


def _clause(group: list[tuple[str, Heard]], today: date) -> Clause:
    text = "".join(glue + heard.text for glue, heard in group)
    whole = hear(text.strip(), today=today) if len(group) > 1 else group[0][1]
    core = _strongest(group)
    guess = core.guess
    if not guess.clear or (whole.guess.score > guess.score and not whole.guess.social):
        guess = whole.guess
    return Clause(guess=guess, core=core, whole=whole, pieces=tuple(heard for _, heard in group))
