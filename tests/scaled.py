"""Rows of a table that differ in their payload alone: a few in every run, the others in `make test-long`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def a_few_of(rows: Iterable[Any], count: int) -> list[Any]:
    """For `parametrize`: all rows, of which all but `count`, taken evenly from the whole table, are marked long."""
    table = list(rows)
    kept = {number * len(table) // count for number in range(count)}
    return [
        row if number in kept else pytest.param(*(row if isinstance(row, tuple) else (row,)), marks=pytest.mark.long)
        for number, row in enumerate(table)
    ]
