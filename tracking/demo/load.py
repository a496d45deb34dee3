"""Many customers that are all alike, for load tests: `load-0001` … with one package and one order each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.db import transaction

from tracking.demo.timelines import events_of
from tracking.factories import DEMO_PASSWORD, OrderFactory, PackageFactory, UserFactory, demo_password
from tracking.models import Customer, Order, Package, Service, TrackingEvent
from tracking.statuses import OrderState, PackageStatus

BATCH = 1000
FIRST_ORDER = 900000


def add_load_customers(*, count: int, service: Service, now: datetime, progress: Callable[[int], None]) -> None:
    """Add those of the first `count` that are missing, a batch at a time; `progress` is told how far it is."""
    for start in range(1, count + 1, BATCH):
        numbers = range(start, min(start + BATCH, count + 1))
        with transaction.atomic():
            customers = _add_customers(numbers)
            _add_orders(customers, service, now)
            _add_packages(customers, now)
        progress(numbers[-1])


def _add_customers(numbers: range) -> dict[int, Customer]:
    """By number. Bulk inserts send no signals, so the customers are made here."""
    names = {f"load-{number:04d}": number for number in numbers}
    there = set(User.objects.filter(username__in=names).values_list("username", flat=True))
    password = demo_password() if len(there) < len(names) else DEMO_PASSWORD
    users = User.objects.bulk_create(
        UserFactory.build(username=name, first_name="Load", last_name=name[5:], password=password)
        for name in names
        if name not in there
    )
    Customer.objects.bulk_create(_customer(user) for user in users)
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    found = Customer.objects.filter(user__username__in=names).select_related("user")
    return {names[customer.user.username]: customer for customer in found if customer.user is not None}


def _customer(user: User) -> Customer:
    return Customer(
        user=user,
        name=user.get_full_name(),
        email=user.email,
        phone="+493023125900",
        street="Lindenallee 12",
        city="Berlin",
        postal_code="10115",
        country="DE",
    )


def _add_orders(customers: dict[int, Customer], service: Service, now: datetime) -> None:
    wanted = {f"ORD-{FIRST_ORDER + number}": customer for number, customer in customers.items()}
    there = set(Order.objects.filter(reference__in=wanted).values_list("reference", flat=True))
    Order.objects.bulk_create(
        OrderFactory.build(
            customer=customer,
            reference=reference,
            service=service,
            state=OrderState.DELIVERED,
            price=Decimal("24.90"),
            booked_at=now - timedelta(days=6),
        )
        for reference, customer in wanted.items()
        if reference not in there
    )


def _add_packages(customers: dict[int, Customer], now: datetime) -> None:
    wanted = {f"LOAD-{number:04d}": customer for number, customer in customers.items()}
    there = set(Package.objects.filter(number__in=wanted).values_list("number", flat=True))
    packages = Package.objects.bulk_create(
        PackageFactory.build(
            number=number,
            booker=customer,
            recipient=customer,
            recipient_name=customer.name,
            status=PackageStatus.IN_TRANSIT,
            first_seen=now - timedelta(days=3),
            estimated_delivery=now + timedelta(days=1),
        )
        for number, customer in wanted.items()
        if number not in there
    )
    events = [event for package in packages for event in events_of(package=package, now=now)]
    TrackingEvent.objects.bulk_create(events, ignore_conflicts=True)
