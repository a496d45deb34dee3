"""From a write call to a frozen request: merged, superseded, capped; and how many people must agree."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.utils import timezone

from tests.tools.steps import (
    NEW_PHONE,
    admit,
    again,
    approve,
    approved,
    ask,
    carried_out,
    change_row,
    confirmed,
    context,
    raw,
)
from tools.approvals import withdraw
from tools.gateway import admit_step
from tools.models import AuditEntry, ToolCall
from tools.provenance import Sources
from tools.registry import tool
from tools.requests import approvals_needed
from tracking.factories import OrderFactory, PackageFactory, RefundFactory
from tracking.models import Customer, Order

pytestmark = pytest.mark.django_db

PHONES = [f"+4930123456{n:02}" for n in range(20)]


def order(customer: Customer, number: int, **fields: Any) -> Order:
    made: Order = OrderFactory.create(customer=customer, reference=f"ORD-{number}", **fields)
    return made


def code_of(customer: Customer, tool_name: str, **arguments: Any) -> str:
    """`ok`, or the code of the refusal."""
    told = admit(context(customer), raw(tool_name, **arguments))[0].told
    assert told is not None
    return "ok" if told["ok"] else told["error"]["code"]


def open_calls(customer: Customer) -> list[ToolCall]:
    return list(ToolCall.objects.filter(customer=customer, state="awaiting_confirmation").order_by("created_at"))


# --- what is frozen ---------------------------------------------------------------------------------------------


def test_a_request_freezes_what_was_asked_and_what_the_record_said(alice: Customer):
    ctx = context(alice, turn_id=uuid.uuid4())

    admit(ctx, raw("update_profile", phone="0049 30 12345678", email=None))

    call = ToolCall.objects.get()
    assert call.arguments == {"phone": NEW_PHONE}
    assert call.changes == [
        {"field": "phone", "label": "Phone number", "before": alice.phone, "after": NEW_PHONE, "risk": True}
    ]
    assert (call.record, call.need, call.verify_at) == (f"customer:{alice.pk}", 1, "")
    assert call.turn_id == ctx.turn_id
    assert len(call.digest) == 64
    assert call.expires_at == call.created_at + timedelta(seconds=configured.CONFIRM_TTL_S)
    assert call.confirmed_at is None


def test_a_request_freezes_the_end_of_the_conversation(alice: Customer):
    said = [{"author": "customer", "text": str(n), "created_at": "2026-11-20T10:00:00+00:00"} for n in range(20)]

    admit_step(ctx=context(alice), requests=[raw("update_profile", phone=NEW_PHONE)], excerpt=said)

    assert [line["text"] for line in ToolCall.objects.get().excerpt] == [str(n) for n in range(12, 20)]


def test_a_request_is_audited_with_its_digest_and_no_value(alice: Customer):
    call = ask(alice)

    entry = AuditEntry.objects.get(call_id=call.pk)
    assert (entry.event, entry.actor, entry.outcome, entry.digest) == (
        "call.requested",
        "model",
        "awaiting_confirmation",
        call.digest,
    )
    assert NEW_PHONE not in json.dumps(entry.details)


# --- the same again ---------------------------------------------------------------------------------------------


def test_the_same_request_in_any_spelling_is_one_row(alice: Customer):
    first = ask(alice, phone="+49 30 12345678")

    second = ask(alice, phone="0049 (30) 1234-5678", name=None)

    assert second.pk == first.pk
    assert ToolCall.objects.count() == 1


def test_the_same_request_in_another_conversation_is_one_row(alice: Customer):
    first = ask(alice)
    change_row(first, conversation_id=uuid.uuid4())

    second = ask(alice)

    assert second.pk == first.pk


def test_two_people_who_ask_the_same_have_two_requests(alice: Customer, bob: Customer):
    assert ask(alice).digest != ask(bob).digest
    assert ToolCall.objects.count() == 2


@pytest.mark.parametrize("ended", ["withdrawn", "declined", "expired", "failed", "refused", "stale"])
def test_an_ended_request_can_be_asked_for_again(alice: Customer, ended: str):
    first = ask(alice)
    change_row(first, state=ended)

    second = ask(alice)

    assert second.pk != first.pk
    assert again(first).state == ended


def test_a_request_past_its_time_is_not_handed_out_again(alice: Customer):
    late = ask(alice)
    change_row(late, expires_at=timezone.now() - timedelta(seconds=1))

    fresh = ask(alice)

    assert fresh.pk != late.pk
    assert again(late).state == "expired"
    assert again(late).ended_at is not None


# --- a newer one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reach", [ask, confirmed])
def test_a_newer_request_for_the_same_thing_ends_the_older(alice: Customer, reach: Callable[..., ToolCall]):
    older = reach(alice, phone=PHONES[0])

    newer = ask(alice, phone=PHONES[1])

    assert again(older).state == "superseded"
    assert again(older).reason
    assert open_calls(alice) == [newer]


def test_an_approved_request_that_is_superseded_is_never_carried_out(alice: Customer, rita: Any):
    older = approved(alice, rita, phone=PHONES[0])
    ask(alice, phone=PHONES[1])

    carried_out(older)

    assert again(older).state == "superseded"
    alice.refresh_from_db()
    assert alice.phone not in PHONES


def test_a_request_that_is_being_carried_out_is_not_superseded(alice: Customer, rita: Any):
    running = approved(alice, rita, phone=PHONES[0])
    change_row(running, state="executing")

    newer = ask(alice, phone=PHONES[1])

    assert again(running).state == "executing"
    assert newer.state == "awaiting_confirmation"


def test_a_newer_profile_change_ends_an_older_one_of_another_field(alice: Customer):
    older = ask(alice, phone=PHONES[0])

    ask(alice, city="Potsdam")

    assert again(older).state == "superseded"


def test_requests_for_different_records_stand_side_by_side(alice: Customer, bob: Customer):
    order(alice, 1001, state="booked")
    order(alice, 1002, state="booked")
    first = ask(alice, "cancel_order", order_id="ORD-1001")
    theirs = ask(bob, phone=PHONES[0])

    second = ask(alice, "cancel_order", order_id="ORD-1002")
    profile = ask(alice, phone=PHONES[1])

    assert {again(call).state for call in (first, second, profile, theirs)} == {"awaiting_confirmation"}


def test_different_tools_for_one_record_stand_side_by_side(alice: Customer):
    order(alice, 1001, state="cancelled")
    PackageFactory.create(number="ABCD-1337", booker=alice)

    calls = [
        ask(alice, "request_refund", order_id="ORD-1001", amount="1.00", reason="late"),
        ask(alice, "change_delivery", package_id="ABCD-1337", safe_place="Garage"),
        ask(alice, "report_problem", package_id="ABCD-1337", problem="damaged", description="wet"),
    ]

    assert {again(call).state for call in calls} == {"awaiting_confirmation"}


def test_reports_about_one_package_supersede_nothing(alice: Customer):
    PackageFactory.create(number="ABCD-1337", booker=alice)
    first = ask(alice, "report_problem", package_id="ABCD-1337", problem="damaged", description="wet")

    second = ask(alice, "report_problem", package_id="ABCD-1337", problem="other", description="late")

    assert {again(call).state for call in (first, second)} == {"awaiting_confirmation"}


def test_a_newer_request_that_is_refused_leaves_the_older_standing(alice: Customer):
    order(alice, 1001, price=Decimal("24.90"))
    older = ask(alice, "request_refund", order_id="ORD-1001", amount="5.00", reason="late")

    assert code_of(alice, "request_refund", order_id="ORD-1001", amount="99.00", reason="x") == "invalid_arguments"
    assert again(older).state == "awaiting_confirmation"


# --- caps -------------------------------------------------------------------------------------------------------


def test_three_requests_may_wait_in_a_conversation_and_no_fourth(alice: Customer):
    for n in range(1001, 1005):
        order(alice, n, state="booked")
    codes = [code_of(alice, "cancel_order", order_id=f"ORD-{n}") for n in range(1001, 1005)]

    assert codes == ["ok", "ok", "ok", "rate_limited"]
    assert len(open_calls(alice)) == 3


def test_what_waits_in_another_conversation_does_not_count_here(alice: Customer):
    for n in range(1001, 1005):
        order(alice, n, state="booked")
    for n in range(1001, 1004):
        change_row(ask(alice, "cancel_order", order_id=f"ORD-{n}"), conversation_id=uuid.uuid4())

    assert code_of(alice, "cancel_order", order_id="ORD-1004") == "ok"


def test_the_same_request_still_answers_where_the_cap_is_reached(alice: Customer):
    for n in range(1001, 1004):
        order(alice, n, state="booked")
        ask(alice, "cancel_order", order_id=f"ORD-{n}")

    assert code_of(alice, "cancel_order", order_id="ORD-1001") == "ok"


def test_a_waiting_request_can_be_replaced_where_the_cap_is_reached(alice: Customer):
    for n in (1001, 1002):
        order(alice, n, state="booked")
        ask(alice, "cancel_order", order_id=f"ORD-{n}")
    ask(alice, phone=PHONES[0])

    assert code_of(alice, "update_profile", phone=PHONES[1]) == "ok"


def test_a_withdrawn_or_expired_request_makes_room(alice: Customer):
    calls = []
    for n in range(1001, 1004):
        order(alice, n, state="booked")
        calls.append(ask(alice, "cancel_order", order_id=f"ORD-{n}"))
    order(alice, 1004, state="booked")
    order(alice, 1005, state="booked")
    withdraw(call_id=calls[0].pk, customer=alice)
    change_row(calls[1], expires_at=timezone.now() - timedelta(seconds=1))

    assert code_of(alice, "cancel_order", order_id="ORD-1004") == "ok"
    assert code_of(alice, "cancel_order", order_id="ORD-1005") == "ok"


def test_ten_requests_a_day_and_no_eleventh_in_any_conversation(alice: Customer, bob: Customer):
    for n in range(10):
        withdraw(call_id=ask(alice, phone=PHONES[n]).pk, customer=alice)

    assert code_of(alice, "update_profile", phone=PHONES[10]) == "rate_limited"
    assert code_of(bob, "update_profile", phone=PHONES[10]) == "ok"


def test_replacing_requests_does_not_get_around_the_ten_of_a_day(alice: Customer):
    codes = [code_of(alice, "update_profile", phone=phone) for phone in PHONES[:12]]

    assert codes == ["ok"] * 10 + ["rate_limited"] * 2
    assert ToolCall.objects.exclude(state="refused").count() == 10


def test_refused_calls_do_not_use_up_the_day(alice: Customer):
    for n in range(12):
        assert code_of(alice, "cancel_order", order_id=f"ORD-{2000 + n}") == "not_found"

    assert code_of(alice, "update_profile", phone=PHONES[0]) == "ok"


def test_the_day_ends_after_twenty_four_hours(alice: Customer):
    for n in range(10):
        withdraw(call_id=ask(alice, phone=PHONES[n]).pk, customer=alice)
    ToolCall.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))

    assert code_of(alice, "update_profile", phone=PHONES[10]) == "ok"


# --- how many must agree ----------------------------------------------------------------------------------------


def refund(customer: Customer, number: int, amount: str) -> ToolCall:
    return ask(customer, "request_refund", order_id=f"ORD-{number}", amount=amount, reason="late")


@pytest.mark.parametrize(("amount", "need"), [("0.01", 1), ("100.00", 1), ("100.01", 2), ("180.00", 2)])
def test_a_refund_above_the_limit_needs_two_reviewers(alice: Customer, amount: str, need: int):
    order(alice, 1003, price=Decimal("180.00"))

    assert refund(alice, 1003, amount).need == need


def test_slices_of_a_refund_add_up_with_what_is_open(alice: Customer):
    order(alice, 1003, price=Decimal("180.00"))
    order(alice, 1004, price=Decimal("180.00"))

    first, second = refund(alice, 1003, "60.00"), refund(alice, 1004, "60.00")

    assert (first.need, second.need) == (1, 2)


def test_a_refund_that_replaces_another_does_not_count_it(alice: Customer):
    order(alice, 1003, price=Decimal("180.00"))
    refund(alice, 1003, "60.00")

    assert refund(alice, 1003, "61.00").need == 1


@pytest.mark.parametrize(("hours", "need"), [(0, 2), (23, 2), (25, 1)])
def test_slices_of_a_refund_add_up_with_what_was_paid_in_24_hours(alice: Customer, hours: int, need: int):
    paid = order(alice, 1003, price=Decimal("180.00"), refunded=Decimal("60.00"))
    at = timezone.now() - timedelta(hours=hours)
    RefundFactory.create(order=paid, customer=alice, amount=Decimal("60.00"), created_at=at)
    order(alice, 1004, price=Decimal("180.00"))

    assert refund(alice, 1004, "60.00").need == need


def test_other_customers_refunds_do_not_count(alice: Customer, bob: Customer):
    order(bob, 2001, price=Decimal("180.00"))
    refund(bob, 2001, "90.00")
    order(alice, 1003, price=Decimal("180.00"))

    assert refund(alice, 1003, "90.00").need == 1


def test_the_limit_is_a_setting(alice: Customer, settings: Any):
    settings.SECOND_APPROVER_ABOVE = Decimal("5.00")
    order(alice, 1003)

    assert refund(alice, 1003, "5.01").need == 2


def needed(customer: Customer, rule: Callable[..., Any], registry: dict) -> int:
    def load(ctx: Any, *, lock: bool, **arguments: Any) -> None: ...

    def apply(*_: Any, **__: Any) -> None: ...

    @tool(effect="write", label="Probe", approval=rule, load=load, apply=apply)
    def probe(ctx: Any, record: Any, *, note: str) -> None:
        """Probes."""

    return approvals_needed(ctx=context(customer), definition=registry["probe"], typed={"note": "x"})


@pytest.mark.parametrize("answer", [0, 1, 2])
def test_a_rule_says_how_many_must_agree(alice: Customer, registry: dict, answer: int):
    assert needed(alice, lambda ctx, **_: answer, registry) == answer


NO_COUNT: list[Any] = [None, "", "no", "0", -1, 3, 0.4, False, True, Decimal(0), float("nan"), []]


@pytest.mark.parametrize("answer", NO_COUNT, ids=repr)
def test_a_rule_whose_answer_is_none_counts_as_two(alice: Customer, registry: dict, answer: Any):
    assert needed(alice, lambda ctx, **_: answer, registry) == 2


def test_a_rule_that_fails_counts_as_two(alice: Customer, registry: dict):
    def rule(ctx: Any, **arguments: Any) -> int:
        raise KeyError("amount")

    assert needed(alice, rule, registry) == 2


def test_a_refund_whose_open_neighbours_cannot_be_read_needs_two(alice: Customer):
    order(alice, 1003, price=Decimal("180.00"))
    order(alice, 1004, price=Decimal("180.00"))
    change_row(refund(alice, 1003, "1.00"), arguments={"amount": "a lot"})

    assert refund(alice, 1004, "1.00").need == 2


def test_two_reviewers_of_a_large_refund_both_count(alice: Customer, rita: Any, ravi: Any):
    order(alice, 1003, price=Decimal("180.00"))
    call = confirmed(alice, "request_refund", order_id="ORD-1003", amount="180.00", reason="late")

    first = approve(call, rita)
    halfway = carried_out(call)
    second = approve(call, ravi)

    assert (first.state, halfway.state, second.state) == ("awaiting_approval", "awaiting_approval", "approved")
    assert carried_out(call).state == "succeeded"
    assert Order.objects.get(reference="ORD-1003").refunded == Decimal("180.00")


# --- where it came from -----------------------------------------------------------------------------------------


def ask_from(customer: Customer, **sources: Any) -> ToolCall:
    ctx, call = context(customer), raw("update_profile", phone=NEW_PHONE)
    with transaction.atomic():
        return admit_step(ctx=ctx, requests=[call], excerpt=[], sources=Sources(**sources))[0].call


def test_a_request_keeps_the_worst_that_its_arguments_came_from(alice: Customer):
    typed = ask_from(alice, typed=(f"my number is {NEW_PHONE}",))
    kept = dict(again(typed).provenance)
    same = ask_from(alice, untrusted=(f"call {NEW_PHONE}",))
    last = ask_from(alice, typed=(f"my number is {NEW_PHONE}",))

    assert kept == {"sources": {"phone": "customer"}, "flags": [], "flagged": False}
    assert typed.pk == same.pk == last.pk
    assert again(typed).provenance == {"sources": {"phone": "untrusted"}, "flags": ["from_data"], "flagged": True}
    entries = AuditEntry.objects.filter(call_id=typed.pk).order_by("pk")
    assert [(entry.event, entry.details.get("flags")) for entry in entries] == [
        ("call.requested", []),
        ("call.flagged", ["from_data"]),
    ]


def test_what_nobody_knows_is_the_models(alice: Customer):
    assert again(ask(alice)).provenance["sources"] == {"phone": "model"}
