"""The audit trail: each step of a story has who, what, when, where from and how it ended; none is rewritten unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.processes import wait_until
from tests.safety.arena import Arena
from tests.safety.cast import tags_in
from tests.safety.conftest import app_url
from tests.safety.hostile import call, say
from tests.safety.person import WatchedBrowser
from tests.safety.trail import TABLES, Copy, Entry, entries, newest, wait_until_sealed
from tests.wire import Socket


def story(arena: Arena) -> dict[str, str]:
    """Sign-ins right and wrong, a read, four requests with four ends, tries that are refused. Returns call ids."""
    arena.visitors.append(WatchedBrowser(arena.product.web.url, arena.a.received))  # the page shows what was typed
    arena.visitors[-1].post("/accounts/login/", {"login": arena.a.facts.email, "password": "wrong-canary"})
    arena.s1.sign_in(by_password=True)
    arena.s3.sign_in(by_password=True)
    arena.turn(arena.a, call("check_package", {"package_id": arena.a.facts.packages[0]}), say("On its way."))
    arena.turn(arena.a, call("delete_all", {}), say("I cannot do that."))
    executed = arena.request(arena.a, "update_profile", {"city": "Musterstadt"})
    socket = arena.socket_of(arena.a)
    socket.send(type="call.confirm", call_id=executed["call_id"], digest="0" * 64)
    socket.until(type="error")
    arena.confirm(arena.a, executed)
    refused = arena.s3.browser.post(
        f"/admin/tools/approval/{executed['call_id']}/review/",
        {"version": "1", "digest": executed["digest"], "decision": "approve"},
        page="/accounts/password/change/",
    )
    assert refused.status_code == 403
    assert arena.s1.browser.decide(executed["call_id"], "approve").status_code == 302
    assert arena.wait_for_end(executed["call_id"]) == "succeeded"
    late = {"version": "1", "digest": executed["digest"]}
    assert arena.s1.browser.decide(executed["call_id"], "approve", **late).status_code == 409
    declined = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.confirm(arena.a, declined)
    assert arena.s1.browser.decide(declined["call_id"], "decline", reason="No.").status_code == 302
    withdrawn = arena.request(arena.a, "report_problem", _problem(arena))
    socket.send(type="call.withdraw", call_id=withdrawn["call_id"])
    socket.until(type="call", call_id=withdrawn["call_id"], state="withdrawn")
    return {"executed": executed["call_id"], "declined": declined["call_id"], "withdrawn": withdrawn["call_id"]}


def _problem(arena: Arena) -> dict[str, str]:
    return {"package_id": arena.a.facts.packages[1], "problem": "damaged", "description": "The corner is bent."}


def events_of(found: list[Entry], call_id: str) -> list[str]:
    return [entry.event for entry in found if str(entry.call_id) == call_id]


def test_pv_01_every_step_of_a_story_is_kept(arena: Arena):
    start = newest(arena)
    calls = story(arena)
    foreign = Socket(arena.a.browser, arena.b.browser.conversation(), resume=None)
    assert foreign.close_code() == 4404
    arena.a.browser.post("/accounts/logout/", {})
    exported = arena.manage("export_customer", arena.b.facts.username)
    arena.manage("erase_customer", arena.b.facts.username, "--yes")

    def kept() -> set[str]:
        return {entry.event for entry in entries(arena, after=start)}

    wanted = {
        "auth.sign_in_failed", "auth.signed_in", "auth.signed_out", "call.running", "call.succeeded", "tool.rejected",
        "call.requested", "call.awaiting_approval", "call.confirm_refused", "call.decide_refused", "call.approved",
        "call.executing", "call.approve_refused", "call.declined", "call.withdrawn", "socket.refused", "authz.denied",
    }  # fmt: skip
    wait_until(lambda: wanted <= kept(), what=f"all of {sorted(wanted)}", within=10)
    found = entries(arena, after=start)
    assert events_of(found, calls["executed"]) == [
        "call.requested", "call.confirm_refused", "call.awaiting_approval", "call.decide_refused", "call.approved",
        "call.executing", "call.succeeded", "call.approve_refused",
    ]  # fmt: skip
    assert events_of(found, calls["declined"])[-1] == "call.declined"
    assert events_of(found, calls["withdrawn"])[-1] == "call.withdrawn"
    for entry in found:
        assert entry.actor, entry
        assert entry.outcome, entry
        assert entry.request_id, entry
        assert entry.at is not None
        # What was asked for: by its digest, or, where it was not even a call of ours, by what stands for its text.
        assert entry.digest or len(entry.details.get("arguments", "")) == 32 or entry.call_id is None, entry
        if entry.event in ("tool.rejected", "authz.denied") and entry.call_id is not None:
            assert entry.details["tool"] in ("unknown", "check_package", "update_profile"), entry
    # Where from: what came over the wire, from this one address.
    wired = [entry for entry in found if entry.event.startswith(("auth.", "socket.", "authz.", "call.conf"))]
    assert len({entry.address for entry in wired}) == 1
    assert all(len(entry.address) == 32 for entry in wired)
    told = json.dumps([[entry.actor, entry.outcome, entry.details, entry.address] for entry in found], default=str)
    assert not tags_in(told.encode())
    assert "127.0.0.1" not in told
    assert exported
    erased = [entry for entry in found if "eras" in entry.event or "export" in entry.event]
    assert len(erased) >= 2, sorted(kept())
    wait_until_sealed(arena)
    assert arena.manage("verify_audit").startswith("ok: ")


def test_pv_03_each_decision_can_be_laid_at_one_door(arena: Arena):
    """Repudiation: who decided, from which session's request, on exactly which arguments; the log says the same."""
    start = newest(arena)
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    assert arena.approved(arena.a, request) == "succeeded"
    found = [entry for entry in entries(arena, after=start) if str(entry.call_id) == request["call_id"]]
    by_event = {entry.event: entry for entry in found}
    key = arena.customer_ids()["A"]
    reviewer = arena.sql("SELECT id FROM auth_user WHERE username = %s", arena.s1.facts.username)[0][0]

    assert by_event["call.requested"].actor == "model"
    assert by_event["call.awaiting_approval"].actor == f"customer:{key}"
    assert by_event["call.approved"].actor == f"user:{reviewer}"
    assert by_event["call.executing"].actor == by_event["call.succeeded"].actor == "worker"
    assert {entry.customer_id for entry in found} == {key}
    assert {entry.digest for entry in found} == {request["digest"]}
    records = [json.loads(line) for line in arena.logs().splitlines() if request["call_id"] in line]
    for entry in found:
        same = [r for r in records if r["event"] == entry.event and r.get("request_id") == entry.request_id]
        assert len(same) == 1, (entry, records)
        assert same[0]["actor"] == entry.actor
    turn = arena.sql("SELECT turn_id FROM tools_toolcall WHERE id = %s", request["call_id"])[0][0]
    assert by_event["call.requested"].request_id == str(turn)
    # A request id is one request's: of the frame, of the page, of the task.
    assert len({entry.request_id for entry in found}) == 4


@pytest.fixture
def copy(arena: Arena) -> Iterator[Copy]:
    made = Copy(arena)
    try:
        yield made
    finally:
        made.close()


def test_pv_02_the_application_may_add_to_the_trail_and_nothing_else(arena: Arena):
    with psycopg.connect(app_url(arena.product.database_url), autocommit=True) as session:
        for table in TABLES:
            column = "hash" if table != "tools_auditentry" else "outcome"
            for statement in (f"UPDATE {table} SET {column} = ''", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                    session.execute(statement.encode())
    # And whoever owns the tables is stopped by the trigger.
    for table in TABLES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            arena.sql(f"DELETE FROM {table}")


def test_pv_02_the_first_bad_row_is_named_whatever_a_superuser_did(arena: Arena, copy: Copy):
    arena.turn(arena.a, call("check_package", {"package_id": arena.a.facts.packages[0]}), say("On its way."))
    arena.approved(arena.a, arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]}))
    wait_until_sealed(arena)
    rows = arena.sql("SELECT position, entry_id FROM tools_auditseal ORDER BY position DESC LIMIT 8")[::-1]
    (_, first), (place, second), (_, third) = rows[0], rows[3], rows[5]
    fields = "at, event, actor, customer_id, call_id, digest, outcome, details, request_id, address"
    add = f"INSERT INTO tools_auditentry (id, {fields}, mac) SELECT 999999999, {fields}"
    attacks = {
        "nothing": ([], "ok: "),
        "edit": ([f"UPDATE tools_auditentry SET actor = 'user:1' WHERE id = {second}"], f"entry {second}:"),
        "edit time": (
            [f"UPDATE tools_auditentry SET at = at - '1 h'::interval WHERE id = {second}"],
            f"entry {second}:",
        ),
        "delete": ([f"DELETE FROM tools_auditentry WHERE id = {second}"], f"entry {second}:"),
        "insert": ([f"{add}, repeat('f', 80) FROM tools_auditentry WHERE id = {second}"], "entry 999999999:"),
        "swap": (
            [
                f"UPDATE tools_auditentry SET id = -1 WHERE id = {second}",
                f"UPDATE tools_auditentry SET id = {second} WHERE id = {third}",
                f"UPDATE tools_auditentry SET id = {third} WHERE id = -1",
            ],
            f"entry {second}:",
        ),
        "reorder": (
            [
                f"UPDATE tools_auditseal SET entry_id = -1 WHERE entry_id = {second}",
                f"UPDATE tools_auditseal SET entry_id = {second} WHERE entry_id = {third}",
                f"UPDATE tools_auditseal SET entry_id = {third} WHERE entry_id = -1",
            ],
            f"entry {third}:",
        ),
        "take out of the chain": (
            [
                f"DELETE FROM tools_auditentry WHERE id = {second}",
                f"DELETE FROM tools_auditseal WHERE entry_id = {second}",
                f"UPDATE tools_auditseal SET position = 1 - position WHERE position > {place}",
                "UPDATE tools_auditseal SET position = -position WHERE position < 0",
            ],
            "entry ",
        ),
        "cut the end of the entries": ([f"DELETE FROM tools_auditentry WHERE id >= {first}"], f"entry {first}:"),
        "drop the seals": (["DELETE FROM tools_auditseal"], "seals were removed"),
    }
    for name, (statements, wanted) in attacks.items():
        copy.renew()
        copy.attack(*statements)

        code, said = copy.verdict()

        assert (code, wanted in said) == (0 if name == "nothing" else 1, True), (name, said)


def test_pv_02_what_was_removed_consistently_shows_by_what_it_told_of(arena: Arena, copy: Copy):
    """No gap is left anywhere in the trail; entries, calls, decisions and ledger tell of what is gone."""
    arena.turn(arena.a, call("check_package", {"package_id": arena.a.facts.packages[0]}), say("On its way."))
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.approved(arena.a, request)
    wait_until_sealed(arena)
    start = "SELECT min(id) FROM tools_auditentry WHERE call_id = %s"
    ((place,),) = arena.sql(f"SELECT position FROM tools_auditseal WHERE entry_id = ({start})", request["call_id"])
    told = arena.sql("SELECT id FROM tools_auditentry WHERE event = 'audit.anchor' ORDER BY id DESC LIMIT 1")[0][0]
    kept = f"(SELECT entry_id FROM tools_auditseal WHERE position < {place})"
    attacks: dict[str, tuple[list[str], str]] = {
        "all anchors": (["DELETE FROM tools_auditanchor"], "tells of an anchor at place"),
        "the last anchor": (
            ["DELETE FROM tools_auditanchor WHERE id = (SELECT max(id) FROM tools_auditanchor)"],
            f"entry {told}: tells of an anchor at place",
        ),
        "the end": (
            [
                f"DELETE FROM tools_auditanchor WHERE position NOT IN (SELECT (e.details ->> 'position')::bigint"
                f" FROM tools_auditentry e WHERE e.event = 'audit.anchor' AND e.id IN {kept})",
                f"DELETE FROM tools_auditentry WHERE id NOT IN {kept}",
                f"DELETE FROM tools_auditseal WHERE position >= {place}",
            ],
            f"broken: call {request['call_id']}: no entry tells how it began",
        ),
        "everything": ([f"DELETE FROM {table}" for table in TABLES], "no entry tells how it began"),
    }
    for name, (statements, wanted) in attacks.items():
        copy.renew()
        copy.attack(*statements)

        code, said = copy.verdict("--calls")

        assert (code, wanted in said) == (1, True), (name, said)


def test_pv_02_a_forged_row_hides_nothing_that_is_done_later(arena: Arena, copy: Copy):
    """The application's role can add a row; verify_audit names it and goes on."""
    arena.turn(arena.a, call("check_package", {"package_id": arena.a.facts.packages[0]}), say("On its way."))
    wait_until_sealed(arena)
    fields = "at, event, actor, customer_id, call_id, digest, outcome, details, request_id, address"
    ((later,),) = arena.sql("SELECT max(id) FROM tools_auditentry WHERE event = 'call.succeeded'")
    copy.renew()
    copy.attack(
        f"INSERT INTO tools_auditentry (id, {fields}, mac) SELECT -1, {fields}, repeat('f', 80) FROM tools_auditentry"
        f" WHERE id = {later}"
    )
    code, said = copy.verdict()
    assert (code, said.splitlines()[0].startswith("broken: entry -1:")) == (1, True), said
    assert str(later) not in said

    copy.attack(f"UPDATE tools_auditentry SET outcome = 'failed' WHERE id = {later}")

    code, said = copy.verdict()
    assert code == 1
    assert {line.split(":")[0] for line in said.removeprefix("broken: ").splitlines()} >= {"entry -1", f"entry {later}"}


def test_pv_02_a_cut_end_is_found_by_the_anchor(arena: Arena, copy: Copy):
    """Entries, seals and, at last, the anchors' own table: what the log holds still tells of it."""
    arena.turn(arena.a, call("check_package", {"package_id": arena.a.facts.packages[0]}), say("On its way."))
    wait_until_sealed(arena)
    position, digest = arena.sql("SELECT position, hash FROM tools_auditanchor ORDER BY id LIMIT 1")[0]
    cut = [
        f"DELETE FROM tools_auditentry WHERE id IN (SELECT entry_id FROM tools_auditseal WHERE position >= {position})",
        f"DELETE FROM tools_auditseal WHERE position >= {position}",
    ]
    copy.renew()
    copy.attack(*cut)
    code, said = copy.verdict()
    assert (code, "the end was cut off" in said) == (1, True), said
    copy.attack("DELETE FROM tools_auditanchor")

    code, said = copy.verdict("--anchor", f"{position}:{digest}")
    assert (code, "the end was cut off" in said) == (1, True), said
    code, said = copy.verdict("--log", str(arena.product.worker.log))
    assert (code, "the end was cut off" in said) == (1, True), said


def test_pv_02_an_end_cut_behind_the_newest_anchor_is_found_by_the_log(arena: Arena, copy: Copy, tmp_path: Path):
    """No anchor reached so far; but each time that something was sealed the log was told how far the chain came."""
    newest = "(SELECT max(position) + 1 FROM tools_auditanchor)"  # the next one is the anchor's own entry
    behind = f"SELECT min(position) FROM tools_auditseal WHERE position > {newest}"
    while True:
        arena.turn(arena.a, call("check_package", {"package_id": arena.a.facts.packages[0]}), say("On its way."))
        wait_until_sealed(arena)
        log = tmp_path / "log"
        log.write_bytes(arena.product.worker.log.read_bytes())
        copy.renew()
        place = arena.sql(behind.replace("tools_", f"{copy.schema}.tools_"))[0][0]
        if place is not None:  # else an anchor was dropped just now
            break
    code, said = copy.verdict("--log", str(log))
    assert (code, said.startswith("ok: ")) == (0, True), said

    copy.attack(
        f"DELETE FROM tools_auditentry WHERE id IN (SELECT entry_id FROM tools_auditseal WHERE position >= {place})",
        f"DELETE FROM tools_auditseal WHERE position >= {place}",
    )

    assert copy.verdict()[0] == 0, "the database alone cannot know"
    code, said = copy.verdict("--log", str(log))
    assert (code, "the end was cut off" in said) == (1, True), said
