"""Makes a tool's arguments model and its strict JSON Schema from a typed function.

Keyword-only parameters are what a model may say; every other parameter is ours and never reaches the schema.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model


class SchemaError(TypeError):
    """A function that cannot be offered to a model as it is written."""


# Words of JSON Schema that strict mode of the chat-completions wire does not take; pydantic still enforces them.
_DROPPED = ("title", "default")


def arguments_model(function: Callable[..., Any]) -> type[BaseModel]:
    """The pydantic model of the function's keyword-only parameters: strict types, unknown keys refused."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[name] = (hints[name], default)
    config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True, frozen=True)
    return create_model(function.__name__, __config__=config, **fields)


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON Schema in strict form: references inlined, every key required, no other key allowed.

    Raises SchemaError for a free-form object, which strict mode cannot express.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    strict = _strict(schema, definitions)
    if not isinstance(strict, dict):
        raise SchemaError(f"{model.__name__}: the arguments are no object")
    return strict


def _strict(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_strict(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[-1]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    result = {key: value if key == "properties" else _strict(value, definitions) for key, value in node.items()}
    for key in _DROPPED:
        result.pop(key, None)
    if result.get("type") == "object":
        if "properties" not in result and result.get("additionalProperties") is not False:
            raise SchemaError("a free-form object cannot be offered to a model: name its fields")
        properties = result.get("properties", {})
        result["properties"] = {name: _strict(value, definitions) for name, value in properties.items()}
        result["required"] = list(properties)
        result["additionalProperties"] = False
    return result
