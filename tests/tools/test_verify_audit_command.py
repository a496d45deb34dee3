"""The command: one line when all holds, the first bad row when not, and anchors from where the operator keeps them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from tests.tools.steps import ask
from tests.tools.trail import force, restart_ids, write
from tools import sealing
from tools.auditcheck import MOST_NAMED
from tools.management.commands.verify_audit import NOT_COMPARED
from tools.models import AuditAnchor, AuditSeal
from tracking.models import Customer

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_says_how_many_hold(trail: list[int]):
    assert run() == f"ok: 11 entries\n{NOT_COMPARED}\n"
    write(2)
    assert run() == f"ok: 13 entries\n{NOT_COMPARED}\n2 of them wait for their seal: is a worker running?\n"


def test_the_command_says_whether_an_anchor_from_outside_was_compared(trail: list[int]):
    anchor = AuditAnchor.objects.get()

    assert NOT_COMPARED in run()
    assert NOT_COMPARED not in run("--anchor", f"{anchor.position}:{anchor.hash}")


def test_the_command_fails_with_the_first_bad_row(trail: list[int]):
    force("UPDATE tools_auditentry SET outcome = 'other' WHERE id = %s", trail[4])

    with pytest.raises(CommandError, match=f"broken: entry {trail[4]}: was changed"):
        run()


def test_the_command_goes_on_behind_a_bad_row_and_names_them_all(trail: list[int]):
    for entry in (trail[4], trail[7]):
        force("UPDATE tools_auditentry SET outcome = 'other' WHERE id = %s", entry)

    with pytest.raises(CommandError) as caught:
        run()

    first, second = str(caught.value).splitlines()
    assert first.startswith(f"broken: entry {trail[4]}: was changed")
    assert second.startswith(f"entry {trail[7]}: was changed")


def test_the_command_counts_what_is_too_much_to_name(trail: list[int]):
    write(MOST_NAMED)
    force("UPDATE tools_auditentry SET outcome = 'other'")

    with pytest.raises(CommandError) as caught:
        run()

    lines = str(caught.value).splitlines()
    assert len(lines) == MOST_NAMED + 1
    assert lines[-1] == "and 12 more"  # the eleven of the trail, and an anchor of which no entry of ours tells


def test_the_command_takes_anchors_by_hand_and_from_the_log(trail: list[int], tmp_path: Path):
    anchor = AuditAnchor.objects.get()
    line = {"event": "audit.anchor", "logger": "tools.audit", "position": anchor.position, "hash": anchor.hash}
    log = tmp_path / "log"
    log.write_text(f'no json "audit.anchor"\n[]\n{json.dumps(line)}\n{{"event": "other"}}\n', encoding="utf-8")

    assert "1 anchors from outside fit" in run("--anchor", f"{anchor.position}:{anchor.hash}")
    assert "1 anchors from outside fit" in run("--log", str(log))
    with pytest.raises(CommandError, match="another hash for place 3"):
        run("--anchor", f"3:{anchor.hash}")


def test_the_command_takes_every_head_of_the_log_and_what_the_sealer_saw(trail: list[int], tmp_path: Path):
    write(3)
    sealing.seal_entries()
    head = AuditSeal.objects.order_by("-position")[0]
    line = {"event": "audit.sealed", "logger": "tools.sealing", "position": head.position, "hash": head.hash}
    saw = {"event": "audit.chain_cut", "logger": "tools.sealing", "was": 18, "now": 13}
    log = tmp_path / "log"

    def verdict(*lines: object) -> str:
        log.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        return run("--log", str(log))

    assert "1 anchors from outside fit" in verdict(line, line)
    with pytest.raises(CommandError, match="place 18 and then 13: it was cut off"):
        verdict(saw, line)
    with pytest.raises(CommandError, match="two hashes are known for place"):
        verdict(line | {"hash": "e" * 64}, line)
    force("DELETE FROM tools_auditentry WHERE id = %s", head.entry_id)
    force("DELETE FROM tools_auditseal WHERE position = %s", head.position)
    assert run().startswith("ok: ")
    with pytest.raises(CommandError, match="the end was cut off"):
        verdict(line)


@pytest.mark.parametrize("text", ["", "12", "12:xyz", "-1:" + "0" * 64, "0:" + "0" * 64, "1:" + "0" * 63])
def test_the_command_says_how_an_anchor_is_written(text: str):
    with pytest.raises(CommandError, match="POSITION:HASH"):
        run(f"--anchor={text}")


def test_the_command_says_that_a_log_cannot_be_read(tmp_path: Path):
    with pytest.raises(CommandError, match="cannot read"):
        run("--log", str(tmp_path / "none"))


def test_a_trail_without_a_first_entry_holds():
    restart_ids()

    assert run() == f"ok: 0 entries\n{NOT_COMPARED}\n"


@pytest.mark.servers
def test_an_emptied_trail_shows_by_the_ids_that_were_given_out(trail: list[int]):
    if connection.vendor != "postgresql":
        return  # SQLite gives out no ids of its own
    restart_ids()
    write(3)
    for table in ("tools_auditentry", "tools_auditseal", "tools_auditanchor"):
        force(f"DELETE FROM {table}")

    with pytest.raises(CommandError, match="3 ids were given out for entries, and there is none"):
        run()


@pytest.mark.servers
def test_ids_after_the_newest_entry_are_told(trail: list[int]):
    if connection.vendor != "postgresql":
        return
    with transaction.atomic():
        write(2)
        transaction.set_rollback(True)

    assert "2 ids were given out after the newest entry" in run()


def test_a_call_that_the_trail_does_not_tell_of_is_a_note_or_a_bad_row(trail: list[int], alice: Customer):
    call = ask(alice, city="Potsdam")
    force("UPDATE tools_toolcall SET state = 'withdrawn' WHERE tool = %s", call.tool)

    assert run().startswith("ok: ")
    assert f"the trail does not tell of call {call.pk}" in run()
    with pytest.raises(CommandError, match=f"call {call.pk}: is withdrawn, and no entry tells so"):
        run("--calls")
