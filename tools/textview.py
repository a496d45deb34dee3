"""Shows text of others to staff as it is: characters one cannot see, or that reorder what one sees, become codes."""

from __future__ import annotations

import unicodedata

from tools.invisible import INVISIBLE

# What is not assigned yet may come to be anything.
_CODED = INVISIBLE | {"Cn"}
_KEPT = frozenset("\n")
# Letters and marks that show nothing: fillers, vowels that are never drawn, variation selectors.
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f") | frozenset(
    map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
)
MOST = 4000


def visible(text: object, *, keep_lines: bool = False) -> str:
    """`text` with every invisible character as `[U+202E]`; cut at 4,000 characters, saying how many follow."""
    raw = str(text)
    if len(raw) <= MOST and raw.isascii() and raw.isprintable():
        return raw  # most text there is, and a file has many cells
    kept = _KEPT if keep_lines else frozenset()
    shown = "".join(_code(char) if _hidden(char) and char not in kept else char for char in raw[:MOST])
    return shown if len(raw) <= MOST else f"{shown} [… {len(raw) - MOST} more characters]"


def _hidden(char: str) -> bool:
    if char in _UNSEEN or unicodedata.category(char) in _CODED:
        return True
    return unicodedata.category(char) == "Zs" and char != " "


def _code(char: str) -> str:
    return f"[U+{ord(char):04X}]"
