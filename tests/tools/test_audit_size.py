"""A trail of a million entries: sealed, verified and looked through in a time and a memory that fit."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from tools import sealing
from tools.auditcheck import Broken, verify
from tools.auditproof import entry_mac
from tools.models import AuditEntry

COLUMNS = "at, event, actor, customer_id, call_id, digest, outcome, details, request_id, address, mac"
START = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = ("call.running", "call.succeeded", "auth.signed_in", "tool.rejected", "call.approved")


def fill(count: int) -> None:
    """Entries as audit.record makes them; in parts, since each statement has its time."""
    for first in range(0, count, 20_000):
        _copy(range(first, min(first + 20_000, count)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tools_auditentry")


def _copy(numbers: range) -> None:
    rows = [_row(number) for number in numbers]
    with connection.cursor() as cursor, cursor.cursor.copy(f"COPY tools_auditentry ({COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _row(number: int) -> list[Any]:
    entry = AuditEntry(
        at=START + timedelta(seconds=number),
        event=EVENTS[number % 5],
        actor=f"user:{number % 1000}",
        digest="0" * 64,
        outcome="fine",
        details={"number": number},
        request_id=f"request-{number // 4}",
        address="0" * 32,
    )
    entry.mac = entry_mac(entry)
    row: list[Any] = [entry.at, entry.event, entry.actor, None, None, entry.digest, entry.outcome]
    return [*row, json.dumps(entry.details), entry.request_id, entry.address, entry.mac]


PAGES = (
    "",
    "?q=user:7",
    "?q=call.approved",
    "?about=tool",
    "?q=request-17",
    "?p=20",
    "?at__gte=2026-01-01%2000:00:00Z",
)


@contextmanager
def timed(what: str, most_s: float | None) -> Iterator[None]:
    """most_s: None where other work on the machine decides more than ours."""
    began = time.perf_counter()
    yield
    took = time.perf_counter() - began
    print(f"{what}: {took:.1f} s")
    assert most_s is None or took < most_s, what


def check(client: Client, count: int, *, full: bool) -> None:
    fill(count)
    while sealing.seal_entries():
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with timed(f"verify_audit of {count} entries", 600 if full else None):
        assert verify().entries >= count
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"memory: {grown:.1f} MiB more at most")
    assert grown < 50
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "demo"))
    for query in PAGES:
        with timed(f"the page {query}", 2 if full else None):
            assert client.get(f"/admin/tools/auditentry/{query}").status_code == 200
    with timed("a run of the sealer", 1 if full else None):
        assert sealing.seal_entries() < 100
    changed = AuditEntry.objects.order_by("pk")[count - 10].pk
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE tools_auditentry SET outcome = 'other' WHERE id = %s", [changed])
    with pytest.raises(Broken, match=f"entry {changed}: was changed"):
        verify()


@pytest.mark.django_db
@pytest.mark.servers
def test_four_thousand_entries(client: Client):
    check(client, 4_000, full=False)


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.servers
def test_a_million_entries(client: Client):
    check(client, 1_000_000, full=True)
