"""What staff take away as a file is safe to open: whatever customers and models wrote, no spreadsheet runs it."""

from __future__ import annotations

import csv
import json
import uuid
from io import StringIO

from tests.safety.arena import Arena

FORMULAS = [
    '=HYPERLINK("http://evil.example","x")', "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1+1)", "\t=1", "\r=1", "\n=1",
    "＝1+1", "＋1", "－1", "＠SUM(1)", " =1+1", '";=1+1;"', "a\r\n=1+1", '",=1+1,"', "\u202e=1", "\u200b=1", "\ufeff=1",
]  # fmt: skip
BEGINNINGS = tuple("=+-@＝＋－＠\t\r\n\0\u202e\u200b\ufeff")
EXPORT = "/admin/tools/approval/export/"


def test_ix_11_no_cell_of_an_export_is_a_formula(arena: Arena):
    arena.waive("O7", "the harness made the calls")
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.confirm(arena.a, request)
    made = [copy_of(arena, request["call_id"], text) for text in FORMULAS]
    name = arena.sql("SELECT name FROM tracking_customer WHERE id = %s", arena.customer_ids()["A"])[0][0]
    arena.sql("UPDATE tracking_customer SET name = %s WHERE id = %s", f"={name}", arena.customer_ids()["A"])

    answer = arena.s3.browser.get(f"{EXPORT}?customer={arena.customer_ids()['A']}")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    text = answer.content.decode()
    assert text.count("\n") == text.count("\r\n") == len(FORMULAS) + 2  # one record a line, with the head
    rows = list(csv.DictReader(StringIO(text), strict=True))
    assert {row["call_id"] for row in rows} >= set(made)
    cells = [cell for row in rows for cell in row.values()]
    assert [cell for cell in cells if cell.startswith(BEGINNINGS) or cell.lstrip().startswith(BEGINNINGS)] == []
    assert {row["customer"] for row in rows} == {f"'={name}"}
    arena.sql("UPDATE tracking_customer SET name = %s WHERE id = %s", name, arena.customer_ids()["A"])
    arena.sql("DELETE FROM tools_approval WHERE call_id::text = ANY(%s)", made)
    arena.sql("DELETE FROM tools_toolcall WHERE id::text = ANY(%s)", made)


def copy_of(arena: Arena, call_id: str, text: str) -> str:
    """The same request once more, as if these words had been asked for."""
    key = str(uuid.uuid4())
    other = {
        "id": key,
        "digest": uuid.uuid4().hex * 2,
        "summary": text,
        "record": text,
        "changes": [{"field": text, "label": text, "before": text, "after": text, "risk": False}],
    }
    arena.sql(
        "INSERT INTO tools_toolcall SELECT (jsonb_populate_record(t, %s::jsonb)).* FROM tools_toolcall t WHERE id = %s",
        json.dumps(other),
        call_id,
    )
    arena.sql("INSERT INTO tools_approval (call_id, need, created_at) VALUES (%s, 1, now())", key)
    return key


def test_ix_11_an_export_is_for_staff_and_on_record(arena: Arena):
    for who in (arena.a.browser, arena.visitor()):
        assert who.get(EXPORT).status_code in (302, 403)

    assert arena.s3.browser.get(f"{EXPORT}?q={arena.a.facts.tag}").status_code == 200

    key = arena.sql("SELECT id FROM auth_user WHERE username = %s", arena.s3.facts.username)[0][0]
    trail = "SELECT details::text, outcome FROM tools_auditentry WHERE event = 'queue.exported' AND actor = %s"
    assert arena.sql(trail, f"user:{key}") == [('{"filters": ["q"]}', "begun")]
