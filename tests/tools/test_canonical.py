"""One spelling for one request, and the digest that consent, approval and effect hang on."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tools.canonical import digest_of, load_arguments, parse_arguments
from tools.errors import InvalidArguments, InvalidJson
from tools.registry import REGISTRY

REFUND = {"order_id": "ORD-1001", "amount": "24.90", "reason": "late"}
FROZEN = {"tool": "request_refund", "customer_id": 7, "arguments": REFUND}


def parse(tool: str, raw: str | dict[str, Any]) -> dict[str, Any]:
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return parse_arguments(definition=REGISTRY[tool], raw=text)


def refused(tool: str, raw: dict[str, Any]) -> InvalidArguments:
    with pytest.raises(InvalidArguments) as refusal:
        parse(tool, raw)
    return refusal.value


@pytest.mark.parametrize(
    ("tool", "spellings"),
    [
        ("check_package", [{"package_id": "ABCD-1337"}, {"package_id": " abcd 1337 "}, {"package_id": "Abcd1337"}]),
        (
            "update_profile",
            [
                {"phone": "+49 30 12345678"},
                {"phone": "0049 (30) 1234-5678", "email": None},
                {"email": None, "name": None, "phone": "+493012345678"},
            ],
        ),
        (
            "request_refund",
            [
                {"order_id": "ord 1001", "amount": "24.90", "reason": " too  late "},
                {"reason": "too late", "amount": "24.90", "order_id": "ORD-1001"},
            ],
        ),
    ],
)
def test_spellings_of_one_request_become_one(tool: str, spellings: list[dict[str, Any]]):
    found = [parse(tool, spelling) for spelling in spellings]

    digests = {digest_of(tool=tool, customer_id=7, arguments=arguments) for arguments in found}

    assert len(digests) == 1
    assert all(arguments == found[0] for arguments in found)


def test_canonical_arguments_are_a_fixed_point():
    first = parse("update_profile", {"phone": "0049 30 12345678", "city": " Bad  Homburg "})

    assert parse("update_profile", first) == first
    assert json.loads(json.dumps(first)) == first


def test_what_was_left_out_or_null_is_left_out():
    assert parse("update_profile", {"phone": None, "city": "Berlin"}) == {"city": "Berlin"}


@pytest.mark.parametrize(
    "changed",
    [
        {"tool": "cancel_order"},
        {"customer_id": 8},
        {"arguments": {**REFUND, "amount": "24.91"}},
        {"arguments": {**REFUND, "order_id": "ORD-1002"}},
        {"arguments": {**REFUND, "reason": "late "}},
        {"arguments": {**REFUND, "extra": None}},
        {"arguments": {key: value for key, value in REFUND.items() if key != "reason"}},
    ],
    ids=str,
)
def test_any_change_changes_the_digest(changed: dict[str, Any]):
    assert digest_of(**{**FROZEN, **changed}) != digest_of(**FROZEN)  # type: ignore[arg-type]  # values of three types


def test_the_order_of_keys_does_not_change_the_digest():
    turned = dict(reversed(REFUND.items()))

    assert digest_of(**{**FROZEN, "arguments": turned}) == digest_of(**FROZEN)  # type: ignore[arg-type]  # values of three types


def test_the_digest_is_the_same_in_every_version():
    """Requests that were frozen before an update must still be the ones that were approved."""
    found = digest_of(tool="request_refund", customer_id=7, arguments={**REFUND, "reason": "spät 🚚"})

    text = (
        r'{"arguments":{"amount":"24.90","order_id":"ORD-1001","reason":"sp\u00e4t \ud83d\ude9a"},'
        r'"customer":7,"tool":"request_refund"}'
    )
    assert found == hashlib.sha256(text.encode("ascii")).hexdigest()


def test_loading_gives_typed_values_with_the_defaults_of_what_was_left_out():
    parcel = {"weight_kg": 2, "length_cm": 10, "width_cm": 10, "height_cm": 10, "contents": "books"}
    arguments = parse("get_quote", {"parcels": [parcel], "postal_code": "10115", "country": "de"})

    loaded = load_arguments(definition=REGISTRY["get_quote"], arguments=arguments)

    assert loaded["parcels"][0].weight_kg == 2.0
    assert loaded["country"] == "DE"
    assert loaded["service"] is None


@pytest.mark.parametrize(
    "stored", [{}, {"package_id": 7}, {"package_id": "ABCD-1337", "customer_id": 7}, {"package_id": "' OR 1=1--"}]
)
def test_stored_arguments_are_checked_once_more(stored: dict[str, Any]):
    with pytest.raises(InvalidArguments):
        load_arguments(definition=REGISTRY["check_package"], arguments=stored)


def test_an_unknown_key_is_named_with_what_there_is():
    error = refused("check_package", {"package_id": "ABCD-1337", "user_id": 1})

    assert error.field == "user_id"
    assert error.allowed == ["package_id"]


def test_a_value_outside_a_choice_is_told_the_choice():
    error = refused("report_problem", {"package_id": "ABCD-1337", "problem": "broken", "description": "Wet."})

    assert error.field == "problem"
    assert error.allowed == ["damaged", "missing_items", "not_received", "wrong_item", "other"]


def test_a_missing_key_is_named():
    assert refused("request_refund", {"order_id": "ORD-1001", "amount": "1.00"}).field == "reason"


def test_a_wrong_key_deep_inside_is_named_by_its_path():
    parcel = {"weight_kg": "2", "length_cm": 10, "width_cm": 10, "height_cm": 10}

    error = refused("get_quote", {"parcels": [parcel], "postal_code": "10115", "country": "DE"})

    assert error.field == "parcels.0.weight_kg"


def test_a_refusal_never_repeats_the_value():
    error = refused("update_profile", {"email": "not-an-address 4111111111111111"})

    assert error.field == "email"
    assert "4111" not in json.dumps(error.as_dict())


def test_a_key_of_any_length_is_cut_in_the_refusal():
    assert len(refused("check_package", {"package_id": "ABCD-1337", "x" * 5000: 1}).field or "") <= 120


@pytest.mark.parametrize(
    "raw",
    [
        '{"package_id": "ABCD-1337", "package_id": "WXYZ-2001"}',
        '{"package_id": NaN}',
        '"ABCD-1337"',
        "",
    ],
)
def test_what_is_no_json_object_is_told_apart_from_wrong_arguments(raw: str):
    with pytest.raises(InvalidJson):
        parse("check_package", raw)


NO_MONEY: list[Any] = [
    True, 24.9, 24, -1, "-1.00", "1e9", "0.005", "0.00", "24.9", "24,90", "٢٤.٩٠", "+1.00", "01.00", "1_0.00",
    "999999999999.00", "NaN", "24.90 EUR", ["24.90"], {"$gt": ""}, None, "", "24.90\n24.90",
]  # fmt: skip
FOREIGN_KEYS = [
    "user_id", "tenant_id", "is_staff", "approved", "force", "dry_run", "__class__", "order__user__email",
    "_connector", "pk__in", "lock", "ctx", "record", "call_id", "now", "definition", "",
]  # fmt: skip


@pytest.mark.parametrize("amount", NO_MONEY, ids=repr)
def test_money_is_an_exact_positive_string_with_two_places(amount: Any):
    assert refused("request_refund", {**REFUND, "amount": amount}).field == "amount"


@pytest.mark.parametrize("key", FOREIGN_KEYS)
@pytest.mark.parametrize("tool", ["check_package", "request_refund"])
def test_no_key_reaches_past_the_arguments(tool: str, key: str):
    good = {"check_package": {"package_id": "ABCD-1337"}, "request_refund": REFUND}[tool]

    assert refused(tool, {**good, key: False}).field in (key, None)
