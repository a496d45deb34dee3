"""Which characters nobody sees, defined once: what one module refuses, another must not show as nothing."""

from __future__ import annotations

import unicodedata

# Control, format (bidi, zero width, tags), surrogate, private use, line and paragraph separators.
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def is_invisible(char: str) -> bool:
    """Whether it shows nothing, or something else than is stored. Line breaks are; blanks of any width are not."""
    return unicodedata.category(char) in INVISIBLE


def without_format_characters(text: str) -> str:
    """The text without what only changes how the letters beside it are set, and can hide a word from a search."""
    if text.isascii():
        return text
    return "".join(char for char in text if unicodedata.category(char) != "Cf")
