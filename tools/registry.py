"""The tools that exist: a dict of typed functions, filled by the `@tool` decorator of the modules in TOOL_MODULES.

Nothing is ever looked up by import path, attribute or pattern; a name that is not a key here does not exist.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from tools.context import ToolContext
from tools.errors import UnknownTool
from tools.outside import Outside
from tools.schema import SchemaError, arguments_model, strict_schema

# Stands for a name that is none of ours, where the name itself must not be kept.
UNKNOWN = "unknown"
# How many different reviewers must agree: a number, or a rule on context and arguments. A rule that raises counts as 2.
ApprovalRule = Callable[..., int]


def never(ctx: ToolContext, **arguments: Any) -> int:
    """The customer's confirmation is the decision."""
    return 0


def always(ctx: ToolContext, **arguments: Any) -> int:
    """One reviewer."""
    return 1


@dataclass(frozen=True, slots=True)
class ToolDefinition:
    """A registered tool.

    effect: `read` answers in the same turn; `write` only makes a request.
    label: what the customer sees; `{argument}` is filled from the canonical arguments.
    finding: of a read tool: what the customer sees of its result, `{field}` of ours filled in; the model's words apart.
    load, apply: of a write tool: fetch the customer's own record; make the effect (see tools/plan.py).
    outside: of a write tool whose effect is made outside of our database (see tools/outside.py).
    approval: see ApprovalRule. permission: a Django permission the customer's user must have.
    rate: a limit of its own such as `5/minute` beside RATE_TOOL_CALLS. timeout_s: of one run (None: TOOL_TIMEOUT_S).
    fallback: the sentence the model is given when the tool is not available.
    supersedes: a newer request for the same record ends the older one.
    """

    name: str
    function: Callable[..., Any]
    effect: Literal["read", "write"]
    label: str
    finding: str
    description: str
    arguments: type[BaseModel]
    schema: dict[str, Any]
    approval: ApprovalRule
    load: Callable[..., Any]
    apply: Callable[..., Any]
    outside: Outside | None
    permission: str | None
    rate: str | None
    timeout_s: float | None
    fallback: str | None
    confirm: bool
    supersedes: bool

    def label_for(self, arguments: dict[str, Any]) -> str:
        """The label with this call's arguments; an argument that was left out leaves no hole."""
        return " ".join(self.label.format_map(_Blank(arguments)).split())

    def finding_of(self, result: dict[str, Any]) -> str:
        """What a read found, in the record's words; empty where this tool says nothing of its own."""
        return " ".join(self.finding.format_map(result).split()) if self.finding else ""


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def _not_a_write(*_: Any, **__: Any) -> Any:
    raise TypeError("a read tool has nothing to load or apply")


REGISTRY: dict[str, ToolDefinition] = {}


def tool(
    *,
    effect: Literal["read", "write"],
    label: str,
    finding: str = "",
    approval: ApprovalRule = always,
    load: Callable[..., Any] | None = None,
    apply: Callable[..., Any] | None = None,
    outside: Outside | None = None,
    permission: str | None = None,
    rate: str | None = None,
    timeout_s: float | None = None,
    fallback: str | None = None,
    supersedes: bool = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Offer a function to the model. Raises SchemaError at import where the function is not fit for it.

    Every write asks the customer first; there is no switch for that.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        check_signature(function, effect=effect, load=load, apply=apply)
        if name in REGISTRY and REGISTRY[name].function.__module__ != function.__module__:
            raise SchemaError(f"{name}: two modules register this name")
        model = arguments_model(function)
        REGISTRY[name] = ToolDefinition(
            name=name,
            function=function,
            effect=effect,
            label=label,
            finding=finding,
            description=inspect.getdoc(function) or "",
            arguments=model,
            schema=strict_schema(model),
            approval=approval,
            load=load or _not_a_write,
            apply=apply or _not_a_write,
            outside=outside if effect == "write" else None,
            permission=permission,
            rate=rate,
            timeout_s=timeout_s,
            fallback=fallback,
            confirm=effect == "write",
            supersedes=supersedes,
        )
        return function

    return register


def check_signature(
    function: Callable[..., Any],
    *,
    effect: Literal["read", "write"],
    load: Callable[..., Any] | None,
    apply: Callable[..., Any] | None,
) -> None:
    """A read tool takes (ctx, *, …) and a write tool (ctx, record, *, …) with load and apply; both have a docstring."""
    kinds = [p.kind for p in inspect.signature(function).parameters.values()]
    positional = sum(kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for kind in kinds)
    name = function.__name__
    if positional != (1 if effect == "read" else 2):
        raise SchemaError(f"{name}: a read tool takes (ctx, *, …), a write tool (ctx, record, *, …)")
    if inspect.Parameter.VAR_KEYWORD in kinds or inspect.Parameter.VAR_POSITIONAL in kinds:
        raise SchemaError(f"{name}: *args and **kwargs cannot be described to a model")
    if not function.__doc__:
        raise SchemaError(f"{name}: write a docstring, the model reads it")
    if effect == "write" and (load is None or apply is None):
        raise SchemaError(f"{name}: a write tool needs load= and apply=")


def find_tool(*, name: str) -> ToolDefinition:
    """The tool of exactly this name. Raises UnknownTool, naming the nearest."""
    definition = REGISTRY.get(name)
    if definition is not None:
        return definition
    nearest = difflib.get_close_matches(name[:64], REGISTRY, n=3, cutoff=0.5)
    words = set(name[:64].lower().split("_"))
    nearest.sort(key=lambda known: len(words & set(known.split("_"))), reverse=True)  # `refund_request`
    raise UnknownTool("There is no tool of this name.", field="name", allowed=nearest or sorted(REGISTRY))
