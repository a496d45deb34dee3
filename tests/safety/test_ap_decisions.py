"""Approvals: who may decide, and one decision and at most one effect however many decide at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.processes import Running
from tests.safety.approving import (
    REFUND,
    Desk,
    at_once,
    decided,
    decisions_of,
    effects_of,
    form_of,
    many_waiting,
    reason_of,
)
from tests.safety.arena import Arena
from tests.safety.person import Person

ROUNDS = 15


# --- AP-02 ------------------------------------------------------------------------------------------------------


def test_ap_02_nobody_decides_on_a_request_of_their_own(arena: Arena):
    """Superuser or not, in whatever browser, and whatever the form says."""
    request = arena.request(arena.su, "request_refund", {"order_id": arena.su.facts.orders[0], **REFUND})
    arena.confirm(arena.su, request)
    call_id = request["call_id"]
    elsewhere = arena.su.sign_in(by_password=True)

    page = elsewhere.get(f"/admin/tools/approval/{call_id}/review/")
    answers = [
        Desk(browser).send(call_id, form_of(arena, call_id), decision, "mine").status_code
        for browser in (arena.su.browser, elsewhere)
        for decision in ("approve", "decline")
    ]

    assert page.status_code == 200
    assert 'name="decision"' not in page.text
    assert answers == [403] * 4
    assert (arena.state_of(call_id), decisions_of(arena, call_id)) == ("awaiting_approval", [])
    assert len(arena.sql("SELECT 1 FROM tools_auditentry WHERE call_id = %s AND event LIKE '%%refused'", call_id)) == 4


def test_ap_02_those_around_the_customer_cannot_decide(arena: Arena):
    """The customer, who they have dealings with, staff who may only look, and somebody signed out."""
    request = arena.request(arena.a, "change_delivery", {"package_id": arena.pair.sent_to_a, "safe_place": "garage"})
    arena.confirm(arena.a, request)
    form = form_of(arena, request["call_id"])

    signed_in = [Desk(who.browser).send(request["call_id"], form, "approve") for who in (arena.a, arena.b, arena.s3)]
    stranger = arena.visitor()
    stranger.get("/accounts/login/")
    outside = stranger.post(
        f"/admin/tools/approval/{request['call_id']}/review/",
        {**form, "decision": "approve"},
        page="/accounts/login/",
    )

    assert [answer.status_code in (302, 403) for answer in (*signed_in, outside)] == [True] * 4
    assert signed_in[-1].status_code == 403
    assert (arena.state_of(request["call_id"]), decisions_of(arena, request["call_id"])) == ("awaiting_approval", [])


def test_ap_02_a_reviewer_who_has_become_the_customer_cannot_decide(arena: Arena):
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.confirm(arena.a, request)
    query = "UPDATE tracking_customer SET user_id = (SELECT id FROM auth_user WHERE username = %s) WHERE id = %s"
    owner = arena.customer_ids()["A"]
    arena.sql(query, arena.s1.facts.username, owner)

    refused = Desk(arena.s1.browser).send(request["call_id"], form_of(arena, request["call_id"]), "approve")
    arena.sql(query, arena.a.facts.username, owner)

    assert refused.status_code == 403
    assert decisions_of(arena, request["call_id"]) == []


def test_ap_02_one_reviewer_is_never_two(arena: Arena):
    """A refund that needs two people: the same one again, in another browser, is told so and counts once."""
    refund = {"order_id": arena.a.facts.orders[2], "amount": "150.00", "reason": "broken"}
    call_id = decided(arena, arena.a, "request_refund", refund, by=[arena.s1])

    again = Desk(arena.s1.sign_in()).send(call_id, form_of(arena, call_id), "approve")

    assert again.status_code == 409
    assert "decided this request already" in again.text
    assert arena.state_of(call_id) == "awaiting_approval"
    assert arena.s2.browser.decide(call_id, "approve").status_code == 302
    assert arena.wait_for_end(call_id) == "succeeded"


# --- AP-04 ------------------------------------------------------------------------------------------------------


def test_ap_04_fifty_clicks_at_once_are_one_decision_and_one_effect(arena: Arena):
    request = arena.request(arena.a, "request_refund", {"order_id": arena.a.facts.orders[0], **REFUND})
    arena.confirm(arena.a, request)
    call_id, desk = request["call_id"], Desk(arena.s1.browser)
    form = form_of(arena, call_id)

    answers = at_once([partial(desk.send, call_id, form, "approve")] * 50)

    assert sorted(answer.status_code for answer in answers) == [302] + [409] * 49
    told = [answer.text for answer in answers if answer.status_code == 409]
    assert all(f"Already approved by {arena.s1.facts.username} at " in text for text in told)
    assert arena.wait_for_end(call_id) == "succeeded"
    assert decisions_of(arena, call_id) == [("approve", arena.s1.facts.username, False)]
    assert effects_of(arena, call_id) == 1


def test_ap_04_fifty_clicks_at_once_are_no_two_approvals(arena: Arena):
    refund = {"order_id": arena.a.facts.orders[2], "amount": "150.00", "reason": "broken"}
    call_id = decided(arena, arena.a, "request_refund", refund, by=[])
    desk, form = Desk(arena.s1.browser), form_of(arena, call_id)

    answers = at_once([partial(desk.send, call_id, form, "approve")] * 50)

    assert sorted(answer.status_code for answer in answers) == [302] + [409] * 49
    assert decisions_of(arena, call_id) == [("approve", arena.s1.facts.username, False)]
    assert (arena.state_of(call_id), effects_of(arena, call_id)) == ("awaiting_approval", 0)


# --- AP-05 ------------------------------------------------------------------------------------------------------


def test_ap_05_of_two_reviewers_one_decides(
    arena: Arena, roomy: Running, record_property: Callable[[str, object], None]
):
    race(arena, roomy, ROUNDS, record_property)


@pytest.mark.long
def test_ap_05_of_two_reviewers_one_decides_in_500_races(
    arena: Arena, roomy: Running, record_property: Callable[[str, object], None]
):
    race(arena, roomy, 500, record_property)


def race(arena: Arena, roomy: Running, rounds: int, record_property: Callable[[str, object], None]) -> None:
    """One approves at one web server while the other declines at another; who begins changes from round to round."""
    calls = many_waiting(arena, roomy, rounds)
    elsewhere = Person(facts=arena.s2.facts, url=roomy.url)
    one, two = Desk(arena.s1.browser), Desk(elsewhere.browser)
    for number, call_id in enumerate(calls):
        form = form_of(arena, call_id)
        works = [
            partial(one.send, call_id, form, "approve"),
            partial(two.send, call_id, form, "decline", "Not this time."),
        ]
        answers = at_once(works if number % 2 else works[::-1])
        assert sorted(answer.status_code for answer in answers) == [302, 409]
        (loser,) = [answer.text for answer in answers if answer.status_code == 409]
        assert "Already approved by" in loser or "Already declined by" in loser
    elsewhere.leave()

    ends = {call_id: arena.wait_for_end(call_id) for call_id in calls}
    found = {call_id: [decision for decision, *_ in decisions_of(arena, call_id)] for call_id in calls}
    effects = {call_id: effects_of(arena, call_id) for call_id in calls}
    won = sum(state == "succeeded" for state in ends.values())
    record_property(
        "measured",
        f"AP-05 {rounds} two-reviewer races: {sum(map(len, found.values()))} decisions,"
        f" {won} approved, {rounds - won} declined, {sum(effects.values())} effects",
    )
    expected = {"succeeded": (["approve"], 1), "declined": (["decline"], 0)}
    assert {call_id: (found[call_id], effects[call_id]) for call_id in calls} == {
        call_id: expected[state] for call_id, state in ends.items()
    }
    assert {reason_of(arena, call_id) for call_id, state in ends.items() if state == "declined"} <= {"Not this time."}
