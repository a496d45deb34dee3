"""The schema a model is given: strict, made from keyword-only parameters alone, or a refusal at import."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.registry import REGISTRY
from tools.schema import SchemaError, arguments_model, strict_schema


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    """A nested object with names that the language of schemas uses too."""

    model_config = ConfigDict(extra="forbid")

    title: str
    default: int = 3
    colour: Colour = Colour.RED


class Lax(BaseModel):
    """Would drop keys that it does not know, silently."""

    contents: str


class Tree(BaseModel):
    model_config = ConfigDict(extra="forbid")

    children: list[Tree]


def sample(
    ctx: Any,
    record: Any,
    *,
    package_id: Annotated[str, Field(description="The number.")],
    kind: Literal["a", "b"] = "a",
    parts: list[Inner],
    limit: int | None = None,
) -> None:
    """A sample."""


def every_object(node: Any) -> list[dict[str, Any]]:
    """Every object schema in a schema, at any depth."""
    if isinstance(node, list):
        return [found for item in node for found in every_object(item)]
    if not isinstance(node, dict):
        return []
    here = [node] if node.get("type") == "object" else []
    return here + [found for value in node.values() for found in every_object(value)]


def words(node: Any) -> set[str]:
    """Every key of the schema language that is used; names of properties are none."""
    if isinstance(node, list):
        return set().union(*map(words, node))
    if not isinstance(node, dict):
        return set()
    inner = [value if key != "properties" else list(value.values()) for key, value in node.items()]
    return set(node) | set().union(*map(words, inner))


def test_only_keyword_only_parameters_reach_the_schema():
    schema = strict_schema(arguments_model(sample))

    assert list(schema["properties"]) == ["package_id", "kind", "parts", "limit"]
    assert schema["properties"]["package_id"] == {"type": "string", "description": "The number."}


def test_every_key_is_required_and_no_other_is_allowed_at_any_depth():
    objects = every_object(strict_schema(arguments_model(sample)))

    assert len(objects) == 2
    for found in objects:
        assert found["additionalProperties"] is False
        assert found["required"] == list(found["properties"])


def test_references_are_written_out_and_titles_and_defaults_left_out():
    used = words(strict_schema(arguments_model(sample)))

    assert not used & {"$ref", "$defs", "title", "default"}


def test_arguments_named_title_or_default_survive():
    inner = strict_schema(arguments_model(sample))["properties"]["parts"]["items"]

    assert list(inner["properties"]) == ["title", "default", "colour"]
    assert inner["properties"]["colour"]["enum"] == ["red", "blue"]


def test_an_optional_argument_may_be_null():
    limit = strict_schema(arguments_model(sample))["properties"]["limit"]

    assert {"type": "null"} in limit["anyOf"]


@pytest.mark.parametrize(
    "annotation",
    [dict, dict[str, Any], dict[str, int], list[dict[str, str]], Any, object, list[Any], Lax, list[Lax], Tree],
    ids=str,
)
def test_what_strict_mode_cannot_express_is_refused_at_import(annotation: Any):
    def free(ctx: Any, *, anything) -> None:
        """Takes whatever."""

    free.__annotations__["anything"] = annotation

    with pytest.raises(SchemaError):
        strict_schema(arguments_model(free))


def test_an_argument_without_a_type_is_refused_at_import():
    def untyped(ctx: Any, *, package_id) -> None:
        """Takes anything."""

    with pytest.raises(SchemaError, match="package_id"):
        arguments_model(untyped)


@pytest.mark.parametrize(
    "arguments",
    [
        {"package_id": "A", "parts": [], "customer_id": 7},
        {"package_id": "A", "parts": [], "ctx": {}},
        {"package_id": "A", "parts": [], "__class__": "x"},
        {"package_id": 7, "parts": []},
        {"package_id": True, "parts": []},
        {"package_id": None, "parts": []},
        {"package_id": ["A"], "parts": []},
        {"package_id": {"$gt": ""}, "parts": []},
        {"package_id": "A", "parts": "[]"},
        {"package_id": "A", "parts": {}},
        {"package_id": "A", "parts": [{"title": "x", "approved": True}]},
        {"package_id": "A", "parts": [{"title": 7}]},
        {"package_id": "A", "parts": [{"title": "x", "default": "3"}]},
        {"package_id": "A", "parts": [], "limit": "5"},
        {"package_id": "A", "parts": [], "limit": 5.0},
        {"package_id": "A", "parts": [], "limit": True},
        {"package_id": "A", "parts": [], "kind": "c"},
        {"parts": []},
    ],
)
def test_unknown_keys_and_wrong_types_are_never_coerced(arguments: dict[str, Any]):
    model = arguments_model(sample)

    with pytest.raises(ValidationError):
        model.model_validate_json(json.dumps(arguments), strict=True)


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_tool_we_offer_has_a_strict_described_schema(name: str):
    definition = REGISTRY[name]

    for found in every_object(definition.schema):
        assert found["additionalProperties"] is False
        assert found["required"] == list(found["properties"])
    assert not words(definition.schema) & {"$ref", "$defs", "title", "default"}
    assert all(argument["description"] for argument in definition.schema["properties"].values())
