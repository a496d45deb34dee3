"""Reads the table of intents (data/intents.txt) and says which of them the meanings of a clause point to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product

from support_bot.llm.demo.words import Words, data_lines

# From here on a clause is a request of its own.
CLEAR = 3.0
# A clause that scores no more only names a thing: it counts where nothing else is wanted.
HINT = 3.0
# A clause that scores no more hardly does more than name a number.
BARE = 4.0
_HEADING = re.compile(r"\[(\w+)\](?: (social|write))?")
# What a write loses where the customer only asks how things are.
_QUESTION_COST = 3.0


@dataclass(frozen=True, slots=True)
class Rule:
    """All `needed` and no `forbidden` meanings make an intent as sure as `score`."""

    score: float
    needed: frozenset[str]
    forbidden: frozenset[str]

    def fits(self, words: Words) -> bool:
        return self.needed <= words.meanings and not (self.forbidden & words.meanings)


@dataclass(frozen=True, slots=True)
class Intent:
    """kind: `social` is answered with words alone, `write` asks for a change, empty looks something up."""

    name: str
    kind: str
    rules: tuple[Rule, ...]

    def score(self, words: Words) -> float:
        """The best rule's score; a question is less likely to ask for a change."""
        score = max((rule.score for rule in self.rules if rule.fits(words)), default=0.0)
        return score - _QUESTION_COST if self.kind == "write" and "state_question" in words else score


@dataclass(frozen=True, slots=True)
class Guess:
    """An intent and how sure we are of it; no name where nothing fits."""

    name: str | None = None
    score: float = 0.0
    social: bool = False

    @property
    def clear(self) -> bool:
        return self.score >= CLEAR


def _read_rules(line: str) -> list[Rule]:
    """The rules of a line; each alternative `a|b` doubles them."""
    score, *meanings = line.split()
    forbidden = frozenset(meaning[1:] for meaning in meanings if meaning.startswith("-"))
    choices = [meaning.split("|") for meaning in meanings if not meaning.startswith("-")]
    return [Rule(float(score), frozenset(needed), forbidden) for needed in product(*choices)]


def _read_intents() -> tuple[Intent, ...]:
    found: list[tuple[str, str, list[Rule]]] = []
    for line in data_lines("intents.txt"):
        if heading := _HEADING.fullmatch(line):
            found.append((heading[1], heading[2] or "", []))
        else:
            found[-1][2].extend(_read_rules(line))
    return tuple(Intent(name, kind, tuple(rules)) for name, kind, rules in found)


INTENTS = _read_intents()


def rank(words: Words) -> list[Guess]:
    """Every intent that fits, the surest first; the order of the table settles ties."""
    guesses = [Guess(intent.name, intent.score(words), intent.kind == "social") for intent in INTENTS]
    return sorted((guess for guess in guesses if guess.score > 0), key=lambda guess: -guess.score)


def best_guess(words: Words) -> Guess:
    ranked = rank(words)
    return ranked[0] if ranked else Guess()
