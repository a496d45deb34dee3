"""The queue as a file: what the list shows, safe in a spreadsheet, sent piece by piece, and on record."""

from __future__ import annotations

import csv
import uuid
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from tools import queue_export
from tools.csvfile import cell, lines
from tools.models import Approval, AuditEntry, Decision, ToolCall

ADDRESS = "/admin/tools/approval/export/"
FORMULAS = [
    "=1+1",
    "+49",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "＝1",
    "＋1",
    "－1",
    "＠1",
    " =1",
]


def waiting(customer, *, minutes=0, **fields):
    now = timezone.now() - timedelta(minutes=minutes)
    values = {
        "tool": "cancel_order",
        "state": "awaiting_approval",
        "summary": "Cancel ORD-1",
        "record": "ORD-1",
        "changes": [{"field": "state", "before": "booked", "after": "cancelled"}],
    }
    call = ToolCall.objects.create(
        customer=customer,
        effect="write",
        digest=uuid.uuid4().hex,
        need=1,
        created_at=now,
        **values | fields,
    )
    Approval.objects.create(call=call, need=1, created_at=now)
    return call


def download(client, query=None):
    return async_to_sync(_download)(client, query or {})


async def _download(client, query):
    answer = await client.get(ADDRESS, query)
    assert answer.status_code == 200, answer
    text = b"".join([piece async for piece in answer.streaming_content]).decode()
    return list(csv.DictReader(text.splitlines())), answer


@pytest.fixture
def desk(async_client):
    """`desk(user)` is a browser of the server's own kind, signed in."""

    def enter(user):
        async_to_sync(async_client.aforce_login)(user)
        return async_client

    return enter


def get(client, query=None):
    return async_to_sync(client.get)(ADDRESS, query or {})


@pytest.mark.parametrize("value", FORMULAS)
def test_no_cell_is_a_formula(value):
    shown = cell(value)

    assert shown.startswith("'")
    assert not any(char in shown for char in "\t\r\n\0\u00a0")


@pytest.mark.parametrize("value", ['say "hi", you', "a;b", "Ana María", "=" * 0, "1 of 2"])
def test_other_text_comes_back_as_it_was(value):
    assert next(csv.reader([lines([[value]])]))[0] == value


def test_a_row_is_one_line_whatever_it_holds():
    text = lines([["a\r\nb", "c\u2028d", 'e"f'], [None, 7, "\u202eg"]])

    assert text.count("\n") == text.count("\r\n") == 2
    assert next(csv.reader(text.splitlines())) == ["a[U+000D][U+000A]b", "c[U+2028]d", 'e"f']


def test_the_file_holds_what_the_list_shows(alice, rita, desk):
    old, new = waiting(alice, minutes=5, summary='=HYPERLINK("x")'), waiting(alice)
    Decision.objects.create(
        call=old, reviewer=rita, decision="approve", digest=old.digest, version=1, decided_at=timezone.now()
    )
    rows, answer = download(desk(rita))

    assert [row["call_id"] for row in rows] == [str(old.pk), str(new.pk)]
    assert rows[0]["summary"] == '\'=HYPERLINK("x")'
    assert rows[0]["changes"] == "state: booked -> cancelled"
    assert [row["approvals"] for row in rows] == ["1", "0"]
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"].startswith("attachment")
    assert "no-store" in answer["Cache-Control"]


def test_the_filters_of_the_list_hold(alice, bob, rita, desk):
    mine, _ = waiting(alice), waiting(bob)
    waiting(alice, state="declined")
    browser = desk(rita)
    rows, _ = download(browser, {"customer": alice.pk})

    assert [row["call_id"] for row in rows] == [str(mine.pk)]
    assert get(browser, {"nonsense__x": "1"}).status_code == 400


def test_it_is_read_a_page_at_a_time_without_gap_or_repeat(alice, rita, desk, monkeypatch):
    monkeypatch.setattr(queue_export, "AT_ONCE", 3)
    now = timezone.now()
    made = [waiting(alice) for _ in range(10)]
    Approval.objects.filter(call__in=made[2:7]).update(created_at=now)
    rows, _ = download(desk(rita))

    assert sorted(row["call_id"] for row in rows) == sorted(str(call.pk) for call in made)


def test_who_may_not_look_gets_nothing_and_who_may_is_on_record(alice, sam, desk):
    waiting(alice)
    assert get(desk(alice.user)).status_code == 302

    download(desk(sam), {"q": "Alice"})

    entry = AuditEntry.objects.get(event="queue.exported")
    assert (entry.actor, entry.details) == (f"user:{sam.pk}", {"filters": ["q"]})


def test_nobody_copies_the_queue_all_day(sam, desk):
    browser = desk(sam)
    for _ in range(10):
        download(browser)

    refused = get(browser)
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
