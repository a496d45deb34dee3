"""Shows text of others to staff as it is: characters one cannot see, or that reorder what one sees, become codes."""

from __future__ import annotations

import unicodedata

from tools.invisible import is_invisible

_KEPT = frozenset("\n")
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
    return is_invisible(char) or (char != " " and unicodedata.category(char) == "Zs")


def _code(char: str) -> str:
    return f"[U+{ord(char):04X}]"
