"""Finds sentences that say a change was done or approved. Pure; made to miss rather than to accuse a true sentence."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from support_bot.chat.claim_english import ENGLISH
from support_bot.chat.claim_german import GERMAN
from support_bot.chat.claim_phrases import ANY, KINDS, OTHERS, Phrases
from support_bot.chat.claim_shapes import alone, labelled, told, words
from support_bot.chat.claim_spanish import SPANISH
from support_bot.chat.claim_text import readings_of

_CLAUSE = re.compile(r"[,;]\s+|(?<=:)\s+|\s[-\u2013\u2014]\s|\s(?:and|but|und|aber|y|pero)\s")
# Who "they" are is not known where somebody is spoken of who is not ours.
_THEY = re.compile(r"\b(?:he|she|they)\b", re.IGNORECASE)
_OTHERS = re.compile(rf"\b(?:{OTHERS})\b", re.IGNORECASE)
LONGEST_LINE = 160
FAR = 60  # characters between a subject and what was done to it


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is said to be done: its kind (a tool, or `any`), and the sentence."""

    kind: str
    sentence: str


def claims_in(text: str) -> list[Claim]:
    """Every claim, in order; of a clause that fits several kinds the first of KINDS."""
    found: list[Claim] = []
    for sentences in readings_of(text):
        known = {claim.kind for claim in found}  # another reading adds only what the first did not show
        found += [claim for claim in _claims_of(sentences) if claim.kind not in known]
    return found


def _claims_of(sentences: list[str]) -> list[Claim]:
    theirs = any(_OTHERS.search(sentence) for sentence in sentences)
    return [
        Claim(kind=kind, sentence=sentence)
        for sentence in sentences
        if not sentence.endswith("?")
        for kind in _kinds_of((_THEY.sub("somebody", sentence) if theirs else sentence).casefold())
    ]


def _kinds_of(sentence: str) -> list[str]:
    """What the clauses claim; that something unnamed is done says nothing more where one of them names it."""
    found: set[str] = set()
    for language in languages():
        found |= set(language.kinds_of_line(sentence)[:1])
        for clause, whole in _clauses(sentence):
            if language.conditions.search(clause):
                break
            if not language.open.search(clause):
                found |= set(language.kinds_in(clause.strip(" ¡"), whole=whole)[:1])
    named = [kind for kind in KINDS if kind in found and kind != ANY]
    return named or [kind for kind in found if kind == ANY]


def _clauses(sentence: str) -> Iterator[tuple[str, bool]]:
    """Each, and whether it can stand for a sentence: not behind a colon, nor as a line without an end."""
    ended = not sentence[-1:].isalnum()
    parts = _CLAUSE.split(sentence)
    for place, clause in enumerate(parts):
        labelled = place > 0 and parts[place - 1].endswith(":")
        yield clause, not labelled and (ended or place < len(parts) - 1)


Spans = list[tuple[int, int]]


class _Language:
    """One language's words, compiled. Each is sought once in a clause: the time is linear, whatever it repeats."""

    def __init__(self, phrases: Phrases) -> None:
        self.open, self.conditions = words(phrases.open), words(phrases.conditions)
        self._passive, self._active = words(phrases.passive), words(phrases.active)
        self._impersonal = words(phrases.impersonal) if phrases.impersonal else None
        self._subjects = {kind: words(phrases.subjects[kind]) for kind in KINDS}
        self._done = {kind: words(phrases.done[kind]) for kind in KINDS}
        self._told = {kind: told(phrases, kind) for kind in KINDS}
        self._alone = {kind: alone(phrases, kind) for kind in KINDS}
        self._labelled = {kind: labelled(phrases, kind) for kind in KINDS}
        self._participle_last = phrases.participle_last

    def kinds_in(self, clause: str, *, whole: bool) -> list[str]:
        passive, active = _spans(self._passive, clause), _spans(self._active, clause)
        impersonal = _spans(self._impersonal, clause) if self._impersonal else []
        verbs = passive or active or impersonal
        return [
            kind
            for kind in KINDS
            if self._told[kind].search(clause)
            or (whole and self._alone[kind].search(clause))
            or (verbs and self._fits(kind, clause, passive, active, impersonal))
        ]

    def kinds_of_line(self, line: str) -> list[str]:
        """Of a line that is a name and its state, before it is cut into clauses."""
        return [kind for kind in KINDS if len(line) <= LONGEST_LINE and self._labelled[kind].search(line)]

    def _fits(self, kind: str, clause: str, passive: Spans, active: Spans, impersonal: Spans) -> bool:
        """Whether subject, verb and participle stand near each other, in an order that the language knows."""
        subjects = _spans(self._subjects[kind], clause)
        if not subjects:
            return False
        done = self._done[kind]
        if self._participle_last:
            verbs = _near(active, subjects), _near(subjects, passive + active)
            return any(_near(spans, _spans(done, clause)) for spans in verbs)
        had = _near(_followed(clause, active, _HAD), subjects)
        return bool(
            _followed(clause, _near(subjects, passive), done)
            or _near(_followed(clause, active + impersonal, done), subjects)
            or (had and _near(had, _spans(done, clause)))
        )


def _spans(pattern: re.Pattern[str], clause: str) -> Spans:
    return [found.span() for found in pattern.finditer(clause)]


def _near(before: Spans, after: Spans) -> Spans:
    """Those of `after` that begin at most FAR behind the end of one of `before`."""
    ends = sorted(end for _, end in before)
    behind = ((span, bisect_right(ends, span[0])) for span in after)
    return [span for span, count in behind if count and span[0] - ends[count - 1] <= FAR]


def _followed(clause: str, spans: Spans, pattern: re.Pattern[str]) -> Spans:
    """The spans behind which the pattern comes as the next word, made longer by it."""
    found = ((start, pattern.match(clause, end + 1)) for start, end in spans if clause[end : end + 1] == " ")
    return [(start, match.end()) for start, match in found if match]


_HAD = words("had|got")


@lru_cache(maxsize=1)
def languages() -> tuple[_Language, ...]:
    """Compiled when first needed, which takes most of a second: only what ends turns needs them."""
    return tuple(_Language(phrases) for phrases in (ENGLISH, GERMAN, SPANISH))
