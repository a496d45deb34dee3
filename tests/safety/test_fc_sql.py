"""Function calling: statements and patterns of SQL in strings are values like any other, from the wire to the log."""

from __future__ import annotations

import json
import time

from tests.safety.arena import Arena
from tests.safety.drive import Case, codes, drive
from tests.safety.hostile import fanout, say
from tests.safety.oracles import INSIDE, STATEMENT
from tests.safety.statements import statement_log, without_values
from tests.safety.test_fc_values import FREE_TEXT, good_arguments

SQL = [
    "' OR 1=1--", "'; DROP TABLE tracking_order;--", "x' UNION SELECT password FROM auth_user--", "' LIKE '%", "%", "_",
    "1; SELECT pg_sleep(8)", "'||pg_sleep(8)--", "a' AND (SELECT pg_sleep(8)) = 1--", "%s", "%(x)s", "$$", "$1", "%%",
    "\\", "\\'", "''", '"', "/* */ OR 1=1", "CANA-0001%", "CANA_00011", "ORD-%", "ORD-8000111' OR 'a'='a", ":name",
    "\\x27 or 1=1", "E'\\\\047'", "COPY x TO PROGRAM 'id'", "{x}",
]  # fmt: skip


def test_fc_14_statements_in_strings_are_only_ever_values(arena: Arena):
    arena.waive("O8", "the model itself speaks SQL here")
    cases: list[Case] = []
    for name, arguments in good_arguments(arena.a.facts).items():
        for key, value in arguments.items():
            if isinstance(value, str) and name != "create_order" and key not in FREE_TEXT | {"safe_place"}:
                cases += [(name, {**arguments, key: payload}) for payload in SQL]
    begun = time.monotonic()
    told = drive(arena, arena.a, cases)

    assert set(codes(told)) <= {"invalid_arguments", "not_found"}
    assert not any(shown.search(json.dumps(answer)) for answer in told for shown in (INSIDE, STATEMENT))
    assert (time.monotonic() - begun) / len(cases) < 0.5  # none of them slept
    assert arena.journal() == []


def test_fc_14_free_text_is_kept_and_sent_to_the_database_as_a_value(arena: Arena):
    arena.waive("O8", "the model itself speaks SQL here")
    marked = [f"{payload} mark7f3" for payload in SQL]
    wishes = [" ".join(marked[start : start + 14]) for start in range(0, len(marked), 14)]
    place = {"package_id": arena.a.facts.packages[0], "problem": "other"}
    with statement_log(arena) as logged:
        reports = [("report_problem", {**place, "description": words}) for words in wishes]
        turn = arena.turn(arena.a, fanout(*reports, *((words, {}) for words in marked[:6])), say("Prepared."))
    waiting = [frame for frame in turn.calls if frame["state"] == "awaiting_confirmation"]
    assert [frame["arguments"]["description"] for frame in waiting] == wishes
    statements = [line for line in logged if "mark7f3" in line]
    assert len(statements) >= len(wishes)
    assert [line for line in statements if "mark7f3" in without_values(line)] == []


def test_fc_14_a_wildcard_finds_nothing(arena: Arena):
    patterns = ["CANB-00%", "CANB-0001_", "%", "____-_____", "*", "CANB-*", "[A-Z]+-[0-9]+", ".*"]

    told = drive(arena, arena.a, [("check_package", {"package_id": pattern}) for pattern in patterns])

    assert set(codes(told)) <= {"invalid_arguments", "not_found"}
