"""Verifies the audit trail from its first seal to its last entry, in a stream: memory does not grow with the trail.

One bad row does not hide the next: the check goes on behind it and names them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter

from django.db import connection, transaction
from django.db.models import Count, Max, Subquery

from tools.auditcalls import unrecorded
from tools.auditproof import anchor_is_ours, entry_is_ours, seal_is_ours
from tools.models import AuditAnchor, AuditEntry, AuditSeal
from tools.sealing import ANCHOR, CUT, unsealed

CHUNK = 2000
MOST_NAMED = 100
CHANGED = "was changed after it was written, or written past the product"
Problem = tuple[str, str]  # a row, and what is wrong with it


class Broken(Exception):
    """Rows that are not as we wrote them; the text is the first one's. problems: at most MOST_NAMED of all `count`."""

    def __init__(self, problems: list[str], count: int) -> None:
        super().__init__(problems[0])
        self.problems = problems
        self.count = count


@dataclass(frozen=True, slots=True)
class Verified:
    """How many entries hold, and how many of them wait for their seal.

    unrecorded: calls, decisions and effects that the trail does not tell of as they are, the first MOST_NAMED: entries
    were removed, or somebody wrote to those tables past the product.
    ids_after: how many ids the database gave out after the newest entry. Their transactions are under way or were
    taken back, or the entries were removed: nothing in the database tells which.
    """

    entries: int
    waiting: int
    ids_after: int
    unrecorded: tuple[str, ...] = ()


@dataclass(slots=True)
class _Head:
    """How far the check has come. After a bad row it goes on from what stands there."""

    position: int = 0
    hash: str = ""
    entry_id: int | None = None
    waiting: int = 0

    @property
    def row(self) -> str:
        return "before the first entry" if self.entry_id is None else f"after entry {self.entry_id}"


def verify(*, anchors: dict[int, str] | None = None, calls: bool = False) -> Verified:
    """Check every entry, seal and anchor. Raises Broken with all that is bad.

    anchors: hash by position, as they were kept outside of the database. calls: whether a call, decision or effect
    without its entries is bad too; such rows are no proof, since whoever repairs data by hand leaves them as well.
    """
    with _snapshot():
        head = _Head()
        named: list[str] = []
        count = 0
        for row, problem in _problems(head, dict(anchors or {})):
            count += 1
            if len(named) < MOST_NAMED:
                named.append(f"{row}: {problem}")
        strange = unrecorded()
        notes = tuple(f"{row}: {problem}" for row, problem in islice(strange, MOST_NAMED))
        if calls:
            count += len(notes) + sum(1 for _ in strange)
            named += notes[: MOST_NAMED - len(named)]
        if named:
            raise Broken(named, count)
        return Verified(
            entries=head.position + head.waiting,
            waiting=head.waiting,
            ids_after=_ids_after_newest(),
            unrecorded=notes,
        )


def _problems(head: _Head, outside: dict[int, str]) -> Iterator[Problem]:
    yield from _check_sealed(head, outside)
    yield from _check_waiting(head)
    yield from _check_copies()
    yield from _check_anchors(head)
    yield from _check_told()
    for position in sorted(outside):
        yield head.row, f"the anchor kept outside reached place {position}: the end was cut off"
    yield from _check_emptied()


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


# --- the chain ----------------------------------------------------------------------------------------------------


def _sealed() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    newest = AuditSeal.objects.order_by("-position").values_list("position", flat=True).first() or 0
    seals = AuditSeal.objects.filter(position__lte=newest).order_by("position").iterator(chunk_size=CHUNK)
    while chunk := list(islice(seals, CHUNK)):
        entries = AuditEntry.objects.in_bulk([seal.entry_id for seal in chunk])
        for seal in chunk:
            yield seal, entries.get(seal.entry_id)


def _check_sealed(head: _Head, outside: dict[int, str]) -> Iterator[Problem]:
    for seal, entry in _sealed():
        yield from _check_seal(seal, entry, head)
        if seal.position in outside and outside.pop(seal.position) != seal.hash:
            row = f"entry {seal.entry_id}"
            yield row, f"the anchor kept outside has another hash for place {seal.position}"
        if seal.position > 0:  # none of ours stands before place 1, so none of ours follows one that does
            head.position, head.hash, head.entry_id = seal.position, seal.hash, seal.entry_id


def _check_seal(seal: AuditSeal, entry: AuditEntry | None, head: _Head) -> Iterator[Problem]:
    row = f"entry {seal.entry_id}"
    follows = seal.position == head.position + 1
    if not follows and seal.position > 0:
        yield f"seal {head.position + 1}", f"is missing; the next one found is of entry {seal.entry_id}"
    if entry is None:
        yield row, f"was sealed at place {seal.position} and is missing"
    elif not entry_is_ours(entry):
        yield row, CHANGED
    elif (follows and seal.prev != head.hash) or not seal_is_ours(seal, entry=entry):
        yield row, f"is not what was sealed at place {seal.position}: swapped, moved or its seal changed"
    else:
        yield from _check_own_anchor(entry)


def _check_waiting(head: _Head) -> Iterator[Problem]:
    for entry in unsealed().iterator(chunk_size=CHUNK):
        head.waiting += 1
        if entry_is_ours(entry):
            yield from _check_own_anchor(entry)
        else:
            yield f"entry {entry.pk}", CHANGED


def _check_own_anchor(entry: AuditEntry) -> Iterator[Problem]:
    """The trail tells now and then how far its chain had come: seals made anew do not fit what it told."""
    if entry.event == CUT:
        had, has = entry.details.get("had"), entry.details.get("has")
        yield f"entry {entry.pk}", f"the sealer saw the chain reach place {had} and then {has}: the end was cut off"
    if entry.event != ANCHOR:
        return
    position = entry.details.get("position")
    found = AuditSeal.objects.filter(position=position).values_list("hash", flat=True).first()
    if found != entry.details.get("hash"):
        yield f"entry {entry.pk}", f"tells another hash for place {position}: seals were removed and made anew"


def _check_copies() -> Iterator[Problem]:
    """A copy of a row has its proof too; the constraint that refuses it may have been dropped."""
    macs = AuditEntry.objects.values("mac").annotate(rows=Count("pk"), newest=Max("pk")).filter(rows__gt=1)
    for newest in macs.order_by("mac").values_list("newest", flat=True).iterator(chunk_size=CHUNK):
        yield f"entry {newest}", "is a copy of another one"


# --- anchors ------------------------------------------------------------------------------------------------------


def _check_anchors(head: _Head) -> Iterator[Problem]:
    anchors = AuditAnchor.objects.order_by("pk").iterator(chunk_size=CHUNK)
    while chunk := list(islice(anchors, CHUNK)):
        seals = AuditSeal.objects.in_bulk([anchor.position for anchor in chunk])
        for anchor in chunk:
            yield from _check_anchor(anchor, seals.get(anchor.position), head)


def _check_anchor(anchor: AuditAnchor, seal: AuditSeal | None, head: _Head) -> Iterator[Problem]:
    if not anchor_is_ours(anchor):
        yield f"anchor {anchor.pk}", CHANGED
    elif seal is None or anchor.position > head.position:
        reached = f"the chain had reached place {anchor.position} (entry {anchor.entry_id}): the end was cut off"
        yield head.row, reached
    elif seal.hash != anchor.hash:
        yield f"entry {anchor.entry_id}", f"has another seal at place {anchor.position} than anchor {anchor.pk}"


def _check_told() -> Iterator[Problem]:
    """An anchor and the entry that tells of it are one commit: each must have the other.

    Both are written under the sealer's lock, so that by their ids they come in the order of their places.
    """
    last_anchor = AuditAnchor.objects.order_by("-pk").values("pk")[:1]
    newest = AuditEntry.objects.order_by("-pk").values_list("pk", Subquery(last_anchor)).first()
    entries, anchors = AuditEntry.objects.filter(event=ANCHOR), AuditAnchor.objects.all()
    if newest is not None:
        # As of one statement: on SQLite the product may drop the next one between the two.
        entries, anchors = entries.filter(pk__lte=newest[0]), anchors.filter(pk__lte=newest[1] or 0)
    rows = entries.order_by("pk").iterator(chunk_size=CHUNK)
    told = ((entry.details["position"], "entry", entry.pk) for entry in rows if entry_is_ours(entry))
    kept = (
        (anchor.position, "anchor", anchor.pk)
        for anchor in anchors.order_by("pk").iterator(chunk_size=CHUNK)
        if anchor_is_ours(anchor)
    )
    for position, found in groupby(merge(told, kept), key=itemgetter(0)):
        ids = {kind: pk for _, kind, pk in found}
        # One that was changed stands there still, and was named.
        if "anchor" not in ids and not AuditAnchor.objects.filter(position=position).exists():
            yield f"entry {ids['entry']}", f"tells of an anchor at place {position} that is missing: it was removed"
        if "entry" not in ids:
            yield (
                f"anchor {ids['anchor']}",
                "no entry of ours tells of it: that one was changed, or the end was cut off",
            )


# --- the ids that the database gave out ---------------------------------------------------------------------------


def _check_emptied() -> Iterator[Problem]:
    if not AuditEntry.objects.exists() and (given := _ids_after_newest()):
        yield "before the first entry", f"{given} ids were given out for entries, and there is none: all were removed"


def _ids_after_newest() -> int:
    """0 where the database does not tell."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(pg_sequence_last_value(s), 0) - (SELECT coalesce(max(id), 0) FROM tools_auditentry)"
            " FROM to_regclass(pg_get_serial_sequence('tools_auditentry', 'id')) s"
            " WHERE has_sequence_privilege(s, 'USAGE, SELECT')"
        )
        found = cursor.fetchone()
    return max(0, found[0]) if found else 0
