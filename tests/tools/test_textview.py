"""What staff see of other people's text: everything, also what was meant not to be seen."""

from __future__ import annotations

import pytest

from tools.textview import MOST, visible


@pytest.mark.parametrize("text", ["", "Lindenallee 12", "Straße №5, 東京, Ελλάδα", "90,50 € / 🚚 – “quoted”", "a b"])
def test_ordinary_text_stays_as_it_is(text: str):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("char", "code"),
    [
        ("\u202e", "U+202E"),  # right to left override
        ("\u2066", "U+2066"),  # isolate
        ("\u200b", "U+200B"),  # zero width space
        ("\u200d", "U+200D"),  # joiner
        ("\u00ad", "U+00AD"),  # soft hyphen
        ("\ufeff", "U+FEFF"),
        ("\x00", "U+0000"),
        ("\x1b", "U+001B"),  # terminal escapes
        ("\x7f", "U+007F"),
        ("\x9b", "U+009B"),
        ("\r", "U+000D"),
        ("\t", "U+0009"),
        ("\u2028", "U+2028"),
        ("\u2029", "U+2029"),
        ("\u00a0", "U+00A0"),
        ("\u2003", "U+2003"),
        ("\u3164", "U+3164"),  # hangul filler: a letter one cannot see
        ("\u2800", "U+2800"),
        ("\u034f", "U+034F"),
        ("\ufe0f", "U+FE0F"),  # variation selectors carry hidden text
        ("\ufe00", "U+FE00"),
        ("\u180b", "U+180B"),
        ("\u17b4", "U+17B4"),
        ("\U000e0041", "U+E0041"),  # tag letter A
        ("\U000e0100", "U+E0100"),
        ("\U000e01ef", "U+E01EF"),
        ("\ue000", "U+E000"),  # private use
        ("\U0010ffff", "U+10FFFF"),
        ("\ud83d", "U+D83D"),  # half a character
    ],
)
def test_what_cannot_be_seen_is_shown_as_its_code(char: str, code: str):
    assert visible(f"ab{char}cd") == f"ab[{code}]cd"


def test_a_new_line_is_kept_only_where_asked_for():
    assert visible("one\ntwo") == "one[U+000A]two"
    assert visible("one\ntwo\r\x0b", keep_lines=True) == "one\ntwo[U+000D][U+000B]"


def test_long_text_is_cut_and_says_how_much_is_missing():
    shown = visible("\n" * 10_000 + "amount 180.00")

    assert shown.endswith("[… 6013 more characters]")
    assert shown.count("[U+000A]") == MOST


def test_text_of_just_the_limit_is_whole():
    assert visible("x" * MOST) == "x" * MOST


def test_what_is_no_text_is_shown_as_text():
    assert visible(True) == "True"
    assert visible([{"contents": "books"}]) == "[{'contents': 'books'}]"
