"""Puts values of tool results into words: days, times, money, lists. Pure; it adds nothing that is not in the value."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any


def day_words(day: date, *, today: date) -> str:
    """`Friday 21 November`, with the year where it is another one; yesterday, today and tomorrow by name."""
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get((day - today).days)
    if near is not None and abs(day - today) <= timedelta(days=1):
        return near
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%A} {day.day} {day:%B}{year}"


def when(value: str | None, *, today: date) -> str | None:
    """An ISO date or date and time as people say it, in the clock of the value; None for nothing or nonsense."""
    if not value:
        return None
    try:
        if len(value) <= len("2026-11-21"):
            return day_words(date.fromisoformat(value), today=today)
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return f"{day_words(moment.date(), today=today)}, {moment:%H:%M}"


def on_when(value: str | None, *, today: date) -> str | None:
    """As `when`, with `on` where a weekday needs it."""
    words = when(value, today=today)
    if words is None or words.startswith(("yesterday", "today", "tomorrow")):
        return words
    return f"on {words}"


def said(value: Any) -> str:
    """A text of a result, also where it is a quotation of what somebody else wrote; empty for none."""
    found = value.get("untrusted_text") if isinstance(value, dict) else value
    return str(found or "")


def hours(count: int) -> str:
    """`5 hours`, `1 day`, `3 days`"""
    if count < 48:
        return f"{count} hour{'' if count == 1 else 's'}" if count != 24 else "1 day"
    return f"{count // 24} days"


def joined(words: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`"""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def sentences(*parts: str | None) -> str:
    """The parts that there are, in one paragraph."""
    return " ".join(part for part in parts if part)


def more(shown: int, total: int, what: str) -> str | None:
    """A line about what a list leaves out."""
    return f"These are the newest {shown} of {total} {what}." if total > shown else None
