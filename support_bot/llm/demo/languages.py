"""Tells whether a message is in another language than English, well enough to say so honestly. It translates
nothing."""

from __future__ import annotations

import re

from support_bot.llm.demo.words import SPELLER, data_lines

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
# A message in one of these scripts is not English, whatever it says.
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u2e80-\ud7ff\uf900-\ufdff]")
_FEWEST_WORDS = 2


def _read_languages() -> list[tuple[frozenset[str], str]]:
    found = []
    for line in data_lines("languages.txt"):
        words, _, apology = line.partition(" = ")[2].partition(" | ")
        found.append((frozenset(words.split()), apology))
    return found


_LANGUAGES = _read_languages()


def foreign_apology(text: str) -> str | None:
    """None for English; else a sentence in the message's language (empty where we have none)."""
    if len(_OTHER_SCRIPT.findall(text)) > len(text) // 4:
        return ""
    words = [word.lower() for word in _WORD.findall(text)]
    strange = [word for word in words if not SPELLER.is_word(word)]
    strength, apology = max((sum(word in known for word in strange), apology) for known, apology in _LANGUAGES)
    english = len(words) - len(strange)
    if strength <= english or strength < min(_FEWEST_WORDS, len(words)):
        return None
    return apology
