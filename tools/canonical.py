"""One spelling for one request: canonical arguments and the digest that consent, approval and effect are bound to."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tools.errors import InvalidArguments
from tools.registry import ToolDefinition
from tools.strictjson import parse_object

# Of one call, told at once.
MOST_PROBLEMS = 8


def parse_arguments(*, definition: ToolDefinition, raw: str) -> dict[str, Any]:
    """Raw text of a model -> canonical arguments: validated, normalised, absent optional ones left out.

    Raises InvalidJson or InvalidArguments, which names the wrong fields and never repeats a value.
    """
    parse_object(raw)
    try:
        parsed = definition.arguments.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise _readable(error, definition) from None
    return dump_arguments(parsed)


def dump_arguments(parsed: BaseModel) -> dict[str, Any]:
    return parsed.model_dump(mode="json", exclude_none=True)


def load_arguments(*, definition: ToolDefinition, arguments: dict[str, Any]) -> dict[str, Any]:
    """Canonical arguments from the database -> typed values for plan() and apply(), validated once more."""
    try:
        parsed = definition.arguments.model_validate_json(json.dumps(arguments), strict=True)
    except ValidationError as error:
        raise _readable(error, definition) from None
    return {name: getattr(parsed, name) for name in type(parsed).model_fields}


def digest_of(*, tool: str, customer_id: int, arguments: dict[str, Any]) -> str:
    """SHA-256 (hex) over tool, customer and canonical arguments; a change of any byte of them changes it."""
    frozen = {"tool": tool, "customer": customer_id, "arguments": arguments}
    text = json.dumps(frozen, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _readable(error: ValidationError, definition: ToolDefinition) -> InvalidArguments:
    """The first problem with its field, and the others named in its message: one answer is enough to repair a call.

    A key that does not exist comes first: what was meant by it is often what is missing.
    """
    found = error.errors(include_url=False, include_input=False, include_context=True)
    found.sort(key=lambda problem: problem["type"] != "extra_forbidden")
    first, *others = found[:MOST_PROBLEMS]
    message, allowed = _problem(first, definition)
    for other in others:
        also, _ = _problem(other, definition)
        message += f" Also `{_field(other)}`: {also}"
    return InvalidArguments(message, field=_field(first) or None, allowed=allowed)


def _field(problem: ErrorDetails) -> str:
    return ".".join(str(part) for part in problem["loc"])[:120]


def _problem(problem: ErrorDetails, definition: ToolDefinition) -> tuple[str, list[str] | None]:
    """What is wrong, in a sentence or two without any value, and what may stand there where that is a list."""
    if problem["type"] == "extra_forbidden":
        return "There is no such argument.", sorted(_described(definition, problem["loc"][:-1]).get("properties", {}))
    if problem["type"] in ("literal_error", "enum"):
        return "Choose one of the allowed values.", re.findall(r"'([^']*)'", problem["ctx"]["expected"])
    if problem["type"] == "missing":
        return "This argument is required.", None
    if problem["type"] == "value_error":
        return problem["msg"].removeprefix("Value error, ")[:300], None
    # The library says what kind of value it wants; the tool's own words say how to write it.
    words = _described(definition, problem["loc"]).get("description", "")
    return f"{problem['msg'][:200]}. {words}".rstrip(), None


def _described(definition: ToolDefinition, place: tuple[int | str, ...]) -> dict[str, Any]:
    """The part of the tool's schema that describes this place; empty where there is none."""
    schema: dict[str, Any] = definition.schema
    for part in place:
        if "anyOf" in schema:
            schema = next((kind for kind in schema["anyOf"] if {"properties", "items"} & kind.keys()), {})
        schema = schema.get("items", {}) if isinstance(part, int) else schema.get("properties", {}).get(part, {})
    return schema
