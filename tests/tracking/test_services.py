"""Writes: what changes, what does not, and what is refused when the record moved."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from tracking import selectors, services
from tracking.errors import NotPossible
from tracking.factories import OrderFactory, PackageFactory, ServiceFactory, TariffFactory, UserFactory
from tracking.models import Package, Refund, TrackingEvent
from tracking.pricing import ParcelMeasures, quote
from tracking.services import Address, DeliveryChange, Parcel, ProfileChange
from tracking.sign_in import check_email_is_free

NOW = timezone.now()


# --- profile ----------------------------------------------------------------------------------------------------


def test_only_the_given_fields_change(alice):
    services.change_profile(customer=alice, change=ProfileChange(phone="+493023125009", city="Bonn"))

    alice.refresh_from_db()
    assert (alice.phone, alice.city) == ("+493023125009", "Bonn")
    assert (alice.name, alice.street, alice.email) == ("Alice Example", "Lindenallee 12", "alice@example.com")


def test_a_new_address_moves_the_sign_in_and_is_not_verified_yet(alice):
    EmailAddress.objects.create(user=alice.user, email=alice.email, verified=True, primary=True)

    services.change_profile(customer=alice, change=ProfileChange(email="new@example.com"))

    alice.refresh_from_db()
    alice.user.refresh_from_db()
    addresses = list(EmailAddress.objects.filter(user=alice.user).values_list("email", "primary", "verified"))
    assert alice.email == alice.user.email == "new@example.com"
    assert addresses == [("new@example.com", True, False)]


@pytest.mark.parametrize("taken", ["bob@example.com", "BOB@example.com"])
def test_an_address_of_somebody_else_is_not_free(alice, bob, taken):
    with pytest.raises(NotPossible):
        check_email_is_free(customer=alice, email=taken)


def test_a_staff_address_is_not_free_either(alice):
    UserFactory.create(username="rita", is_staff=True)

    with pytest.raises(NotPossible):
        check_email_is_free(customer=alice, email="rita@example.com")


def test_ones_own_address_is_free(alice):
    check_email_is_free(customer=alice, email="alice@example.com")


# --- delivery ---------------------------------------------------------------------------------------------------


def test_wishes_are_written_and_a_new_day_moves_the_estimate(alice):
    package = PackageFactory.create(booker=alice)
    wishes = DeliveryChange(delivery_date=date(2027, 3, 1), safe_place="Garage", hold_at_depot=True)

    services.change_delivery(package=package, change=wishes)

    package.refresh_from_db()
    assert (package.delivery_date, package.safe_place, package.hold_at_depot) == (date(2027, 3, 1), "Garage", True)
    assert package.estimated_delivery == datetime(2027, 3, 1, 18, tzinfo=UTC)
    assert package.street == "Lindenallee 12"


def test_a_package_that_left_meanwhile_is_not_changed(alice):
    package = PackageFactory.create(booker=alice)
    Package.objects.filter(pk=package.pk).update(status="out_for_delivery")

    with pytest.raises(NotPossible):
        services.change_delivery(package=package, change=DeliveryChange(safe_place="Garage"))

    package.refresh_from_db()
    assert package.safe_place == ""


# --- orders -----------------------------------------------------------------------------------------------------


def test_cancelling_cancels_the_packages_and_pays_nothing(alice):
    order = OrderFactory.create(customer=alice, state="booked")
    package = PackageFactory.create(booker=alice, order=order, status="pending")

    services.cancel_order(order=order, reason="changed my mind", now=NOW)

    order.refresh_from_db()
    package.refresh_from_db()
    assert (order.state, order.cancel_reason, order.refunded) == ("cancelled", "changed my mind", Decimal(0))
    assert package.status == "cancelled"
    assert TrackingEvent.objects.get(package=package).status == "cancelled"


def test_an_order_that_was_picked_up_meanwhile_is_not_cancelled(alice):
    order = OrderFactory.create(customer=alice, state="booked")
    type(order).objects.update(state="picked_up")

    with pytest.raises(NotPossible):
        services.cancel_order(order=order, reason="", now=NOW)

    order.refresh_from_db()
    assert order.state == "picked_up"


def refund(customer, order, amount):
    return services.refund_order(
        customer=customer, order=order, amount=Decimal(amount), reason="late", call_id=uuid.uuid4(), now=NOW
    )


def test_a_refund_is_booked_on_the_order(alice):
    order = OrderFactory.create(customer=alice, price=Decimal("24.90"))

    refund(alice, order, "20.00")
    refund(alice, order, "4.90")

    order.refresh_from_db()
    assert order.refunded == Decimal("24.90")
    assert sum(Refund.objects.filter(order=order).values_list("amount", flat=True)) == Decimal("24.90")


def test_more_than_is_left_is_not_refunded(alice):
    order = OrderFactory.create(customer=alice, price=Decimal("24.90"))
    stale = type(order).objects.get(pk=order.pk)
    refund(alice, order, "20.00")

    with pytest.raises(NotPossible):
        refund(alice, stale, "4.91")

    order.refresh_from_db()
    assert order.refunded == Decimal("20.00")
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("state", ["booked", "picked_up", "in_transit"])
def test_nothing_is_refunded_on_the_way(alice, state):
    order = OrderFactory.create(customer=alice, state=state)

    with pytest.raises(NotPossible):
        refund(alice, order, "1.00")

    assert not Refund.objects.exists()


def test_anothers_order_is_not_refunded(alice, bob):
    with pytest.raises(NotPossible):
        refund(bob, OrderFactory.create(customer=alice), "1.00")


def test_a_booking_has_the_quoted_price_and_a_package_for_each_parcel(alice):
    service = ServiceFactory.create()
    TariffFactory.create(service=service, price=Decimal("9.90"))
    measures = ParcelMeasures(Decimal("1.5"), Decimal(30), Decimal(20), Decimal(10))
    to = Address("Paula Example", "Hafenstrasse 7", "Hamburg", "20457", "DE")
    offer = quote(
        service=selectors.services_on_offer()[0],
        parcels=[measures] * 2,
        country="DE",
        postal_code="20457",
        day=NOW.date(),
    )
    call_id = uuid.uuid4()

    order = services.create_order(
        customer=alice,
        quote=offer,
        parcels=[Parcel(measures, "Books"), Parcel(measures, "Shoes")],
        to=to,
        call_id=call_id,
        now=NOW,
    )

    order.refresh_from_db()
    packages = selectors.packages_of_order(customer=alice, order=order)
    assert (order.state, order.price, order.to_city, order.from_street) == (
        "booked",
        Decimal("19.80"),
        "Hamburg",
        "Lindenallee 12",
    )
    assert [package.contents for package in packages] == ["Books", "Shoes"]
    assert {package.status for package in packages} == {"pending"}
    assert TrackingEvent.objects.filter(package__order=order).count() == 2
