"""Many rows: what staff look at opens in time, and an export is sent while it is read."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx2
import psycopg
import pytest

from tests.processes import Running, Stack, children_of
from tests.safety.conftest import app_url
from tests.safety.endurance import Endurance
from tests.wire import Browser

MOST_S = 2.0
PEOPLE = 500
FILL = """
INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
    SELECT '', false, 'many-' || n, 'Many', 'N' || n, 'many-' || n || '@example.com', false, true, now()
    FROM generate_series(1, %(people)s) n;
INSERT INTO tracking_customer (user_id, name, phone, email, street, city, postal_code, country, created_at, updated_at)
    SELECT id, 'Many ' || username, '', email, '', '', '', '', now(), now() FROM auth_user
    WHERE username LIKE 'many-%%';
INSERT INTO chat_conversation (id, customer_id, mode, last_seq, created_at)
    SELECT gen_random_uuid(), c.id, 'bot', %(messages)s / (%(people)s * 10), now() - n * interval '1 hour'
    FROM tracking_customer c, generate_series(1, 10) n WHERE c.name LIKE 'Many %%';
INSERT INTO chat_event (conversation_id, seq, type, author, payload, created_at)
    SELECT t.id, n, 'message', 'customer', jsonb_build_object('type', 'message', 'seq', n, 'author', 'customer',
        'text', 'Where is my package number ' || n || '?', 'data', null), now() - n * interval '1 minute'
    FROM chat_conversation t, generate_series(1, %(messages)s / (%(people)s * 10)) n WHERE t.last_seq > 0;
INSERT INTO tools_toolcall (id, customer_id, tool, effect, label, state, arguments, digest, record, summary, changes,
    preconditions, verify_at, need, reason, excerpt, provenance, version, fence, tries, created_at, expires_at)
    SELECT gen_random_uuid(), c.id, 'cancel_order', 'write', 'Cancel', CASE n %% 2 WHEN 0 THEN 'awaiting_approval' ELSE
        'declined' END, '{"order_id": "ORD-1"}', md5(c.id || '-' || n), 'order:ORD-' || n, 'Cancel order ORD-' || n,
        jsonb_build_array(jsonb_build_object('field', 'state', 'before', repeat('x', 3900), 'after', 'cancelled')),
        '{}', '', 1, '', '[]', '{}', 1, 0, 0, now() - n * interval '1 second', now() + interval '1 day'
    FROM tracking_customer c, generate_series(1, %(calls)s / %(people)s) n WHERE c.name LIKE 'Many %%';
INSERT INTO tools_approval (call_id, need, created_at) SELECT id, 1, created_at FROM tools_toolcall
    WHERE record LIKE 'order:%%';
ANALYZE;
"""
PAGES = [
    "/admin/tools/approval/",
    "/admin/tools/approval/?p=2",
    "/admin/tools/approval/?q=many-77",
    "/admin/tools/approval/?state=all&tool=cancel_order&age=1",
    "/admin/tools/toolcall/",
    "/admin/tools/toolcall/?q=ORD-77",
    "/admin/chat/conversation/",
    "/admin/chat/conversation/?q=many-77@example.com",
    "/admin/tracking/customer/?q=many-77",
    "/admin/tools/auditentry/",
]


def memory_kib(web: Running) -> int:
    """What the server and its children hold."""
    pids = [web.pid, *children_of(web.pid)]
    text = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return sum(int(line.split()[1]) for status in text for line in status.splitlines() if line.startswith("VmRSS"))


def exported(browser: Browser, meanwhile: Callable[[], str]) -> tuple[float, int, bool]:
    """(seconds to the first piece, rows, whether what came in meanwhile is in it) of the whole queue as a file.

    The file is larger than what lies between server and reader: a row that comes in once the first piece is here can
    only be in it where the rest had not been read by then.
    """
    began, first, text, latest = time.monotonic(), 0.0, bytearray(), ""
    with browser.http.stream("GET", "/admin/tools/approval/export/?state=all", timeout=300) as answer:
        assert answer.status_code == 200
        for piece in answer.iter_raw(65536):
            if not first:
                first = time.monotonic() - began
                latest = meanwhile()
            text += piece
    return first, text.count(b"\n") - 1, latest.encode() in text


def latecomer(session: psycopg.Connection) -> str:
    """One more request, the newest of all."""
    key = str(uuid.uuid4())
    session.execute(
        "INSERT INTO tools_toolcall SELECT (jsonb_populate_record(t, %s::jsonb)).* FROM tools_toolcall t"
        " WHERE record = 'order:ORD-1' LIMIT 1",
        [json.dumps({"id": key, "digest": uuid.uuid4().hex})],
    )
    session.execute("INSERT INTO tools_approval (call_id, need, created_at) VALUES (%s, 1, now())", [key])
    return key


def check_volume(
    database_url: str, folder: Path, redis_url: str, *, messages: int, calls: int, endures: bool = False
) -> None:
    with psycopg.connect(database_url, autocommit=True) as session:
        for statement in FILL.split(";\n"):
            if statement.strip():
                session.execute(statement.encode(), {"people": PEOPLE, "messages": messages, "calls": calls})
        stack = Stack(folder=folder, database_url=app_url(database_url), redis_url=redis_url)
        try:
            web = stack.web()
            bystanders = [partial(enter, web.url, name) for name in ("alice", "bob")]
            steady = Endurance(web, bystanders=bystanders) if endures else None
            browser = Browser(web.url).sign_in("root")
            took = {page: seconds(browser, page) for page in PAGES}
            before = memory_kib(web)
            first, rows, lazily = exported(browser, lambda: latecomer(session))
            growth = memory_kib(web) - before
            browser.close()
            problems = steady.problems() if steady else []
        finally:
            stack.stop()
    print(steady.measured if steady else "")
    print({page: round(value, 2) for page, value in took.items()}, round(first, 2), rows, growth)
    assert {page: value for page, value in took.items() if value > MOST_S} == {}
    assert first < MOST_S
    assert rows == calls + 1
    assert lazily
    assert growth < 50 * 1024
    assert problems == []


def enter(url: str, name: str) -> Browser:
    return Browser(url).sign_in(name)


def seconds(browser: Browser, page: str) -> float:
    """The better of two: the first opens connections and fills caches."""
    times = []
    for _ in range(2):
        began = time.monotonic()
        answer: httpx2.Response = browser.get(page)
        times.append(time.monotonic() - began)
        assert answer.status_code == 200, (page, answer.status_code)
    return min(times)


@pytest.mark.servers
def test_ld_10_lists_search_and_export_with_many_rows(database_url: str, tmp_path: Path, redis_url: str):
    check_volume(database_url, tmp_path, redis_url, messages=20_000, calls=5_000)


@pytest.mark.servers
@pytest.mark.long
def test_ld_10_lists_search_and_export_with_a_million_rows(database_url: str, tmp_path: Path, redis_url: str):
    check_volume(database_url, tmp_path, redis_url, messages=1_000_000, calls=100_000, endures=True)
