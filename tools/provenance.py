"""Where each argument of a request was first seen: typed by the customer, in a record, in text of others, or nowhere.

Pure. It never decides whether a request is made; it tells the people who decide what the request rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from tools.asking import asks_for_something_else
from tools.disguises import plain_letters, readings
from tools.sightings import Texts, seen_in, stands_in, word_for_word

Source = Literal["customer", "record", "model", "untrusted"]
# From what one may rely on to what one may not; the worse of two counts.
WORSE: tuple[Source, ...] = ("customer", "record", "model", "untrusted")
FROM_DATA = "from_data"
UNASKED = "unasked"
# A value shorter than this is found everywhere by chance.
LEAST = 4


@dataclass(frozen=True, slots=True)
class Sources:
    """What a model had before it when it asked.

    typed: the customer's messages of this conversation, oldest first. trusted: plain values of records.
    untrusted: text that others wrote. today: what `tomorrow` is counted from.
    """

    typed: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    untrusted: tuple[str, ...] = ()
    today: date | None = None


NOTHING_KNOWN = Sources()


def values_of(result: Any) -> tuple[list[str], list[str]]:
    """(plain values, text of others) of a tool's result, at any depth."""
    trusted: list[str] = []
    untrusted: list[str] = []
    for value, quoted in _walk(result):
        (untrusted if quoted else trusted).append(value)
    return trusted, untrusted


def _walk(value: Any, *, quoted: bool = False) -> Iterator[tuple[str, bool]]:
    if isinstance(value, dict):
        for key, part in value.items():
            if not ("untrusted_text" in value and key == "written_by"):
                yield from _walk(part, quoted=quoted or key == "untrusted_text")
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part, quoted=quoted)
    elif isinstance(value, str) and value:
        yield value, quoted
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value:g}", quoted


def leaves(arguments: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of every single value: `parcels.0.contents`."""
    if isinstance(arguments, dict | list):
        parts: Iterable[tuple[Any, Any]] = arguments.items() if isinstance(arguments, dict) else enumerate(arguments)
        for key, part in parts:
            yield from leaves(part, f"{path}.{key}" if path else str(key))
    elif arguments is not None:
        yield path, arguments


def provenance_of(*, tool: str, arguments: dict[str, Any], sources: Sources) -> dict[str, Any]:
    """`sources`: path -> Source. `flags`: what a reviewer should be warned of. `flagged`: whether there is any."""
    typed = Texts(sources.typed, today=sources.today)
    trusted = Texts(sources.trusted, today=sources.today)
    untrusted = Texts([*sources.untrusted, *readings(sources.untrusted)], today=sources.today)
    values = dict(leaves(arguments))
    found = {path: _source_of(value, typed, trusted, untrusted) for path, value in values.items()}
    flags = []
    if "untrusted" in found.values() or _is_steered(tool, values, found, untrusted):
        flags.append(FROM_DATA)
    if "customer" not in found.values() and asks_for_something_else(tool=tool, messages=sources.typed):
        flags.append(UNASKED)
    return {"sources": found, "flags": flags, "flagged": bool(flags)}


def _source_of(value: Any, typed: Texts, trusted: Texts, untrusted: Texts) -> Source:
    if isinstance(value, bool):
        return "model"
    text = f"{value:g}" if isinstance(value, int | float) else str(value)
    if stands_in(text, typed):
        return "customer"
    if stands_in(text, trusted, whole=len(text) < LEAST):
        return "record"
    if len(text) >= LEAST and (_says(text, untrusted) or _holds_a_piece(text, untrusted, typed)):
        return "untrusted"
    return "customer" if seen_in(text, typed) else "model"


def _says(text: str, untrusted: Texts) -> bool:
    """Whether text of others says this value, in letters that look like it too."""
    return stands_in(text, untrusted) or stands_in(plain_letters(text), untrusted)


def _holds_a_piece(text: str, others: Texts, typed: Texts) -> bool:
    """Whether a longer text copies from another's what the customer did not say."""
    return any(not stands_in(piece, typed) for piece in word_for_word(text, others))


def _is_steered(tool: str, values: dict[str, Any], found: dict[str, Source], untrusted: Texts) -> bool:
    """Nothing of the request was typed, and text of others names the tool or one of its values."""
    if "customer" in found.values():
        return False
    named = [str(value) for value in values.values() if isinstance(value, str) and len(value) >= LEAST]
    return tool in untrusted.plain or any(_says(value, untrusted) for value in named)


def worse_of(*, first: dict[str, Any], again: dict[str, Any]) -> dict[str, Any]:
    """The same request once more: an argument keeps its source unless a worse one appeared."""
    older: dict[str, Source] = first.get("sources", {})
    newer: dict[str, Source] = again.get("sources", {})
    sources = {
        path: max((found[path] for found in (older, newer) if path in found), key=WORSE.index)
        for path in [*older, *(path for path in newer if path not in older)]
    }
    flags = sorted({*first.get("flags", []), *again.get("flags", [])})
    return {"sources": sources, "flags": flags, "flagged": bool(flags)}
