"""A tool exists where its exact name is a key of the registry; what is not fit to be one is refused at import."""

from __future__ import annotations

from typing import Any

import pytest

from tools.errors import UnknownTool
from tools.registry import REGISTRY, always, find_tool, never, tool
from tools.schema import SchemaError

# What the contract offers, and nothing else.
READS = {
    "check_package", "list_my_packages", "list_my_orders", "list_my_requests", "get_order", "get_my_profile",
    "check_truck", "list_services", "get_quote",
}  # fmt: skip
STAFF_DECIDE = {"update_profile", "change_delivery", "cancel_order", "request_refund", "create_order"}
CUSTOMER_DECIDES = {"report_problem", "schedule_callback"}
# What says whose, where or how: a model that may say one of these could act as somebody else.
FORBIDDEN = {
    "customer", "customer_id", "user", "user_id", "tenant", "tenant_id", "account", "account_id", "owner", "as_user",
    "url", "host", "path", "file", "sql", "query", "code", "command", "filter", "order_by", "approved", "force",
    "is_staff", "password", "permission", "conversation_id", "call_id",
}  # fmt: skip


def load(ctx: Any, *, lock: bool, **arguments: Any) -> None: ...


def apply(ctx: Any, record: Any, *, call_id: Any, **arguments: Any) -> None: ...


def names_in(schema: Any) -> set[str]:
    """Every name a model may say, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(names_in, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})) | set().union(*map(names_in, schema.values()))


def test_exactly_the_tools_of_the_contract_are_offered():
    assert set(REGISTRY) == READS | STAFF_DECIDE | CUSTOMER_DECIDES
    assert {name for name, found in REGISTRY.items() if found.effect == "read"} == READS


def test_staff_decide_every_write_but_two():
    rules = {name: found.approval for name, found in REGISTRY.items() if found.effect == "write"}

    assert {name for name, rule in rules.items() if rule is never} == CUSTOMER_DECIDES


def test_every_write_asks_the_customer_first():
    assert all(found.confirm == (found.effect == "write") for found in REGISTRY.values())


def test_a_newer_request_never_ends_one_for_another_thing():
    keeps = {name for name, found in REGISTRY.items() if found.effect == "write" and not found.supersedes}

    assert keeps == {"create_order", "schedule_callback", "report_problem"}


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_no_tool_takes_an_identity_an_address_or_code(name: str):
    assert not names_in(REGISTRY[name].schema) & FORBIDDEN


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "delete_all",
        "__import__",
        "check_package.__globals__",
        "Check_Package",
        "CHECK_PACKAGE",
        " check_package",
        "check_package ",
        "check_package\n",
        "check_package\x00",
        "check_раckage",  # Cyrillic
        "tools.read_tools.check_package",
        "check-package",
        "load_order",
        "apply_refund",
        "find_order",
        "approve",
        "🚚",
        "x" * 1_000_000,
    ],
)
def test_a_name_that_is_not_exactly_registered_does_not_exist(name: str):
    with pytest.raises(UnknownTool) as refusal:
        find_tool(name=name)

    assert refusal.value.code == "unknown_tool"
    assert refusal.value.retryable
    assert set(refusal.value.allowed or ()) <= set(REGISTRY)


def test_an_unknown_name_is_told_the_nearest_ones():
    with pytest.raises(UnknownTool) as near:
        find_tool(name="check_packages")
    with pytest.raises(UnknownTool) as far:
        find_tool(name="qqqqqqqqqq")

    assert (near.value.allowed or [])[0] == "check_package"
    assert far.value.allowed == sorted(REGISTRY)


def test_the_label_is_filled_from_the_arguments_and_leaves_no_hole():
    definition = REGISTRY["check_package"]

    assert "ABCD-1337" in definition.label_for({"package_id": "ABCD-1337"})
    for found in REGISTRY.values():
        empty = found.label_for({})
        assert "{" not in empty
        assert empty == " ".join(empty.split())


def test_a_label_reads_nothing_out_of_an_argument(registry: dict):
    @tool(effect="read", label="Check {package_id}")
    def probe(ctx: Any, *, package_id: str) -> None:
        """Checks."""

    label = registry["probe"].label_for({"package_id": "{__class__} {0} %s {package_id.__class__}"})

    assert label == "Check {__class__} {0} %s {package_id.__class__}"


def test_registering_fills_the_definition(registry: dict):
    @tool(effect="write", label="Probe", load=load, apply=apply, rate="5/minute", timeout_s=2.0, permission="a.b")
    def probe(ctx: Any, record: Any, *, package_id: str, note: str | None = None) -> None:
        """What the model reads.

        All of it.
        """

    found = find_tool(name="probe")

    assert found.description == "What the model reads.\n\nAll of it."
    assert list(found.schema["properties"]) == ["package_id", "note"]
    assert (found.rate, found.timeout_s, found.permission) == ("5/minute", 2.0, "a.b")
    assert found.approval is always
    assert found.confirm
    assert found.supersedes


def test_a_read_tool_has_nothing_to_load_or_apply():
    definition = REGISTRY["check_package"]

    with pytest.raises(TypeError):
        definition.load(None, lock=False)
    with pytest.raises(TypeError):
        definition.apply(None, None, call_id=None)


def without_context(*, package_id: str) -> None:
    """Text."""


def with_record(ctx: Any, record: Any, *, package_id: str) -> None:
    """Text."""


def with_one(ctx: Any, *, package_id: str) -> None:
    """Text."""


def with_positional_only(ctx: Any, /, *, package_id: str) -> None:
    """Text."""


def with_kwargs(ctx: Any, *, package_id: str, **more: Any) -> None:
    """Text."""


def with_args(ctx: Any, *more: Any, package_id: str) -> None:
    """Text."""


def undocumented(ctx: Any, *, package_id: str) -> None: ...


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (without_context, {"effect": "read"}),
        (with_record, {"effect": "read"}),
        (with_positional_only, {"effect": "read"}),
        (with_kwargs, {"effect": "read"}),
        (with_args, {"effect": "read"}),
        (undocumented, {"effect": "read"}),
        (with_one, {"effect": "write", "load": load, "apply": apply}),
        (with_record, {"effect": "write", "load": load}),
        (with_record, {"effect": "write", "apply": apply}),
    ],
)
def test_a_function_that_is_not_fit_is_refused_and_not_registered(function: Any, options: Any, registry: dict):
    with pytest.raises(SchemaError, match=function.__name__):
        tool(label="Probe", **options)(function)

    assert function.__name__ not in registry


def test_two_modules_cannot_share_a_name(registry: dict):
    def check_package(ctx: Any, *, package_id: str) -> None:
        """Somebody else's."""

    before = registry["check_package"]

    with pytest.raises(SchemaError, match="two modules"):
        tool(effect="read", label="Check")(check_package)

    assert registry["check_package"] is before
