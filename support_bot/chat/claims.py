"""Finds sentences that say a change was done or approved. Pure; made to miss rather than to accuse a true sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from support_bot.chat.claim_phrases import ANY, KINDS, LANGUAGES, Phrases

_SENTENCE = re.compile(r"(?<=[.!?…])(?<!\b\d\.)(?<!\bno\.)(?<!\bnr\.)\s+|\n+")
_CLAUSE = re.compile(r"[,;:]\s+|\s[-\u2013\u2014]\s|\s(?:and|but|und|aber|y|pero)\s")
# What somebody is quoted with is not said by who quotes.
_QUOTED = re.compile(
    r"\u201c[^\u201d\n]{0,400}\u201d|\u201e[^\u201c\n]{0,400}\u201c|\u00ab[^\u00bb\n]{0,400}\u00bb|\"[^\"\n]{0,400}\""
)
# Words that only lengthen a claim, and would cut it in two.
_PADDING = re.compile(r"\b(?:gone|went|go) ahead and |\btook the liberty (?:of|to) ", re.IGNORECASE)
_MARKS = re.compile(r"[*_`#>]+|^\s*(?:[-\u2022]|\d+[.)])\s+", re.MULTILINE)
MOST = 8000
FAR = 60  # characters between a subject and what was done to it


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that is said to be done: its kind (a tool, or `any`), and the sentence."""

    kind: str
    sentence: str


def claims_in(text: str) -> list[Claim]:
    """Every claim, in order; of a clause that fits several kinds the first of KINDS."""
    plain = _PADDING.sub("", _MARKS.sub(" ", _QUOTED.sub(" ", text[:MOST].replace("\u2019", "'"))))
    return [
        Claim(kind=kind, sentence=sentence.strip())
        for sentence in _SENTENCE.split(plain)
        if not sentence.rstrip().endswith("?")
        for kind in _kinds_of(sentence.casefold())
    ]


def _kinds_of(sentence: str) -> list[str]:
    """What the clauses claim; that something unnamed is done says nothing more where one of them names it."""
    found: set[str] = set()
    for open_words, conditions, patterns in _COMPILED:
        for clause in _CLAUSE.split(sentence):
            if conditions.search(clause):
                break
            if not open_words.search(clause):
                fitting = (kind for kind in KINDS if patterns[kind].search(clause.strip()))
                found |= set(list(fitting)[:1])
    named = [kind for kind in KINDS if kind in found and kind != ANY]
    return named or [kind for kind in found if kind == ANY]


def _compiled(language: Phrases) -> tuple[re.Pattern[str], re.Pattern[str], dict[str, re.Pattern[str]]]:
    patterns = {kind: re.compile(_pattern(language, kind)) for kind in KINDS}
    return (
        re.compile(rf"(?<!\w)(?:{language.open})(?!\w)"),
        re.compile(rf"(?<!\w)(?:{language.conditions})(?!\w)"),
        patterns,
    )


def _pattern(language: Phrases, kind: str) -> str:
    subject, done = language.subjects[kind], language.done[kind]
    subject, done = rf"(?<!\w)(?:{subject})(?!\w)", rf"(?<!\w)(?:{done})(?!\w)"
    between = rf".{{0,{FAR}}}?"
    ways = [rf"{subject}{between}(?<!\w){language.passive} {between if language.participle_last else ''}{done}"]
    if language.participle_last:
        ways.append(rf"(?<!\w){language.active}(?!\w){between}{subject}{between}{done}")
        ways.append(rf"{subject}{between}(?<!\w){language.active}(?!\w){between}{done}")
    else:
        ways.append(rf"(?<!\w){language.active} {done}{between}{subject}")
    if kind in language.told:
        ways.append(language.told[kind])
    return "|".join(ways)


_COMPILED = tuple(_compiled(language) for language in LANGUAGES)
