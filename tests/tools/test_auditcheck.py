"""The chain: whatever somebody with the database but without the key does to the trail, verify_audit names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from tools import audit, sealing
from tools.auditcheck import Broken, verify
from tools.auditproof import entry_mac
from tools.models import AuditAnchor, AuditEntry, AuditSeal

pytestmark = pytest.mark.django_db
COLUMNS = "at, event, actor, customer_id, call_id, digest, outcome, details, request_id, address"


@pytest.fixture(autouse=True)
def _fresh_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sealing, "_memory", sealing._Memory())


def write(count: int, *, event: str = "probe.done") -> None:
    for number in range(count):
        audit.record(event=event, actor=audit.user_actor(7), outcome="fine", now=timezone.now(), number=number)


@pytest.fixture
def trail() -> list[int]:
    """Ten sealed entries, the anchor, and the anchor's own entry, sealed as well. Returns the ids in the chain."""
    write(10)
    sealing.seal_entries()
    sealing.seal_entries()
    assert verify().entries == 11
    return list(AuditSeal.objects.order_by("position").values_list("entry_id", flat=True))


def force(sql: str, *values: Any) -> None:
    """As a superuser of the database: past the triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql, values)
            cursor.execute("SET LOCAL session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'tools_audit%%'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(sql, values)
        for _, made in triggers:
            cursor.execute(made)


def broken(**given: Any) -> str:
    with pytest.raises(Broken) as caught:
        verify(**given)
    return str(caught.value)


# --- what the database itself refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["tools_auditentry", "tools_auditseal", "tools_auditanchor"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET hash = ''", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_tables_take_rows_and_nothing_else(trail: list[int], table: str, statement: str):
    if connection.vendor != "postgresql" and statement.startswith("TRUNCATE"):
        statement = "DELETE FROM {} WHERE 1 = 1"
    statement = statement.replace("hash", "outcome") if table == "tools_auditentry" else statement

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))

    assert verify().entries == 11


# --- what a superuser does past that ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("outcome", "other"), ("event", "probe.undone"), ("actor", "user:8"), ("digest", "0" * 64), ("details", "{}"),
        ("request_id", "other"), ("address", "0" * 32), ("customer_id", 3), ("at", "2020-01-01 00:00:00+00:00"),
        ("call_id", "00000000000040008000000000000000"), ("mac", "0" * 80),
    ],
)  # fmt: skip
def test_an_edited_entry_is_named(trail: list[int], column: str, value: Any):
    force(f"UPDATE tools_auditentry SET {column} = %s WHERE id = %s", value, trail[4])

    assert broken().startswith(f"entry {trail[4]}: was changed")


def test_a_deleted_entry_is_named(trail: list[int]):
    force("DELETE FROM tools_auditentry WHERE id = %s", trail[4])

    assert broken().startswith(f"entry {trail[4]}: was sealed at place 5 and is missing")


def test_an_entry_written_by_sql_is_named_before_and_after_it_is_sealed(trail: list[int]):
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tools_auditentry ({COLUMNS}, mac) SELECT {COLUMNS}, %s FROM tools_auditentry WHERE id = %s",
            ["f" * 80, trail[0]],
        )
    forged = AuditEntry.objects.order_by("-pk")[0].pk

    assert broken().startswith(f"entry {forged}: ")
    sealing.seal_entries()
    assert broken().startswith(f"entry {forged}: ")


def test_a_copied_entry_is_refused_and_named_where_the_constraint_was_dropped(trail: list[int]):
    copy = f"INSERT INTO tools_auditentry ({COLUMNS}, mac) SELECT {COLUMNS}, mac FROM tools_auditentry WHERE id = %s"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(copy, [trail[0]])
    if connection.vendor != "postgresql":
        return  # SQLite cannot drop a constraint
    force(
        "DO $$ DECLARE found text; BEGIN SELECT conname INTO found FROM pg_constraint"
        " WHERE conrelid = 'tools_auditentry'::regclass AND contype = 'u';"
        " EXECUTE 'ALTER TABLE tools_auditentry DROP CONSTRAINT ' || quote_ident(found); END $$"
    )
    force(copy, trail[0])
    copied = AuditEntry.objects.order_by("-pk")[0].pk

    assert broken() == f"entry {copied}: is a copy of another one"


def test_two_swapped_entries_are_named(trail: list[int]):
    first, second = trail[3], trail[6]
    for old, new in ((first, 10**9), (second, first), (10**9, second)):
        force("UPDATE tools_auditentry SET id = %s WHERE id = %s", new, old)

    assert broken().startswith(f"entry {first}: is not what was sealed at place 4")


def test_two_swapped_seals_are_named(trail: list[int]):
    for old, new in ((trail[3], 10**9), (trail[6], trail[3]), (10**9, trail[6])):
        force("UPDATE tools_auditseal SET entry_id = %s WHERE entry_id = %s", new, old)

    assert broken().startswith(f"entry {trail[6]}: is not what was sealed at place 4")


def test_a_deleted_seal_is_named(trail: list[int]):
    force("DELETE FROM tools_auditseal WHERE position = 5")

    assert broken().startswith("seal 5: is missing")


@pytest.mark.parametrize("column", ["hash", "prev"])
def test_an_edited_seal_is_named(trail: list[int], column: str):
    force(f"UPDATE tools_auditseal SET {column} = %s WHERE position = 5", "0" * 64)

    assert broken().startswith(f"entry {trail[4]}: is not what was sealed")


def test_an_entry_taken_out_with_its_seal_and_the_rest_moved_up_is_named(trail: list[int]):
    force("DELETE FROM tools_auditentry WHERE id = %s", trail[4])
    force("DELETE FROM tools_auditseal WHERE position = 5")
    for position in range(6, 12):
        force("UPDATE tools_auditseal SET position = %s WHERE position = %s", position - 1, position)

    assert broken().startswith(f"entry {trail[5]}: is not what was sealed at place 5")


@pytest.mark.parametrize("left", [0, 4, 9])
def test_a_cut_end_shows_by_the_anchor(trail: list[int], left: int):
    force("DELETE FROM tools_auditseal WHERE position > %s", left)
    for entry in trail[left:]:
        force("DELETE FROM tools_auditentry WHERE id = %s", entry)

    expected = f"after entry {trail[left - 1]}" if left else "before the first entry"
    assert broken() == f"{expected}: the chain had reached place 10 (entry {trail[9]}): the end was cut off"


def test_a_cut_end_shows_by_an_anchor_from_outside_where_all_tables_were_cut(trail: list[int]):
    kept = {10: AuditAnchor.objects.get().hash}
    force("DELETE FROM tools_auditseal WHERE position > 4")
    for entry in trail[4:]:
        force("DELETE FROM tools_auditentry WHERE id = %s", entry)
    force("DELETE FROM tools_auditanchor")
    assert verify().entries == 4  # nothing inside tells of it any more

    assert "the end was cut off" in broken(anchors=kept)
    write(12)
    sealing.seal_entries()
    sealing.seal_entries()
    assert "another hash for place 10" in broken(anchors=kept)


def test_seals_made_anew_do_not_fit_what_the_trail_told(trail: list[int]):
    force("DELETE FROM tools_auditseal")
    force("DELETE FROM tools_auditanchor")
    sealing.seal_entries()
    sealing.seal_entries()

    assert "seals were removed and made anew" in broken()


@pytest.mark.parametrize("column", ["hash", "mac", "position", "entry_id"])
def test_an_edited_anchor_is_named(trail: list[int], column: str):
    force(f"UPDATE tools_auditanchor SET {column} = %s", "1" if column.endswith(("position", "_id")) else "0" * 64)

    assert broken().startswith(f"anchor {AuditAnchor.objects.get().pk}: was changed")


def test_a_chain_computed_anew_with_another_key_does_not_hold(trail: list[int], settings: Any):
    """All of it, rewritten consistently by somebody who knows how, but has not the key."""
    settings.SECRET_KEY = "another-key-of-the-attacker-" + "0" * 20
    force("UPDATE tools_auditentry SET outcome = 'other' WHERE id = %s", trail[4])
    for table in ("tools_auditanchor", "tools_auditseal"):
        force(f"DELETE FROM {table}")
    for entry in AuditEntry.objects.order_by("pk"):
        force("UPDATE tools_auditentry SET mac = %s WHERE id = %s", entry_mac(entry), entry.pk)
    force("DELETE FROM tools_auditentry WHERE event = %s", sealing.ANCHOR)
    sealing.seal_entries()
    verify()
    settings.SECRET_KEY = "only-for-tests-" + "0" * 40

    assert broken().startswith(f"entry {trail[0]}: was changed")


# --- the sealer ---------------------------------------------------------------------------------------------------


def test_what_was_committed_late_is_sealed_late(monkeypatch: pytest.MonkeyPatch):
    """Ids are given out before the commit: a lower id may be seen after a higher one was sealed."""
    write(3)
    late = AuditEntry.objects.order_by("pk")[0]
    force("DELETE FROM tools_auditentry WHERE id = %s", late.pk)
    sealing.seal_entries()
    late.save(force_insert=True)

    sealing.seal_entries()

    order = list(AuditSeal.objects.order_by("position").values_list("entry_id", flat=True))
    assert order.index(late.pk) == 2
    assert verify().waiting == 0


def test_what_was_committed_very_late_is_found_by_the_long_look(monkeypatch: pytest.MonkeyPatch, settings: Any):
    monkeypatch.setattr(sealing, "LOOK_BACK", 1)
    write(6)
    late = AuditEntry.objects.order_by("pk")[0]
    force("DELETE FROM tools_auditentry WHERE id = %s", late.pk)
    sealing.seal_entries()
    late.save(force_insert=True)
    sealing.seal_entries()
    assert verify().waiting == 1

    settings.AUDIT_ANCHOR_S = 0
    sealing.seal_entries()

    assert AuditSeal.objects.filter(entry_id=late.pk).exists()


def test_a_large_backlog_is_sealed_in_batches(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sealing, "BATCH", 4)
    write(11)

    assert sealing.seal_entries() == 11
    assert verify().entries == 12  # and the anchor's own


def test_without_new_entries_nothing_is_written(django_assert_num_queries: Callable[..., Any], settings: Any):
    settings.AUDIT_ANCHOR_S = 0.001
    write(1)
    while sealing.seal_entries():
        pass
    before = (AuditEntry.objects.count(), AuditSeal.objects.count(), AuditAnchor.objects.count())
    settings.AUDIT_ANCHOR_S = 60

    with django_assert_num_queries(4):
        assert sealing.seal_entries() == 0

    settings.AUDIT_ANCHOR_S = 0.001
    sealing.seal_entries()
    assert (AuditEntry.objects.count(), AuditSeal.objects.count(), AuditAnchor.objects.count()) == before == (2, 2, 1)


def test_an_anchor_is_dropped_when_it_is_due(settings: Any):
    settings.AUDIT_ANCHOR_S = 60
    write(2)
    sealing.seal_entries()
    write(2)
    sealing.seal_entries()
    assert AuditAnchor.objects.count() == 1

    force("UPDATE tools_auditanchor SET at = %s", timezone.now() - timedelta(seconds=61))
    sealing.seal_entries()

    assert AuditAnchor.objects.count() == 2


def test_the_sealer_raises_the_alarm_over_a_chain_that_got_shorter(trail: list[int], caplog: pytest.LogCaptureFixture):
    force("DELETE FROM tools_auditseal WHERE position > 4")

    sealing.seal_entries()

    assert any("audit.chain_cut" in str(record.msg) for record in caplog.records)


def test_an_earlier_key_still_proves_what_was_written_under_it(trail: list[int], settings: Any):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the-next-key-" + "0" * 40, [settings.SECRET_KEY]
    write(2)
    sealing.seal_entries()

    assert verify().entries == 13
    settings.SECRET_KEY_FALLBACKS = []
    assert broken().startswith(f"entry {trail[0]}: ")


# --- the command --------------------------------------------------------------------------------------------------


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
