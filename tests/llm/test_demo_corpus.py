"""The demo model against customers' sentences. The score of each file is printed; run with -s to see it."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from tests.llm.corpus import Line, judge, read_corpus

FILES = ("corpus_first.txt", "corpus_second.txt", "corpus_third.txt", "corpus_fourth.txt", "corpus_more.txt")
LEAST = 0.95
LEAST_WITH_TYPOS = 0.90


def _score(name: str, lines: list[Line]) -> float:
    wrong = {str(line): found for line in lines if (found := judge(line))}
    for said, found in wrong.items():
        print(f"{name}: {said}\n    " + "\n    ".join(found))
    score = 1 - len(wrong) / len(lines)
    print(f"{name}: {len(lines) - len(wrong)} of {len(lines)} understood ({score:.1%})")
    return score


@pytest.mark.parametrize("name", FILES)
def test_customers_are_understood(name):
    lines = read_corpus(name)

    score = _score(name, lines)

    assert score >= LEAST


def test_the_corpus_is_large_enough():
    said = {str(line) for name in FILES for line in read_corpus(name)}

    assert len(said) >= 300


def test_customers_who_mistype_are_understood():
    """A third of the longer words of every message gets a slip: a letter missing, doubled, swapped or wrong."""
    chance = random.Random(7)
    lines = [_mistyped(line, chance) for name in FILES[:2] for line in read_corpus(name) if _can_be_mistyped(line)]

    score = _score("mistyped", lines)

    assert score >= LEAST_WITH_TYPOS


def test_a_wrong_expectation_is_noticed():
    line = Line(says=("where is ABCD-1337",), expected=("check_package package_id=ABCD-2001",))

    assert judge(line)


def _can_be_mistyped(line: Line) -> bool:
    """What is not English, or not ours, says nothing about spelling."""
    return not {"say:language", "say:cannot", "say:privacy", "say:unknown"} & set(line.expected)


def _mistyped(line: Line, chance: random.Random) -> Line:
    says = tuple(_with_slips(text, chance) for text in line.says)
    # Free text is passed on as it was typed.
    expected = tuple(re.sub(r"\s\w+~.*", "", part) for part in line.expected)
    return replace(line, says=says, expected=expected)


def _with_slips(text: str, chance: random.Random) -> str:
    words = re.split(r"(\s+)", text)
    long = [place for place, word in enumerate(words) if len(word) > 3 and word.isalpha() and word.islower()]
    for place in chance.sample(long, -(-len(long) // 3)):
        words[place] = _slip(words[place], chance)
    return "".join(words)


def _slip(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word) - 1)
    head, letter, tail = word[:place], word[place], word[place + 1 :]
    return chance.choice(
        [
            head + tail,
            head + letter + letter + tail,
            head + tail[0] + letter + tail[1:],
            head + chance.choice("aeinrst") + tail,
        ]
    )
