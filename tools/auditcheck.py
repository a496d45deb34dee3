"""Verifies the audit trail from its first seal to its last entry, in a stream: memory does not grow with the trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from django.db import connection, transaction
from django.db.models import Count

from tools.auditproof import anchor_is_ours, entry_is_ours, seal_is_ours
from tools.models import AuditAnchor, AuditEntry, AuditSeal
from tools.sealing import ANCHOR, unsealed

CHUNK = 2000


class Broken(Exception):
    """The first row that is not as we wrote it: its id, and what is wrong with it."""

    def __init__(self, row: str, problem: str) -> None:
        super().__init__(f"{row}: {problem}")


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries hold, and how many of them wait for their seal."""

    entries: int
    waiting: int


@dataclass(slots=True)
class _Head:
    position: int = 0
    hash: str = ""


def verify(*, anchors: dict[int, str] | None = None) -> Verified:
    """Check every entry, seal and anchor. Raises Broken with the first bad one.

    anchors: hash by position, as they were kept outside of the database.
    """
    with _snapshot():
        head = _Head()
        outside = dict(anchors or {})
        for seal, entry in _sealed():
            _check_seal(seal, entry, head)
            if seal.position in outside and outside.pop(seal.position) != seal.hash:
                raise Broken(f"entry {entry.pk}", f"the anchor kept outside has another hash for place {seal.position}")
        waiting = _check_waiting()
        _check_copies()
        _check_anchors(head)
        for position in sorted(outside):
            raise Broken(_cut_at(head), f"the anchor kept outside reached place {position}: the end was cut off")
        return Verified(entries=head.position + waiting, waiting=waiting)


@contextmanager
def _snapshot() -> Iterator[None]:
    """One view of all tables while the product goes on writing.

    SQLite needs none: rows are only added, behind those that are looked at. In a caller's transaction its view holds.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield


def _sealed() -> Iterator[tuple[AuditSeal, AuditEntry]]:
    newest = AuditSeal.objects.order_by("-position").values_list("position", flat=True).first() or 0
    seals = AuditSeal.objects.filter(position__lte=newest).order_by("position").iterator(chunk_size=CHUNK)
    while chunk := list(islice(seals, CHUNK)):
        entries = AuditEntry.objects.in_bulk([seal.entry_id for seal in chunk])
        for seal in chunk:
            if seal.entry_id not in entries:
                raise Broken(f"entry {seal.entry_id}", f"was sealed at place {seal.position} and is missing")
            yield seal, entries[seal.entry_id]


def _check_seal(seal: AuditSeal, entry: AuditEntry, head: _Head) -> None:
    row = f"entry {entry.pk}"
    if seal.position != head.position + 1:
        raise Broken(f"seal {head.position + 1}", f"is missing; the next one found is of entry {entry.pk}")
    if not entry_is_ours(entry):
        raise Broken(row, "was changed after it was written, or written past the product")
    if seal.prev != head.hash or not seal_is_ours(seal, entry=entry):
        raise Broken(row, f"is not what was sealed at place {seal.position}: swapped, moved or its seal changed")
    _check_own_anchor(entry)
    head.position, head.hash = seal.position, seal.hash


def _check_waiting() -> int:
    waiting = 0
    for entry in unsealed().iterator(chunk_size=CHUNK):
        if not entry_is_ours(entry):
            raise Broken(f"entry {entry.pk}", "was changed after it was written, or written past the product")
        _check_own_anchor(entry)
        waiting += 1
    return waiting


def _check_own_anchor(entry: AuditEntry) -> None:
    """The trail tells now and then how far its chain had come: seals made anew do not fit what it told."""
    if entry.event != ANCHOR:
        return
    position = entry.details.get("position")
    found = AuditSeal.objects.filter(position=position).values_list("hash", flat=True).first()
    if found != entry.details.get("hash"):
        raise Broken(f"entry {entry.pk}", f"tells another hash for place {position}: seals were removed and made anew")


def _check_copies() -> None:
    """A copy of a row has its proof too; the constraint that refuses it may have been dropped."""
    rows = AuditEntry.objects.values("mac").annotate(rows=Count("pk")).filter(rows__gt=1)
    for mac in rows.order_by("mac").values_list("mac", flat=True)[:1]:
        copied = AuditEntry.objects.filter(mac=mac).order_by("-pk").values_list("pk", flat=True)[0]
        raise Broken(f"entry {copied}", "is a copy of another one")


def _check_anchors(head: _Head) -> None:
    anchors = AuditAnchor.objects.order_by("pk").iterator(chunk_size=CHUNK)
    while chunk := list(islice(anchors, CHUNK)):
        seals = AuditSeal.objects.in_bulk([anchor.position for anchor in chunk])
        for anchor in chunk:
            _check_anchor(anchor, seals.get(anchor.position), head)


def _check_anchor(anchor: AuditAnchor, seal: AuditSeal | None, head: _Head) -> None:
    if not anchor_is_ours(anchor):
        raise Broken(f"anchor {anchor.pk}", "was changed after it was written, or written past the product")
    if seal is None or anchor.position > head.position:
        reached = f"the chain had reached place {anchor.position} (entry {anchor.entry_id}): the end was cut off"
        raise Broken(_cut_at(head), reached)
    if seal.hash != anchor.hash:
        raise Broken(f"entry {anchor.entry_id}", f"has another seal at place {anchor.position} than anchor {anchor.pk}")


def _cut_at(head: _Head) -> str:
    last = AuditSeal.objects.filter(position=head.position).values_list("entry_id", flat=True).first()
    return f"after entry {last}" if last is not None else "before the first entry"
