"""Reads: one's own records, and the same answer for what is not there and what is another's."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tracking import selectors
from tracking.errors import NotFound
from tracking.factories import (
    GeoPingFactory,
    OrderFactory,
    PackageFactory,
    RefundFactory,
    RouteFactory,
    StopFactory,
    TrackingEventFactory,
    TruckFactory,
)
from tracking.models import Package

NOW = timezone.now()


@pytest.fixture
def route(db):
    """TRK-01 has left two of five stops."""
    made = RouteFactory.create(truck=TruckFactory.create(unit="TRK-01"))
    for sequence in range(1, 6):
        done = NOW - timedelta(minutes=100 - sequence) if sequence <= 2 else None
        StopFactory.create(route=made, sequence=sequence, city=f"Town {sequence}", arrived_at=done, departed_at=done)
    return made


# --- packages ---------------------------------------------------------------------------------------------------


def test_it_works(alice):
    PackageFactory.create(booker=alice, number="ABCD-1337")

    assert selectors.find_package(customer=alice, number="abcd-1337 ").number == "ABCD-1337"


def test_a_carriers_number_finds_it_too(alice):
    PackageFactory.create(booker=alice, number="ABCD-1337", carrier_number="1Z999AA10123456784")

    assert selectors.find_package(customer=alice, number="1z999aa10123456784").number == "ABCD-1337"


def test_of_a_number_used_twice_the_newer_package_is_meant(alice):
    old = PackageFactory.create(booker=alice, number="ABCD-1337", first_seen=NOW - timedelta(days=400))
    new = PackageFactory.create(booker=alice, number="ABCD-1337", first_seen=NOW)

    assert selectors.find_package(customer=alice, number="ABCD-1337") == new != old


def test_booker_and_recipient_both_see_a_package(alice, bob):
    PackageFactory.create(booker=bob, recipient=alice, number="ABCD-2001")

    assert selectors.find_package(customer=alice, number="ABCD-2001").pk
    assert selectors.find_package(customer=bob, number="ABCD-2001").pk


@pytest.mark.parametrize(
    "look_up",
    [
        lambda customer, number: selectors.find_package(customer=customer, number=number),
        lambda customer, number: selectors.find_package(customer=customer, number=number, lock=True),
        lambda customer, number: selectors.find_package_news(customer=customer, number=number),
        lambda customer, number: selectors.find_package_with_truck(customer=customer, number=number),
    ],
)
def test_not_yours_is_not_there(alice, bob, look_up, django_assert_num_queries):
    PackageFactory.create(booker=bob, number="WXYZ-2001")
    answers = []

    for number in ("WXYZ-2001", "WXYZ-9999"):
        with django_assert_num_queries(1), pytest.raises(NotFound) as error:
            look_up(alice, number)
        answers.append((error.value.message, error.value.next_step))

    assert answers[0] == answers[1]
    assert "WXYZ" not in answers[0][0]


def test_what_is_no_number_is_looked_for_nowhere(alice, django_assert_num_queries):
    with django_assert_num_queries(0), pytest.raises(NotFound):
        selectors.find_package(customer=alice, number="' OR 1=1 --")


def test_news_are_the_newest_event_and_the_truck_in_one_query(alice, route, django_assert_num_queries):
    package = PackageFactory.create(booker=alice, number="ABCD-1337", stop=route.stops.get(sequence=5))
    TrackingEventFactory.create(package=package, occurred_at=NOW - timedelta(hours=9), description="old")
    TrackingEventFactory.create(package=package, occurred_at=NOW - timedelta(hours=1), description="new", place="Ulm")

    with django_assert_num_queries(1):
        news = selectors.find_package_news(customer=alice, number="ABCD-1337")
        stop = news.package.stop

    assert (news.event_text, news.event_place) == ("new", "Ulm")
    assert stop is not None
    assert (stop.route.truck.unit, news.stops_before, news.truck_near) == ("TRK-01", 2, "Town 2")


def test_a_package_without_news_or_truck_is_found_as_well(alice):
    PackageFactory.create(booker=alice, number="ABCD-1337")

    news = selectors.find_package_news(customer=alice, number="ABCD-1337")

    assert (news.event_at, news.event_text, news.stops_before, news.truck_near) == (None, "", 0, "")


def test_the_list_holds_ones_own_newest_first(alice, bob, django_assert_num_queries):
    for age in (3, 1, 2):
        PackageFactory.create(booker=alice, number=f"ABCD-100{age}", first_seen=NOW - timedelta(days=age))
    PackageFactory.create(booker=bob, recipient=alice, number="ABCD-2001", first_seen=NOW)
    PackageFactory.create(booker=bob, number="WXYZ-2001")

    with django_assert_num_queries(1):
        packages, total = selectors.list_packages(customer=alice, limit=10)

    assert [package.number for package in packages] == ["ABCD-2001", "ABCD-1001", "ABCD-1002", "ABCD-1003"]
    assert total == 4


def test_the_list_is_cut_and_says_of_how_many(alice, django_assert_num_queries):
    PackageFactory.create_batch(4, booker=alice)

    with django_assert_num_queries(2):
        packages, total = selectors.list_packages(customer=alice, limit=3)

    assert (len(packages), total) == (3, 4)


def test_the_list_can_be_of_one_status(alice):
    PackageFactory.create(booker=alice, status="delivered", number="ABCD-1001")
    PackageFactory.create(booker=alice, status="on_hold", number="ABCD-1002")

    packages, total = selectors.list_packages(customer=alice, status="on_hold", limit=10)

    assert ([package.number for package in packages], total) == (["ABCD-1002"], 1)


# --- orders -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", [False, True])
def test_anothers_order_is_not_there(alice, bob, lock, django_assert_num_queries):
    OrderFactory.create(customer=bob, reference="ORD-2001")
    # The recipient sees the package, never the booker's order.
    PackageFactory.create(booker=bob, recipient=alice, order=OrderFactory.create(customer=bob, reference="ORD-2002"))
    answers = set()

    for reference in ("ORD-2001", "ORD-2002", "ORD-9999"):
        with django_assert_num_queries(1), pytest.raises(NotFound) as error:
            selectors.find_order(customer=alice, reference=reference, lock=lock)
        answers.add(error.value.message)

    assert len(answers) == 1


def test_ones_own_order_comes_with_its_service(alice, django_assert_num_queries):
    OrderFactory.create(customer=alice, reference="ORD-1001")

    with django_assert_num_queries(1):
        order = selectors.find_order(customer=alice, reference="ord 1001")
        assert order.service.code == "standard"


def test_orders_are_listed_newest_first(alice, bob, django_assert_num_queries):
    OrderFactory.create(customer=alice, reference="ORD-1001", booked_at=NOW - timedelta(days=2))
    OrderFactory.create(customer=alice, reference="ORD-1002", booked_at=NOW, state="booked")
    OrderFactory.create(customer=bob, reference="ORD-2001")

    with django_assert_num_queries(1):
        orders, total = selectors.list_orders(customer=alice, limit=10)
    booked, _ = selectors.list_orders(customer=alice, state="booked", limit=10)

    assert ([order.reference for order in orders], total) == (["ORD-1002", "ORD-1001"], 2)
    assert [order.reference for order in booked] == ["ORD-1002"]


def test_packages_of_an_order_are_the_owners_alone(alice, bob):
    order = OrderFactory.create(customer=alice)
    PackageFactory.create(booker=alice, order=order)

    assert len(selectors.packages_of_order(customer=alice, order=order)) == 1
    assert selectors.packages_of_order(customer=bob, order=order) == []


def test_refunds_are_summed_from_a_moment_on(alice, bob):
    order = OrderFactory.create(customer=alice)
    RefundFactory.create(order=order, amount=Decimal("5.00"), created_at=NOW)
    RefundFactory.create(order=order, amount=Decimal("2.50"), created_at=NOW - timedelta(hours=23))
    RefundFactory.create(order=order, amount=Decimal("9.00"), created_at=NOW - timedelta(hours=25))
    RefundFactory.create(order=OrderFactory.create(customer=bob), amount=Decimal("7.00"), created_at=NOW)

    assert selectors.refunded_since(customer=alice, since=NOW - timedelta(hours=24)) == Decimal("7.50")


# --- trucks -----------------------------------------------------------------------------------------------------


def test_a_truck_is_found_by_who_has_a_package_on_it(alice, bob, route, django_assert_num_queries):
    PackageFactory.create(booker=alice, number="ABCD-1001", stop=route.stops.get(sequence=5))
    PackageFactory.create(booker=bob, number="WXYZ-2001", stop=route.stops.get(sequence=4))

    with django_assert_num_queries(1):
        aboard = selectors.packages_aboard(customer=alice, truck="trk-01")

    assert [package.number for package in aboard] == ["ABCD-1001"]


def test_anothers_truck_is_not_there(alice, bob, route, django_assert_num_queries):
    PackageFactory.create(booker=bob, stop=route.stops.get(sequence=4))
    answers = set()

    for unit in ("TRK-01", "TRK-99"):
        with django_assert_num_queries(1), pytest.raises(NotFound) as error:
            selectors.packages_aboard(customer=alice, truck=unit)
        answers.add(error.value.message)

    assert len(answers) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda package: Package.objects.filter(pk=package.pk).update(status="delivered", delivered_at=NOW),
        lambda package: Package.objects.filter(pk=package.pk).update(stop=package.stop.route.stops.get(sequence=1)),
        lambda package: type(package.stop.route).objects.update(state="done"),
    ],
)
def test_a_package_that_was_handed_over_is_on_no_truck(alice, route, change):
    package = PackageFactory.create(booker=alice, number="ABCD-1001", stop=route.stops.get(sequence=5))
    change(package)

    found = selectors.find_package_with_truck(customer=alice, number="ABCD-1001")

    assert not selectors.is_aboard(package=found)
    with pytest.raises(NotFound):
        selectors.packages_aboard(customer=alice, truck="TRK-01")


def test_stops_and_position_are_those_of_the_packages_truck(alice, route):
    other = RouteFactory.create()
    StopFactory.create(route=other, sequence=1)
    GeoPingFactory.create(truck=other.truck, recorded_at=NOW)
    GeoPingFactory.create(truck=route.truck, recorded_at=NOW - timedelta(minutes=9))
    latest = GeoPingFactory.create(truck=route.truck, recorded_at=NOW - timedelta(minutes=4))
    package = PackageFactory.create(booker=alice, stop=route.stops.get(sequence=5))

    stops = selectors.stops_of_route(package=package)

    assert [stop.sequence for stop in stops] == [1, 2, 3, 4, 5]
    assert selectors.latest_ping(package=package) == latest
