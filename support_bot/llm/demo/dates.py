"""Finds a day and a time in ordinary words: `tomorrow at 10`, `Monday 14:30`, `25.11.`, ISO. Pure: today is
handed in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta

from support_bot.llm.demo.spelling import distance

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10}
# Long enough to be recognised with a slip, and no everyday word is near.
_RESPELLED = (
    "tomorrow",
    "afternoon",
    *(day for day in _WEEKDAYS if day not in ("monday", "sunday")),
    *_MONTHS[8:],
    *_MONTHS[:2],
)
# `I sat down in the sun`: these mean a day only after `on`, `this` and the like.
_EVERYDAY_WORDS = frozenset({"sat", "sun", "wed"})
_MONTH = "|".join(
    f"{month[:3]}(?:{month[3:]}|\\.)?" if month != "september" else r"sept?(?:ember|\.)?" for month in _MONTHS
)
_DAY = "|".join(f"{day}s?|{day[:3]}" for day in _WEEKDAYS) + "|tues|weds|thurs|thur"
_PART_OF_DAY = {
    "morning": 9,
    "lunchtime": 12,
    "noon": 12,
    "midday": 12,
    "afternoon": 14,
    "evening": 18,
    "tonight": 18,
    "midnight": 0,
}

_ISO = re.compile(
    r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?:[t ](\d\d):(\d\d)(?::\d\d)?(?:z|[+-]\d\d:?\d\d)?)?(?!\d)", re.IGNORECASE
)
_NUMERIC = re.compile(
    r"(?<![\d.,/-])(\d{1,2})([./])(\d{1,2})(?:\2(\d{4}|\d{2})?)?(?![\d/]|\.\d|\s?(?:kg|cm|g|€|eur))", re.IGNORECASE
)
_DAY_MONTH = re.compile(
    rf"(?<!\w)(\d{{1,2}})(?:st|nd|rd|th)?\.?\s*(?:of\s+)?({_MONTH})(?!\w)(?:,?\s*(\d{{4}})(?!\d))?", re.IGNORECASE
)
_MONTH_DAY = re.compile(
    rf"(?<!\w)({_MONTH})\s*(\d{{1,2}})(?:st|nd|rd|th)?(?!\w|:)(?:,?\s*(\d{{4}})(?!\d))?", re.IGNORECASE
)
_ORDINAL = re.compile(r"(?<!\w)the\s+(\d{1,2})(?:st|nd|rd|th)(?!\w)", re.IGNORECASE)
_RELATIVE = re.compile(
    rf"(?<!\w)(?:(the\s+)?day\s+after\s+tomorrow|today|tonight|tomorrow|tmrw|tmr|tmw|2moro|2morrow|tomoz|in\s+(\d+|{'|'.join(_NUMBERS)})\s+(days?|weeks?)"
    rf"|(?:(on|this|next|by|for|until)\s+)?(?:coming\s+)?({_DAY})\.?)(?!\w)",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\d.,])(\d{1,2})\s?(?:[:.h]\s?(\d{2})|h)(?!\d|\.\d)\s*(am|pm|a\.m\.?|p\.m\.?|o'?clock|h\b|uhr)?(?!\w)",
    re.IGNORECASE,
)
_HOUR = re.compile(r"(?<![\d.,:-])(\d{1,2})\s*(am|pm|a\.m\.?|p\.m\.?|o'?\s?clock)(?!\w)", re.IGNORECASE)
_RANGE = re.compile(r"(?<!\w)(\d{1,2})\s*(?:-|–|to|and)\s*\d{1,2}\s*(am|pm|a\.m\.?|p\.m\.?)(?!\w)", re.IGNORECASE)
_SPOKEN = re.compile(
    r"(?<!\w)(half|quarter|a quarter)\s+(past|to)?\s*(\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|"
    r"eleven|twelve)(?!\w)",
    re.IGNORECASE,
)
_AT = re.compile(
    r"(?<!\w)(?:at|after|around|about|from|by|before|between|@)\s+(\d{1,2})(?![\w.,:]*\d|\s?(?:kg|cm|eur|€|%|st\b|th\b))(?!\w)"
    r"(?!\s+(?-i:[A-Z]))",  # `at 12 Main Street`
    re.IGNORECASE,
)
_PART = re.compile(rf"(?<!\w)(?<!good )({'|'.join(_PART_OF_DAY)})(?!\w)", re.IGNORECASE)
_HOURS = {
    word: hour
    for hour, word in enumerate(
        ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 1
    )
}
# Nobody wants to be called at three in the night: a bare 1 to 6 is after noon.
_LAST_AFTERNOON_HOUR = 6


@dataclass(frozen=True, slots=True)
class Moment:
    """A day and a time as far as they were said, and the text with `@date` and `@time` in their place."""

    day: date | None
    time: time | None
    masked: str

    def iso(self) -> str | None:
        """Local ISO date and time to the minute; None while one of the two is missing."""
        if self.day is None or self.time is None:
            return None
        return f"{self.day.isoformat()}T{self.time:%H:%M}"


class _Scan:
    """One pass over a text: each rule that finds something masks it, and the first finding of a kind counts."""

    def __init__(self, text: str, today: date) -> None:
        self.text = text
        self.today = today
        self.day: date | None = None
        self.time: time | None = None

    def iso(self, match: re.Match[str]) -> str:
        day = _safe_date(int(match[1]), int(match[2]), int(match[3]))
        if day is None:
            return match[0]
        self.day = self.day or day
        if match[4]:
            self.time = self.time or _safe_time(int(match[4]), int(match[5]))
        return " @date " + ("@time " if match[4] else "")

    def numeric(self, match: re.Match[str]) -> str:
        first, second = int(match[1]), int(match[3])
        month_first = match[2] == "/" and second > len(_MONTHS)
        day, month = (second, first) if month_first else (first, second)
        return self._keep_day(match, day, month, match[4])

    def day_month(self, match: re.Match[str]) -> str:
        return self._keep_day(match, int(match[1]), _month_number(match[2].lower()), match[3])

    def month_day(self, match: re.Match[str]) -> str:
        return self._keep_day(match, int(match[2]), _month_number(match[1].lower()), match[3])

    def ordinal(self, match: re.Match[str]) -> str:
        month = self.today.month + (int(match[1]) <= self.today.day)
        year = self.today.year + (month > len(_MONTHS))
        day = _safe_date(year, (month - 1) % len(_MONTHS) + 1, int(match[1]))
        if day is None:
            return match[0]
        self.day = self.day or day
        return " @date "

    def relative(self, match: re.Match[str]) -> str:
        if (match[5] or "").lower() in _EVERYDAY_WORDS and not match[4]:
            return match[0]
        said = match[0].lower().split()
        if "after" in said:
            ahead = 2
        elif match[2]:
            count = _NUMBERS.get(match[2].lower()) or int(match[2])
            ahead = min(count, 366) * (7 if match[3].lower().startswith("week") else 1)
        elif match[5]:
            ahead = _days_to(match[5].lower(), self.today, next_week=(match[4] or "").lower() == "next")
        else:
            ahead = 0 if said[-1] in ("today", "tonight") else 1
        self.day = self.day or self.today + timedelta(days=ahead)
        return " @date @time " if said[-1] == "tonight" and self._keep_time(18, 0) else " @date "

    def clock(self, match: re.Match[str]) -> str:
        kept = self._keep_time(_hour(int(match[1]), match[3]), int(match[2] or 0))
        return " @time " if kept else match[0]

    def hour(self, match: re.Match[str]) -> str:
        return " @time " if self._keep_time(_hour(int(match[1]), match[2]), 0) else match[0]

    def bare_hour(self, match: re.Match[str]) -> str:
        return " @time " if self._keep_time(_hour(int(match[1]), None), 0) else match[0]

    def spoken(self, match: re.Match[str]) -> str:
        hour = _hour(_HOURS.get(match[3].lower()) or int(match[3]), None)
        minute = 30 if match[1].lower() == "half" else 15
        if (match[2] or "").lower() == "to":
            hour, minute = hour - 1, 60 - minute
        return " @time " if self._keep_time(hour, minute) else match[0]

    def part_of_day(self, match: re.Match[str]) -> str:
        return " @time " if self._keep_time(_PART_OF_DAY[match[1].lower()], 0) else match[0]

    def _keep_day(self, match: re.Match[str], day: int, month: int, year: str | None) -> str:
        full_year = int(year) + (2000 if len(year) == 2 else 0) if year else self.today.year
        found = _safe_date(full_year, month, day)
        if found is not None and year is None and found < self.today:
            found = _safe_date(full_year + 1, month, day)
        if found is None:
            return match[0]
        self.day = self.day or found
        return " @date "

    def _keep_time(self, hour: int, minute: int) -> bool:
        found = _safe_time(hour, minute)
        if found is not None and self.time is None:
            self.time = found
        return found is not None


def find_moment(text: str, *, today: date) -> Moment:
    """The first day and the first time that are named; numbers of packages and the like must be masked already."""
    scan = _Scan(_respell(text), today)
    rules = (
        (_ISO, scan.iso), (_NUMERIC, scan.numeric), (_DAY_MONTH, scan.day_month), (_MONTH_DAY, scan.month_day),
        (_ORDINAL, scan.ordinal), (_RELATIVE, scan.relative), (_RANGE, scan.hour), (_HOUR, scan.hour),
        (_CLOCK, scan.clock), (_SPOKEN, scan.spoken), (_AT, scan.bare_hour), (_PART, scan.part_of_day),
    )  # fmt: skip
    for pattern, keep in rules:
        scan.text = pattern.sub(keep, scan.text)
    return Moment(day=scan.day, time=scan.time, masked=scan.text)


def find_bare_hour(text: str) -> time | None:
    """An answer to `at what time?` that is only a number, such as `10`."""
    match = re.fullmatch(r"\D*(\d{1,2})\D*", text)
    return _safe_time(_hour(int(match[1]), None), 0) if match else None


def _respell(text: str) -> str:
    return re.sub(r"[A-Za-z]{6,11}", lambda match: _nearest(match[0]), text)


def _nearest(word: str) -> str:
    for right in _RESPELLED:
        slips = 2 if len(right) > 7 else 1
        if word[0].lower() == right[0] and distance(word.lower(), right, limit=slips) <= slips:
            return right
    return word


def _days_to(day: str, today: date, *, next_week: bool) -> int:
    wanted = next(number for number, name in enumerate(_WEEKDAYS) if name.startswith(day[:3]))
    ahead = (wanted - today.weekday()) % 7 or 7
    # `next Friday`, said on a Wednesday, is the one of next week.
    same_week = ahead < 7 and wanted > today.weekday()
    return ahead + 7 if next_week and same_week else ahead


def _month_number(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, 1) if month.startswith(name[:3]))


def _hour(hour: int, mark: str | None) -> int:
    half = (mark or "")[:1].lower()
    if half == "p":
        return hour if hour >= 12 else hour + 12
    if half == "a":
        return 0 if hour == 12 else hour
    return hour + 12 if mark is None and 1 <= hour <= _LAST_AFTERNOON_HOUR else hour


def _safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _safe_time(hour: int, minute: int) -> time | None:
    try:
        return time(hour, minute)
    except ValueError:
        return None
