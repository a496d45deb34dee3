"""The sealer: everything that is committed gets its place, late or in crowds, and anchors tell how far it came."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.tools.trail import all_broken, broken, force, write
from tools import sealing
from tools.auditcheck import verify
from tools.models import AuditAnchor, AuditEntry, AuditSeal

pytestmark = pytest.mark.django_db


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


def test_an_anchor_is_dropped_when_it_is_due(settings: Any, monkeypatch: pytest.MonkeyPatch):
    settings.AUDIT_ANCHOR_S = 60
    write(2)
    sealing.seal_entries()
    write(2)
    sealing.seal_entries()
    assert AuditAnchor.objects.count() == 1

    later = timezone.now() + timedelta(seconds=61)
    monkeypatch.setattr("tools.sealing.timezone.now", lambda: later)
    sealing.seal_entries()

    assert AuditAnchor.objects.count() == 2


def test_the_sealer_raises_the_alarm_over_a_chain_that_got_shorter(trail: list[int], caplog: pytest.LogCaptureFixture):
    force("DELETE FROM tools_auditseal WHERE position > 4")

    sealing.seal_entries()

    assert any("audit.chain_cut" in str(record.msg) for record in caplog.records)
    # Who adds what was cut once more, or whatever is sealed since, changes nothing about it.
    write(20)
    sealing.seal_entries()
    assert "the sealer saw the chain reach place" in "\n".join(all_broken())


def test_the_log_is_told_how_far_the_chain_has_come(caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO"):
        write(3)
        sealing.seal_entries()
        sealing.seal_entries()
        sealing.seal_entries()

    told = [record.msg for record in caplog.records if "audit.sealed" in str(record.msg)]
    heads = [seal for seal in AuditSeal.objects.all() if seal.hash in str(told)]
    assert len(told) == len(heads) == 2  # the second is the anchor's own entry


def test_an_earlier_key_still_proves_what_was_written_under_it(trail: list[int], settings: Any):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the-next-key-" + "0" * 40, [settings.SECRET_KEY]
    write(2)
    sealing.seal_entries()

    assert verify().entries == 13
    settings.SECRET_KEY_FALLBACKS = []
    assert broken().startswith(f"entry {trail[0]}: ")
