"""The numbered things that were shown to the customer last, and which of them an answer such as `the second
one` means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from support_bot.llm.demo.entities import find_bare_digits
from support_bot.llm.demo.reading import STATUS_WORDS
from support_bot.llm.demo.understanding import Heard
from support_bot.llm.demo.wording import said

_ORDINALS = {
    "first": 0,
    "1st": 0,
    "top": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "fifth": 4,
    "5th": 4,
    "last": -1,
}
_COUNTED = {"1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5, "7": 6, "8": 7, "9": 8, "10": 9}
_EVERY = frozenset({"all", "every", "everything", "both", "each"})


@dataclass(frozen=True, slots=True)
class Option:
    """A package or an order of a list: its number, state and town, and whether the request at hand is possible."""

    number: str
    status: str
    city: str = ""
    text: str = ""

    @property
    def is_order(self) -> bool:
        return self.number.startswith("ORD-")


def options_of(tool: str, result: dict[str, Any]) -> list[Option]:
    """What a list that was shown lets the customer choose from: `the second one`."""
    if tool == "list_my_packages":
        return [
            Option(item["package_id"], item["status"], city=said(item.get("city")))
            for item in result.get("packages", [])
        ]
    if tool == "list_my_orders":
        return [
            Option(item["order_id"], item["status"], city=said(item.get("city"))) for item in result.get("orders", [])
        ]
    return []


def pick_by_place(options: Sequence[Option], heard: Heard) -> Option | None:
    """The one that `the second one` means in the list that was shown last."""
    chosen = _by_ordinal(options, heard)
    return chosen[0] if len(chosen) == 1 else None


def pick(options: Sequence[Option], heard: Heard) -> list[Option]:
    """The options that the answer means: none where it is not clear, several for `all of them`."""
    tokens = heard.words.tokens
    if _EVERY & set(tokens):
        return list(options)
    for choose in (_by_digits, _by_ordinal, _by_city, _by_status):
        if found := choose(options, heard):
            return found
    if len(options) == 1 and heard.words.has("yes", "it"):
        return list(options)
    return []


def _by_digits(options: Sequence[Option], heard: Heard) -> list[Option]:
    """`2001` or `the one ending in 37`"""
    endings = find_bare_digits(heard.plain)
    found = [option for option in options for ending in endings if option.number.endswith(ending)]
    return found if len(found) == 1 else []


def _by_ordinal(options: Sequence[Option], heard: Heard) -> list[Option]:
    tokens = heard.words.tokens
    places = [_ORDINALS[token] for token in tokens if token in _ORDINALS]
    if not places and len(tokens) <= 2:
        places = [_COUNTED[token] for token in tokens if token in _COUNTED]
    return [options[place] for place in places if -len(options) <= place < len(options)]


def _by_city(options: Sequence[Option], heard: Heard) -> list[Option]:
    text = heard.text.lower()
    found = [option for option in options if option.city and option.city.lower() in text]
    return found if len(found) == 1 else []


def _by_status(options: Sequence[Option], heard: Heard) -> list[Option]:
    wanted = {status for status, meaning in STATUS_WORDS if meaning in heard.words}
    found = [option for option in options if option.status in wanted]
    return found if len(found) == 1 else []
