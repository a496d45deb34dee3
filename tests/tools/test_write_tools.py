"""What each write tool plans, refuses and does. Who must agree is checked here; that they did, elsewhere."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tests.tools.direct import applied, planned, reviewers, shown
from tools.errors import InvalidArguments, NotPermitted, NotPossible
from tools.models import ToolCall
from tracking import errors as tracking_errors
from tracking.demo.catalogue import add_catalogue
from tracking.factories import OrderFactory, PackageFactory, RefundFactory
from tracking.models import Callback, Customer, Order, Package, ProblemReport, Refund

NOW = timezone.now()


# --- update_profile ---------------------------------------------------------------------------------------------


def test_a_profile_change_is_planned_and_done(alice):
    arguments = {"phone": "030 23125009", "city": "Bonn", "street": "Lindenallee 12"}

    plan = planned(alice, "update_profile", **arguments)
    untouched = Customer.objects.get(pk=alice.pk)
    outcome = applied(alice, "update_profile", **arguments)

    alice.refresh_from_db()
    assert shown(plan) == {"phone": ("+493023125001", "+493023125009"), "city": ("Berlin", "Bonn")}
    assert (plan.record, plan.summary) == (
        f"customer:{alice.pk}",
        "Change phone number and city of Alice Example",
    )
    assert plan.verify_at is None
    assert untouched.city == "Berlin"
    assert (alice.phone, alice.city) == ("+493023125009", "Bonn")
    assert outcome.sentence == (
        "Your profile was changed: your phone number is now +493023125009 and your city is now Bonn."
    )


def test_a_new_email_is_agreed_to_at_the_old_one(alice):
    plan = planned(alice, "update_profile", email="New@Example.com")

    assert plan.verify_at == "alice@example.com"
    assert shown(plan) == {"email": ("alice@example.com", "new@example.com")}
    assert plan.changes[0].risk


def test_a_national_number_is_read_in_the_new_country(alice):
    plan = planned(alice, "update_profile", phone="01 5123 4567", country="AT")

    assert shown(plan)["phone"][1] == "+43151234567"


def test_a_national_number_without_a_country_is_asked_for_in_full(alice):
    Customer.objects.filter(pk=alice.pk).update(country="")

    with pytest.raises(InvalidArguments, match="country code") as error:
        planned(alice, "update_profile", phone="030 23125009")

    assert error.value.field == "phone"


@pytest.mark.parametrize("arguments", [{}, {"name": None, "city": None}])
def test_nothing_to_change_is_no_request(alice, arguments):
    with pytest.raises(InvalidArguments, match="at least one") as error:
        planned(alice, "update_profile", **arguments)

    assert error.value.allowed is not None
    assert "phone" in error.value.allowed


@pytest.mark.parametrize(
    "arguments", [{"city": "Berlin"}, {"phone": "+49 30 23125001"}, {"email": "ALICE@example.com"}]
)
def test_what_is_so_already_is_no_request(alice, arguments):
    with pytest.raises(InvalidArguments, match="already stored"):
        planned(alice, "update_profile", **arguments)


@pytest.mark.parametrize(
    "extra", ["is_staff", "password", "customer_id", "user", "created_at", "verified", "__class__"]
)
def test_nothing_but_the_profile_can_be_named(alice, extra):
    with pytest.raises(InvalidArguments) as error:
        planned(alice, "update_profile", city="Bonn", **{extra: "x"})

    assert error.value.field == extra


def test_whether_an_address_is_taken_is_told_only_after_staff_agreed(alice, bob):
    plan = planned(alice, "update_profile", email="bob@example.com")

    assert shown(plan)["email"][1] == "bob@example.com"
    with pytest.raises(tracking_errors.NotPossible):
        applied(alice, "update_profile", email="bob@example.com")


# --- change_delivery --------------------------------------------------------------------------------------------


def test_a_delivery_change_is_planned_and_done(alice, bob):
    package = PackageFactory.create(booker=bob, recipient=alice, number="ABCD-2001")
    day = (NOW + timedelta(days=3)).date().isoformat()
    arguments = {"package_id": "abcd-2001", "date": day, "safe_place": "Garage", "hold_at_depot": False}

    plan = planned(alice, "change_delivery", **arguments)
    outcome = applied(alice, "change_delivery", **arguments)

    package.refresh_from_db()
    assert shown(plan) == {"date": (None, day), "safe_place": (None, "Garage")}
    assert (plan.record, plan.summary) == (
        "package:ABCD-2001",
        "Change delivery date and safe place of the delivery of package ABCD-2001",
    )
    assert (package.delivery_date, package.safe_place) == (date.fromisoformat(day), "Garage")
    assert outcome.sentence == (
        f"The delivery of package ABCD-2001 was changed (delivery date: {day} and safe place: Garage)."
    )


def test_a_safe_place_can_be_taken_back(alice):
    PackageFactory.create(booker=alice, number="ABCD-1001", safe_place="Garage")

    plan = planned(alice, "change_delivery", package_id="ABCD-1001", safe_place="")
    applied(alice, "change_delivery", package_id="ABCD-1001", safe_place="")

    assert shown(plan) == {"safe_place": ("Garage", None)}
    assert Package.objects.get().safe_place == ""


def test_the_delivery_belongs_to_the_recipient(alice, bob):
    PackageFactory.create(booker=bob, recipient=alice, number="ABCD-2001")

    with pytest.raises(NotPermitted, match="Only the recipient"):
        planned(bob, "change_delivery", package_id="ABCD-2001", safe_place="Garage")


def test_the_delivery_belongs_to_the_sender_where_there_is_no_recipient(alice):
    PackageFactory.create(booker=alice, recipient=None, number="ABCD-1001")

    assert planned(alice, "change_delivery", package_id="ABCD-1001", city="Bonn").changes


@pytest.mark.parametrize("status", ["out_for_delivery", "ready_for_pickup", "return_to_sender", "cancelled"])
def test_it_is_too_late_once_it_is_out(alice, status):
    PackageFactory.create(booker=alice, number="ABCD-1001", status=status)

    with pytest.raises(NotPossible, match="can no longer be changed"):
        planned(alice, "change_delivery", package_id="ABCD-1001", safe_place="Garage")


@pytest.mark.parametrize("days", [-1, 0, 61])
def test_a_delivery_day_is_soon_and_not_past(alice, days):
    PackageFactory.create(booker=alice, number="ABCD-1001")
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    with pytest.raises(InvalidArguments, match="from tomorrow to 2027-01-19") as error:
        planned(
            alice,
            "change_delivery",
            now=now,
            package_id="ABCD-1001",
            date=(now + timedelta(days=days)).date().isoformat(),
        )

    assert error.value.field == "date"


def test_no_wish_is_no_request(alice):
    PackageFactory.create(booker=alice, number="ABCD-1001")

    with pytest.raises(InvalidArguments, match="at least one"):
        planned(alice, "change_delivery", package_id="ABCD-1001")
    with pytest.raises(InvalidArguments, match="already stored"):
        planned(alice, "change_delivery", package_id="ABCD-1001", hold_at_depot=False, city="Berlin")


# --- cancel_order -----------------------------------------------------------------------------------------------


def test_a_cancellation_is_planned_and_done(alice):
    order = OrderFactory.create(customer=alice, reference="ORD-1002", state="booked", price=Decimal("9.90"))

    plan = planned(alice, "cancel_order", order_id="ORD-1002", reason="Not needed")
    outcome = applied(alice, "cancel_order", order_id="ORD-1002", reason="Not needed")

    order.refresh_from_db()
    assert (plan.record, plan.summary) == ("order:ORD-1002", "Cancel order ORD-1002")
    assert shown(plan) == {"state": ("booked", "cancelled"), "reason": (None, "Not needed")}
    assert order.state == "cancelled"
    assert outcome.sentence == (
        "Order ORD-1002 was cancelled; nothing was paid back by that, but 9.90 EUR of it can be refunded on request."
    )


@pytest.mark.parametrize("state", ["picked_up", "in_transit", "delivered", "cancelled"])
def test_only_booked_orders_are_cancelled(alice, state):
    OrderFactory.create(customer=alice, reference="ORD-1002", state=state)

    with pytest.raises(NotPossible, match="only booked orders"):
        planned(alice, "cancel_order", order_id="ORD-1002")


# --- request_refund ---------------------------------------------------------------------------------------------

REFUND = {"order_id": "ORD-1001", "amount": "24.90", "reason": "It came late."}


@pytest.fixture
def order(alice):
    return OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))


def test_a_refund_is_planned_and_done(alice, order):
    call_id = uuid.uuid4()

    plan = planned(alice, "request_refund", **REFUND)
    outcome = applied(alice, "request_refund", call_id=call_id, **REFUND)

    order.refresh_from_db()
    assert (plan.record, plan.summary) == ("order:ORD-1001", "Refund 24.90 EUR for order ORD-1001")
    assert shown(plan) == {"refunded": ("0.00", "24.90"), "reason": (None, "It came late.")}
    assert outcome.sentence == "24.90 EUR for order ORD-1001 was refunded."
    assert order.refunded == Decimal("24.90")
    assert Refund.objects.get(call_id=call_id).amount == Decimal("24.90")


@pytest.mark.parametrize("state", ["booked", "picked_up", "in_transit"])
def test_nothing_is_refunded_on_the_way(alice, order, state):
    Order.objects.update(state=state)

    with pytest.raises(NotPossible, match="once it is delivered or cancelled"):
        planned(alice, "request_refund", **REFUND)


def test_a_cancelled_order_is_refundable(alice, order):
    Order.objects.update(state="cancelled")

    assert planned(alice, "request_refund", **REFUND).changes


def test_no_more_than_is_left(alice, order):
    Order.objects.update(refunded=Decimal("5.00"))

    with pytest.raises(InvalidArguments, match=r"At most 19\.90 EUR") as error:
        planned(alice, "request_refund", **REFUND)

    assert error.value.field == "amount"
    assert shown(planned(alice, "request_refund", **(REFUND | {"amount": "19.90"})))["refunded"] == ("5.00", "24.90")


def test_nothing_is_left_of_what_was_refunded_in_full(alice, order):
    Order.objects.update(refunded=Decimal("24.90"))

    with pytest.raises(NotPossible, match="in full"):
        planned(alice, "request_refund", **REFUND)


@pytest.mark.parametrize("reason", [None, "", "x" * 501])
def test_a_refund_has_a_reason(alice, order, reason):
    with pytest.raises(InvalidArguments) as error:
        planned(alice, "request_refund", **(REFUND | {"reason": reason}))

    assert error.value.field == "reason"


# --- how many reviewers a refund needs --------------------------------------------------------------------------


def ask_for(customer, amount, *, state="awaiting_approval", age_h=1):
    return ToolCall.objects.create(
        customer=customer,
        tool="request_refund",
        effect="write",
        state=state,
        arguments={"order_id": "ORD-1003", "amount": amount, "reason": "x"},
        digest=uuid.uuid4().hex,
        created_at=timezone.now() - timedelta(hours=age_h),
    )


@pytest.mark.parametrize(("amount", "need"), [("0.01", 1), ("100.00", 1), ("100.01", 2), ("180.00", 2)])
def test_a_large_refund_needs_two(alice, amount, need):
    assert reviewers(alice, "request_refund", order_id="ORD-1003", amount=amount, reason="x") == need


def test_slices_are_added_up(alice):
    ask_for(alice, "60.00")
    ask_for(alice, "30.00", state="awaiting_confirmation")

    assert reviewers(alice, "request_refund", order_id="ORD-1001", amount="10.00", reason="x") == 1
    assert reviewers(alice, "request_refund", order_id="ORD-1001", amount="10.01", reason="x") == 2


def test_refunds_that_were_made_count_too(alice):
    order = OrderFactory.create(customer=alice, price=Decimal("200.00"))
    RefundFactory.create(order=order, amount=Decimal("95.00"), created_at=timezone.now() - timedelta(hours=23))
    RefundFactory.create(order=order, amount=Decimal("95.00"), created_at=timezone.now() - timedelta(hours=25))

    assert reviewers(alice, "request_refund", order_id="ORD-1001", amount="5.00", reason="x") == 1
    assert reviewers(alice, "request_refund", order_id="ORD-1001", amount="5.01", reason="x") == 2


@pytest.mark.parametrize("state", ["awaiting_confirmation", "approved", "executing", "needs_reconciliation"])
def test_an_open_one_counts_however_old_it_is(alice, state):
    ask_for(alice, "90.00", state=state, age_h=100)

    assert reviewers(alice, "request_refund", order_id="ORD-1001", amount="24.90", reason="x") == 2


def test_what_came_to_nothing_or_is_anothers_does_not_count(alice, bob):
    ask_for(alice, "90.00", state="declined")
    ask_for(alice, "90.00", state="superseded")
    ask_for(alice, "90.00", state="failed")
    ask_for(bob, "90.00")

    assert reviewers(alice, "request_refund", order_id="ORD-1001", amount="24.90", reason="x") == 1


def test_a_rule_that_cannot_tell_asks_for_two(alice):
    ask_for(alice, "nonsense")

    assert reviewers(alice, "request_refund", order_id="ORD-1001", amount="0.01", reason="x") == 2


# --- report_problem and schedule_callback -----------------------------------------------------------------------


def test_a_problem_is_planned_and_reported(alice, bob):
    PackageFactory.create(booker=bob, recipient=alice, number="ABCD-2001")
    arguments = {"package_id": "ABCD-2001", "problem": "missing_items", "description": "One shoe is missing."}
    call_id = uuid.uuid4()

    plan = planned(alice, "report_problem", **arguments)
    outcome = applied(alice, "report_problem", call_id=call_id, **arguments)

    report = ProblemReport.objects.get(call_id=call_id)
    assert plan.summary == "Report a problem with package ABCD-2001: missing items"
    assert (report.customer, report.problem, report.description) == (alice, "missing_items", "One shoe is missing.")
    assert outcome.sentence == "Your report about package ABCD-2001 (missing items) is with our staff."


def test_a_problem_is_of_a_known_kind(alice):
    PackageFactory.create(booker=alice, number="ABCD-1001")

    with pytest.raises(InvalidArguments) as error:
        planned(alice, "report_problem", package_id="ABCD-1001", problem="haunted", description="Boo")

    assert error.value.field == "problem"


def test_a_call_back_is_planned_and_noted(alice):
    at = (timezone.now() + timedelta(days=2)).replace(hour=10, minute=30, second=0, microsecond=0)
    arguments = {"at": at.isoformat(), "topic": "A damaged box"}
    call_id = uuid.uuid4()

    plan = planned(alice, "schedule_callback", **arguments)
    outcome = applied(alice, "schedule_callback", call_id=call_id, **arguments)

    call = Callback.objects.get(call_id=call_id)
    words = f"{at:%Y-%m-%d} at 10:30 (UTC)"
    assert plan.summary == f"Call Alice Example on {words}"
    assert shown(plan)["phone"] == (None, "+493023125001")
    assert (call.at, call.phone, call.topic) == (at, "+493023125001", "A damaged box")
    assert outcome.sentence == f"We will call you on {words} on +493023125001."


def test_another_number_can_be_called(alice):
    at = (timezone.now() + timedelta(days=2)).isoformat(timespec="minutes")

    plan = planned(alice, "schedule_callback", at=at, topic="x", phone="0171 39200 10")

    assert shown(plan)["phone"] == (None, "+4917139200" + "10")


def test_somebody_without_a_number_is_asked_for_one(alice):
    Customer.objects.filter(pk=alice.pk).update(phone="")

    with pytest.raises(InvalidArguments, match="ask the customer") as error:
        planned(alice, "schedule_callback", at="2027-01-01T10:00", topic="x")

    assert error.value.field == "phone"


@pytest.mark.parametrize("delta", [timedelta(minutes=-1), timedelta(0), timedelta(days=30, minutes=1)])
def test_a_call_back_is_in_the_near_future(alice, delta):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    with pytest.raises(InvalidArguments, match="in the future") as error:
        planned(alice, "schedule_callback", now=now, at=(now + delta).isoformat(), topic="x")

    assert error.value.field == "at"


# --- create_order -----------------------------------------------------------------------------------------------

PARCEL = {"weight_kg": 3, "length_cm": 30, "width_cm": 20, "height_cm": 10, "contents": "Books"}
BOOKING = {
    "parcels": [PARCEL],
    "service": "standard",
    "name": "Paula Example",
    "street": "Hafenstrasse 7",
    "city": "Hamburg",
    "postal_code": "20457",
    "country": "de",
}


@pytest.fixture
def catalogue(db):
    return add_catalogue()


def test_a_booking_is_planned_and_made(alice, catalogue):
    call_id = uuid.uuid4()

    plan = planned(alice, "create_order", **BOOKING)
    outcome = applied(alice, "create_order", call_id=call_id, **BOOKING)

    order = Order.objects.get(call_id=call_id)
    package = Package.objects.get(order=order)
    assert plan.summary == "Book 1 parcel with Standard to Hamburg for 7.90 EUR"
    assert shown(plan) == {
        "price": (None, "7.90 EUR"),
        "service": (None, "Standard"),
        "from": (None, "Alice Example, Lindenallee 12, 10115 Berlin, DE"),
        "to": (None, "Paula Example, Hafenstrasse 7, 20457 Hamburg, DE"),
        "parcel_1": (None, "3 kg, 30 x 20 x 10 cm: Books"),
    }
    assert (order.customer, order.state, order.price) == (alice, "booked", Decimal("7.90"))
    assert (package.booker, package.status, package.contents) == (alice, "pending", "Books")
    assert outcome.sentence == (
        f"Order {order.reference} was booked with Standard for 7.90 EUR; package {package.number}."
    )


def test_the_price_is_ours_alone(alice, catalogue):
    with pytest.raises(InvalidArguments) as error:
        planned(alice, "create_order", **BOOKING, price="0.01")

    assert error.value.field == "price"


def test_a_price_that_changed_makes_another_plan(alice, catalogue):
    before = planned(alice, "create_order", **BOOKING)
    catalogue["standard"].tariffs.filter(country="DE").update(price=Decimal("8.90"))

    after = planned(alice, "create_order", **BOOKING)

    assert after.changes_as_json() != before.changes_as_json()


def test_the_plan_does_not_depend_on_the_day(alice, catalogue):
    plans = [planned(alice, "create_order", now=NOW + timedelta(days=days), **BOOKING) for days in (0, 1)]

    assert plans[0] == plans[1]


def test_what_a_service_does_not_take_is_not_booked(alice, catalogue):
    with pytest.raises(tracking_errors.NotPossible, match="at most 20 kg"):
        planned(alice, "create_order", **(BOOKING | {"service": "express", "parcels": [PARCEL | {"weight_kg": 25}]}))


def test_an_unknown_service_is_not_booked(alice, catalogue):
    with pytest.raises(InvalidArguments) as error:
        planned(alice, "create_order", **(BOOKING | {"service": "rocket"}))

    assert (error.value.field, error.value.allowed) == ("service", ["freight", "standard", "express"])


def test_somebody_without_an_address_gives_it_first(alice, catalogue):
    Customer.objects.filter(pk=alice.pk).update(street="")

    with pytest.raises(NotPossible, match="own address"):
        planned(alice, "create_order", **BOOKING)


# --- all of them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("cancel_order", {"order_id": "ORD-2001"}),
        ("request_refund", {"order_id": "ORD-2001", "amount": "1.00", "reason": "x"}),
        ("change_delivery", {"package_id": "WXYZ-2001", "safe_place": "x"}),
        ("report_problem", {"package_id": "WXYZ-2001", "problem": "other", "description": "x"}),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_anothers_record_is_not_there(alice, bob, tool, arguments, there):
    if there:
        OrderFactory.create(customer=bob, reference="ORD-2001", state="booked")
        PackageFactory.create(booker=bob, number="WXYZ-2001")

    for step in (planned, applied):
        with pytest.raises(tracking_errors.NotFound, match=r"^There is no (order|package) with this number"):
            step(alice, tool, **arguments)


def test_the_recipient_cannot_cancel_or_refund_the_senders_order(alice, bob):
    order = OrderFactory.create(customer=bob, reference="ORD-2002")
    PackageFactory.create(booker=bob, recipient=alice, order=order)

    for tool, more in (("cancel_order", {}), ("request_refund", {"amount": "1.00", "reason": "x"})):
        with pytest.raises(tracking_errors.NotFound):
            planned(alice, tool, order_id="ORD-2002", **more)


@pytest.mark.parametrize(
    ("tool", "arguments", "need"),
    [
        ("update_profile", {"city": "Bonn"}, 1),
        ("change_delivery", {"package_id": "ABCD-1001", "safe_place": "x"}, 1),
        ("cancel_order", {"order_id": "ORD-1001"}, 1),
        ("create_order", BOOKING, 1),
        ("report_problem", {"package_id": "ABCD-1001", "problem": "other", "description": "x"}, 0),
        ("schedule_callback", {"at": "2027-01-01T10:00", "topic": "x"}, 0),
    ],
)
def test_how_many_reviewers_each_needs(alice, tool, arguments, need):
    assert reviewers(alice, tool, **arguments) == need
