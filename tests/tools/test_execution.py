"""The worker's side: everything is checked again on the row, and an effect happens once or not at all."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from time import sleep
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from support_bot.chat.models import Conversation, Event
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
from tools import execution
from tools.canonical import digest_of
from tools.execution import due_calls, execute_call
from tools.models import AuditEntry, Decision, Effect, Notice, ToolCall
from tools.moves import LostRace
from tools.plan import Change, Outcome, Plan
from tools.registry import tool
from tools.signals import call_changed
from tools.states import State
from tracking.factories import OrderFactory, PackageFactory
from tracking.models import Callback, Customer, Order, Package, ProblemReport, Refund

pytestmark = pytest.mark.django_db

OLD_PHONE = "+493023125001"


def phone_of(customer: Customer) -> str:
    return Customer.objects.get(pk=customer.pk).phone


def passed() -> Any:
    return timezone.now() - timedelta(seconds=1)


def assert_nothing_was_done(call: ToolCall) -> None:
    assert effects(call) == 0
    assert phone_of(call.customer) == OLD_PHONE


def assert_refused(call: ToolCall, reason: str) -> None:
    found = again(call)
    assert (found.state, found.reason) == ("refused", reason)
    assert_nothing_was_done(call)
    assert AuditEntry.objects.filter(call_id=call.pk, event="call.refused", actor="worker").count() == 1


# --- the effect -------------------------------------------------------------------------------------------------


def test_an_approved_change_is_made_and_told_once(alice: Customer, rita: User):
    conversation = Conversation.objects.create(customer=alice, created_at=timezone.now())
    call = change_row(approved(alice, rita), conversation_id=conversation.pk)

    state = execute_call(call_id=call.pk)

    done, effect = again(call), Effect.objects.get()
    assert state == done.state == "succeeded"
    assert phone_of(alice) == NEW_PHONE
    assert (effect.call_id, effect.tool, effect.record, effect.digest, effect.fence) == (
        call.pk,
        "update_profile",
        f"customer:{alice.pk}",
        call.digest,
        1,
    )
    assert done.ended_at is not None
    assert done.lease_until is None
    told = Event.objects.filter(conversation_id=conversation.pk, type="message").values_list("payload__text", flat=True)
    assert list(told) == [f"Your profile was changed: your phone number is now {NEW_PHONE}."]
    states = Event.objects.filter(type="call").order_by("seq").values_list("payload__state", flat=True)
    assert list(states) == ["executing", "succeeded"]


def test_every_step_of_a_request_is_in_the_audit_without_a_value(alice: Customer, rita: User):
    call = carried_out(approved(alice, rita))

    # Who became a reviewer is written down too; this is about the request.
    entries = AuditEntry.objects.exclude(event__endswith="rights_changed").order_by("pk")
    trail = list(entries.values("event", "actor", "digest", "outcome", "details", "call_id"))

    assert [(entry["event"], entry["actor"]) for entry in trail] == [
        ("call.requested", "model"),
        ("call.awaiting_approval", f"customer:{alice.pk}"),
        ("call.approved", f"user:{rita.pk}"),
        ("call.executing", "worker"),
        ("call.succeeded", "worker"),
    ]
    assert {entry["digest"] for entry in trail} == {call.digest}
    assert {entry["call_id"] for entry in trail} == {call.pk}
    for value in (NEW_PHONE, OLD_PHONE, alice.email, alice.name, "rita"):
        assert value not in json.dumps([entry["details"] for entry in trail])


def test_executing_again_does_nothing_more(alice: Customer, rita: User):
    call = carried_out(approved(alice, rita))
    Customer.objects.filter(pk=alice.pk).update(phone=OLD_PHONE)

    assert [execute_call(call_id=call.pk) for _ in range(50)] == [None] * 50
    assert effects(call) == 1
    assert phone_of(alice) == OLD_PHONE


@pytest.mark.parametrize("state", sorted(set(State.values) - {"approved", "executing"}))
def test_only_an_approved_call_is_carried_out(alice: Customer, rita: User, state: str):
    call = change_row(approved(alice, rita), state=state)

    assert execute_call(call_id=call.pk) is None
    assert again(call).state == state
    assert_nothing_was_done(call)


def test_an_id_of_nothing_and_of_a_read_do_nothing(alice: Customer):
    read = ToolCall.objects.create(customer=alice, tool="get_my_profile", state="approved", created_at=timezone.now())

    assert execute_call(call_id=uuid.uuid4()) is None
    assert execute_call(call_id=read.pk) is None
    assert again(read).state == "approved"


def test_every_kind_of_change_is_made_as_it_was_shown(alice: Customer, rita: User):
    OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))
    OrderFactory.create(customer=alice, reference="ORD-1002", state="booked")
    PackageFactory.create(number="ABCD-1337", booker=alice)
    at = (timezone.now() + timedelta(days=2)).isoformat(timespec="minutes")

    staff_decide = [
        carried_out(approved(alice, rita, "request_refund", order_id="ORD-1001", amount="4.90", reason="late")),
        carried_out(approved(alice, rita, "cancel_order", order_id="ORD-1002")),
        carried_out(approved(alice, rita, "change_delivery", package_id="ABCD-1337", safe_place="Garage")),
    ]
    customer_decides = [
        carried_out(confirmed(alice, "report_problem", package_id="ABCD-1337", problem="damaged", description="wet")),
        carried_out(confirmed(alice, "schedule_callback", at=at, topic="My parcel")),
    ]

    assert [call.state for call in staff_decide + customer_decides] == ["succeeded"] * 5
    assert Effect.objects.count() == 5
    assert Order.objects.get(reference="ORD-1001").refunded == Decimal("4.90")
    assert Refund.objects.get().call_id == staff_decide[0].pk
    assert Order.objects.get(reference="ORD-1002").state == "cancelled"
    assert Package.objects.get(number="ABCD-1337").safe_place == "Garage"
    assert ProblemReport.objects.get().call_id == customer_decides[0].pk
    assert Callback.objects.get().call_id == customer_decides[1].pk


# --- tampering --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [
        {"arguments": {"phone": "+493066666666"}},
        {"arguments": {"phone": NEW_PHONE, "city": "Elsewhere"}},
        {"arguments": {}},
        {"arguments": {"phone": NEW_PHONE, "customer_id": 1}},
        {"digest": "0" * 64},
        {"digest": ""},
    ],
    ids=str,
)
def test_a_row_that_was_changed_after_approval_is_refused(alice: Customer, rita: User, columns: dict[str, Any]):
    call = change_row(approved(alice, rita), **columns)

    execute_call(call_id=call.pk)

    assert_refused(call, "tampered")


def test_an_approved_call_cannot_be_given_to_somebody_else(alice: Customer, bob: Customer, rita: User):
    before = phone_of(bob)
    call = change_row(approved(alice, rita), customer=bob)

    execute_call(call_id=call.pk)

    assert (again(call).state, again(call).reason) == ("refused", "tampered")
    assert phone_of(bob) == before
    assert phone_of(alice) == OLD_PHONE


def test_an_approved_call_cannot_become_another_tool(alice: Customer, rita: User):
    call = change_row(approved(alice, rita), tool="schedule_callback")

    execute_call(call_id=call.pk)

    assert_refused(call, "tampered")


def test_arguments_changed_together_with_their_digest_do_not_fit_the_decision(alice: Customer, rita: User):
    forged = {"phone": "+493066666666"}
    digest = digest_of(tool="update_profile", customer_id=alice.pk, arguments=forged)
    call = change_row(approved(alice, rita), arguments=forged, digest=digest)

    execute_call(call_id=call.pk)

    assert_refused(call, "tampered")


def test_arguments_digest_and_decision_changed_together_do_not_fit_what_was_shown(alice: Customer, rita: User):
    forged = {"phone": "+493066666666"}
    digest = digest_of(tool="update_profile", customer_id=alice.pk, arguments=forged)
    call = change_row(approved(alice, rita), arguments=forged, digest=digest)
    Decision.objects.update(digest=digest)

    execute_call(call_id=call.pk)

    assert again(call).state == "stale"
    assert_nothing_was_done(call)


def test_a_state_that_was_written_past_the_decisions_is_not_believed(alice: Customer):
    unconfirmed = change_row(ask(alice), state="approved")
    execute_call(call_id=unconfirmed.pk)
    assert_refused(unconfirmed, "not_permitted")

    undecided = change_row(confirmed(alice), state="approved")
    execute_call(call_id=undecided.pk)

    assert again(undecided).state == "awaiting_approval"
    assert_nothing_was_done(undecided)


def test_a_request_that_was_told_to_need_nobody_is_refused(alice: Customer):
    call = change_row(confirmed(alice), state="approved", need=0)

    execute_call(call_id=call.pk)

    assert_refused(call, "not_permitted")


def test_a_request_that_was_told_to_need_fewer_is_refused(alice: Customer, rita: User):
    OrderFactory.create(customer=alice, reference="ORD-1003", price=Decimal("180.00"))
    call = confirmed(alice, "request_refund", order_id="ORD-1003", amount="180.00", reason="late")
    assert call.need == 2

    approve(change_row(call, need=1), rita)

    execute_call(call_id=call.pk)
    assert_refused(call, "tampered")


def test_a_tool_that_is_gone_is_refused(alice: Customer, rita: User, registry: dict):
    call = approved(alice, rita)
    del registry["update_profile"]

    execute_call(call_id=call.pk)

    assert_refused(call, "not_permitted")


# --- the owner --------------------------------------------------------------------------------------------------


def test_the_change_of_a_disabled_account_is_refused(alice: Customer, rita: User):
    call = approved(alice, rita)
    User.objects.filter(customer=alice).update(is_active=False)

    execute_call(call_id=call.pk)

    assert_refused(call, "not_permitted")


def test_the_change_of_an_erased_person_is_refused(alice: Customer, rita: User):
    call = approved(alice, rita)
    Customer.objects.filter(pk=alice.pk).update(user=None)

    execute_call(call_id=call.pk)

    assert_refused(call, "not_permitted")


# --- the reviewers ----------------------------------------------------------------------------------------------


def lose_activity(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def lose_staff(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=False)


def lose_permission(user: User) -> None:
    user.groups.clear()


@pytest.mark.parametrize("lose", [lose_activity, lose_staff, lose_permission])
def test_an_approval_of_somebody_who_lost_the_right_goes_back_to_staff(
    alice: Customer, rita: User, ravi: User, lose: Callable[[User], None]
):
    call = approved(alice, rita)
    lose(rita)

    assert execute_call(call_id=call.pk) == "awaiting_approval"

    assert_nothing_was_done(call)
    assert Decision.objects.get().void is True
    back = again(call)
    assert (back.state, back.lease_until, back.ended_at) == ("awaiting_approval", None, None)
    assert carried_out(approve(back, ravi)).state == "succeeded"
    assert effects(call) == 1


def test_an_approval_by_the_customer_themselves_does_not_count(alice: Customer, rita: User, root: User):
    call = approved(alice, rita)
    Decision.objects.update(reviewer=alice.user)
    User.objects.filter(customer=alice).update(is_staff=True, is_superuser=True)

    assert execute_call(call_id=call.pk) == "awaiting_approval"
    assert_nothing_was_done(call)


def test_of_two_approvals_only_the_lost_one_is_given_again(alice: Customer, rita: User, ravi: User, root: User):
    OrderFactory.create(customer=alice, reference="ORD-1003", price=Decimal("180.00"))
    call = confirmed(alice, "request_refund", order_id="ORD-1003", amount="180.00", reason="late")
    approve(call, rita)
    call = approve(call, ravi)
    lose_permission(rita)

    assert execute_call(call_id=call.pk) == "awaiting_approval"
    back = again(call)
    assert Order.objects.get().refunded == 0

    assert approve(back, root).state == "approved"
    assert carried_out(call).state == "succeeded"
    assert Order.objects.get().refunded == Decimal("180.00")


def test_a_reviewer_who_got_the_right_back_decides_anew(alice: Customer, rita: User):
    call = approved(alice, rita)
    lose_activity(rita)
    execute_call(call_id=call.pk)
    User.objects.filter(pk=rita.pk).update(is_active=True)

    assert execute_call(call_id=call.pk) is None
    assert approve(again(call), User.objects.get(pk=rita.pk)).state == "approved"
    assert carried_out(call).state == "succeeded"


# --- the clock --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expires_at", ["passed", None])
def test_nothing_is_carried_out_after_its_time(alice: Customer, rita: User, expires_at: str | None):
    call = change_row(approved(alice, rita), expires_at=passed() if expires_at else None)

    assert execute_call(call_id=call.pk) == "expired"

    assert again(call).reason
    assert_nothing_was_done(call)


# --- the record -------------------------------------------------------------------------------------------------


def test_a_record_that_moved_makes_the_call_stale(alice: Customer, rita: User):
    call = approved(alice, rita)
    Customer.objects.filter(pk=alice.pk).update(phone="+493099999999")

    assert execute_call(call_id=call.pk) == "stale"

    assert "changed" in again(call).reason
    assert effects(call) == 0
    assert phone_of(alice) == "+493099999999"


def test_a_field_that_was_not_shown_does_not_matter(alice: Customer, rita: User):
    call = approved(alice, rita)
    Customer.objects.filter(pk=alice.pk).update(city="Potsdam")

    assert execute_call(call_id=call.pk) == "succeeded"


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "in_transit"},
        {"state": "cancelled"},
        {"price": Decimal("20.00")},
        {"refunded": Decimal("1.00")},
        {"refunded": Decimal("24.90")},
        {"customer": "bob"},
        {"reference": "ORD-7777"},
    ],
    ids=str,
)
def test_a_refund_of_an_order_that_moved_is_stale(alice: Customer, bob: Customer, rita: User, columns: dict[str, Any]):
    order = OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))
    call = approved(alice, rita, "request_refund", order_id="ORD-1001", amount="4.90", reason="late")
    Order.objects.filter(pk=order.pk).update(**{k: bob if v == "bob" else v for k, v in columns.items()})

    assert execute_call(call_id=call.pk) == "stale"

    assert again(call).reason
    assert effects(call) == 0
    assert not Refund.objects.exists()


def test_a_delivery_that_left_meanwhile_is_stale(alice: Customer, rita: User):
    PackageFactory.create(number="ABCD-1337", booker=alice)
    call = approved(alice, rita, "change_delivery", package_id="ABCD-1337", street="Elsewhere 1")
    Package.objects.update(status="out_for_delivery")

    assert execute_call(call_id=call.pk) == "stale"
    assert Package.objects.get().street != "Elsewhere 1"


def test_of_two_approved_refunds_that_together_are_too_much_one_is_stale(alice: Customer, rita: User):
    """The same order in two tabs: what the first took is not there for the second."""
    OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))
    first = approved(alice, rita, "request_refund", order_id="ORD-1001", amount="20.00", reason="late")
    change_row(first, state="executing", lease_until=passed())
    second = approved(alice, rita, "request_refund", order_id="ORD-1001", amount="10.00", reason="late")

    assert [execute_call(call_id=call.pk) for call in (first, second)] == ["succeeded", "stale"]
    assert Order.objects.get().refunded == Decimal("20.00")


# --- errors -----------------------------------------------------------------------------------------------------


class Fragile:
    """A write tool of the test's: `errors` are raised one after the other, after something was written already."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.runs = 0
        self.takes_s = 0.0

    def load(self, ctx: Any, *, lock: bool, **arguments: Any) -> Customer:
        return Customer.objects.get(pk=ctx.customer.pk)

    def apply(self, ctx: Any, record: Customer, *, call_id: Any, **arguments: Any) -> Outcome:
        self.runs += 1
        Customer.objects.filter(pk=record.pk).update(phone=f"+4900{self.runs}")
        sleep(self.takes_s)
        if self.errors:
            raise self.errors.pop(0)
        return Outcome(sentence="Done.", record=f"customer:{record.pk}")


@pytest.fixture
def fragile(registry: dict) -> Fragile:
    made = Fragile()

    @tool(effect="write", label="Break", load=made.load, apply=made.apply)
    def break_it(ctx: Any, record: Customer, *, note: str) -> Plan:
        """Breaks."""
        change = Change(field="note", label="Note", before=None, after=note)
        return Plan(record=f"customer:{record.pk}", summary="Break it", changes=(change,))

    return made


def test_an_effect_that_fails_leaves_nothing_and_is_tried_again(alice: Customer, rita: User, fragile: Fragile):
    call = approved(alice, rita, "break_it", note="x")
    fragile.errors = [OSError("gateway"), ZeroDivisionError()]

    first = execute_call(call_id=call.pk)

    waiting = again(call)
    assert first == waiting.state == "executing"
    assert waiting.tries == 1
    assert waiting.lease_until is not None
    assert waiting.lease_until > timezone.now()
    assert_nothing_was_done(call)
    assert execute_call(call_id=call.pk) is None
    assert fragile.runs == 1

    for _ in range(2):
        change_row(call, lease_until=passed())
        execute_call(call_id=call.pk)

    assert again(call).state == "succeeded"
    assert again(call).tries == 3
    assert effects(call) == 1
    assert phone_of(alice) == "+49003"


def test_an_effect_that_is_not_finished_in_its_time_is_none(alice: Customer, rita: User, fragile: Fragile):
    call = approved(alice, rita, "break_it", note="x")
    change_row(call, expires_at=timezone.now() + timedelta(seconds=0.3))
    fragile.takes_s = 0.4

    assert execute_call(call_id=call.pk) == "expired"

    assert fragile.runs == 1
    assert_nothing_was_done(call)


def test_the_pauses_between_tries_grow(alice: Customer, rita: User, fragile: Fragile, settings: Any):
    settings.EFFECT_TRIES = 20
    call = approved(alice, rita, "break_it", note="x")
    fragile.errors = [OSError() for _ in range(20)]
    pauses = []

    for _ in range(8):
        began = timezone.now()
        execute_call(call_id=call.pk)
        until = again(call).lease_until
        assert until is not None
        pauses.append(round((until - began).total_seconds()))
        change_row(call, lease_until=passed())

    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_after_the_last_try_the_call_has_failed_honestly(alice: Customer, rita: User, fragile: Fragile, settings: Any):
    settings.EFFECT_TRIES = 3
    call = approved(alice, rita, "break_it", note="x")
    fragile.errors = [OSError("secret host 10.0.0.7") for _ in range(9)]

    states = []
    for _ in range(5):
        states.append(execute_call(call_id=call.pk))
        ToolCall.objects.filter(pk=call.pk, state="executing").update(lease_until=passed())

    assert states == ["executing", "executing", "failed", None, None]
    assert fragile.runs == 3
    assert again(call).reason == "It did not work on our side; nothing was changed."
    assert_nothing_was_done(call)


def test_a_call_that_kills_its_worker_every_time_is_given_up(
    alice: Customer, rita: User, fragile: Fragile, settings: Any
):
    """No exception is ever seen of a worker that was killed: only the lease runs out."""
    call = change_row(
        approved(alice, rita, "break_it", note="x"),
        state="executing",
        tries=settings.EFFECT_TRIES,
        lease_until=passed(),
    )

    execute_call(call_id=call.pk)

    assert again(call).state == "failed"
    assert fragile.runs == 0
    assert due_calls() == []


def test_an_effect_without_its_news_does_not_exist(alice: Customer, rita: User):
    """Ledger, audit, state and the chat's event are one commit: where one cannot be written, there is no effect."""
    call = approved(alice, rita)

    def fail_at_the_end(sender: Any, *, call: ToolCall, **_: Any) -> None:
        if call.state == "succeeded":
            raise OSError

    call_changed.connect(fail_at_the_end)
    try:
        assert execute_call(call_id=call.pk) == "executing"
    finally:
        call_changed.disconnect(fail_at_the_end)

    assert_nothing_was_done(call)
    assert not AuditEntry.objects.filter(event="call.succeeded").exists()
    change_row(call, lease_until=passed())
    assert carried_out(call).state == "succeeded"
    assert effects(call) == 1


def test_a_second_ledger_row_is_impossible(alice: Customer, rita: User, settings: Any):
    """Even where the state was set back by hand, what was done is not done again."""
    settings.EFFECT_TRIES = 1
    call = carried_out(approved(alice, rita))
    Customer.objects.filter(pk=alice.pk).update(phone=OLD_PHONE)
    change_row(call, state="approved")

    assert execute_call(call_id=call.pk) == "failed"
    assert effects(call) == 1
    assert phone_of(alice) == OLD_PHONE


# --- lease and fence --------------------------------------------------------------------------------------------


def test_a_call_in_other_hands_is_left_alone_until_the_lease_runs_out(alice: Customer, rita: User):
    call = approved(alice, rita)
    first = execution._claim(call.pk)
    assert first is not None

    assert execute_call(call_id=call.pk) is None
    change_row(call, lease_until=passed())
    assert execute_call(call_id=call.pk) == "succeeded"

    assert Effect.objects.get().fence == first.fence + 1


def test_a_worker_that_was_paused_past_its_lease_does_nothing(alice: Customer, rita: User):
    call = approved(alice, rita)
    paused = execution._claim(call.pk)
    assert paused is not None
    change_row(call, lease_until=passed())
    execution._claim(call.pk)

    with pytest.raises(LostRace):
        execution._execute_claimed(paused)

    assert_nothing_was_done(call)
    assert again(call).state == "executing"


def test_a_worker_that_lost_its_lease_says_that_there_is_nothing_to_do(
    alice: Customer, rita: User, monkeypatch: pytest.MonkeyPatch
):
    call = approved(alice, rita)
    paused = execution._claim(call.pk)
    change_row(call, lease_until=passed())
    execution._claim(call.pk)
    monkeypatch.setattr(execution, "_claim", lambda call_id: paused)

    assert execute_call(call_id=call.pk) is None
    assert again(call).tries == 2
    assert_nothing_was_done(call)


def test_a_worker_that_fails_past_its_lease_does_not_end_the_call_of_the_next(
    alice: Customer, rita: User, settings: Any
):
    settings.EFFECT_TRIES = 2
    call = approved(alice, rita)
    slow = execution._claim(call.pk)
    assert slow is not None
    slow.tries = 2
    change_row(call, lease_until=passed())
    successor = execution._claim(call.pk)
    assert successor is not None

    assert execution._after_error(slow, OSError()) is None
    assert again(call).state == "executing"
    assert execution._execute_claimed(successor) == "succeeded"
    assert effects(call) == 1


def test_a_call_that_was_withdrawn_under_a_worker_is_left_as_it_is(alice: Customer, rita: User, settings: Any):
    settings.EFFECT_TRIES = 1
    call = approved(alice, rita)
    claimed = execution._claim(call.pk)
    assert claimed is not None
    change_row(call, state="withdrawn")

    assert execution._after_error(claimed, OSError()) is None
    with pytest.raises(LostRace):
        execution._execute_claimed(claimed)
    assert again(call).state == "withdrawn"


def test_the_sweep_finds_what_nobody_works_on_oldest_first(alice: Customer, bob: Customer, rita: User):
    lost_wakeup = approved(alice, rita)
    dead_worker = change_row(approved(bob, rita), state="executing", lease_until=passed())
    ask(bob, city="Potsdam")

    assert due_calls() == [lost_wakeup.pk, dead_worker.pk]
    assert due_calls(limit=1) == [lost_wakeup.pk]
    change_row(dead_worker, lease_until=timezone.now() + timedelta(seconds=30))
    assert due_calls() == [lost_wakeup.pk]


# --- telling the old contact ------------------------------------------------------------------------------------


def test_a_contact_change_is_told_where_the_customer_was_reachable(
    alice: Customer, rita: User, wakeups: list, django_capture_on_commit_callbacks: Any
):
    call = approved(alice, rita)

    with django_capture_on_commit_callbacks(execute=True):
        execute_call(call_id=call.pk)

    notice = Notice.objects.get()
    assert (notice.kind, notice.to, notice.call_id) == ("contact_changed", "alice@example.com", call.pk)
    assert ("tools.tasks.send_notice", str(notice.pk)) in wakeups


def test_what_was_not_changed_is_told_to_nobody(alice: Customer, rita: User):
    call = approved(alice, rita)
    Customer.objects.filter(pk=alice.pk).update(phone="+493099999999")

    execute_call(call_id=call.pk)

    assert not Notice.objects.exists()


def test_a_customer_without_an_old_address_is_told_in_the_chat_alone(alice: Customer, rita: User):
    Customer.objects.filter(pk=alice.pk).update(email="")
    alice.refresh_from_db()

    assert carried_out(approved(alice, rita)).state == "succeeded"
    assert not Notice.objects.exists()
