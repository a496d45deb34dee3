"""Consent and decisions: bound to exactly what was shown, taken once, by those who may, in time."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.utils import timezone

from tests.people import staff
from tests.tools.steps import (
    NEW_PHONE,
    again,
    approve,
    approved,
    ask,
    carried_out,
    change_row,
    confirmed,
    effects,
)
from tools import approvals
from tools.approvals import DecisionError, may_decide, verify_change, what_happened, withdraw
from tools.expiry import expire_due
from tools.models import Approval, AuditEntry, Decision, Notice, ToolCall
from tools.states import END_STATES
from tracking.demo.people import OBSERVERS
from tracking.factories import CustomerFactory, OrderFactory, UserFactory
from tracking.models import Customer, Order

pytestmark = pytest.mark.django_db

ENDED = sorted(END_STATES)


def confirm(call: ToolCall, customer: Customer) -> ToolCall:
    return approvals.confirm(call_id=call.pk, customer=customer, digest=call.digest)


def refusal(decide: Callable[[], object]) -> DecisionError:
    with pytest.raises(DecisionError) as refused:
        decide()
    return refused.value


def passed() -> Any:
    return timezone.now() - timedelta(seconds=1)


def in_two_days() -> str:
    return (timezone.now() + timedelta(days=2)).isoformat(timespec="minutes")


def large_refund(customer: Customer) -> ToolCall:
    """A confirmed request that two reviewers must approve."""
    OrderFactory.create(customer=customer, reference="ORD-1003", price=Decimal("180.00"))
    return confirmed(customer, "request_refund", order_id="ORD-1003", amount="180.00", reason="late")


# --- consent ----------------------------------------------------------------------------------------------------


def test_consent_puts_the_request_before_staff(alice: Customer, wakeups: list, django_capture_on_commit_callbacks: Any):
    call = ask(alice)

    with django_capture_on_commit_callbacks(execute=True):
        confirm(call, alice)

    found = again(call)
    assert found.state == "awaiting_approval"
    assert found.confirmed_at is not None
    assert found.expires_at == found.confirmed_at + timedelta(seconds=configured.APPROVAL_TTL_S)
    assert Approval.objects.get().call_id == call.pk
    assert AuditEntry.objects.filter(call_id=call.pk, actor=f"customer:{alice.pk}").count() == 1
    assert wakeups == []


def test_consent_alone_decides_where_no_staff_are_needed(
    alice: Customer, wakeups: list, django_capture_on_commit_callbacks: Any
):
    call = ask(alice, "schedule_callback", at=in_two_days(), topic="My parcel")

    with django_capture_on_commit_callbacks(execute=True):
        confirm(call, alice)

    assert again(call).state == "approved"
    assert wakeups == [("tools.tasks.execute", str(call.pk))]
    assert not Approval.objects.exists()
    assert carried_out(call).state == "succeeded"
    assert not Decision.objects.exists()


def test_consent_to_something_else_is_none(alice: Customer):
    call = ask(alice)

    other = ask(alice, "schedule_callback", at=in_two_days(), topic="My parcel").digest

    for digest in ("", "0" * 64, call.digest.upper(), call.digest + " ", call.digest[:-1], other):
        with pytest.raises(DecisionError) as refused:
            approvals.confirm(call_id=call.pk, customer=alice, digest=digest)
        assert refused.value.code == "conflict"

    assert again(call).confirmed_at is None


def test_consent_belongs_to_the_customer_alone(alice: Customer, bob: Customer):
    call = ask(alice)

    theirs = refusal(lambda: confirm(call, bob))
    nowhere = refusal(lambda: approvals.confirm(call_id=uuid.uuid4(), customer=bob, digest=call.digest))

    assert (theirs.code, theirs.message) == (nowhere.code, nowhere.message) == ("not_found", nowhere.message)
    assert again(call).state == "awaiting_confirmation"


def test_a_read_cannot_be_confirmed_or_withdrawn(alice: Customer):
    call = ToolCall.objects.create(
        customer=alice, tool="check_package", state="running", digest="d" * 64, created_at=timezone.now()
    )

    assert refusal(lambda: confirm(call, alice)).code == "not_found"
    assert refusal(lambda: withdraw(call_id=call.pk, customer=alice)).code == "not_found"


def test_consent_given_twice_changes_nothing_more(alice: Customer):
    call = confirmed(alice)
    before = AuditEntry.objects.count()

    repeated = confirm(call, alice)

    assert (repeated.state, repeated.version) == (call.state, call.version)
    assert again(call).expires_at == call.expires_at
    assert AuditEntry.objects.count() == before
    assert Approval.objects.count() == 1


@pytest.mark.parametrize("state", ENDED)
def test_consent_to_an_ended_request_shows_its_end(alice: Customer, state: str):
    call = change_row(ask(alice), state=state)

    assert confirm(call, alice).state == state
    assert again(call).confirmed_at is None


def test_consent_that_comes_late_ends_the_request(alice: Customer):
    call = change_row(ask(alice), expires_at=passed())

    late = confirm(call, alice)

    assert late.state == again(call).state == "expired"
    assert again(call).confirmed_at is None
    assert not Approval.objects.exists()


def test_consent_to_a_request_without_a_time_limit_is_late(alice: Customer):
    call = change_row(ask(alice), expires_at=None)

    assert confirm(call, alice).state == "expired"


def test_consent_after_the_record_moved_ends_the_request(alice: Customer):
    call = ask(alice)
    Customer.objects.filter(pk=alice.pk).update(phone="+493099999999")

    assert confirm(call, alice).state == "stale"
    assert "changed" in again(call).reason


def test_consent_to_what_is_no_longer_possible_ends_the_request(alice: Customer):
    order = OrderFactory.create(customer=alice, reference="ORD-1002", state="booked")
    call = ask(alice, "cancel_order", order_id="ORD-1002")
    Order.objects.filter(pk=order.pk).update(state="picked_up")

    assert confirm(call, alice).state == "stale"
    assert "no longer possible" in again(call).reason


# --- the old e-mail address -------------------------------------------------------------------------------------


def test_a_change_of_email_waits_for_the_old_address(
    alice: Customer, wakeups: list, django_capture_on_commit_callbacks: Any
):
    call = ask(alice, email="new@example.org")

    with django_capture_on_commit_callbacks(execute=True):
        confirm(call, alice)

    notice = Notice.objects.get()
    assert again(call).state == "awaiting_verification"
    assert (notice.kind, notice.to, notice.call_id) == ("verify_change", "alice@example.com", call.pk)
    assert wakeups == [("tools.tasks.send_notice", str(notice.pk))]
    assert not Approval.objects.exists()


def test_staff_cannot_decide_before_the_old_address_agreed(alice: Customer, rita: User):
    call = confirmed(alice, email="new@example.org")

    assert refusal(lambda: approve(call, rita)).code == "conflict"
    assert carried_out(call).state == "awaiting_verification"


def test_after_the_old_address_agreed_staff_decide(alice: Customer, rita: User):
    call = confirmed(alice, email="new@example.org")

    verified = verify_change(call_id=call.pk, digest=call.digest)

    assert verified.state == "awaiting_approval"
    assert Approval.objects.get().call_id == call.pk
    assert verified.expires_at == call.expires_at
    assert carried_out(approve(verified, rita)).state == "succeeded"


def test_the_old_address_agrees_once(alice: Customer):
    call = confirmed(alice, email="new@example.org")
    verify_change(call_id=call.pk, digest=call.digest)

    assert refusal(lambda: verify_change(call_id=call.pk, digest=call.digest)).code == "expired"
    assert again(call).state == "awaiting_approval"


def test_the_old_address_agrees_to_one_request_only(alice: Customer):
    call = confirmed(alice, email="new@example.org")

    for call_id, digest in ((call.pk, "0" * 64), (uuid.uuid4(), call.digest)):
        with pytest.raises(DecisionError) as refused:
            verify_change(call_id=call_id, digest=digest)
        assert refused.value.code == "not_found"

    assert again(call).state == "awaiting_verification"


@pytest.mark.parametrize("columns", [{"expires_at": None}, {"expires_at": "passed"}, {"state": "withdrawn"}], ids=str)
def test_the_old_address_agrees_in_time_to_what_still_stands(alice: Customer, columns: dict[str, Any]):
    call = confirmed(alice, email="new@example.org")
    change_row(call, **{name: passed() if value == "passed" else value for name, value in columns.items()})

    assert refusal(lambda: verify_change(call_id=call.pk, digest=call.digest)).code == "expired"
    assert again(call).state == columns.get("state", "awaiting_verification")


def test_an_email_beside_other_changes_is_verified_too(alice: Customer):
    assert confirmed(alice, email="new@example.org", phone=NEW_PHONE).state == "awaiting_verification"


def test_where_there_is_no_old_address_staff_decide_at_once(alice: Customer):
    Customer.objects.filter(pk=alice.pk).update(email="")

    assert confirmed(alice, email="new@example.org").state == "awaiting_approval"


# --- withdrawing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["awaiting_confirmation", "awaiting_verification", "awaiting_approval", "approved"])
def test_a_request_that_is_not_being_carried_out_can_be_withdrawn(alice: Customer, rita: User, state: str):
    call = change_row(confirmed(alice), state=state)

    assert withdraw(call_id=call.pk, customer=alice).state == "withdrawn"
    assert carried_out(call).state == "withdrawn"
    assert refusal(lambda: approve(again(call), rita)).code == "conflict"
    assert effects(call) == 0


@pytest.mark.parametrize("state", ["executing", "needs_reconciliation"])
def test_a_request_that_is_being_carried_out_cannot_be_withdrawn(alice: Customer, state: str):
    call = change_row(confirmed(alice), state=state)

    assert refusal(lambda: withdraw(call_id=call.pk, customer=alice)).code == "conflict"
    assert again(call).state == state


@pytest.mark.parametrize("state", ENDED)
def test_withdrawing_an_ended_request_shows_its_end(alice: Customer, state: str):
    call = change_row(ask(alice), state=state)
    before = AuditEntry.objects.count()

    assert withdraw(call_id=call.pk, customer=alice).state == state
    assert AuditEntry.objects.count() == before


def test_nobody_withdraws_anothers_request(alice: Customer, bob: Customer):
    call = ask(alice)

    assert refusal(lambda: withdraw(call_id=call.pk, customer=bob)).code == "not_found"
    assert refusal(lambda: withdraw(call_id=uuid.uuid4(), customer=bob)).code == "not_found"
    assert again(call).state == "awaiting_confirmation"


# --- who may decide ---------------------------------------------------------------------------------------------


def test_reviewers_may_decide_and_nobody_else(alice: Customer, bob: Customer, rita: User, sam: User, root: User):
    call = confirmed(alice)
    users = [rita, root, sam, alice.user, bob.user, AnonymousUser(), UserFactory.create(username="new")]

    assert [may_decide(user=user, call=call) for user in users if user] == [True, True, *[False] * 5]


def test_no_superuser_decides_their_own_request(root: User):
    own = confirmed(root.customer)

    assert not may_decide(user=root, call=own)
    assert refusal(lambda: approve(own, root)).code == "not_permitted"
    assert not Decision.objects.exists()
    assert carried_out(own).state == "awaiting_approval"


def test_no_reviewer_decides_their_own_request(rita: User, ravi: User):
    own = confirmed(CustomerFactory.create(user=rita, phone="+493011111111"))

    assert refusal(lambda: approve(own, rita)).code == "not_permitted"
    assert approve(own, ravi).state == "approved"


@pytest.mark.parametrize("columns", [{"is_active": False}, {"is_staff": False}], ids=str)
def test_who_works_here_no_longer_decides_nothing(alice: Customer, rita: User, columns: dict[str, bool]):
    call = confirmed(alice)
    User.objects.filter(pk=rita.pk).update(**columns)

    assert refusal(lambda: approve(call, User.objects.get(pk=rita.pk))).code == "not_permitted"
    assert again(call).state == "awaiting_approval"


def test_a_permission_counts_however_it_was_given_and_only_that(alice: Customer):
    call = confirmed(alice)
    user = staff("sonia", OBSERVERS)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["change_approval", "add_decision"]))
    assert not may_decide(user=User.objects.get(pk=user.pk), call=call)

    user.user_permissions.add(Permission.objects.get(codename="decide_approval"))

    assert may_decide(user=User.objects.get(pk=user.pk), call=call)


# --- decisions --------------------------------------------------------------------------------------------------


def test_an_approval_is_recorded_audited_and_wakes_the_worker(
    alice: Customer, rita: User, wakeups: list, django_capture_on_commit_callbacks: Any
):
    call = confirmed(alice)

    with django_capture_on_commit_callbacks(execute=True):
        approve(call, rita)

    found = again(call)
    decision = Decision.objects.get()
    assert (found.state, found.approved_at is not None) == ("approved", True)
    assert (decision.reviewer, decision.decision, decision.digest, decision.version, decision.void) == (
        rita,
        "approve",
        call.digest,
        call.version,
        False,
    )
    assert Approval.objects.get().decided_at is not None
    assert AuditEntry.objects.filter(call_id=call.pk, event="call.approved", actor=f"user:{rita.pk}").count() == 1
    assert wakeups == [("tools.tasks.execute", str(call.pk))]


def test_a_decline_ends_the_request_with_its_reason(alice: Customer, rita: User):
    call = confirmed(alice)

    approvals.decline(
        call_id=call.pk, reviewer=rita, version=call.version, digest=call.digest, reason="  Not your number.  "
    )

    assert (again(call).state, again(call).reason) == ("declined", "Not your number.")
    assert Decision.objects.get().reason == "Not your number."
    assert carried_out(call).state == "declined"
    entry = AuditEntry.objects.get(event="call.declined")
    assert "number" not in json.dumps(entry.details)


@pytest.mark.parametrize("reason", ["", " ", "\n\t ", "\x00", "\u200b\u202e"], ids=repr)
def test_a_decline_needs_a_reason_that_can_be_read(alice: Customer, rita: User, reason: str):
    call = confirmed(alice)

    error = refusal(
        lambda: approvals.decline(
            call_id=call.pk, reviewer=rita, version=call.version, digest=call.digest, reason=reason
        )
    )

    assert error.code == "invalid"
    assert again(call).state == "awaiting_approval"


def test_a_reason_keeps_its_lines_and_loses_what_cannot_be_seen(alice: Customer, rita: User):
    call = confirmed(alice)

    approvals.decline(
        call_id=call.pk,
        reviewer=rita,
        version=call.version,
        digest=call.digest,
        reason="No\x00\x1b[31m,\r\nsorry\u202e 🚚.",
    )

    assert again(call).reason == "No[31m,\nsorry 🚚."


def test_a_long_reason_is_cut(alice: Customer, rita: User):
    call = confirmed(alice)

    approvals.decline(call_id=call.pk, reviewer=rita, version=call.version, digest=call.digest, reason="x" * 5000)

    assert len(again(call).reason) == 500


@pytest.mark.parametrize(("version", "digest"), [(0, None), (1, None), (999, None), (None, "0" * 64), (None, "")])
def test_a_decision_about_something_else_than_what_stands_is_none(
    alice: Customer, rita: User, version: int | None, digest: str | None
):
    call = confirmed(alice)
    seen: dict[str, Any] = {
        "version": call.version if version is None else version,
        "digest": call.digest if digest is None else digest,
    }

    approving = refusal(lambda: approvals.approve(call_id=call.pk, reviewer=rita, **seen))
    declining = refusal(lambda: approvals.decline(call_id=call.pk, reviewer=rita, reason="no", **seen))

    assert approving.code == declining.code == "conflict"
    assert not Decision.objects.exists()
    assert again(call).state == "awaiting_approval"


def test_a_request_that_was_forged_in_the_table_cannot_be_approved(alice: Customer, rita: User):
    call = confirmed(alice)
    change_row(call, arguments={"phone": "+493066666666"})

    error = refusal(lambda: approve(call, rita))

    assert error.code == "conflict"
    assert "digest" in error.message
    assert not Decision.objects.exists()


def test_no_decision_after_the_time_is_over(alice: Customer, rita: User):
    call = change_row(confirmed(alice), expires_at=passed())

    assert refusal(lambda: approve(call, rita)).code == "expired"
    assert not Decision.objects.exists()


@pytest.mark.parametrize("state", sorted({"awaiting_confirmation", "awaiting_verification", "approved", *ENDED}))
def test_only_what_waits_for_staff_is_decided(alice: Customer, rita: User, state: str):
    call = change_row(confirmed(alice), state=state)

    assert refusal(lambda: approve(call, rita)).code == "conflict"
    assert again(call).state == state
    assert not Decision.objects.exists()


def test_a_decision_about_nothing_is_told(rita: User):
    error = refusal(lambda: approvals.approve(call_id=uuid.uuid4(), reviewer=rita, version=1, digest="0" * 64))

    assert error.code == "not_found"


def test_an_approval_of_a_record_that_moved_ends_the_request_instead(alice: Customer, rita: User):
    call = confirmed(alice)
    Customer.objects.filter(pk=alice.pk).update(phone="+493099999999")

    assert approve(call, rita).state == "stale"
    assert not Decision.objects.exists()
    assert again(call).state == "stale"


def test_a_record_that_moved_can_still_be_declined(alice: Customer, rita: User):
    call = confirmed(alice)
    Customer.objects.filter(pk=alice.pk).update(phone="+493099999999")

    approvals.decline(call_id=call.pk, reviewer=rita, version=call.version, digest=call.digest, reason="no")

    assert again(call).state == "declined"


def test_two_different_people_approve_a_large_refund(alice: Customer, rita: User, ravi: User):
    call = large_refund(alice)

    first = approve(call, rita)
    same = refusal(lambda: approve(call, rita))
    second = approve(call, ravi)

    assert (first.state, same.code, second.state) == ("awaiting_approval", "conflict", "approved")
    assert Decision.objects.filter(decision="approve").count() == 2
    assert AuditEntry.objects.get(event="call.approval_counted").outcome == "1_of_2"


def test_the_second_reviewer_may_decline(alice: Customer, rita: User, ravi: User):
    call = large_refund(alice)
    approve(call, rita)

    approvals.decline(call_id=call.pk, reviewer=ravi, version=call.version, digest=call.digest, reason="no")

    assert carried_out(call).state == "declined"
    assert effects(call) == 0


def test_who_approved_cannot_decline_as_well(alice: Customer, rita: User):
    call = large_refund(alice)
    approve(call, rita)

    error = refusal(
        lambda: approvals.decline(call_id=call.pk, reviewer=rita, version=call.version, digest=call.digest, reason="no")
    )

    assert error.code == "conflict"
    assert again(call).state == "awaiting_approval"


def test_the_later_reviewer_is_told_who_decided_and_when(alice: Customer, rita: User, ravi: User):
    call = approved(alice, rita)
    decided = Decision.objects.get().decided_at

    error = refusal(lambda: approve(again(call), ravi))

    assert error.message == f"Already approved by rita at {decided:%Y-%m-%d %H:%M} UTC; it is approved."
    assert "not waiting" in what_happened(call=ask(alice, city="Potsdam"))


# --- the clock --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("awaiting_confirmation", "confirmed"),
        ("awaiting_verification", "link"),
        ("awaiting_approval", "decided"),
        ("approved", "carried out"),
    ],
)
def test_what_waits_past_its_time_expires_and_says_why(alice: Customer, state: str, word: str):
    call = change_row(ask(alice), state=state, expires_at=passed())

    assert expire_due() == 1

    found = again(call)
    assert found.state == "expired"
    assert word in found.reason
    assert AuditEntry.objects.filter(call_id=call.pk, event="call.expired", actor="clock").count() == 1
    assert expire_due() == 0


@pytest.mark.parametrize("state", ["executing", "needs_reconciliation", *ENDED])
def test_what_does_not_wait_never_expires(alice: Customer, state: str):
    call = change_row(ask(alice), state=state, expires_at=passed())

    assert expire_due() == 0
    assert again(call).state == state


def test_what_has_time_left_does_not_expire(alice: Customer):
    call = change_row(ask(alice), expires_at=timezone.now() + timedelta(seconds=60))

    assert expire_due() == 0
    assert again(call).state == "awaiting_confirmation"


def test_one_that_cannot_be_ended_does_not_keep_the_others(alice: Customer, bob: Customer, no_news_of: Any):
    stuck = change_row(ask(alice), expires_at=passed() - timedelta(hours=1))
    other = change_row(ask(bob), expires_at=passed())
    no_news_of(stuck)

    assert expire_due() == 1
    assert again(other).state == "expired"
    assert again(stuck).state == "awaiting_confirmation"
