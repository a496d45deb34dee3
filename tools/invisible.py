"""Which characters nobody sees, defined once: what one module refuses, another must not show as nothing.

`static/js/values.js` holds the same for the browser; a test compares the two.
"""

from __future__ import annotations

import unicodedata

# Control, format (bidi, zero width, tags), surrogate, private use and not assigned (it may come to be anything), line
# and paragraph separators.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and signs that are drawn as a blank: fillers of Hangul, the empty pattern of Braille.
BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Marks that are not drawn at all: a joiner, vowels, variation selectors.
UNDRAWN = frozenset("\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f") | frozenset(
    map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
)
UNSEEN = BLANK_LETTERS | UNDRAWN
# How an emoji asks to be drawn, in colour or as text: it says nothing and hides nothing, and keyboards write it.
_DRAWN_AS = ("\ufe0e", "\ufe0f")
_JOINED = str.maketrans(dict.fromkeys(UNDRAWN, "") | dict.fromkeys(BLANK_LETTERS, " "))
_NOT_DRAWN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})


def is_invisible(char: str) -> bool:
    """Whether it shows nothing, or something else than is stored. Line breaks are; blanks of any width are not."""
    return char in UNSEEN or unicodedata.category(char) in INVISIBLE


def shows_nothing(text: str) -> bool:
    """Whether a reader would see an empty line."""
    return all(char in UNSEEN or unicodedata.category(char) in _NOT_DRAWN for char in text)


def without_format_characters(text: str) -> str:
    """The text without what only changes how the letters beside it are set, and can hide a word from a search.

    A letter that is drawn as a blank becomes one.
    """
    if text.isascii():
        return text
    return "".join(char for char in text if unicodedata.category(char) != "Cf").translate(_JOINED)


def without_emoji_styles(text: str) -> str:
    """The text without the selectors behind a sign, in the one spelling of an emoji; behind a letter they stay."""
    if text.isascii():
        return text
    kept = [
        char
        for before, char in zip(" " + text, text, strict=False)
        if char not in _DRAWN_AS or not (unicodedata.category(before).startswith("S") or before in "#*0123456789‼⁉")
    ]
    return "".join(kept)
