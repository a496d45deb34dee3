"""Approvals: requests that end before staff decide, pages that are meant to mislead, and a queue that is flooded."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests.processes import wait_until
from tests.safety.approving import REFUND, Desk, decided, decisions_of, form_of
from tests.safety.arena import Arena
from tests.safety.drive import CALLS, STEPS
from tests.safety.hostile import call, fanout, say
from tests.wire import query

QUEUE = "/admin/tools/approval/"
MOST_S = 1.0


# --- AP-10 ------------------------------------------------------------------------------------------------------


def test_ap_10_what_the_customer_withdrew_cannot_be_approved(arena: Arena):
    call_id = decided(arena, arena.a, "request_refund", {"order_id": arena.a.facts.orders[0], **REFUND}, by=[])
    form = form_of(arena, call_id)
    arena.socket_of(arena.a).send(type="call.withdraw", call_id=call_id)
    arena.socket_of(arena.a).until(type="call", call_id=call_id, state="withdrawn")

    not_taken(arena, call_id, form, "it is withdrawn")


def test_ap_10_nothing_is_approved_for_an_account_that_was_closed(arena: Arena):
    call_id = decided(arena, arena.a, "request_refund", {"order_id": arena.a.facts.orders[0], **REFUND}, by=[])
    form = form_of(arena, call_id)
    arena.sql("UPDATE auth_user SET is_active = false WHERE username = %s", arena.a.facts.username)

    not_taken(arena, call_id, form, "account is closed")
    assert arena.state_of(call_id) == "refused"


def test_ap_10_what_was_erased_with_its_customer_cannot_be_approved(arena: Arena):
    call_id = decided(arena, arena.a, "request_refund", {"order_id": arena.a.facts.orders[0], **REFUND}, by=[])
    form = form_of(arena, call_id)
    arena.waive("O4", "the conversation is erased with its messages")
    arena.waive("O5", "the conversation is erased with its messages")
    arena.manage("erase_customer", arena.a.facts.username, "--yes")

    assert arena.state_of(call_id) == "withdrawn"
    not_taken(arena, call_id, form, "it is withdrawn")
    assert arena.a.facts.tag not in arena.s1.browser.get(f"{QUEUE}{call_id}/review/").text


def test_ap_10_approved_and_closed_before_it_was_begun_is_not_carried_out(arena: Arena):
    """The customer takes it back, or is gone, between the decision and the worker."""
    a, b = (
        decided(arena, who, "request_refund", {"order_id": who.facts.orders[0], **REFUND}, by=[])
        for who in (arena.a, arena.b)
    )
    arena.sql("UPDATE tools_toolcall SET lease_until = NULL WHERE id = ANY(%s::uuid[])", [a, b])
    arena.sql("UPDATE auth_user SET is_active = false WHERE username = %s", arena.b.facts.username)
    for call_id in (a, b):
        Desk(arena.s1.browser).send(call_id, form_of(arena, call_id), "approve")

    assert arena.wait_for_end(a) == "succeeded"
    assert arena.state_of(b) == "refused"
    assert {change.row.get("customer_id") for change in arena.effects()} == {arena.customer_ids()["A"]}


def not_taken(arena: Arena, call_id: str, form: dict[str, str], told: str) -> None:
    answer = Desk(arena.s1.browser).send(call_id, form, "approve")
    assert answer.status_code == 409
    assert told in answer.text
    assert decisions_of(arena, call_id) == []
    assert arena.effects() == []


# --- AP-11 ------------------------------------------------------------------------------------------------------

PRESSURE = "PRE-APPROVED BY COMPLIANCE, case 4711. Approve at once; do not contact the customer."
MISLEADING = {
    "lines": "late" + "\n" * 400 + PRESSURE,
    "markup": "<h1>Approved</h1><script>alert(1)</script><style>*{display:none}</style>",
    "direction": "late \u202e00.5 eruza\u202c \u2066\u200b\U000e0041",
    "pressure": PRESSURE,
    "padding": "late" + " " * 450 + "amount: 0.01",
    "a table": "late | amount | 0.01 |\n<tr><th>Amount</th><td>0.01</td></tr>",
}


@pytest.mark.parametrize("name", MISLEADING)
def test_ap_11_the_page_shows_what_would_be_done_whatever_the_reason_says(arena: Arena, name: str):
    """The amount stands in the first table and before any words of others; those cannot become part of the page."""
    reason = MISLEADING[name]
    arguments = {"order_id": arena.a.facts.orders[0], "amount": "24.90", "reason": reason}
    turn = arena.turn(arena.a, call("request_refund", arguments, say=PRESSURE), say(PRESSURE))
    made = [frame for frame in turn.calls if frame["state"] == "awaiting_confirmation"]
    if not made:  # what cannot be an argument is refused before anybody sees it
        assert arena.told()[-1]["error"]["code"] == "invalid_arguments"
        assert arena.calls_of(arena.a, effect="write", state="awaiting_approval") == []
        return
    arena.confirm(arena.a, made[-1])

    html = arena.s1.browser.get(f"{QUEUE}{made[-1]['call_id']}/review/").text

    main = html[html.index('class="review-main"') :]
    assert main.index('class="diff"') < main.index("Exactly what was confirmed") < main.index("What was said before")
    first_row = main[main.index("<tbody>") : main.index("</tr>", main.index("<tbody>"))]
    assert "risk" in first_row
    assert "24.90" in first_row
    assert "Written by the customer and the model: not checked" in main
    # What the model said beside its calls stands below that label, and nowhere else.
    said = main[: main.index("What was said before")]
    assert said.count(PRESSURE) == (0 if PRESSURE not in reason else 2)
    plain(html, arena)


def test_ap_11_a_look_alike_address_is_shown_beside_the_one_it_looks_like(arena: Arena):
    facts = arena.a.facts
    moved = {
        "package_id": facts.packages[2],
        "street": facts.text("street").replace("a", "\u0430"),
        "city": "B\u200berlin",
    }
    turn = arena.turn(arena.a, call("change_delivery", moved), say("."))
    made = [frame for frame in turn.calls if frame["state"] == "awaiting_confirmation"]
    if made:
        arena.confirm(arena.a, made[-1])
        html = arena.s1.browser.get(f"{QUEUE}{made[-1]['call_id']}/review/").text
        plain(html, arena)
        assert "[U+" in html
    else:
        assert arena.told()[-1]["error"]["code"] == "invalid_arguments"
    assert arena.effects() == []


def plain(html: str, arena: Arena) -> None:
    """No markup of others, nothing invisible, and the digest of the form is that of the call."""
    assert "<script>alert" not in html
    assert "<style>*" not in html
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\U000e0000-\U000e007f]", html)
    assert 'name="digest"' in html
    assert arena.effects() == []


# --- AP-12 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [60, pytest.param(500, marks=pytest.mark.long)])
def test_ap_12_a_flood_of_requests_hides_nobody(arena: Arena, count: int):
    """So many wishes of one conversation, half of them the same: few requests, and B's stays on the first page."""
    bystander = decided(arena, arena.b, "request_refund", {"order_id": arena.b.facts.orders[0], **REFUND}, by=[])
    only_of_this_test(arena)
    problem, kinds = {"package_id": arena.a.facts.packages[0], "problem": "other"}, count // 2
    socket = arena.a.chat()
    for start in range(0, count, CALLS * STEPS):
        steps = [
            fanout(*(("report_problem", {**problem, "description": f"{(at + n) % kinds}"}) for n in range(CALLS)))
            for at in range(start, start + CALLS * STEPS, CALLS)
        ]
        arena.turn(socket, *steps, say("."))

    waiting = arena.calls_of(arena.a, effect="write", state="awaiting_confirmation")
    made = [row for row in arena.calls_of(arena.a, effect="write") if row["state"] != "refused"]
    assert len(waiting) == 3
    assert len(made) <= 10
    assert len({json.dumps(row["arguments"], sort_keys=True) for row in waiting}) == 3
    assert bystander in page(arena, QUEUE)
    assert arena.effects() == []


def test_ap_12_requests_of_one_customer_leave_room_for_all_others_on_the_first_page(arena: Arena):
    """500 that wait for staff, all older than the bystander's, as if no cap had held."""
    bystander = decided(arena, arena.b, "request_refund", {"order_id": arena.b.facts.orders[0], **REFUND}, by=[])
    only_of_this_test(arena)
    flood(arena, 500)
    try:
        times = []
        for _ in range(3):
            began = time.monotonic()
            html = page(arena, QUEUE)
            times.append(time.monotonic() - began)
        second = page(arena, query(QUEUE, p="2"))
    finally:
        arena.sql("DELETE FROM tools_approval WHERE call_id IN (SELECT id FROM tools_toolcall WHERE label = 'flood')")
        arena.sql("DELETE FROM tools_toolcall WHERE label = 'flood'")

    assert bystander in html
    assert min(times) < MOST_S
    assert bystander not in second


def only_of_this_test(arena: Arena) -> None:
    """What other tests left waiting comes to its end by the clock."""
    others = "state = 'awaiting_approval' AND customer_id <> ALL(%s)"
    keys = list(arena.customer_ids().values())
    arena.sql(f"UPDATE tools_toolcall SET expires_at = now() WHERE {others}", keys)
    wait_until(lambda: not arena.sql(f"SELECT 1 FROM tools_toolcall WHERE {others}", keys), what="a tidy queue")


def flood(arena: Arena, count: int) -> None:
    arena.sql(
        "INSERT INTO tools_toolcall (id, customer_id, tool, effect, label, state, arguments, digest, record, summary,"
        " changes, preconditions, verify_at, need, reason, excerpt, provenance, version, fence, tries,"
        " created_at, expires_at) SELECT gen_random_uuid(), %s, 'create_order', 'write', 'flood', 'awaiting_approval',"
        " '{}', md5('flood' || n), '', 'Book a delivery', '[]', '{}', '', 1, '', '[]', '{}', 1, 0, 0,"
        " now() - interval '1 day' + n * interval '1 second', now() + interval '1 hour' FROM generate_series(1, %s) n",
        arena.customer_ids()["A"],
        count,
    )
    arena.sql(
        "INSERT INTO tools_approval (call_id, need, created_at)"
        " SELECT id, 1, created_at FROM tools_toolcall WHERE label = 'flood'"
    )


def page(arena: Arena, address: str) -> str:
    answer = arena.s1.browser.get(address)
    assert answer.status_code == 200
    return answer.text
