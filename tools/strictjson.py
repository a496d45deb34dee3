"""Reads a model's raw arguments: exactly one JSON object, or a refusal. Never repairs, coerces or picks a value."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from tools.errors import InvalidJson

MAX_BYTES = 8192
MAX_DEPTH = 16
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_object(raw: str) -> dict[str, Any]:
    """The object. Raises InvalidJson for anything that two JSON parsers might read in two ways."""
    if len(raw) > MAX_BYTES or len(raw.encode("utf-8", "replace")) > MAX_BYTES:
        raise InvalidJson(f"The arguments are longer than {MAX_BYTES} bytes.")
    if _SURROGATE.search(raw):
        raise InvalidJson("The arguments hold characters that are no valid text.")
    if _depth(raw) > MAX_DEPTH:
        raise InvalidJson("The arguments are nested too deeply.")
    try:
        value = json.loads(raw, object_pairs_hook=_no_repeats, parse_constant=_no_constant, parse_float=_finite)
    except InvalidJson:
        raise
    except json.JSONDecodeError as error:
        raise InvalidJson(f"The arguments are not valid JSON: {error.msg}, at character {error.pos + 1}.") from None
    except (ValueError, RecursionError):
        raise InvalidJson("The arguments are not valid JSON.") from None
    if not isinstance(value, dict):
        raise InvalidJson("The arguments must be one JSON object.")
    if _holds_surrogate(value):
        raise InvalidJson("The arguments hold characters that are no valid text.")
    return value


def _depth(raw: str) -> int:
    """The deepest nesting of brackets outside strings, in one pass."""
    depth = deepest = 0
    in_string = escaped = False
    for char in raw:
        if in_string:
            in_string = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidJson("A key stands twice in the arguments.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name} is no JSON value.")


def _finite(digits: str) -> float:
    """A number too large to be one would become infinity, which no column and no digest can hold."""
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidJson("A number in the arguments is too large.")
    return number


def _holds_surrogate(value: Any) -> bool:
    r"""True where an escape such as \ud800 made half a character or \u0000 made a NUL, in a key or a value."""
    if isinstance(value, str):
        return bool(_SURROGATE.search(value)) or "\0" in value
    if isinstance(value, dict):
        return any(_holds_surrogate(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_holds_surrogate, value))
