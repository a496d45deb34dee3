"""The raw text of a model: one JSON object that every parser reads alike, or a refusal."""

from __future__ import annotations

import json

import pytest

from tools.errors import InvalidJson
from tools.strictjson import MAX_BYTES, MAX_DEPTH, parse_object

LONE = chr(0xD83D)


def nested(depth: int) -> str:
    """An object whose deepest bracket is the `depth`th."""
    return '{"a":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def test_an_object_is_read_as_it_is():
    raw = ' {"package_id": "ABCD-1337", "n": 3, "f": 0.5, "none": null, "list": [true, {"deep": "é \\ud83d\\ude9a"}]} '

    found = parse_object(raw)

    assert found == {"package_id": "ABCD-1337", "n": 3, "f": 0.5, "none": None, "list": [True, {"deep": "é 🚚"}]}


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "null",
        "true",
        "7",
        "[]",
        '[{"package_id": "ABCD-1337"}]',
        '"ABCD-1337"',
        '"{\\"package_id\\": \\"ABCD-1337\\"}"',
        '{"package_id": "ABCD-1337"',
        '{"package_id": "ABCD-1337",}',
        "{'package_id': 'ABCD-1337'}",
        '{package_id: "ABCD-1337"}',
        '{"package_id": "ABCD-1337"} {"package_id": "WXYZ-2001"}',
        '{"package_id": "ABCD-1337"} // own',
        '{"package_id": /* own */ "ABCD-1337"}',
        '\ufeff{"package_id": "ABCD-1337"}',
        '{"n": 01}',
        '{"n": +1}',
        '{"n": .5}',
        '{"n": 0x10}',
        '{"text": "a\nb"}',
        '{"text": "a\tb"}',
        '{"text": "\\x41"}',
        '```json\n{"package_id": "ABCD-1337"}\n```',
        'import os; os.system("id")',
    ],
)
def test_what_is_not_one_json_object_is_refused(raw: str):
    with pytest.raises(InvalidJson):
        parse_object(raw)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400 + ".0"])
def test_a_number_that_is_none_is_refused(number: str):
    with pytest.raises(InvalidJson):
        parse_object(f'{{"parcels": [{{"weight_kg": {number}}}]}}')


def test_an_integer_of_thousands_of_digits_is_refused_at_once():
    with pytest.raises(InvalidJson):
        parse_object('{"n": ' + "9" * 8000 + "}")


@pytest.mark.parametrize(
    "raw",
    [
        '{"order_id": "ORD-1001", "order_id": "ORD-2001"}',
        '{"order_id": "ORD-2001", "order_id": "ORD-1001"}',
        '{"amount": "1.00", "\\u0061mount": "180.00"}',
        '{"parcels": [{"weight_kg": 1, "weight_kg": 30}]}',
        '{"a": {"b": [{"c": 1, "c": 1}]}}',
    ],
)
def test_a_key_that_stands_twice_is_refused_at_any_depth(raw: str):
    with pytest.raises(InvalidJson, match="twice"):
        parse_object(raw)


@pytest.mark.parametrize(
    "raw",
    [
        '{"text": "half ' + LONE + '"}',
        '{"text": "\\ud83d"}',
        '{"text": "\\udE9A\\ud83d"}',
        '{"\\ud83d": 1}',
        '{"list": [[{"deep": "\\ud83d"}]]}',
        '{"text": "a\\u0000b"}',
        '{"a\\u0000": 1}',
    ],
)
def test_half_characters_and_nul_are_refused_raw_and_escaped(raw: str):
    with pytest.raises(InvalidJson):
        parse_object(raw)


def test_the_deepest_nesting_allowed_is_read_and_one_more_is_refused():
    parse_object(nested(MAX_DEPTH))

    with pytest.raises(InvalidJson, match="deep"):
        parse_object(nested(MAX_DEPTH + 1))


def test_brackets_inside_texts_are_no_nesting():
    raw = json.dumps({"text": '\\"' + "[{" * 200, 'key"[[[[[[[[[[[[[[[[[[[[[[[': "]"})

    assert parse_object(raw) == json.loads(raw)


def test_nesting_that_would_exhaust_a_parser_is_refused():
    with pytest.raises(InvalidJson):
        parse_object("[" * 8000)


def test_the_longest_text_allowed_is_counted_in_bytes():
    frame = len('{"t":""}')
    longest = '{"t":"' + "é" * ((MAX_BYTES - frame) // 2) + '"}'

    assert len(longest.encode()) == MAX_BYTES
    assert parse_object(longest)
    with pytest.raises(InvalidJson, match=str(MAX_BYTES)):
        parse_object(longest + " ")


def test_a_refusal_never_repeats_what_was_sent():
    with pytest.raises(InvalidJson) as refusal:
        parse_object('{"card": "4111 1111 1111 1111"')

    assert "4111" not in json.dumps(refusal.value.as_dict())
