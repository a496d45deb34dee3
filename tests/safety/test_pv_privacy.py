"""Privacy: what a person is given of theirs, what is left when they are erased, and what time takes away."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import uuid

import psycopg

from tests.environment import process_environment
from tests.processes import ROOT, wait_until
from tests.safety.arena import Arena
from tests.safety.cast import tags_in
from tests.safety.conftest import app_url
from tests.safety.hostile import call, hang, say
from tests.safety.journal import HARNESS
from tests.safety.oracles import redis_dump
from tests.safety.person import Person


def start(arena: Arena, *arguments: str) -> subprocess.Popen[str]:
    """A command as an operator gives it: with the product's own rights, and its output apart from its log."""
    arena.commands.append(" ".join(arguments))
    variables = {**arena.product.variables, "DATABASE_URL": app_url(arena.product.database_url)}
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=process_environment(os.environ, **variables, REDIS_URL=arena.product.redis_url, PGAPPNAME=HARNESS),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def command(arena: Arena, *arguments: str, code: int = 0) -> str:
    """Its output; `code` is how it must end."""
    process = start(arena, *arguments)
    out, errors = process.communicate(timeout=120)
    assert process.returncode == code, (out[-1000:], errors[-3000:])
    return out if code == 0 else errors.splitlines()[-1]


def dump(arena: Arena) -> str:
    """Every row of every table of the product, as text."""
    tables = arena.sql("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    return "\n".join(row for (table,) in tables for (row,) in arena.sql(f"SELECT t::text FROM public.{table} t"))


def values_of(person: Person, text: str) -> set[str]:
    """Every different value in a text that carries the person's tag, and their other marks that are there."""
    found = set(re.findall(rf"{person.facts.tag}[-\w]*(?:@example\.com)?", text, re.IGNORECASE))
    return {value.casefold() for value in found} | {
        mark.decode() for mark in person.facts.marks() if mark.decode() in text
    }


def leave_traces(arena: Arena) -> dict[str, str]:
    """A says, asks, rates and requests something, and staff decide; the ids of the requests by state."""
    a, socket = arena.a, arena.a.chat()
    arena.turn(
        socket,
        call("check_package", {"package_id": a.facts.packages[1]}),
        say("It is there."),
        text=a.facts.text("said"),
    )
    answer = next(f for f in reversed(socket.frames) if f["type"] == "message" and f["author"] == "assistant")
    socket.send(type="feedback", seq=answer["seq"], rating="up", comment=a.facts.text("comment"))
    socket.until(type="ack", seq=answer["seq"])
    report = {"package_id": a.facts.packages[1], "problem": "other", "description": a.facts.text("description")}
    reported = arena.request(a, "report_problem", report)
    arena.confirm(a, reported)
    assert arena.wait_for_end(reported["call_id"]) == "succeeded"
    declined = arena.request(a, "update_profile", {"street": a.facts.text("newstreet")})
    arena.confirm(a, declined)
    assert arena.s1.browser.decide(declined["call_id"], "decline", a.facts.text("whynot")).status_code == 302
    pending = arena.request(a, "cancel_order", {"order_id": a.facts.orders[1], "reason": a.facts.text("reason")})
    arena.confirm(a, pending)
    return {"declined": declined["call_id"], "pending": pending["call_id"]}


# --- PV-05 ------------------------------------------------------------------------------------------------------


def test_pv_05_an_export_is_all_of_a_customer_and_nothing_of_another(arena: Arena):
    leave_traces(arena)
    everything = dump(arena)

    text = command(arena, "export_customer", arena.a.facts.username)
    data = json.loads(text)

    assert values_of(arena.a, everything) <= values_of(arena.a, text)
    assert {letter for letter, _ in tags_in(text.encode())} <= {"A", "N"}
    assert not [mark for person in (arena.b, arena.s1) for mark in person.facts.marks() if mark.decode() in text]
    assert arena.pair.sent_to_a in [package["number"] for package in data["packages"]]
    assert [d["by"] for r in data["requests"] for d in r["decisions"]] == ["reviewer"]
    for secret in (arena.a.facts.session_key, "pbkdf2", "md5$", "argon2"):
        assert secret not in text


def test_pv_05_nobody_of_that_name_is_one_line_and_a_failure(arena: Arena):
    line = command(arena, "export_customer", "' OR 1=1 --", code=1)

    assert line.startswith("CommandError: No customer has this")


# --- PV-06 ------------------------------------------------------------------------------------------------------


def test_pv_06_of_an_erased_customer_nothing_is_left_that_names_them(arena: Arena):
    expect_erasure(arena)
    a, calls = arena.a, leave_traces(arena)
    admin_log(arena)
    bystander = rows_of(arena, arena.b)
    socket = a.sockets()[-1]
    arena.model.script(hang())
    socket.until(type="turn", turn_id=socket.until(type="message", client_msg_id=socket.say("Hello?"))["turn_id"])

    command(arena, "erase_customer", a.facts.username, code=1)  # says what it would do
    assert values_of(a, dump(arena))
    command(arena, "erase_customer", a.facts.username, "--yes")
    asked_before = len(arena.model.bodies)

    assert socket.close_code(within=5) == 4401
    assert values_of(a, dump(arena)) == set()
    assert a.facts.session_key not in dump(arena)
    assert not [key for key, data in redis_dump(arena) if a.facts.tag.lower().encode() in data.lower()]
    assert arena.state_of(calls["pending"]) == "withdrawn"
    page = arena.s1.browser.get(f"/admin/tools/approval/{calls['pending']}/review/")
    assert page.status_code == 200
    assert "withdrawn" in page.text.lower()
    assert "ok:" in command(arena, "verify_audit")
    assert rows_of(arena, arena.b) == bystander
    assert arena.turn(arena.b, say("I am here.")).text.endswith("I am here.")
    assert not [body for body in arena.model.bodies[asked_before:] if a.facts.tag.encode() in body]
    assert a.browser.get("/chat/").headers["location"].startswith("/accounts/login/")


def expect_erasure(arena: Arena) -> None:
    arena.waive("O2", "what an erased customer asked for is blank: no digest is made of it again")
    arena.waive("O4", "what was said is erased on purpose")
    arena.waive("O5", "the log of an erased talk is gone")


def admin_log(arena: Arena) -> None:
    """Staff put the customer on legal hold and off again: the admin's own log names them."""
    key = arena.customer_ids()["A"]
    for held in ("on", ""):
        page = f"/admin/tracking/customer/{key}/change/"
        answer = arena.su.browser.post(
            page, {"legal_hold": held, "legal_hold_reason": ""} if held else {"legal_hold_reason": ""}
        )
        assert answer.status_code == 302, answer.text[:1000]
    assert arena.sql("SELECT 1 FROM django_admin_log WHERE object_repr LIKE %s", f"%{arena.a.facts.tag}%")


def rows_of(arena: Arena, person: Person) -> list[object]:
    """The person's own records, as they are."""
    key = arena.customer_ids()[person.facts.letter]
    tables = {"tracking_customer": "id", "tracking_order": "customer_id", "tools_toolcall": "customer_id"}
    return [
        arena.sql(f"SELECT t::text FROM {table} t WHERE {column} = %s ORDER BY 1", key)
        for table, column in tables.items()
    ]


def test_pv_06_an_approval_after_the_erasure_says_so_and_does_nothing(arena: Arena):
    expect_erasure(arena)
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.confirm(arena.a, request)
    form = arena.s1.browser.review_form(request["call_id"])
    command(arena, "erase_customer", arena.a.facts.email, "--yes")

    answer = arena.s1.browser.decide(request["call_id"], "approve", **form)

    assert answer.status_code == 409
    assert "withdrawn" in answer.text
    assert arena.effects() == []


def test_pv_06_a_second_erasure_finds_nobody_and_a_hold_keeps_everything(arena: Arena):
    arena.sql("UPDATE tracking_customer SET legal_hold = true WHERE id = %s", arena.customer_ids()["A"])
    before = values_of(arena.a, dump(arena))

    assert "legal hold" in command(arena, "erase_customer", arena.a.facts.username, "--yes", code=1)
    assert values_of(arena.a, dump(arena)) == before

    arena.sql("UPDATE tracking_customer SET legal_hold = false WHERE id = %s", arena.customer_ids()["A"])
    command(arena, "erase_customer", arena.a.facts.username, "--yes")
    assert "No customer" in command(arena, "erase_customer", arena.a.facts.username, "--yes", code=1)


def test_pv_06_an_erasure_that_is_killed_is_finished_by_the_same_command(arena: Arena):
    expect_erasure(arena)
    leave_traces(arena)
    key = arena.customer_ids()["A"]
    with psycopg.connect(arena.product.database_url) as other:
        # Somebody looks at an order: the erasure waits there, in its middle.
        other.execute("SELECT 1 FROM tracking_order WHERE customer_id = %s FOR UPDATE", [key])
        process = start(arena, "erase_customer", arena.a.facts.username, "--yes")
        talks = "SELECT 1 FROM chat_conversation WHERE customer_id = %s"
        blank = "SELECT 1 FROM tools_toolcall WHERE customer_id = %s AND summary <> ''"
        wait_until(lambda: not arena.sql(talks, key) and not arena.sql(blank, key), what="the first steps", within=30)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert values_of(arena.a, dump(arena))

    command(arena, "erase_customer", arena.a.facts.username, "--yes")

    assert values_of(arena.a, dump(arena)) == set()
    trail = "SELECT outcome FROM tools_auditentry WHERE event = %s AND details ->> 'customer' = %s ORDER BY id"
    assert [row[0] for row in arena.sql(trail, "customer.erased", str(key))] == ["begun", "begun", "erased"]


# --- PV-07 ------------------------------------------------------------------------------------------------------

OLD_CALL = """
INSERT INTO tools_toolcall (id, customer_id, tool, effect, label, state, arguments, digest, record, summary, changes,
    preconditions, verify_at, need, reason, excerpt, provenance, version, fence, tries, created_at, ended_at)
SELECT gen_random_uuid(), %s, 'list_services', 'read', %s, 'succeeded', '{}', '', '', '', '[]', '{}', '', 0, '', '[]',
    '{}', 1, 0, 0, now() - %s::interval, now() - %s::interval FROM generate_series(1, %s)
"""


def look_ups(arena: Arena, key: int, days: int, count: int) -> None:
    age = f"{days} days"
    arena.sql(OLD_CALL, key, f"aged {days}", age, age, count)


def left(arena: Arena, key: int) -> dict[str, int]:
    """How many of the look-ups that the test made are there, by age."""
    rows = arena.sql(
        "SELECT label, count(*) FROM tools_toolcall WHERE customer_id = %s AND label LIKE 'aged %%' GROUP BY 1", key
    )
    return dict(rows)


def test_pv_07_exactly_what_is_old_goes_though_the_purge_is_killed(arena: Arena):
    arena.waive("O7", "the harness made calls that no trail tells of")
    ids = arena.customer_ids()
    arena.sql("UPDATE tracking_customer SET legal_hold = true WHERE id = %s", ids["B"])
    for key in (ids["A"], ids["B"]):
        look_ups(arena, key, 91, 1200)
        look_ups(arena, key, 89, 30)
    with psycopg.connect(arena.product.database_url) as other:
        # The last row is held: the purge waits there, after its other batches.
        last = "SELECT id FROM tools_toolcall WHERE customer_id = %s AND label = 'aged 91' ORDER BY id DESC LIMIT 1"
        other.execute(last + " FOR UPDATE", [ids["A"]])
        process = start(arena, "purge_expired")
        wait_until(lambda: left(arena, ids["A"])["aged 91"] < 700, what="the first batches", within=30)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert left(arena, ids["A"])["aged 91"] > 0

    first, second = command(arena, "purge_expired"), command(arena, "purge_expired")

    assert left(arena, ids["A"]) == {"aged 89": 30}
    assert left(arena, ids["B"]) == {"aged 91": 1200, "aged 89": 30}
    assert re.search(r"tools_toolcall \(look-ups\): [1-9]\d* deleted", first)
    assert "tools_toolcall (look-ups): 0 deleted" in second
    assert "customers are on legal hold" in second
    arena.sql("DELETE FROM tools_toolcall WHERE label LIKE 'aged %%' AND customer_id = ANY(%s)", [ids["A"], ids["B"]])


def test_pv_07_old_talk_goes_whole_and_young_talk_stays(arena: Arena):
    arena.waive("O4", "what was said long ago is purged on purpose")
    arena.waive("O5", "the log of an old talk is gone")
    old, young = arena.a.chat(), arena.b.chat()
    for socket in (old, young):
        arena.turn(socket, say("Good day."))
    tables = ("chat_event", "chat_turn", "chat_conversation")
    for table in tables:
        column = "id" if table == "chat_conversation" else "conversation_id"
        arena.sql(f"UPDATE {table} SET created_at = now() - interval '366 days' WHERE {column} = %s", old.conversation)

    command(arena, "purge_expired")

    assert not arena.sql("SELECT 1 FROM chat_conversation WHERE id = %s", uuid.UUID(old.conversation))
    assert arena.sql("SELECT count(*) FROM chat_event WHERE conversation_id = %s", young.conversation)[0][0] >= 3
