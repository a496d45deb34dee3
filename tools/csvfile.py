"""Rows as a CSV file that is safe to open: RFC 4180, and no cell that a spreadsheet takes for a formula. Pure."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

from tools.textview import visible

# What begins a formula somewhere, also in its wide form. TAB, CR, NUL and the like are codes before this is asked.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_UNSAFE = ("\t", "\r", "\n", "\0")


def cell(value: object) -> str:
    """A cell's text: invisible characters as codes, and a `'` before what a spreadsheet would work out."""
    raw = "" if value is None else str(value)
    text = visible(raw)
    return f"'{text}" if raw.startswith(_UNSAFE) or text.lstrip().startswith(_FORMULA) else text


def lines(rows: Iterable[Iterable[object]]) -> str:
    """The rows as text, every cell quoted, each row ended by CR LF."""
    out = StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()
