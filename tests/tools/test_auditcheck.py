"""The chain: whatever somebody with the database but without the key does to the trail, verify_audit names it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from tests.tools.trail import all_broken, broken, force, write
from tools import sealing
from tools.auditcheck import verify
from tools.auditproof import entry_mac
from tools.models import AuditAnchor, AuditEntry, AuditSeal

pytestmark = pytest.mark.django_db
COLUMNS = "at, event, actor, customer_id, call_id, digest, outcome, details, request_id, address"


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


@pytest.mark.parametrize("forged", [10**12, 0, -1, -(2**63)])
def test_an_entry_written_by_sql_is_named_before_and_after_it_is_sealed(trail: list[int], forged: int):
    add = f"INSERT INTO tools_auditentry (id, {COLUMNS}, mac) SELECT %s, {COLUMNS}, %s FROM tools_auditentry"
    with connection.cursor() as cursor:
        cursor.execute(f"{add} WHERE id = %s", [forged, "f" * 80, trail[0]])

    assert broken().startswith(f"entry {forged}: ")
    sealing._memory.looked_at = -float("inf")
    assert sealing.seal_entries() == 1
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


@pytest.mark.parametrize("gone", ["DELETE FROM tools_auditanchor", "DELETE FROM tools_auditanchor WHERE position > 10"])
def test_removed_anchors_show_by_the_entries_that_tell_of_them(trail: list[int], gone: str, settings: Any):
    settings.AUDIT_ANCHOR_S = 0
    write(2)
    sealing.seal_entries()
    sealing.seal_entries()
    told = AuditEntry.objects.filter(event=sealing.ANCHOR).order_by("pk").values_list("pk", flat=True)
    assert len(told) == 2
    verify()

    force(gone)

    missing = list(told) if "WHERE" not in gone else [told[1]]
    said = all_broken()
    assert [line.split(":")[0] for line in said] == [f"entry {pk}" for pk in missing]
    assert all("that is missing: it was removed" in line for line in said)


def test_an_end_that_was_cut_at_an_anchor_shows_by_the_entry_that_told_of_it(trail: list[int]):
    force("DELETE FROM tools_auditseal WHERE position > 10")
    force("DELETE FROM tools_auditentry WHERE id = %s", trail[10])

    assert broken().startswith(f"anchor {AuditAnchor.objects.get().pk}: no entry of ours tells of it: ")


def test_one_bad_row_hides_no_other(trail: list[int]):
    """A forged row, which the application's own role can add, must not blind the check for what comes after."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tools_auditentry ({COLUMNS}, mac) SELECT {COLUMNS}, %s FROM tools_auditentry WHERE id = %s",
            ["f" * 80, trail[0]],
        )
    forged = AuditEntry.objects.order_by("-pk")[0].pk
    sealing.seal_entries()
    write(6)
    sealing.seal_entries()
    later = list(AuditSeal.objects.filter(position__gt=12).order_by("position").values_list("entry_id", flat=True))
    assert [line.split(":")[0] for line in all_broken()] == [f"entry {forged}"]

    force("UPDATE tools_auditentry SET outcome = 'other' WHERE id = %s", later[0])
    force("DELETE FROM tools_auditentry WHERE id = %s", later[1])
    force("UPDATE tools_auditseal SET sealed_at = %s WHERE entry_id = %s", "2020-01-01 00:00:00+00:00", later[2])
    force("DELETE FROM tools_auditseal WHERE entry_id = %s", later[3])
    write(1)
    waiting = AuditEntry.objects.order_by("-pk")[0].pk
    force("UPDATE tools_auditentry SET outcome = 'other' WHERE id = %s", waiting)
    force("UPDATE tools_auditanchor SET hash = %s", "0" * 64)

    named = [line.split(":")[0] for line in all_broken()]
    anchor = f"anchor {AuditAnchor.objects.get().pk}"
    assert named == [f"entry {pk}" for pk in (forged, *later[:3])] + ["seal 16", f"entry {waiting}", anchor]


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
    sealing._memory.position = 0  # theirs is another process
    sealing.seal_entries()
    verify()
    settings.SECRET_KEY = "only-for-tests-" + "0" * 40

    assert broken().startswith(f"entry {trail[0]}: was changed")
