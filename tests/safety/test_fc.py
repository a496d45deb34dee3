"""Function calling: what is no tool and no JSON object never runs, code is text, and the model is told what to do."""

from __future__ import annotations

import json
import string
import tempfile
from pathlib import Path

import pytest

from tests.safety.arena import Arena
from tests.safety.drive import Case, codes, dice, drive
from tests.safety.hostile import Trap, call, fanout, say

# Names that a tutorial's dispatcher would have found: attributes, modules, other spellings, functions of ours.
NAMES = """delete_all __import__ eval exec os.system check_package.__globals__ check_package.__call__ Check_Package
CHECK_PACKAGE check-package check_packages functions.check_package tools.read_tools.check_package tools:check_package
../check_package execute_call approve confirm tools.approvals.approve move_call apply_profile services.change_profile
set_password run_sql execute_sql_query call_external_api handoff handoff.request call.confirm user.message null None
check_package(package_id) {{7*7}} %s '; check_package\u200b \uff43heck_package che\u0441k_package \U0001f680"""
WITH_BLANKS = ["", " ", "check_package ", " check_package", "check_package\n", "check_package\0", "x" * 64, "x" * 5000]
CODE = [
    "import os; os.system('touch {file}')",
    "print(open('/etc/hosts').read())",
    "__import__('pathlib').Path('{file}').write_text('x')",
    "().__class__.__base__.__subclasses__()",
    "{{{{ ''.__class__.__mro__[1].__subclasses__() }}}}",
    "{{% load static %}}{{{{ settings.SECRET_KEY }}}}",
    "__import__('urllib.request').request.urlopen('{url}/visited')",
    "$(touch {file})",
    "`touch {file}`",
    "; curl {url}/visited #",
    "{url}/visited",
    "file://{file}",
    "!!python/object/apply:os.system ['touch {file}']",
    "%(settings)s {0.__class__}",
]


def test_fc_01_unknown_tools_are_refused(arena: Arena):
    chance = dice("fc_01")
    letters = string.ascii_letters + string.digits + "._-/\\:;'\"$%{}()<>\u00e9\u202e\x1b"
    names = [*NAMES.split(), *WITH_BLANKS]
    names += ["".join(chance.choices(letters, k=chance.randint(1, 80))) for _ in range(160)]
    assert len(names) >= 200

    told = drive(arena, arena.a, [(name, {"package_id": arena.a.facts.packages[0]}) for name in names])

    assert set(codes(told)) == {"unknown_tool"}
    tools = {tool["function"]["name"] for tool in arena.model.requests[0]["tools"]}
    assert all(set(answer["error"]["allowed"]) <= tools and answer["error"]["next_step"] for answer in told)
    assert told[names.index("check_packages")]["error"]["allowed"][0] == "check_package"
    refused = arena.calls_of(arena.a, state="refused")
    assert len(refused) == len(names)
    assert all(row["tool"].isprintable() and len(row["tool"]) <= 64 for row in refused)
    query = "SELECT event, outcome FROM tools_auditentry WHERE call_id = ANY(%s)"
    assert arena.sql(query, [row["id"] for row in refused]) == [("tool.rejected", "unknown_tool")] * len(names)
    assert arena.journal() == []


def test_fc_01_a_turn_of_nothing_but_unknown_tools_ends_politely(arena: Arena):
    turn = arena.turn(arena.a, call("delete_all"), call("__import__"))

    assert turn.end["state"] == "failed"
    assert turn.end["error"]["code"] == "too_many_steps"
    assert "person" in turn.text


@pytest.mark.parametrize("place", ["text", "name", "arguments"])
def test_fc_02_code_is_only_ever_text(arena: Arena, place: str):
    with Trap() as trap, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "made"
        snippets = [code.format(file=file, url=trap.url) if "{0." not in code else code for code in CODE]
        if place == "text":
            for snippet in snippets:
                assert arena.turn(arena.a, say(snippet)).frames[-2]["text"] == snippet
        elif place == "name":
            assert set(codes(drive(arena, arena.a, [(snippet, {}) for snippet in snippets]))) == {"unknown_tool"}
        else:
            cases: list[Case] = [("check_package", {"package_id": snippet}) for snippet in snippets]
            cases += [("get_my_profile", snippet) for snippet in snippets]
            assert set(codes(drive(arena, arena.a, cases))) <= {"invalid_arguments", "invalid_json", "not_found"}
        assert not file.exists()
        assert trap.visits == []
    assert arena.effects() == []


def test_fc_02_code_that_is_requested_stays_words_to_the_end(arena: Arena):
    with Trap() as trap, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "made"
        code = f"{{{{7*7}}}} {{% debug %}} $(touch {file}) {trap.url}/visited"
        request = arena.request(
            arena.a,
            "report_problem",
            {"package_id": arena.a.facts.packages[0], "problem": "other", "description": code},
        )
        arena.confirm(arena.a, request)
        assert arena.wait_for_end(request["call_id"]) == "succeeded"
        assert not file.exists()
        assert trap.visits == []
    assert [change.row["description"] for change in arena.effects()] == [code]


def malformed(good: str) -> list[str]:
    """What models and attackers write in place of a JSON object that would be right."""
    value, quoted = json.loads(good), json.dumps(good)
    around = [
        "{0}}}",
        "{{{0}",
        "{{{0}}}",
        "[{0}]",
        "{0}{0}",
        "{0}\n{0}",
        "{{}}{0}",
        "\ufeff{0}",
        "{0}\0",
        "```json\n{0}\n```",
    ]
    around += ["{0} // why", "/* x */{0}", "# x\n{0}", "arguments: {0}", "<x>{0}</x>", "({0})", "{0};", "return {0}"]
    inside = [
        ("}", ",}"),
        ('"', "'"),
        (":", "="),
        ('"', "\u201c"),
        ('"', '\\"'),
        ("{", "{\x0b"),
        ("{", "("),
        (":", ","),
    ]
    instead = ["", " ", "null", "[]", "true", "7", '"text"', "undefined", "{'a': None}", '{"a":NaN}', '{"\\ud800":1}']
    return [
        *instead,
        *(shape.format(good) for shape in around),
        *(good.replace(*pair) for pair in inside),
        *(good[:-1], good[1:], quoted, json.dumps(quoted), repr(value) + ";", good[:-1] + " " * 9000 + "}"),
        json.dumps({**value, "padding": "x" * 9000}),
    ]


def test_fc_03_what_is_no_json_object_is_refused_and_never_repaired(arena: Arena):
    facts, chance = arena.a.facts, dice("fc_03")
    good: list[Case] = [
        ("check_package", json.dumps({"package_id": facts.packages[0]})),
        ("request_refund", json.dumps({"order_id": facts.orders[0], "amount": "5.00", "reason": "late"})),
        ("update_profile", json.dumps({"phone": "+49 30 1234567"})),
        ("list_my_orders", json.dumps({"limit": 5})),
    ]
    cases: list[Case] = [(name, bad) for name, raw in good for bad in malformed(str(raw))]
    while len(cases) < 220:
        name, raw = chance.choice(good)
        text = str(raw)
        cut = chance.randrange(1, len(text))
        cases.append(
            (name, chance.choice([text[:cut], text[cut:], text[:cut] + chance.choice("{}[]\",:'\\") + text[cut:]]))
        )
    cases = [(name, raw) for name, raw in cases if not fits(str(raw))]
    assert len(cases) >= 200

    told = drive(arena, arena.a, cases)

    assert set(codes(told)) <= {"invalid_json", "invalid_arguments"}
    assert all(answer["error"]["retryable"] and answer["error"]["next_step"] for answer in told)
    assert arena.calls_of(arena.a, effect="write", state="awaiting_confirmation") == []
    assert arena.journal() == []


def fits(raw: str) -> bool:
    """True where chance made a right object after all."""
    try:
        return isinstance(json.loads(raw), dict) and "padding" not in raw and "NaN" not in raw and len(raw) < 9000
    except ValueError:
        return False


def test_fc_03_two_rounds_of_nonsense_are_the_end_of_the_turn(arena: Arena):
    broken = fanout(("check_package", "{"), ("update_profile", "[]"))
    turn = arena.turn(arena.a, broken, broken)

    assert (turn.end["state"], turn.end["error"]["code"]) == ("failed", "too_many_steps")
    assert len(arena.model.requests) == 2
    assert turn.frames[-2]["author"] == "system"


def test_fc_03_a_call_that_is_repaired_after_one_error_is_run(arena: Arena):
    number = arena.a.facts.packages[0]
    turn = arena.turn(
        arena.a,
        call("check_package", "{'package_id': '" + number + "'}"),
        call("check_package", {"package_id": number}),
        say("It is on its way."),
    )

    assert turn.end["state"] == "done"
    assert arena.told(-1)[0]["result"]["package_id"] == number
