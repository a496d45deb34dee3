"""Approvals: between the decision and the effect everything is looked at again, and late is late."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psycopg
import pytest

from tests.processes import Running, wait_until
from tests.safety.approving import (
    REFUND,
    Desk,
    decided,
    decisions_of,
    effects_of,
    many_waiting,
    reason_of,
    worker_stopped,
)
from tests.safety.arena import Arena
from tests.safety.drive import dice
from tests.safety.journal import HARNESS
from tests.safety.judges import own_digest
from tests.wire import Frame

CANCEL, REFUNDED, MOVED, RENAMED = "cancel_order", "request_refund", "change_delivery", "update_profile"


def wish(arena: Arena, tool: str) -> dict[str, str]:
    facts = arena.a.facts
    return {
        CANCEL: {"order_id": facts.orders[1]},
        REFUNDED: {"order_id": facts.orders[0], **REFUND},
        MOVED: {"package_id": facts.packages[2], "safe_place": "garage"},
        RENAMED: {"phone": "+49 30 5551234"},
    }[tool]


# --- AP-03 ------------------------------------------------------------------------------------------------------

# What somebody with the database does to a call that staff have approved: columns and their new values.
TAMPERING = {
    "the amount": "arguments = jsonb_set(arguments, '{amount}', '\"24.00\"')",
    "one more argument": 'arguments = arguments || \'{"note": "x"}\'',
    "another order": "arguments = jsonb_set(arguments, '{order_id}', to_jsonb(%(third)s::text))",
    "no arguments": "arguments = '{}'",
    "another customer": "customer_id = %(b)s",
    "another tool": "tool = 'cancel_order', arguments = jsonb_build_object('order_id', %(second)s::text)",
    "another digest": "digest = repeat('0', 64)",
}


@pytest.mark.parametrize("name", TAMPERING)
def test_ap_03_what_was_changed_after_the_approval_is_not_carried_out(arena: Arena, name: str):
    with worker_stopped(arena):
        call_id = decided(arena, arena.a, REFUNDED, wish(arena, REFUNDED), by=[arena.s1])
        tamper(arena, call_id, TAMPERING[name])

    assert arena.wait_for_end(call_id) == "refused"
    assert (reason_of(arena, call_id), effects_of(arena, call_id)) == ("tampered", 0)
    wait_until(lambda: f'"call_id": "{call_id}"' in alerts(arena), what="an alert in the log")
    front = arena.s1.browser.get("/admin/").text
    assert "Tampered with" in front
    back(arena, call_id)


def test_ap_03_a_digest_that_fits_the_new_arguments_is_not_what_was_approved(arena: Arena):
    with worker_stopped(arena):
        call_id = decided(arena, arena.a, REFUNDED, wish(arena, REFUNDED), by=[arena.s1])
        tamper(arena, call_id, TAMPERING["the amount"])
        (row,) = [row for row in arena.calls_of(arena.a) if str(row["id"]) == call_id]
        arena.sql("UPDATE tools_toolcall SET digest = %s WHERE id = %s", own_digest(row), call_id)

    assert arena.wait_for_end(call_id) == "refused"
    assert (reason_of(arena, call_id), arena.effects()) == ("tampered", [])


def test_ap_03_approved_by_nobody_is_not_approved(arena: Arena):
    """The state alone, by SQL: nobody decided, and the customer never agreed."""
    unconfirmed = arena.request(arena.a, CANCEL, wish(arena, CANCEL))["call_id"]
    undecided = decided(arena, arena.a, REFUNDED, wish(arena, REFUNDED), by=[])
    for call_id in (unconfirmed, undecided):
        arena.sql("UPDATE tools_toolcall SET state = 'approved', approved_at = now() WHERE id = %s", call_id)

    assert arena.wait_for_end(unconfirmed) == "refused"
    wait_until(lambda: arena.state_of(undecided) == "awaiting_approval", what="back in the queue", within=20)
    assert arena.effects() == []


def tamper(arena: Arena, call_id: str, change: str) -> None:
    second, third = arena.a.facts.orders[1:]
    values = {"second": second, "third": third, "b": arena.customer_ids()["B"], "id": call_id}
    arena.database.execute(f"UPDATE tools_toolcall SET {change} WHERE id = %(id)s".encode(), values)


def back(arena: Arena, call_id: str) -> None:
    """To its customer again, so that what comes after the test finds everybody's own."""
    arena.sql("UPDATE tools_toolcall SET customer_id = %s WHERE id = %s", arena.customer_ids()["A"], call_id)


def alerts(arena: Arena) -> str:
    return "\n".join(line for line in arena.logs().splitlines() if '"call.tampered"' in line and '"error"' in line)


# --- AP-07 ------------------------------------------------------------------------------------------------------

# (tool, what happens to its record) while the request waits.
MOVES = {
    "shipped": (CANCEL, "UPDATE tracking_order SET state = 'picked_up' WHERE reference = %(second)s"),
    "cancelled by others": (CANCEL, "UPDATE tracking_order SET state = 'cancelled' WHERE reference = %(second)s"),
    "sold": (CANCEL, "UPDATE tracking_order SET customer_id = %(b)s WHERE reference = %(second)s"),
    "refunded in part": (REFUNDED, "UPDATE tracking_order SET refunded = 20.00 WHERE reference = %(first)s"),
    "price lowered": (REFUNDED, "UPDATE tracking_order SET price = 4.00 WHERE reference = %(first)s"),
    "out for delivery": (MOVED, "UPDATE tracking_package SET status = 'out_for_delivery' WHERE number = %(package)s"),
    "recipient changed": (MOVED, "UPDATE tracking_package SET recipient_id = %(b)s WHERE number = %(package)s"),
    "address changed": (MOVED, "UPDATE tracking_package SET street = 'Elsewhere 1' WHERE number = %(package)s"),
    "phone changed": (RENAMED, "UPDATE tracking_customer SET phone = '+4930999999' WHERE id = %(a)s"),
}


@pytest.mark.parametrize("name", MOVES)
def test_ap_07_what_moved_while_it_waited_for_staff_is_stale(arena: Arena, name: str):
    tool, change = MOVES[name]
    call_id = decided(arena, arena.a, tool, wish(arena, tool), by=[])
    move(arena, change)

    page = arena.s1.browser.get(f"/admin/tools/approval/{call_id}/review/").text
    answer = arena.s1.browser.decide(call_id, "approve")

    assert "The record has moved since this was asked for" in page
    assert answer.status_code == 409
    assert "Nothing was done; the customer is told" in answer.text
    is_stale(arena, call_id)


@pytest.mark.parametrize("name", MOVES)
def test_ap_07_what_moved_after_the_approval_is_stale(arena: Arena, name: str):
    tool, change = MOVES[name]
    with worker_stopped(arena):
        call_id = decided(arena, arena.a, tool, wish(arena, tool), by=[arena.s1])
        move(arena, change)

    arena.wait_for_end(call_id)
    is_stale(arena, call_id)
    page = arena.s1.browser.get(f"/admin/tools/approval/{call_id}/review/").text
    assert f"Already approved by {arena.s1.facts.username}" in page
    assert "it is stale" in page


def move(arena: Arena, change: str) -> None:
    first, second, _ = arena.a.facts.orders
    keys = arena.customer_ids()
    values = {"first": first, "second": second, "package": arena.a.facts.packages[2], "a": keys["A"], "b": keys["B"]}
    arena.database.execute(change.encode(), values)


def is_stale(arena: Arena, call_id: str) -> None:
    """Ended, without an effect, and the customer is told by its card and in words."""
    assert (arena.state_of(call_id), effects_of(arena, call_id)) == ("stale", 0)
    socket = arena.socket_of(arena.a)
    card = frame_of(socket.frames, call_id) or socket.until(type="call", call_id=call_id, state="stale")
    assert card["reason"]
    if not said_after(socket.frames, card):
        socket.until(type="message", author="system")


def frame_of(frames: list[Frame], call_id: str) -> Frame | None:
    found = [f for f in frames if f["type"] == "call" and (f["call_id"], f["state"]) == (call_id, "stale")]
    return found[0] if found else None


def said_after(frames: list[Frame], card: Frame) -> bool:
    told = [f for f in frames if f["type"] == "message" and f["author"] == "system"]
    return any(f["seq"] >= card["seq"] - 1 for f in told)


# --- AP-08 ------------------------------------------------------------------------------------------------------


def test_ap_08_nothing_is_carried_out_late(
    arena: Arena, roomy: Running, record_property: Callable[[str, object], None]
):
    at_the_end(arena, roomy, 10, record_property)


@pytest.mark.long
def test_ap_08_nothing_is_carried_out_late_in_200_rounds(
    arena: Arena, roomy: Running, record_property: Callable[[str, object], None]
):
    at_the_end(arena, roomy, 200, record_property)


def at_the_end(arena: Arena, roomy: Running, rounds: int, record_property: Callable[[str, object], None]) -> None:
    """Approved about when their time ends, some before and some after; the last quarter while the worker is down."""
    calls, desk, chance = many_waiting(arena, roomy, rounds), Desk(arena.s1.browser), dice("ap-08")
    up, down = calls[: rounds * 3 // 4], calls[rounds * 3 // 4 :]
    moments = [chance.uniform(0.0, 1.4) for _ in up]
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(partial(one_round, arena.product.database_url, desk), up, moments))
    with worker_stopped(arena):
        answers += [one_round(arena.product.database_url, desk, call_id, 0.0) for call_id in down]
        over = "SELECT count(*) FROM tools_toolcall WHERE id = ANY(%s::uuid[]) AND expires_at > clock_timestamp()"
        wait_until(lambda: arena.sql(over, down) == [(0,)], what="the end of their time", within=5)

    ends = [arena.wait_for_end(call_id) for call_id in calls]
    late = arena.sql(
        "SELECT c.id FROM tools_toolcall c JOIN journal.change j ON j.of_table = 'tools_effect'"
        " AND j.after ->> 'call_id' = c.id::text WHERE c.id = ANY(%s::uuid[]) AND j.at >= c.expires_at",
        calls,
    )
    done, taken = ends.count("succeeded"), answers.count(302)
    record_property(
        "measured",
        f"AP-08 {rounds} requests approved about when their time ended: {taken} decisions taken,"
        f" {done} carried out, {len(late)} late executions",
    )
    assert late == []
    assert set(ends) <= {"succeeded", "expired"}
    assert set(answers) <= {302, 409}
    assert answers[len(up) :].count(302) > 0
    assert set(ends[len(up) :]) == {"expired"}
    assert 0 < done < len(up)


def one_round(database_url: str, desk: Desk, call_id: str, moment: float) -> int:
    """The answer to an approval so many seconds after the request got one more second to live."""
    with psycopg.connect(database_url, autocommit=True, application_name=HARNESS) as session:
        ends = (
            "UPDATE tools_toolcall SET expires_at = clock_timestamp() + '1 s' WHERE id = %s RETURNING version, digest"
        )
        row = session.execute(ends, [call_id]).fetchone()
    assert row is not None
    time.sleep(moment)  # the clock itself is tried
    return desk.send(call_id, {"version": str(row[0]), "digest": row[1]}, "approve").status_code


def test_ap_08_an_effect_that_has_to_wait_beyond_the_end_is_none(arena: Arena):
    """The worker begins in time, and waits for a record that somebody else holds until time is over."""
    call_id = decided(arena, arena.a, CANCEL, wish(arena, CANCEL), by=[])
    with psycopg.connect(arena.product.database_url) as other:
        other.execute("SELECT 1 FROM tracking_order WHERE reference = %s FOR UPDATE", [arena.a.facts.orders[1]])
        arena.sql("UPDATE tools_toolcall SET expires_at = clock_timestamp() + '2.5 s' WHERE id = %s", call_id)
        assert arena.s1.browser.decide(call_id, "approve").status_code == 302
        wait_until(lambda: arena.state_of(call_id) == "executing", what="its beginning", within=2.5)
        over = "SELECT expires_at < clock_timestamp() FROM tools_toolcall WHERE id = %s"
        wait_until(lambda: arena.sql(over, call_id) == [(True,)], what="the end of its time", within=5)

    assert arena.wait_for_end(call_id) == "expired"
    assert effects_of(arena, call_id) == 0


# --- AP-09 ------------------------------------------------------------------------------------------------------

USER = "(SELECT id FROM auth_user WHERE username = %(reviewer)s)"
LOST = {
    "disabled": f"UPDATE auth_user SET is_active = false WHERE id = {USER}",
    "no staff any more": f"UPDATE auth_user SET is_staff = false WHERE id = {USER}",
    "out of the group": f"DELETE FROM auth_user_groups WHERE user_id = {USER}",
    "the customer by then": f"UPDATE tracking_customer SET user_id = {USER} WHERE id = %(a)s",
}


@pytest.mark.parametrize("name", LOST)
def test_ap_09_a_reviewer_who_lost_the_right_did_not_decide(arena: Arena, name: str):
    """It goes back to the queue, with nothing done; somebody else approves, and then it is carried out once."""
    values = {"reviewer": arena.s1.facts.username, "a": arena.customer_ids()["A"]}
    owner = arena.sql("SELECT user_id FROM tracking_customer WHERE id = %s", values["a"])[0][0]
    with worker_stopped(arena):
        call_id = decided(arena, arena.a, REFUNDED, wish(arena, REFUNDED), by=[arena.s1])
        arena.database.execute(LOST[name].encode(), values)

    wait_until(lambda: arena.state_of(call_id) == "awaiting_approval", what="back in the queue", within=20)
    arena.sql("UPDATE tracking_customer SET user_id = %s WHERE id = %s", owner, values["a"])
    assert decisions_of(arena, call_id) == [("approve", arena.s1.facts.username, True)]
    assert arena.effects() == []
    assert (
        call_id
        in arena.s2.browser.get(
            "/admin/tools/approval/",
        ).text
    )
    assert arena.s2.browser.decide(call_id, "approve").status_code == 302
    assert arena.wait_for_end(call_id) == "succeeded"
    assert effects_of(arena, call_id) == 1


def test_ap_09_of_two_reviewers_one_lost_the_right(arena: Arena):
    refund = {"order_id": arena.a.facts.orders[2], "amount": "150.00", "reason": "broken"}
    with worker_stopped(arena):
        call_id = decided(arena, arena.a, REFUNDED, refund, by=[arena.s1, arena.s2])
        arena.database.execute(LOST["disabled"].encode(), {"reviewer": arena.s2.facts.username})

    wait_until(lambda: arena.state_of(call_id) == "awaiting_approval", what="back in the queue", within=20)
    assert [void for *_, void in decisions_of(arena, call_id)] == [False, True]
    assert arena.effects() == []
    assert arena.su.sign_in(by_password=True).decide(call_id, "approve").status_code == 302
    assert arena.wait_for_end(call_id) == "succeeded"
