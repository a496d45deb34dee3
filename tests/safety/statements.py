"""Every statement that reaches the database while a test looks, as the server itself writes it down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import wait_until
from tests.safety.arena import Arena

_BEGIN = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d", re.MULTILINE)
_LITERAL = re.compile(r"\bE'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'", re.DOTALL)


@contextmanager
def statement_log(arena: Arena) -> Iterator[list[str]]:
    """The list is filled when the block is left; it holds the whole cluster's statements, so mark your own."""
    path = Path(arena.sql("SHOW data_directory")[0][0]).with_suffix(".log")
    start, statements = path.stat().st_size, list[str]()
    _set(arena, "all")
    try:
        yield statements
    finally:
        _set(arena, "none")
    statements += _BEGIN.split(path.read_bytes()[start:].decode("utf-8", "replace"))


def _set(arena: Arena, what: str) -> None:
    arena.sql(f"ALTER SYSTEM SET log_statement = '{what}'")
    arena.sql("SELECT pg_reload_conf()")
    wait_until(lambda: arena.sql("SHOW log_statement") == [(what,)], what=f"log_statement = {what}", within=10)


def without_values(statement: str) -> str:
    """A logged statement without its string literals: plain ones double a quote, E'' ones may escape it."""
    return _LITERAL.sub("?", statement)
