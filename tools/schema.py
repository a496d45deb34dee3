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
# A schema with none of these takes anything.
_SAYS_WHAT = frozenset({"type", "anyOf", "oneOf", "allOf", "enum", "const"})


def arguments_model(function: Callable[..., Any]) -> type[BaseModel]:
    """The pydantic model of the function's keyword-only parameters: strict types, unknown keys refused."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        if name not in hints:
            raise SchemaError(f"{function.__name__}: give {name} a type, a model is told what it may say")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[name] = (hints[name], default)
    config = ConfigDict(extra="forbid", strict=True, frozen=True)
    return create_model(function.__name__, __config__=config, **fields)


def strict_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON Schema in strict form: references inlined, every key required, no other key allowed.

    Raises SchemaError for what strict mode cannot express: free-form objects, anything at all, types within themselves.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    strict = _strict(schema, definitions, ())
    if not isinstance(strict, dict):
        raise SchemaError(f"{model.__name__}: the arguments are no object")
    return strict


def _strict(node: Any, definitions: dict[str, Any], inside: tuple[str, ...]) -> Any:
    """`inside`: the references that are being written out, to notice one within itself."""
    if isinstance(node, list):
        return [_strict(item, definitions, inside) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = node["$ref"].rsplit("/", 1)[-1]
        if target in inside:
            raise SchemaError(f"{target} holds itself: a model cannot be given a type without an end")
        inside = (*inside, target)
        node = {**definitions[target], **{key: value for key, value in node.items() if key != "$ref"}}
    result = {key: value if key == "properties" else _strict(value, definitions, inside) for key, value in node.items()}
    for key in _DROPPED:
        result.pop(key, None)
    if "items" in result:
        _require_kind(result["items"])
    if result.get("type") == "object":
        if result.get("additionalProperties") is not False:
            raise SchemaError("a free-form object cannot be offered to a model: name its fields and forbid others")
        properties = result.get("properties", {})
        result["properties"] = {name: _strict(value, definitions, inside) for name, value in properties.items()}
        for value in result["properties"].values():
            _require_kind(value)
        result["required"] = list(properties)
    return result


def _require_kind(schema: dict[str, Any]) -> None:
    if not _SAYS_WHAT & set(schema):
        raise SchemaError("a value of any kind cannot be offered to a model: give it a type")
