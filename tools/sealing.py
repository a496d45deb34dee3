"""The one sealer: chains the entries that are committed, in the order in which it finds them, and drops anchors.

It runs apart from everything that writes entries, so no turn and no effect ever waits for the chain.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from tools import audit
from tools.auditproof import anchor_is_ours, anchor_mac, entry_is_ours, seal_hash, seal_is_ours
from tools.models import AuditAnchor, AuditEntry, AuditSeal

log = structlog.get_logger(__name__)

BATCH = 5000
CHUNK = 500
# Ids are given out before the commit, so a lower id may become visible after a higher one: look back this far every
# time, and all the way every AUDIT_ANCHOR_S.
LOOK_BACK = 5000
ANCHOR = "audit.anchor"
# In the log alone, whenever something was sealed: how far the chain has come, and the hash there.
SEALED = "audit.sealed"
CUT = "audit.chain_cut"
_LOCK = 0x5EA1_A0D1
_SEALER = "sealer"
_Row = TypeVar("_Row", bound=Model)
End = tuple[AuditSeal, AuditEntry]


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
    end = _end_of_chain()
    _compare(end)
    after = _first_to_look_at(end)
    sealed = 0
    # Without new entries there is nothing to write and no lock to take.
    if unsealed(after=after).exists():
        for _ in range(batches):
            made = _seal_batch(after)
            sealed += made
            if made < BATCH:
                break
    if sealed:
        end = _end_of_chain()
        _tell_head(end)
    if _anchor_is_due(end):
        _drop_anchor()
    return sealed


# --- what is ours ---------------------------------------------------------------------------------------------------
# Whoever has all rights in the database can add rows with any number. Such a row is for verify_audit to name; nothing
# that we do next may depend on it.


def _from_the_end(rows: QuerySet[_Row], *, by: str) -> Iterator[list[_Row]]:
    """The last row alone, which is nearly always enough; then what stands before it, in chunks."""
    ordered = rows.order_by(f"-{by}")
    found = list(ordered[:1])
    while found:
        yield found
        found = list(ordered.filter(**{f"{by}__lt": getattr(found[-1], by)})[:CHUNK])


def _end_of_chain() -> End | None:
    """The last seal whose proof holds."""
    for chunk in _from_the_end(AuditSeal.objects.all(), by="position"):
        entries = AuditEntry.objects.in_bulk([seal.entry_id for seal in chunk])
        for seal in chunk:
            entry = entries.get(seal.entry_id)
            if entry is not None and seal_is_ours(seal, entry=entry):
                return seal, entry
    return None


def _newest_anchor() -> AuditAnchor | None:
    chunks = _from_the_end(AuditAnchor.objects.all(), by="pk")
    return next((anchor for chunk in chunks for anchor in chunk if anchor_is_ours(anchor)), None)


def _free_places(after: int) -> Iterator[tuple[int, str | None]]:
    """The places behind that one on which nothing stands; with the hash of what stands right before and is not ours."""
    rows = AuditSeal.objects.filter(position__gt=after).order_by("position").values_list("position", "hash")
    place, stands = after, None
    for occupied, found in rows.iterator(chunk_size=CHUNK):
        for free in range(place + 1, occupied):
            yield free, stands
            stands = None
        place, stands = occupied, found
    for free in count(place + 1):
        yield free, stands
        stands = None


def _compare(end: End | None) -> None:
    """A chain that got shorter under our eyes was cut: somebody has to know, even where nobody verifies.

    The entry makes every later verification fail; the line in the log is out of reach of whoever cuts the entry too.
    """
    position, was = end[0].position if end else 0, _memory.position
    _memory.position = position
    if position < was:
        log.error(CUT, was=was, now=position)
        if AuditSeal.objects.filter(position=was).exists():
            return  # it stands there and only its proof is gone, which every verification finds by itself
        audit.record(event=CUT, actor=_SEALER, outcome="cut", now=timezone.now(), had=was, has=position)


def _tell_head(end: End | None) -> None:
    if end is not None:
        log.info(SEALED, position=end[0].position, hash=end[0].hash)


def _first_to_look_at(end: End | None) -> int | None:
    """None: at all. The id of an entry that is not ours, which is sealed too, tells nothing of where the others are."""
    if end is None or time.monotonic() - _memory.looked_at >= settings.AUDIT_ANCHOR_S or not entry_is_ours(end[1]):
        _memory.looked_at = time.monotonic()
        return None
    return end[0].entry_id - LOOK_BACK


# --- seals ----------------------------------------------------------------------------------------------------------


def _seal_batch(after: int | None) -> int:
    with transaction.atomic():
        if not _only_sealer():
            return 0
        end = _end_of_chain()
        prev = end[0].hash if end else ""
        now = timezone.now()
        seals = []
        places = _free_places(end[0].position if end else 0)
        for entry, (position, stands) in zip(unsealed(after=after)[:BATCH], places, strict=False):
            seals.append(_seal(entry, position, prev if stands is None else stands, now))
            prev = seals[-1].hash
        AuditSeal.objects.bulk_create(seals, batch_size=500)
    return len(seals)


def _only_sealer() -> bool:
    """On PostgreSQL a lock that ends with the transaction; on SQLite a transaction is the only writer anyway."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _seal(entry: AuditEntry, position: int, prev: str, now: datetime) -> AuditSeal:
    if not entry_is_ours(entry):
        # Sealed all the same: what somebody did must not be lost either. verify_audit names it.
        log.error("audit.forged_entry", entry_id=entry.pk)
    seal = AuditSeal(position=position, entry_id=entry.pk, sealed_at=now, prev=prev)
    seal.hash = seal_hash(seal, entry=entry)
    return seal


# --- anchors --------------------------------------------------------------------------------------------------------


def _anchor_is_due(end: End | None) -> bool:
    """Whether AUDIT_ANCHOR_S have passed and the chain has grown, by more than the last anchor's own entry."""
    latest = _newest_anchor()
    if end is None or latest is None:
        return end is not None
    (head, entry), long_ago = end, timezone.now() - timedelta(seconds=settings.AUDIT_ANCHOR_S)
    return latest.at <= long_ago and head.position > latest.position and entry.event != ANCHOR


def _drop_anchor() -> None:
    """In three places: a table of its own, an entry of the trail itself, and by that entry's line the log."""
    with transaction.atomic():
        end = _end_of_chain() if _only_sealer() else None
        if end is None or not _anchor_is_due(end):
            return
        head, now = end[0], timezone.now()
        anchor = AuditAnchor(at=now, position=head.position, entry_id=head.entry_id, hash=head.hash)
        anchor.mac = anchor_mac(anchor)
        anchor.save(force_insert=True)
        audit.record(event=ANCHOR, actor=_SEALER, outcome="anchored", now=now, position=head.position, hash=head.hash)
