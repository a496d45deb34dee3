"""Where each argument of a request was first seen: typed by the customer, in a record, in text of others, or nowhere.

Pure. It never decides whether a request is made; it tells the people who decide what the request rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from tools.asking import Asked, asked_for, names_tool, pushes_for
from tools.disguises import bare_letters, plain_letters, readings
from tools.sightings import Texts, seen_in, stands_in, tokens_of, word_for_word

Source = Literal["customer", "record", "model", "untrusted"]
# From what one may rely on to what one may not; the worse of two counts.
WORSE: tuple[Source, ...] = ("customer", "record", "model", "untrusted")
FROM_DATA = "from_data"
UNASKED = "unasked"
# A value shorter than this is found everywhere by chance.
LEAST = 4
# Without blanks and signs a shorter one is found across the words of any text.
LEAST_BARE = 8


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
    """`sources`: path -> Source. `flags`: what a reviewer should be warned of. `flagged`: whether there is any.

    That a record was named says nothing of what is to be done with it: people name the record that they ask about.
    """
    typed = Texts(sources.typed, today=sources.today)
    trusted = Texts(sources.trusted, today=sources.today)
    untrusted = Texts([*sources.untrusted, *readings(sources.untrusted)], today=sources.today)
    values = dict(leaves(arguments))
    found = {path: _source_of(path, value, typed, trusted, untrusted) for path, value in values.items()}
    asked = asked_for(tool=tool, messages=sources.typed)
    wishes = Texts(asked.wishes, today=sources.today)
    wished = any(stands_in(_text_of(path, value), wishes) for path, value in values.items() if not _is_id(path, value))
    flags = []
    if "untrusted" in found.values() or _is_steered(tool, values, untrusted, asked, wished=wished):
        flags.append(FROM_DATA)
    if asked.for_other and not wished and not asked.agrees:
        flags.append(UNASKED)
    return {"sources": found, "flags": flags, "flagged": bool(flags)}


def _is_id(path: str, value: Any) -> bool:
    """Whether it names a record; what is to be done with it stands elsewhere."""
    return path.rsplit(".", 1)[-1].endswith("_id") and isinstance(value, str)


def _text_of(path: str, value: Any) -> str:
    """The words for a value; of a yes the words of its name, of a no none."""
    if isinstance(value, bool):
        return path.rsplit(".", 1)[-1].replace("_", " ") if value else ""
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _source_of(path: str, value: Any, typed: Texts, trusted: Texts, untrusted: Texts) -> Source:
    text = _text_of(path, value)
    if isinstance(value, bool):
        if stands_in(text, typed):
            return "customer"
        return "untrusted" if len(tokens_of(text)) > 1 and stands_in(text, untrusted) else "model"
    if stands_in(text, typed):
        return "customer"
    if stands_in(text, trusted, whole=len(text) < LEAST):
        return "record"
    if len(text) >= LEAST and (_says(text, untrusted) or _holds_a_piece(text, untrusted, typed)):
        return "untrusted"
    return "customer" if seen_in(text, typed) else "model"


def _says(text: str, untrusted: Texts) -> bool:
    """Whether text of others says this value, in letters that look like it too, and however these are set apart."""
    if stands_in(text, untrusted) or stands_in(plain_letters(text), untrusted):
        return True
    bare = bare_letters(text)
    return len(bare) >= LEAST_BARE and any(bare in said for said in untrusted.bare)


def _holds_a_piece(text: str, others: Texts, typed: Texts) -> bool:
    """Whether a longer text copies from another's what the customer did not say."""
    return any(not stands_in(piece, typed) for piece in word_for_word(text, others))


def _is_steered(tool: str, values: dict[str, Any], untrusted: Texts, asked: Asked, *, wished: bool) -> bool:
    """Whether text of others may be why this is asked for.

    It is where it names the tool. Its other words and the values that it shares with the request prove nothing where
    the customer asked for such a change; where they asked for something else, nothing else explains the request.
    """
    if names_tool(tool=tool, text=untrusted.plain):
        return True
    if asked.for_it or wished:
        return False
    if pushes_for(tool=tool, text=untrusted.plain):
        return True
    named = [str(value) for path, value in values.items() if _is_steering_value(path, value, asked)]
    return any(_says(value, untrusted) for value in named)


def _is_steering_value(path: str, value: Any, asked: Asked) -> bool:
    """In a language that we do not know a customer may well have asked for it who names the record."""
    return isinstance(value, str) and len(value) >= LEAST and (asked.for_other or not _is_id(path, value))


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
