"""Puts misspelt keywords right. Words of everyday English stay as they are, so that `late` never becomes `date`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

# The longest of the two words -> how many slips (a letter wrong, missing, extra or swapped) still count as the same.
_SLIPS = {4: 1, 5: 1}
_SLIPS_OF_LONG_WORDS = 2
_SHORTEST_WORD = 4
_SMALL_WORD = re.compile(r"(?<![\w@.'-])[a-z]{4,}(?![\w@'-]|\.\w)|^[A-Z][a-z]{3,}(?![\w@'-])")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_DOUBLED = re.compile(r"(.)\1+")
_ENDINGS_OF_KEYWORDS = ("s", "es", "d", "ed", "ing")
_ENDINGS = ("s", "es", "d", "ed", "ing", "ly", "er", "y")


def distance(one: str, other: str, *, limit: int) -> int:
    """Slips between two words (optimal string alignment); above the limit: limit + 1."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        two_before, before, row = before, row, [i] + [0] * len(other)
        for j, mark in enumerate(other, start=1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != mark))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == mark:
                row[j] = min(row[j], two_before[j - 2] + 1)
        if min(row) > limit:
            return limit + 1
    return row[-1]


class Speller:
    """Corrects words towards keywords; `known` are right words that mean nothing to us."""

    def __init__(self, *, keywords: Iterable[str], known: Iterable[str]) -> None:
        self._keywords = frozenset(keywords)
        self._known = frozenset(known)
        # Candidates by first letter, in an order that does not change from start to start.
        self._by_letter: dict[str, list[str]] = {}
        for word in dict.fromkeys([*sorted(self._keywords), *sorted(self._known)]):
            self._by_letter.setdefault(word[0], []).append(word)
        self.correct = lru_cache(maxsize=4096)(self._correct)

    def is_word(self, word: str) -> bool:
        """Whether this is a word as it stands, everyday endings included."""
        if word in self._keywords or word in self._known:
            return True
        return any(word.endswith(end) and word[: -len(end)] in self._known for end in _ENDINGS)

    def _correct(self, word: str) -> tuple[str, ...]:
        """The word put right: mostly one, two or three where the blanks were forgotten (`mypackage`)."""
        if word in self._keywords or word in self._known or not word.isalpha() or not word.isascii():
            return (word,)
        if (calm := self._calmed(word)) is not None:
            return self._correct(calm)
        if (stem := self._stem(word)) is not None:
            return (stem,)
        if self.is_word(word):
            return (word,)
        if len(word) < _SHORTEST_WORD - 1:
            return (word,)
        single = _DOUBLED.sub(r"\1", word)
        if len(word) < _SHORTEST_WORD and self.is_word(single):
            return (single,)
        if nearest := self._nearest(word):
            return (nearest,)
        return self._unglued(word) or (word,)

    def _calmed(self, word: str) -> str | None:
        """`heeellp` -> `help`, `wherre` -> None: only a letter three times in a row is certainly no spelling."""
        if not _DRAWN_OUT.search(word):
            return None
        tries = (_DRAWN_OUT.sub(r"\1\1", word), _DRAWN_OUT.sub(r"\1", word), _DOUBLED.sub(r"\1", word))
        return next((calm for calm in tries if self.is_word(calm)), tries[1])

    def _stem(self, word: str) -> str | None:
        """The keyword of which this is another form: `expecting` -> `expect`, `arranging` -> `arrange`."""
        for ending in _ENDINGS_OF_KEYWORDS:
            for stem in (word[: -len(ending)], word[: -len(ending)] + "e"):
                if word.endswith(ending) and stem in self._keywords and len(stem) >= _SHORTEST_WORD:
                    return stem
        return None

    def _nearest(self, word: str) -> str | None:
        best: tuple[int, int, int] | None = None
        found = None
        for candidate in self._candidates(word):
            longest = max(len(word), len(candidate))
            limit = _SLIPS.get(longest, _SLIPS_OF_LONG_WORDS if longest >= _SHORTEST_WORD else 0)
            slips = distance(word, candidate, limit=limit)
            if slips > limit or longest < _SHORTEST_WORD:
                continue
            # A forgotten or swapped letter is likelier than a wrong one: `dliver` is `deliver`, not `driver`.
            strange = sum((Counter(word) - Counter(candidate)).values())
            if slips > 1 and strange > 1:
                continue
            rank = (slips, strange, candidate not in self._keywords)
            if best is None or rank < best:
                best, found = rank, candidate
        return found

    def respelled(self, text: str) -> str:
        """The text with its misspelt words put right. Capitalised words may be names and stay, but for the first."""
        return _SMALL_WORD.sub(lambda match: self._respelled(match[0]), text)

    def _respelled(self, word: str) -> str:
        right = self.correct(word.lower())
        return word if right == (word.lower(),) else " ".join(right)

    def _candidates(self, word: str) -> list[str]:
        # Most slips leave the first letter alone; a swap brings the second one to the front.
        letters = dict.fromkeys(word[:2])
        return [candidate for letter in letters for candidate in self._by_letter.get(letter, ())]

    def _unglued(self, word: str, *, parts: int = 3) -> tuple[str, ...]:
        for cut in range(len(word) - 2, 1, -1):
            head, tail = word[:cut], word[cut:]
            if not self.is_word(head):
                continue
            if self.is_word(tail):
                return (head, tail)
            if parts > 2 and (rest := self._unglued(tail, parts=parts - 1)):
                return (head, *rest)
        return ()
