"""The command: one line when all holds, the first bad row when not, and anchors from where the operator keeps them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.tools.trail import force, write
from tools.models import AuditAnchor

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_how_many_hold(trail: list[int]):
    assert run() == "ok: 11 entries\n"
    write(2)
    assert run() == "ok: 13 entries\n2 of them wait for their seal: is a worker running?\n"


def test_the_command_fails_with_the_first_bad_row(trail: list[int]):
    force("UPDATE tools_auditentry SET outcome = 'other' WHERE id = %s", trail[4])

    with pytest.raises(CommandError, match=f"broken: entry {trail[4]}: was changed"):
        run()


def test_the_command_takes_anchors_by_hand_and_from_the_log(trail: list[int], tmp_path: Path):
    anchor = AuditAnchor.objects.get()
    line = {"event": "audit.anchor", "logger": "tools.audit", "position": anchor.position, "hash": anchor.hash}
    log = tmp_path / "log"
    log.write_text(f'no json "audit.anchor"\n[]\n{json.dumps(line)}\n{{"event": "other"}}\n', encoding="utf-8")

    assert "1 anchors from outside fit" in run("--anchor", f"{anchor.position}:{anchor.hash}")
    assert "1 anchors from outside fit" in run("--log", str(log))
    with pytest.raises(CommandError, match="another hash for place 3"):
        run("--anchor", f"3:{anchor.hash}")


@pytest.mark.parametrize("text", ["", "12", "12:xyz", "-1:" + "0" * 64, "0:" + "0" * 64, "1:" + "0" * 63])
def test_the_command_says_how_an_anchor_is_written(text: str):
    with pytest.raises(CommandError, match="POSITION:HASH"):
        run(f"--anchor={text}")


def test_the_command_says_that_a_log_cannot_be_read(tmp_path: Path):
    with pytest.raises(CommandError, match="cannot read"):
        run("--log", str(tmp_path / "none"))


def test_an_empty_trail_holds():
    assert run() == "ok: 0 entries\n"
