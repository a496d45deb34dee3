"""One spelling for one request: canonical arguments and the digest that consent, approval and effect are bound to."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from pydantic import BaseModel, ValidationError

from tools.errors import InvalidArguments
from tools.registry import ToolDefinition
from tools.strictjson import parse_object


def parse_arguments(*, definition: ToolDefinition, raw: str) -> dict[str, Any]:
    """Raw text of a model -> canonical arguments: validated, normalised, absent optional ones left out.

    Raises InvalidJson or InvalidArguments, which names the first wrong field and never repeats its value.
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
    first = error.errors(include_url=False, include_input=False, include_context=True)[0]
    field = ".".join(str(part) for part in first["loc"])[:120] or None
    if first["type"] == "extra_forbidden":
        allowed = sorted(definition.arguments.model_fields)
        return InvalidArguments("There is no such argument.", field=field, allowed=allowed)
    if first["type"] == "literal_error":
        allowed = re.findall(r"'([^']*)'", first["ctx"]["expected"])
        return InvalidArguments("Choose one of the allowed values.", field=field, allowed=allowed)
    if first["type"] == "missing":
        return InvalidArguments("This argument is required.", field=field)
    return InvalidArguments(first["msg"].removeprefix("Value error, ")[:300], field=field)
