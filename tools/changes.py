"""Builds the before/after list of a plan. Pure; what it makes is text for people, the same at every time of day."""

from __future__ import annotations

from collections.abc import Mapping

from tools.errors import InvalidArguments
from tools.plan import Change


def changed_fields(
    *,
    before: Mapping[str, str],
    after: Mapping[str, str | None],
    labels: Mapping[str, str],
    risky: frozenset[str] = frozenset(),
) -> tuple[Change, ...]:
    """The fields whose new value is given and differs. Raises InvalidArguments where nothing would change."""
    given = {field: value for field, value in after.items() if value is not None}
    if not given:
        raise InvalidArguments("Name at least one thing to change.", field=None, allowed=list(labels))
    changes = tuple(
        Change(field=field, label=labels[field], before=before[field] or None, after=value or None, risk=field in risky)
        for field, value in given.items()
        if value != before[field]
    )
    if not changes:
        raise InvalidArguments(
            "Nothing would change: these values are already stored.",
            field=next(iter(given)),
            next_step="Tell the customer that it is already so.",
        )
    return changes


def joined(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
