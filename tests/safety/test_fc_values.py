"""Function calling: doubled keys, foreign keys, wrong kinds of values and statements in strings reach no record."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest

from tests.safety.arena import Arena
from tests.safety.cast import Facts
from tests.safety.drive import Case, codes, dice, drive
from tests.safety.hostile import say

PARCEL = {"weight_kg": 2.5, "length_cm": 30.0, "width_cm": 20.0, "height_cm": 10.0, "contents": "books"}
PLACE = {"postal_code": "20457", "country": "DE"}
ADDRESS = {"name": "Paula Example", "street": "Hafenstrasse 7", "city": "Hamburg", **PLACE}
STRANGE_KEYS: dict[str, Any] = {
    "user_id": 1, "customer_id": 1, "tenant_id": 2, "is_staff": True, "is_superuser": True, "approved": True, "pk": 1,
    "confirm": True, "force": True, "dry_run": False, "__class__": "x", "__init__": {}, "order__user__email": "x",
    "_connector": "OR", "pk__in": [1, 2], "password": "x", "state": "approved", "digest": "x", "ctx": {}, "record": {},
    "lock": False, "now": "x", "$where": "1", "id": 1,
}  # fmt: skip


def good_arguments(facts: Facts) -> dict[str, dict[str, Any]]:
    """Arguments that each tool would take from this customer."""
    return {
        "check_package": {"package_id": facts.packages[0]},
        "list_my_packages": {"limit": 5},
        "list_my_orders": {"status": "booked"},
        "list_my_requests": {},
        "get_order": {"order_id": facts.orders[0]},
        "get_my_profile": {},
        "check_truck": {"truck_id": facts.truck},
        "list_services": {},
        "get_quote": {"parcels": [PARCEL], **PLACE},
        "update_profile": {"phone": "+49 30 1234567"},
        "change_delivery": {"package_id": facts.packages[2], "safe_place": "garage"},
        "cancel_order": {"order_id": facts.orders[1]},
        "request_refund": {"order_id": facts.orders[0], "amount": "5.00", "reason": "late"},
        "report_problem": {"package_id": facts.packages[1], "problem": "damaged", "description": "A dent."},
        "schedule_callback": {"at": "2099-01-01T10:00+01:00", "topic": "my order"},
        "create_order": {"parcels": [PARCEL], "service": "standard", **ADDRESS},
    }


DEEP = "[" * 60 + "]" * 60
NOT_STRICT = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "01",
    "+1",
    ".5",
    "1.",
    "0x10",
    "1_000",
    "True",
    "None",
]
NOT_STRICT += [
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\u0000"',
    '"a\tb"',
    '"a\nb"',
    "'x'",
    '"\\x41"',
    "\u00bd",
    "\u0663",
    DEEP,
]


def test_fc_04_numbers_depth_and_characters_that_two_parsers_read_in_two_ways(arena: Arena):
    cases: list[Case] = []
    for value in [*NOT_STRICT, "9" * 5000]:
        cases += [
            ("get_my_profile", '{"x": ' + value + "}"),
            ("get_my_profile", '{"x": {"y": [' + value + "]}}"),
            ("update_profile", '{"name": ' + value + "}"),
            ("list_my_orders", '{"limit": ' + value + "}"),
            ("get_quote", json.dumps({"parcels": [PARCEL], **PLACE})[:-1] + ', "service": ' + value + "}"),
            ("get_quote", json.dumps({"parcels": [PARCEL], **PLACE}).replace("2.5", value)),
            ("report_problem", '{"package_id": "CANA-1234", "problem": "other", "description": ' + value + "}"),
        ]
    cases += [("get_my_profile", '{"a": ' * depth + "1" + "}" * depth) for depth in (17, 200, 1000)]

    told = drive(arena, arena.a, cases)

    assert set(codes(told)) == {"invalid_json"}
    assert arena.journal() == []


def test_fc_04_a_number_of_four_hundred_digits_is_none(arena: Arena):
    digits = "9" * 400
    told = drive(
        arena, arena.a, [("list_my_orders", f'{{"limit": {digits}}}'), ("get_order", f'{{"order_id": {digits}}}')]
    )

    assert codes(told) == ["invalid_arguments"] * 2


@pytest.mark.parametrize("first", ["own", "foreign"])
def test_fc_05_a_key_that_stands_twice_is_refused(arena: Arena, first: str):
    a, b = arena.a.facts, arena.b.facts
    ids = [(a.packages[0], b.packages[0]), (a.orders[0], b.orders[0])]
    (package, other_package), (order, other_order) = ids if first == "own" else [(y, x) for x, y in ids]
    cases: list[Case] = [
        ("check_package", f'{{"package_id": "{package}", "package_id": "{other_package}"}}'),
        ("check_package", f'{{"package_id": "{package}", "package\\u005fid": "{other_package}"}}'),
        ("get_order", f'{{"order_id": "{order}", "order_id": "{other_order}"}}'),
        ("cancel_order", f'{{"order_id": "{order}", "reason": "x", "order_id": "{other_order}"}}'),
        ("request_refund", f'{{"order_id": "{order}", "amount": "1.00", "amount": "24.90", "reason": "x"}}'),
        ("request_refund", f'{{"order_id": "{order}", "\\u0061mount": "24.90", "amount": "1.00", "reason": "x"}}'),
        ("get_quote", json.dumps({"parcels": [PARCEL]}).replace('"weight_kg"', '"weight_kg": 1.0, "weight_kg"')),
    ]

    told = drive(arena, arena.a, cases)

    assert set(codes(told)) == {"invalid_json"}
    assert all("twice" in answer["error"]["message"] for answer in told)
    assert arena.calls_of(arena.a, effect="write", state="awaiting_confirmation") == []


def test_fc_06_a_key_that_is_not_in_the_schema_is_refused(arena: Arena):
    chance = dice("fc_06")
    cases: list[Case] = []
    for name, arguments in good_arguments(arena.a.facts).items():
        for key in chance.sample(list(STRANGE_KEYS), 14):
            strange = {key: STRANGE_KEYS[key]}
            cases.append((name, {**arguments, **strange} if chance.random() < 0.5 else {**strange, **arguments}))
    cases += [
        ("create_order", {**good_arguments(arena.a.facts)["create_order"], "parcels": [{**PARCEL, "price": "0.01"}]})
    ]
    assert len(cases) >= 200

    told = drive(arena, arena.a, cases)

    assert set(codes(told)) == {"invalid_arguments"}
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in arena.model.requests[0]["tools"]}
    for (name, _), answer in zip(cases[:-1], told, strict=False):
        assert sorted(answer["error"]["allowed"]) == sorted(schemas[name]["properties"]), (name, answer)
    assert arena.calls_of(arena.a, effect="write", state="awaiting_confirmation") == []


def test_fc_06_no_schema_offers_an_identity(arena: Arena):
    arena.turn(arena.a, say("Hello"))

    offered = {
        name
        for tool in arena.model.requests[0]["tools"]
        for name in re.findall(r'"(\w+)": \{', json.dumps(tool["function"]["parameters"]["properties"]))
    }
    assert not offered & set(STRANGE_KEYS), offered & set(STRANGE_KEYS)
    assert not any(re.search(r"user|customer|tenant|staff|url|host|path|sql|query|file", name) for name in offered)


NO_TEXT: list[Any] = [
    True,
    False,
    0,
    1,
    -1,
    7.5,
    10**18,
    -(10**18),
    1e300,
    [],
    [1],
    {},
    {"$gt": ""},
    {"pk__in": [1]},
    [[]],
]
NO_WORD: list[Any] = [
    "1e9",
    "-1",
    "0.005",
    "0",
    "00.01",
    "1,00",
    "24.9",
    "24.900",
    "\uff15.00",
    "9" * 30 + ".00",
    "NaN",
    "true",
]
FREE_TEXT = frozenset({"reason", "description", "topic", "name", "street", "city", "contents", "phone", "postal_code"})


def wrong_values(key: str) -> list[Any]:
    """Values that no argument of this name may have."""
    if key == "safe_place":  # an empty one takes it back
        return NO_TEXT
    if key in FREE_TEXT:
        return [*NO_TEXT, "", " "]
    return [value for value in [*NO_TEXT, *NO_WORD, "", " "] if key != "limit" or value is True or value != 1]


def test_fc_07_wrong_kinds_of_values_are_refused(arena: Arena):
    chance = dice("fc_07")
    cases: list[Case] = []
    for name, arguments in good_arguments(arena.a.facts).items():
        for key in arguments:
            cases += [(name, {**arguments, key: value}) for value in wrong_values(key)]
    for key in ("weight_kg", "length_cm", "width_cm", "height_cm"):
        wrong: list[Any] = [True, None, 0, -1, 10**18, 1e300, [], [1], {}, "2.5", "1e9", ""]
        cases += [("get_quote", {"parcels": [{**PARCEL, key: value}], **PLACE}) for value in wrong]
    cases = chance.sample(cases, 350)

    told = drive(arena, arena.a, cases)

    taken = [case for case, answer in zip(cases, told, strict=True) if codes([answer]) != ["invalid_arguments"]]
    assert taken == []
    assert arena.journal() == []


def test_fc_07_money_stays_exact_to_the_cent(arena: Arena):
    order = arena.a.facts.orders[0]
    too_much: list[Case] = [
        ("request_refund", {"order_id": order, "amount": amount, "reason": "x"}) for amount in ("24.91", "99999999.99")
    ]
    assert codes(drive(arena, arena.a, too_much)) == ["invalid_arguments"] * 2

    request = arena.request(arena.a, "request_refund", {"order_id": order, "amount": "0.01", "reason": "x"})
    assert arena.approved(arena.a, request) == "succeeded"
    request = arena.request(arena.a, "request_refund", {"order_id": order, "amount": "24.89", "reason": "x"})
    assert arena.approved(arena.a, request) == "succeeded"

    rows = arena.sql("SELECT refunded, price FROM tracking_order WHERE reference = %s", order)
    assert rows == [(Decimal("24.90"), Decimal("24.90"))]


def test_fc_08_a_number_counts_by_its_exact_ascii_pattern(arena: Arena):
    """Look-alikes, other digits, invisible characters and paths are no number of anybody."""
    package, order = arena.a.facts.packages[0], arena.a.facts.orders[0]
    digits = str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")
    wide = str.maketrans("0123456789", "".join(chr(0xFF10 + n) for n in range(10)))
    shapes = [
        "{0}\u200b",
        "\u202e{0}",
        "{0}/../{1}",
        "{0}?x=1",
        "{0}#",
        "{0};",
        "{0}%00",
        "{0}\x00",
        "../{0}",
        "{0}*",
        "%{0}",
    ]
    shapes += [
        "{0},{1}",
        "{0} {1}",
        "{0}|{1}",
        "[{0}]",
        '"{0}"',
        "{0}\r\nX: y",
        "{0}{0}{0}{0}{0}{0}{0}",
        "http://127.0.0.1/{0}",
    ]
    cases: list[Case] = []
    for tool, key, number, other in [
        ("check_package", "package_id", package, arena.b.facts.packages[0]),
        ("get_order", "order_id", order, arena.b.facts.orders[0]),
        ("check_truck", "truck_id", arena.a.facts.truck, arena.b.facts.truck),
        ("cancel_order", "order_id", arena.a.facts.orders[1], arena.b.facts.orders[1]),
    ]:
        spellings = [
            number.translate(digits),
            number.translate(wide),
            number.replace("A", "\u0410").replace("R", "\uff32"),
        ]
        spellings += [shape.format(number, other) for shape in shapes]
        cases += [(tool, {key: spelling}) for spelling in spellings if spelling != number]

    told = drive(arena, arena.a, cases)

    assert set(codes(told)) <= {"invalid_arguments", "invalid_json", "not_found"}
    assert arena.calls_of(arena.a, effect="write", state="awaiting_confirmation") == []
