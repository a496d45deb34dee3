"""The one sealer: chains the entries that are committed, in the order in which it finds them, and drops anchors.

It runs apart from everything that writes entries, so no turn and no effect ever waits for the chain.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from tools import audit
from tools.auditproof import anchor_mac, entry_is_ours, seal_hash
from tools.models import AuditAnchor, AuditEntry, AuditSeal

log = structlog.get_logger(__name__)

BATCH = 5000
# Ids are given out before the commit, so a lower id may become visible after a higher one: look back this far every
# time, and all the way every AUDIT_ANCHOR_S.
LOOK_BACK = 5000
ANCHOR = "audit.anchor"
_LOCK = 0x5EA1_A0D1
_SEALER = "sealer"


def unsealed(*, after: int | None = None) -> QuerySet[AuditEntry]:
    """Committed entries without a seal, lowest id first. Without `after` all of them: a forged id may be negative."""
    seals = AuditSeal.objects.filter(entry_id=OuterRef("pk"))
    entries = AuditEntry.objects.filter(~Exists(seals)).order_by("pk")
    return entries if after is None else entries.filter(pk__gt=after)


class _Memory:
    """What this process saw last: when it looked at every entry, and how far the chain had come."""

    looked_at = -float("inf")
    position = 0


_memory = _Memory()


def seal_entries(*, batches: int = 4) -> int:
    """Seal what is committed, at most `batches` times BATCH entries. Returns how many; 0 too where another one seals.

    Anchors the chain where AUDIT_ANCHOR_S have passed since the last time.
    """
    newest = AuditSeal.objects.order_by("-position").first()
    _compare(newest)
    after = _first_to_look_at(newest)
    sealed = 0
    # Without new entries there is nothing to write and no lock to take.
    if unsealed(after=after).exists():
        for _ in range(batches):
            made = _seal_batch(after)
            sealed += made
            if made < BATCH:
                break
    if _anchor_is_due():
        _drop_anchor()
    return sealed


def _compare(newest: AuditSeal | None) -> None:
    """A chain that got shorter under our eyes was cut: somebody has to know, even where nobody verifies."""
    position = newest.position if newest else 0
    if position < _memory.position:
        log.error("audit.chain_cut", was=_memory.position, now=position)
    _memory.position = position


def _first_to_look_at(newest: AuditSeal | None) -> int | None:
    if newest is None or time.monotonic() - _memory.looked_at >= settings.AUDIT_ANCHOR_S:
        _memory.looked_at = time.monotonic()
        return None
    return newest.entry_id - LOOK_BACK


def _seal_batch(after: int | None) -> int:
    with transaction.atomic():
        if not _only_sealer():
            return 0
        last = AuditSeal.objects.order_by("-position").first()
        now = timezone.now()
        seals = []
        for entry in unsealed(after=after)[:BATCH]:
            last = _next_seal(last, entry, now)
            seals.append(last)
        AuditSeal.objects.bulk_create(seals, batch_size=500)
    return len(seals)


def _only_sealer() -> bool:
    """On PostgreSQL a lock that ends with the transaction; on SQLite a transaction is the only writer anyway."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _next_seal(last: AuditSeal | None, entry: AuditEntry, now: datetime) -> AuditSeal:
    if not entry_is_ours(entry):
        # Sealed all the same: what somebody did must not be lost either. verify_audit names it.
        log.error("audit.forged_entry", entry_id=entry.pk)
    seal = AuditSeal(
        position=last.position + 1 if last else 1,
        entry_id=entry.pk,
        sealed_at=now,
        prev=last.hash if last else "",
    )
    seal.hash = seal_hash(seal, entry=entry)
    return seal


def _anchor_is_due() -> bool:
    """Whether AUDIT_ANCHOR_S have passed and the chain has grown, by more than the last anchor's own entry."""
    head = AuditSeal.objects.order_by("-position").first()
    latest = AuditAnchor.objects.order_by("-pk").first()
    if head is None or latest is None:
        return head is not None
    if latest.at > timezone.now() - timedelta(seconds=settings.AUDIT_ANCHOR_S) or head.position <= latest.position:
        return False
    return not AuditEntry.objects.filter(pk=head.entry_id, event=ANCHOR).exists()


def _drop_anchor() -> None:
    """In three places: a table of its own, an entry of the trail itself, and by that entry's line the log."""
    with transaction.atomic():
        if not _only_sealer() or not _anchor_is_due():
            return
        now = timezone.now()
        head = AuditSeal.objects.order_by("-position")[0]
        anchor = AuditAnchor(at=now, position=head.position, entry_id=head.entry_id, hash=head.hash)
        anchor.mac = anchor_mac(anchor)
        anchor.save(force_insert=True)
        audit.record(event=ANCHOR, actor=_SEALER, outcome="anchored", now=now, position=head.position, hash=head.hash)
