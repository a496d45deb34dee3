"""The demo data: complete, the same every time, and only where the demo runs."""

from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.forms.models import model_to_dict
from django.utils import timezone

from tracking import selectors
from tracking.models import Customer, GeoPing, Order, Package, Refund, Route, Service, Stop, TrackingEvent, Truck
from tracking.statuses import PackageStatus, Reason

pytestmark = pytest.mark.django_db
TABLES = [User, Customer, Service, Order, Package, TrackingEvent, Truck, Route, Stop, GeoPing, Refund, EmailAddress]


@pytest.fixture
def seeded(db, capsys):
    call_command("seed_demo")
    return {name: User.objects.get(username=name) for name in ("alice", "bob", "rita", "ravi", "sam", "root")}


def test_everybody_can_sign_in_with_a_verified_address(seeded):
    for name, user in seeded.items():
        assert user.check_password("demo"), name
        assert list(EmailAddress.objects.filter(user=user).values_list("email", "verified", "primary")) == [
            (f"{name}@example.com", True, True)
        ]
    assert authenticate(username="alice", password="demo") == seeded["alice"]


def test_who_may_do_what(seeded):
    may_decide = {name for name, user in seeded.items() if user.has_perm("tools.decide_approval")}
    may_enter_admin = {name for name, user in seeded.items() if user.is_staff}
    may_look = {name for name, user in seeded.items() if user.has_perm("tools.view_approval")}
    customers = set(Customer.objects.values_list("user__username", flat=True))

    assert may_decide == {"rita", "ravi", "root"}
    assert may_look == may_enter_admin == {"rita", "ravi", "sam", "root"}
    assert customers == {"alice", "bob", "root"}
    assert not seeded["sam"].has_perm("tracking.change_order")


def test_alices_records_are_those_that_are_written_down(seeded):
    alice = seeded["alice"].customer
    orders = {order.reference: order for order in Order.objects.filter(customer=alice)}
    received = selectors.find_package(customer=alice, number="ABCD-2001")

    assert (orders["ORD-1001"].state, orders["ORD-1001"].refundable) == ("delivered", Decimal("24.90"))
    assert orders["ORD-1002"].state == "booked"
    assert (orders["ORD-1003"].price, orders["ORD-1003"].refundable) == (Decimal("180.00"), Decimal("180.00"))
    assert selectors.find_package(customer=alice, number="ABCD-1337").status == "delivered"
    assert (received.booker, received.recipient, received.status) == (seeded["bob"].customer, alice, "in_transit")
    assert [p.number for p in selectors.packages_aboard(customer=alice, truck="TRK-01")] == ["ABCD-2001"]
    assert {p.status for p in selectors.visible_packages(customer=alice)} == set(PackageStatus.values)


def test_every_exception_is_shown(seeded):
    assert set(Package.objects.exclude(reason="").values_list("reason", flat=True)) == set(Reason.values)


def test_status_and_newest_event_agree(seeded):
    for package in Package.objects.exclude(status="unknown"):
        newest = package.events.latest("occurred_at", "sequence")
        assert (newest.status, newest.reason) == (package.status, package.reason), package.number
        assert newest.occurred_at <= timezone.now()


def test_money_agrees_with_its_rows(seeded):
    for order in Order.objects.all():
        refunds = sum(order.refunds.values_list("amount", flat=True), Decimal(0))
        assert refunds == order.refunded, order.reference


def test_services_are_on_offer(seeded):
    assert [service.code for service in selectors.services_on_offer()] == ["freight", "standard", "express"]


def test_a_second_run_changes_nothing(seeded):
    before = {model: [model_to_dict(row) for row in model.objects.order_by("pk")] for model in TABLES}

    call_command("seed_demo")

    assert {model: [model_to_dict(row) for row in model.objects.order_by("pk")] for model in TABLES} == before


def test_a_second_run_adds_what_is_missing_and_respects_what_people_did(seeded):
    Customer.objects.filter(user=seeded["alice"]).update(phone="+493023125009")
    Package.objects.filter(number="ABCD-1001").update(status="cancelled")
    events = TrackingEvent.objects.filter(package__number="ABCD-1001").count()
    lost = Package.objects.get(number="ABCD-1337")
    lost.events.all().delete()
    lost.delete()

    call_command("seed_demo")

    assert Customer.objects.get(user=seeded["alice"]).phone == "+493023125009"
    assert Package.objects.get(number="ABCD-1001").status == "cancelled"
    assert TrackingEvent.objects.filter(package__number="ABCD-1001").count() == events
    assert Package.objects.get(number="ABCD-1337").events.count() == 6


def test_load_customers_are_complete(seeded, django_assert_max_num_queries):
    with django_assert_max_num_queries(140):
        call_command("seed_demo", "--customers", "30")
    call_command("seed_demo", "--customers", "31")

    last = User.objects.get(username="load-0031")
    order = selectors.find_order(customer=last.customer, reference="ORD-900031")
    assert User.objects.filter(username__startswith="load-").count() == 31
    assert last.check_password("demo")
    assert EmailAddress.objects.get(user=last).verified
    assert selectors.find_package(customer=last.customer, number="LOAD-0031").status == "in_transit"
    assert (order.state, order.price) == ("delivered", Decimal("24.90"))


def test_it_refuses_to_run_elsewhere(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="only with DEMO=true"):
        call_command("seed_demo")

    assert not User.objects.exists()


@pytest.mark.parametrize("count", ["-1", "100000"])
def test_it_refuses_a_count_that_makes_no_sense(count):
    with pytest.raises(CommandError, match="from 0 to 99999"):
        call_command("seed_demo", "--customers", count)
