"""What the database refuses, whatever the code above it does."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from tracking.factories import (
    GeoPingFactory,
    OrderFactory,
    PackageFactory,
    RefundFactory,
    RouteFactory,
    StopFactory,
    TrackingEventFactory,
)
from tracking.models import Callback, Customer, Order, Package, ProblemReport

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused():
    """Checks that the statement inside breaks the named constraint."""

    class Refused:
        def __init__(self, constraint):
            self.constraint = constraint

        def __enter__(self):
            self.atomic = transaction.atomic()
            self.atomic.__enter__()

        def __exit__(self, kind, error, trace):
            self.atomic.__exit__(kind, error, trace)
            assert kind is not None, f"{self.constraint} let it pass"
            assert issubclass(kind, IntegrityError)
            # SQLite names the columns of a unique constraint, not the constraint.
            assert "unique" in str(error).lower() or self.constraint in str(error)
            return True

    return Refused


def test_a_sign_up_makes_a_customer_at_once():
    user = User.objects.create_user("carol", "carol@example.com", "secret-enough-1")

    assert user.customer.email == "carol@example.com"
    assert user.customer.name == "carol"


def test_staff_are_no_customers():
    user = User.objects.create_user("dora", "dora@example.com", "secret-enough-1", is_staff=True)

    assert not Customer.objects.filter(user=user).exists()


def test_saving_a_user_again_makes_no_second_customer(alice):
    alice.user.first_name = "Alicia"
    alice.user.save()

    assert Customer.objects.filter(user=alice.user).count() == 1


@pytest.mark.parametrize("refunded", ["-0.01", "24.91"])
def test_no_more_is_refunded_than_was_paid(alice, refused, refunded):
    order = OrderFactory.create(customer=alice, price=Decimal("24.90"))

    with refused("order_refunded_within_price"):
        Order.objects.filter(pk=order.pk).update(refunded=Decimal(refunded))


def test_states_and_statuses_are_closed_sets(alice, refused):
    order, package = OrderFactory.create(customer=alice), PackageFactory.create(booker=alice)

    with refused("order_state_known"):
        Order.objects.filter(pk=order.pk).update(state="lost")
    with refused("package_status_known"):
        Package.objects.filter(pk=package.pk).update(status="lost")
    with refused("package_reason_known"):
        Package.objects.filter(pk=package.pk).update(reason="aliens")


def test_a_delivered_package_has_a_time(alice, refused):
    package = PackageFactory.create(booker=alice)

    with refused("package_delivered_has_time"):
        Package.objects.filter(pk=package.pk).update(status="delivered", delivered_at=None)


def test_a_carriers_number_may_come_back_later_but_not_at_the_same_time(alice, refused):
    first = PackageFactory.create(booker=alice, number="ABCD-9000", carrier="ups")
    PackageFactory.create(booker=alice, number="ABCD-9000", carrier="ups", first_seen=timezone.now())

    with refused("package_once_per_period"):
        PackageFactory.create(booker=alice, number="ABCD-9000", carrier="ups", first_seen=first.first_seen)


def test_one_piece_of_news_is_stored_once(alice, refused):
    event = TrackingEventFactory.create(package=PackageFactory.create(booker=alice))

    with refused("event_once"):
        TrackingEventFactory.create(package=event.package, dedupe_key=event.dedupe_key)


def test_one_request_makes_one_effect(alice, refused):
    order, package = OrderFactory.create(customer=alice), PackageFactory.create(booker=alice)
    refund = RefundFactory.create(order=order, customer=alice)
    rest = {"customer": alice, "created_at": timezone.now(), "call_id": uuid.uuid4()}
    ProblemReport.objects.create(package=package, problem="damaged", description="wet", **rest)
    Callback.objects.create(at=timezone.now(), phone="+493023125001", topic="x", **rest)

    with refused("refund call_id"):
        RefundFactory.create(order=order, customer=alice, call_id=refund.call_id)
    with refused("problem call_id"):
        ProblemReport.objects.create(package=package, problem="damaged", description="wet", **rest)
    with refused("callback call_id"):
        Callback.objects.create(at=timezone.now(), phone="+493023125001", topic="x", **rest)


def test_a_refund_of_nothing_is_none(alice, refused):
    with refused("refund_positive"):
        RefundFactory.create(order=OrderFactory.create(customer=alice), customer=alice, amount=Decimal(0))


def test_a_truck_drives_one_route_at_a_time(refused):
    route = RouteFactory.create()

    with refused("route_one_active_per_truck"):
        RouteFactory.create(truck=route.truck, date=route.date + timedelta(days=1))


def test_stops_are_in_order(refused):
    stop = StopFactory.create(sequence=1)

    with refused("stop_sequence_once"):
        StopFactory.create(route=stop.route, sequence=1)
    with refused("stop_window_in_order"):
        StopFactory.create(route=stop.route, sequence=2, window_end=stop.window_start - timedelta(hours=1))
    with refused("stop_departs_after_arrival"):
        late = timezone.now()
        StopFactory.create(route=stop.route, sequence=3, arrived_at=late, departed_at=late - timedelta(minutes=1))


def test_a_truck_is_on_earth_and_in_one_place_at_a_time(refused):
    ping = GeoPingFactory.create()

    with refused("ping_on_earth"):
        GeoPingFactory.create(latitude=Decimal("90.000001"))
    with refused("ping_once_per_moment"):
        GeoPingFactory.create(truck=ping.truck, recorded_at=ping.recorded_at)
