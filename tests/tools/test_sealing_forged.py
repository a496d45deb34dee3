"""The sealer among rows that somebody with all rights in the database planted: it goes on, and the check names them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.tools.trail import all_broken, force, write
from tools import sealing
from tools.auditcheck import verify
from tools.models import AuditAnchor, AuditEntry, AuditSeal

pytestmark = pytest.mark.django_db

MOST = 2**63 - 1
HIGH = 2**62  # for ids that the database counts itself: SQLite has none left behind the highest
# The trail of the fixture: ten entries and the anchor's own.
LAST = 11


def plant_seal(position: int, entry_id: int) -> None:
    force(
        "INSERT INTO tools_auditseal (position, entry_id, sealed_at, prev, hash) VALUES (%s, %s, %s, %s, %s)",
        position, entry_id, timezone.now(), "e" * 64, "f" * 64,
    )  # fmt: skip


def plant_anchor(key: int, position: int, days: int) -> None:
    force(
        "INSERT INTO tools_auditanchor (id, at, position, entry_id, hash, mac) VALUES (%s, %s, %s, %s, %s, %s)",
        key, timezone.now() + timedelta(days=days), position, position, "e" * 64, "f" * 64,
    )  # fmt: skip


def genuine() -> set[int]:
    return set(AuditEntry.objects.values_list("pk", flat=True))


def accused() -> set[str]:
    """The entries of ours that verify_audit has something to say about."""
    ours = {f"entry {pk}" for pk in genuine()}
    return ours & {problem.split(":")[0] for problem in all_broken()}


@pytest.mark.parametrize(
    ("position", "entry_id"),
    [
        (MOST, MOST),
        (MOST, -1),
        (MOST - 1, 10**9),
        (LAST + 1, MOST),
        (LAST + 2, 10**9),
        (LAST + 4, 10**9),
        (0, MOST),
        (-MOST, MOST),
    ],
)
def test_a_forged_seal_stops_nothing(trail: list[int], position: int, entry_id: int):
    plant_seal(position, entry_id)
    write(3)

    assert sealing.seal_entries() == 3
    write(2)
    assert sealing.seal_entries() == 2

    sealed = dict(AuditSeal.objects.exclude(position=position).values_list("position", "entry_id"))
    places = [place for place in range(1, len(sealed) + 2) if place != position][: len(sealed)]
    assert sorted(sealed) == places
    assert set(sealed.values()) == genuine()
    named = all_broken()
    assert [problem for problem in named if f"entry {entry_id}: " in problem and str(position) in problem], named
    assert accused() == set()


def test_forged_seals_in_a_row_and_in_crowds_stop_nothing(trail: list[int]):
    for step in range(3):
        plant_seal(LAST + 1 + step, 10**9 + step)
        plant_seal(MOST - step, 10**10 + step)
    rows = [
        AuditSeal(position=10**6 + n, entry_id=10**6 + n, sealed_at=timezone.now(), hash="f" * 64)
        for n in range(sealing.CHUNK * 2)
    ]
    AuditSeal.objects.bulk_create(rows)
    write(3)

    assert sealing.seal_entries() == 3

    found = AuditSeal.objects.filter(position__lt=10**6).order_by("position").values_list("position", flat=True)
    assert [*found] == [*range(1, LAST + 7)]
    assert {f"entry {10**9}", f"entry {10**9 + 2}", f"entry {10**6}"} <= {p.split(":")[0] for p in all_broken()}
    assert accused() == set()


def test_a_forged_entry_with_the_highest_number_keeps_nothing_waiting(trail: list[int]):
    entry = AuditEntry.objects.get(pk=trail[0])
    entry.pk, entry.mac = HIGH, "f" * 80
    entry.save(force_insert=True)
    assert sealing.seal_entries() == 1
    # Ids go on where they were, as they do on PostgreSQL.
    if connection.vendor == "sqlite":
        force("UPDATE sqlite_sequence SET seq = 11 WHERE name = 'tools_auditentry'")
    write(3)

    assert sealing.seal_entries() == 3
    assert all_broken() == [
        f"entry {HIGH}: was changed after it was written, or written past the product",
    ]


@pytest.mark.parametrize(("key", "position", "days"), [(HIGH, MOST, 9999), (HIGH, 1, 1), (10**6, MOST, 0), (-5, 3, -9)])
def test_a_forged_anchor_keeps_no_anchor_away(trail: list[int], settings: Any, key: int, position: int, days: int):
    plant_anchor(key, position, days)
    settings.AUDIT_ANCHOR_S = 0.001
    write(3)
    sealing.seal_entries()

    assert AuditAnchor.objects.exclude(pk=key).count() == 2
    assert sealing.seal_entries() == 1
    assert all_broken() == [f"anchor {key}: was changed after it was written, or written past the product"]


def test_the_alarm_over_a_cut_chain_hears_through_a_forged_seal(trail: list[int], caplog: pytest.LogCaptureFixture):
    plant_seal(MOST, MOST)
    sealing.seal_entries()
    force("DELETE FROM tools_auditseal WHERE position = %s", MOST)
    sealing.seal_entries()
    assert not [record for record in caplog.records if "audit.chain_cut" in str(record.msg)]

    plant_seal(MOST, MOST)
    force("DELETE FROM tools_auditseal WHERE position BETWEEN 5 AND 100")
    sealing.seal_entries()

    assert [record for record in caplog.records if "audit.chain_cut" in str(record.msg)]


def test_what_was_removed_before_its_seal_was_read_stays_one_fault(trail: list[int]):
    """The last seal's entry is gone, so its proof cannot be checked: what follows stands behind it all the same."""
    sealing.seal_entries()
    gone = AuditSeal.objects.order_by("-position")[0]
    force("DELETE FROM tools_auditentry WHERE id = %s", gone.entry_id)
    write(2)

    assert sealing.seal_entries() == 2

    assert [problem for problem in all_broken() if not problem.startswith("anchor ")] == [
        f"entry {gone.entry_id}: was sealed at place {gone.position} and is missing"
    ]


def test_another_key_goes_on_where_the_last_one_ended(trail: list[int], settings: Any):
    settings.SECRET_KEY, kept = "the-next-key-" + "0" * 40, settings.SECRET_KEY
    write(2)
    assert sealing.seal_entries() == 2

    settings.SECRET_KEY_FALLBACKS = [kept]
    assert verify().entries == 14  # with an anchor's own
