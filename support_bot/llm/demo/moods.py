"""Tells by its opening whether a sentence asks how things are or wants something done. Pure; it knows no topic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# Before the word that tells.
_FILLERS = (
    "and",
    "so",
    "but",
    "also",
    "hi",
    "hey",
    "hello",
    "ok",
    "okay",
    "please",
    "well",
    "sorry",
    "just",
    "now",
    "or",
)
_START = rf"(?:(?:{'|'.join(_FILLERS)}|then) )*"
# `has it left the depot?` asks; it does not order to leave something.
_ASKS = re.compile(
    rf"{_START}(?:(?:is|are|was|were|am|has|had|did|does|what|which|who|whose|where|when|why|how) |"
    r"(?:have|do) (?=you|they|we|i\b|any|my|the|all))"
    r"(?!to\b|a\b|about\b|if\b|(?:do )?i (?:get|change|cancel|book|send)\b)"
)
# `is it possible to cancel?`, `how do I cancel?` want something done all the same.
_WANTS = re.compile(
    r"\b(?:can|could|would|may|possible|able|want|need|please|like to|should|must|have to|has to|way to|"
    r"how do (?:i|we|you)|how to)\b"
)
_WANTS_TO_KNOW = re.compile(
    rf"{_START}(?:(?:can|could|would|will) (?:you|someone|anybody|somebody) (?:please |maybe )?"
    r"(?:tell|say|check|see|look|let me know|find out|confirm|explain|inform|show)"
    r"|(?:i|we) (?:would like|want|wanted|need|just want|just wanted|wish) to know"
    r"|(?:please )?(?:tell|show) me|let me know|do you know|any idea|i wonder|i am wondering)\b"
)


def moods(tokens: Sequence[str]) -> Iterator[str]:
    """`state_question` for a question about how things are; `^word` for the word the sentence opens with."""
    sentence = " ".join(tokens)
    if _WANTS_TO_KNOW.match(sentence) or (_ASKS.match(sentence) and not _WANTS.search(sentence)):
        yield "state_question"
    opening = next((token for token in tokens if token not in _FILLERS), None)
    if opening is not None:
        yield f"^{opening}"
