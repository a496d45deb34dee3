"""Two at once: whoever is second finds what the first did. Real threads on real PostgreSQL, many rounds each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from tests.tools.steps import (
    NEW_PHONE,
    admit,
    again,
    approve,
    approved,
    ask,
    change_row,
    confirmed,
    context,
    effects,
    raw,
)
from tools import approvals, notices
from tools.approvals import DecisionError, withdraw
from tools.execution import execute_call
from tools.expiry import expire_due
from tools.models import Approval, AuditEntry, Decision, Effect, Notice, ToolCall
from tools.states import OPEN_WRITE_STATES
from tracking.factories import OrderFactory
from tracking.models import Customer, Order, Refund

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.servers]

ROUNDS = 8


def together(*work: Callable[[], Any]) -> list[Any]:
    """Runs all at the same moment, each in a thread with a connection of its own; their results or errors."""
    start = threading.Barrier(len(work))
    results: list[Any] = [None] * len(work)

    def run(number: int, one: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait(10)
            results[number] = one()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number, one)) for number, one in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def decisions_refused(results: list[Any]) -> list[str]:
    """The codes of refused decisions; any other error is a defect."""
    refusals = [result for result in results if isinstance(result, DecisionError)]
    assert refusals == [result for result in results if isinstance(result, Exception)]
    return [refusal.code for refusal in refusals]


def decline(call: ToolCall, reviewer: Any) -> ToolCall:
    return approvals.decline(call_id=call.pk, reviewer=reviewer, version=call.version, digest=call.digest, reason="No.")


def test_the_same_request_from_many_threads_is_one_row(alice: Customer):
    results = together(*[lambda: admit(context(alice), raw("update_profile", phone=NEW_PHONE))[0]] * 8)

    assert not [result for result in results if isinstance(result, Exception)]
    assert {result.told["ok"] for result in results} == {True}
    assert len({result.call.pk for result in results}) == 1
    assert ToolCall.objects.count() == 1
    assert AuditEntry.objects.filter(event="call.requested").count() == 1


def test_different_requests_from_many_threads_stay_within_the_cap(alice: Customer):
    for n in range(8):
        OrderFactory.create(customer=alice, reference=f"ORD-{1000 + n}", state="booked")

    results = together(
        *[lambda n=n: admit(context(alice), raw("cancel_order", order_id=f"ORD-{1000 + n}"))[0] for n in range(8)]
    )

    assert sorted(result.told["ok"] for result in results) == [False] * 5 + [True] * 3
    assert ToolCall.objects.filter(state="awaiting_confirmation").count() == 3


def test_of_many_newer_requests_for_one_thing_one_is_left(alice: Customer):
    phones = [f"+4930123456{n:02}" for n in range(8)]

    together(*[lambda phone=phone: admit(context(alice), raw("update_profile", phone=phone)) for phone in phones])

    states = list(ToolCall.objects.values_list("state", flat=True))
    assert sorted(states) == ["awaiting_confirmation"] + ["superseded"] * 7


def test_the_same_reviewer_many_times_at_once_decides_once(alice: Customer, rita: Any):
    call = confirmed(alice)

    results = together(*[lambda: approve(call, rita)] * 8)

    assert decisions_refused(results) == ["conflict"] * 7
    assert Decision.objects.count() == 1
    assert again(call).state == "approved"


def test_two_reviewers_at_once_make_one_decision(alice: Customer, rita: Any, ravi: Any):
    for _ in range(ROUNDS):
        call = confirmed(alice)

        results = together(lambda: approve(call, rita), lambda: approve(call, ravi))  # noqa: B023 - runs at once

        assert decisions_refused(results) == ["conflict"]
        assert Decision.objects.filter(call=call).count() == 1
        assert AuditEntry.objects.filter(call_id=call.pk, event="call.approved").count() == 1
        change_row(call, state="withdrawn", created_at="2026-01-01T00:00Z")


def test_two_reviewers_at_once_are_both_counted_where_two_are_needed(alice: Customer, rita: Any, ravi: Any):
    OrderFactory.create(customer=alice, reference="ORD-1003", price=Decimal("180.00"))
    call = confirmed(alice, "request_refund", order_id="ORD-1003", amount="180.00", reason="late")

    results = together(lambda: approve(call, rita), lambda: approve(call, ravi))

    assert decisions_refused(results) == []
    assert again(call).state == "approved"
    assert AuditEntry.objects.filter(event="call.approved").count() == 1
    assert AuditEntry.objects.filter(event="call.approval_counted").count() == 1


def test_approve_against_decline_has_one_end(alice: Customer, rita: Any, ravi: Any):
    for _ in range(ROUNDS):
        call = confirmed(alice)

        results = together(lambda: approve(call, rita), lambda: decline(call, ravi))  # noqa: B023

        assert decisions_refused(results) == ["conflict"]
        decision = Decision.objects.get(call=call)
        assert again(call).state == {"approve": "approved", "decline": "declined"}[decision.decision]
        execute_call(call_id=call.pk)
        assert effects(call) == (decision.decision == "approve")
        Customer.objects.update(phone="+493023125001")
        ToolCall.objects.update(created_at="2026-01-01T00:00Z")


def test_confirm_against_withdraw_has_one_end(alice: Customer):
    for _ in range(ROUNDS):
        call = ask(alice)

        results = together(
            lambda: approvals.confirm(call_id=call.pk, customer=alice, digest=call.digest),  # noqa: B023
            lambda: withdraw(call_id=call.pk, customer=alice),  # noqa: B023
        )

        assert decisions_refused(results) == []
        assert again(call).state == "withdrawn"
        ToolCall.objects.update(created_at="2026-01-01T00:00Z")


def test_approve_against_withdraw_never_leaves_an_effect_of_what_was_withdrawn(alice: Customer, rita: Any):
    for _ in range(ROUNDS):
        call = confirmed(alice)

        results = together(lambda: approve(call, rita), lambda: withdraw(call_id=call.pk, customer=alice))  # noqa: B023

        assert decisions_refused(results) in ([], ["conflict"])
        execute_call(call_id=call.pk)
        assert (again(call).state, effects(call)) == ("withdrawn", 0)
        ToolCall.objects.update(created_at="2026-01-01T00:00Z")


def test_withdraw_against_the_worker_is_all_or_nothing(alice: Customer, rita: Any):
    for _ in range(ROUNDS):
        call = approved(alice, rita)

        results = together(
            lambda: execute_call(call_id=call.pk),  # noqa: B023
            lambda: withdraw(call_id=call.pk, customer=alice),  # noqa: B023
        )

        assert decisions_refused(results) in ([], ["conflict"])
        assert (again(call).state, effects(call)) in (("withdrawn", 0), ("succeeded", 1))
        Customer.objects.update(phone="+493023125001")
        ToolCall.objects.update(created_at="2026-01-01T00:00Z")


def test_many_workers_make_one_effect(alice: Customer, rita: Any):
    OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))
    call = approved(alice, rita, "request_refund", order_id="ORD-1001", amount="5.00", reason="late")

    results = together(*[lambda: execute_call(call_id=call.pk)] * 8)

    assert sorted(map(str, results)) == ["None"] * 7 + ["succeeded"]
    assert Order.objects.get().refunded == Decimal("5.00")
    assert (Refund.objects.count(), Effect.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(event="call.succeeded").count() == 1
    assert AuditEntry.objects.filter(event="call.executing").count() == 1


def test_many_workers_after_a_lease_ran_out_make_one_effect(alice: Customer, rita: Any):
    OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))
    call = approved(alice, rita, "request_refund", order_id="ORD-1001", amount="5.00", reason="late")
    change_row(call, state="executing", lease_until="2026-01-01T00:00Z", fence=1, tries=1)

    together(*[lambda: execute_call(call_id=call.pk)] * 8)

    assert Order.objects.get().refunded == Decimal("5.00")
    assert Effect.objects.get().fence == 2


def test_two_refunds_of_one_order_at_once_never_pay_more_than_was_paid(alice: Customer, rita: Any):
    OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))
    calls = []
    for amount in ("20.00", "10.00"):
        calls.append(approved(alice, rita, "request_refund", order_id="ORD-1001", amount=amount, reason="late"))
        change_row(calls[-1], state="executing", lease_until="2026-01-01T00:00Z")

    results = together(*[lambda call=call: execute_call(call_id=call.pk) for call in calls])

    assert sorted(results) == ["stale", "succeeded"]
    assert Effect.objects.count() == 1
    assert Order.objects.get().refunded == sum(Refund.objects.values_list("amount", flat=True))


def test_the_worker_against_a_newer_request_never_makes_both(alice: Customer, rita: Any):
    for n in range(ROUNDS):
        older = approved(alice, rita, phone=f"+49301234560{n}")
        newer = raw("update_profile", phone=f"+49301234561{n}")

        results = together(
            lambda: execute_call(call_id=older.pk),  # noqa: B023
            lambda: admit(context(alice), newer)[0].told,  # noqa: B023
        )

        assert not [result for result in results if isinstance(result, Exception)]
        assert (again(older).state, effects(older)) in (("succeeded", 1), ("superseded", 0))
        ToolCall.objects.filter(state__in=OPEN_WRITE_STATES).update(state="withdrawn")
        ToolCall.objects.update(created_at="2026-01-01T00:00Z")


def test_approve_against_the_clock_has_one_end(alice: Customer, rita: Any):
    for _ in range(ROUNDS):
        call = change_row(confirmed(alice), expires_at="2026-01-01T00:00Z")

        results = together(lambda: approve(call, rita), expire_due, expire_due)  # noqa: B023

        assert decisions_refused(results[:1]) in (["expired"], ["conflict"])
        assert sum(results[1:]) == 1
        assert again(call).state == "expired"
        assert not Decision.objects.exists()
        ToolCall.objects.update(created_at="2026-01-01T00:00Z")


def test_one_mail_is_sent_however_many_workers_send_it(alice: Customer):
    call = confirmed(alice, email="new@example.org")
    notice = Notice.objects.get(call=call)

    results = together(*[lambda: notices.send(notice_id=notice.pk)] * 6)

    assert sorted(results) == [False] * 5 + [True]
    assert len(mail.outbox) == 1


def test_one_link_agrees_once_however_often_it_is_pressed(alice: Customer):
    call = confirmed(alice, email="new@example.org")

    results = together(*[lambda: approvals.verify_change(call_id=call.pk, digest=call.digest)] * 6)

    assert decisions_refused(results) == ["expired"] * 5
    assert again(call).state == "awaiting_approval"
    assert Approval.objects.count() == 1
