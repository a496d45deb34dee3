"""Makes records for the demo data and for tests. Never used where real customers are."""

# factory-boy's declarations carry no annotations.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from django.contrib.auth.hashers import get_hasher, make_password
from django.contrib.auth.models import User
from django.utils import timezone
from factory.declarations import LazyAttribute, LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory
from factory.faker import Faker

from tracking.models import (
    Customer,
    GeoPing,
    Order,
    Package,
    Refund,
    Route,
    RouteState,
    Service,
    Stop,
    Tariff,
    TrackingEvent,
    Truck,
)
from tracking.statuses import OrderState, PackageStatus

DEMO_PASSWORD = "demo"  # noqa: S105 - public on purpose: it is printed by `make demo`


def demo_password() -> str:
    """The hash of `demo`, made once: hashing is slow on purpose, and many people share this one."""
    return _demo_password(get_hasher().algorithm)


@cache
def _demo_password(algorithm: str) -> str:
    return make_password(DEMO_PASSWORD)


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        django_get_or_create = ("username",)

    username = Sequence(lambda n: f"person-{n}")
    email = LazyAttribute(lambda user: f"{user.username}@example.com")
    first_name = LazyAttribute(lambda user: user.username.capitalize())
    last_name = "Example"
    password = LazyFunction(demo_password)


class CustomerFactory(DjangoModelFactory[Customer]):
    """Fills in the customer that the sign-up signal makes with the user; staff get theirs here."""

    class Meta:
        model = Customer

    user = SubFactory(UserFactory)
    name = LazyAttribute(lambda customer: customer.user.get_full_name())
    email = LazyAttribute(lambda customer: customer.user.email)
    phone = "+493023125000"
    street = "Lindenallee 12"
    city = "Berlin"
    postal_code = "10115"
    country = "DE"

    @classmethod
    def _create(cls, model_class: type[Customer], *args: Any, **kwargs: Any) -> Customer:
        user = kwargs.pop("user")
        customer, _ = model_class.objects.update_or_create(user=user, defaults=kwargs)
        return customer


class ServiceFactory(DjangoModelFactory[Service]):
    class Meta:
        model = Service
        django_get_or_create = ("code",)

    code = "standard"
    name = LazyAttribute(lambda service: service.code.capitalize())
    description = "Door to door."
    days_min = 2
    days_max = 4
    max_weight_kg = Decimal("31.50")
    max_length_cm = Decimal("120.0")


class TariffFactory(DjangoModelFactory[Tariff]):
    class Meta:
        model = Tariff
        django_get_or_create = ("service", "country", "postal_prefix", "up_to_kg")

    service = SubFactory(ServiceFactory)
    country = "DE"
    postal_prefix = ""
    up_to_kg = Decimal("31.50")
    price = Decimal("9.90")


class OrderFactory(DjangoModelFactory[Order]):
    """By default one that was delivered and paid 24.90."""

    class Meta:
        model = Order

    customer = SubFactory(CustomerFactory)
    reference = Sequence(lambda n: f"ORD-{n + 50001}")
    state = OrderState.DELIVERED
    service = SubFactory(ServiceFactory)
    price = Decimal("24.90")
    from_name = SelfAttribute("customer.name")
    from_street = SelfAttribute("customer.street")
    from_city = SelfAttribute("customer.city")
    from_postal_code = SelfAttribute("customer.postal_code")
    from_country = SelfAttribute("customer.country")
    to_name = "Paula Example"
    to_street = "Hafenstrasse 7"
    to_city = "Hamburg"
    to_postal_code = "20457"
    to_country = "DE"
    booked_at = LazyFunction(lambda: timezone.now() - timedelta(days=6))


class PackageFactory(DjangoModelFactory[Package]):
    """By default on its way to its booker, in time."""

    class Meta:
        model = Package

    number = Sequence(lambda n: f"TEST-{n + 10001}")
    booker = SubFactory(CustomerFactory)
    first_seen = LazyFunction(lambda: timezone.now() - timedelta(days=2))
    status = PackageStatus.IN_TRANSIT
    estimated_delivery = LazyFunction(lambda: timezone.now() + timedelta(days=1))
    original_eta = SelfAttribute("estimated_delivery")
    recipient_name = LazyAttribute(lambda package: (package.recipient or package.booker).name)
    street = "Lindenallee 12"
    city = "Berlin"
    postal_code = "10115"
    country = "DE"
    recipient = None
    delivered_at = LazyAttribute(
        lambda package: timezone.now() - timedelta(hours=20) if package.status == PackageStatus.DELIVERED else None
    )


class TrackingEventFactory(DjangoModelFactory[TrackingEvent]):
    class Meta:
        model = TrackingEvent

    package = SubFactory(PackageFactory)
    occurred_at = LazyFunction(lambda: timezone.now() - timedelta(hours=3))
    received_at = SelfAttribute("occurred_at")
    dedupe_key = Sequence(lambda n: f"test:{n}")
    description = "Arrived at the depot."
    status = SelfAttribute("package.status")
    place = "Leipzig"


class TruckFactory(DjangoModelFactory[Truck]):
    class Meta:
        model = Truck

    unit = Sequence(lambda n: f"TRK-{n + 100}")
    plate = Sequence(lambda n: f"B-SB {n + 100}")


class RouteFactory(DjangoModelFactory[Route]):
    class Meta:
        model = Route

    truck = SubFactory(TruckFactory)
    date = LazyFunction(lambda: timezone.now().date())
    state = RouteState.ACTIVE


class StopFactory(DjangoModelFactory[Stop]):
    class Meta:
        model = Stop

    route = SubFactory(RouteFactory)
    sequence = Sequence(lambda n: n + 1)
    city = "Potsdam"
    latitude = Decimal("52.390600")
    longitude = Decimal("13.064500")
    window_start = LazyFunction(lambda: timezone.now() + timedelta(hours=1))
    window_end = LazyAttribute(lambda stop: stop.window_start + timedelta(minutes=30))
    eta = SelfAttribute("window_start")


class GeoPingFactory(DjangoModelFactory[GeoPing]):
    class Meta:
        model = GeoPing

    truck = SubFactory(TruckFactory)
    latitude = Decimal("52.412345")
    longitude = Decimal("13.123456")
    recorded_at = LazyFunction(lambda: timezone.now() - timedelta(minutes=3))
    received_at = SelfAttribute("recorded_at")
    speed_kmh = 48


class RefundFactory(DjangoModelFactory[Refund]):
    class Meta:
        model = Refund

    call_id = Faker("uuid4")
    order = SubFactory(OrderFactory)
    customer = SelfAttribute("order.customer")
    amount = Decimal("5.00")
    currency = "EUR"
    reason = "late"
    created_at = LazyFunction(timezone.now)
