"""Adds pairs to the pool of safety tests in a migrated database: `python -m tests.safety.seeding 1 100`.

Runs as a process of its own with the environment of the tested product, so that its sessions and hashes are that
product's. Everybody's password is `demo`, hashed once.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")
django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from tests.safety.cast import CUSTOMERS, STAFF, Facts, Pair  # noqa: E402
from tracking.demo.people import OBSERVERS, REVIEWERS, add_groups  # noqa: E402
from tracking.factories import (  # noqa: E402
    GeoPingFactory,
    OrderFactory,
    PackageFactory,
    RouteFactory,
    StopFactory,
    TrackingEventFactory,
    TruckFactory,
    demo_password,
)
from tracking.models import Customer, GeoPing, Order, Package, Route, Service, Stop, TrackingEvent, Truck  # noqa: E402
from tracking.statuses import OrderState, PackageStatus  # noqa: E402

BACKEND = "django.contrib.auth.backends.ModelBackend"
People = dict[tuple[int, str], Customer]


def add_pool(first: int, count: int) -> None:
    pairs = [Pair(number) for number in range(first, first + count)]
    people = _add_people(pairs)
    orders = _add_orders(people)
    stops = _add_trucks(people)
    _add_packages(pairs, people, orders, stops)


def _add_people(pairs: list[Pair]) -> People:
    everybody = [pair.facts(letter) for pair in pairs for letter in (*CUSTOMERS, *STAFF)]
    users = User.objects.bulk_create(map(_user, everybody))
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users
    )
    groups = add_groups()
    membership = User.groups.through
    membership.objects.bulk_create(
        membership(user_id=user.pk, group_id=groups[OBSERVERS if facts.letter == "S3" else REVIEWERS].pk)
        for facts, user in zip(everybody, users, strict=True)
        if facts.letter in STAFF
    )
    customers = [(f, u) for f, u in zip(everybody, users, strict=True) if f.letter in CUSTOMERS]
    Session.objects.bulk_create(_session(facts, user) for facts, user in customers)
    made = Customer.objects.bulk_create(_customer(facts, user) for facts, user in customers)
    return {(facts.number, facts.letter): row for (facts, _), row in zip(customers, made, strict=True)}


def _user(facts: Facts) -> User:
    return User(
        username=facts.username,
        email=facts.email,
        first_name=facts.tag,
        last_name="Example",
        password=demo_password(),
        is_staff=facts.letter not in ("A", "B"),
        is_superuser=facts.letter == "SU",
    )


def _session(facts: Facts, user: User) -> Session:
    """What signing in writes. The product reads these three and adds its own clock."""
    data = {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: user.get_session_auth_hash()}
    return Session(
        session_key=facts.session_key,
        session_data=SessionStore().encode(data),
        expire_date=timezone.now() + timedelta(days=1),
    )


def _customer(facts: Facts, user: User) -> Customer:
    return Customer(
        user=user,
        name=facts.name,
        phone=facts.phone,
        email=facts.email,
        street=facts.text("street"),
        city=facts.text("city"),
        postal_code=facts.postal_code,
        country="DE",
    )


def _add_orders(people: People) -> dict[str, Order]:
    service = Service.objects.get(code="standard")
    states = [(OrderState.DELIVERED, "24.90"), (OrderState.BOOKED, "24.90"), (OrderState.DELIVERED, "180.00")]
    rows = []
    for (number, letter), customer in people.items():
        facts = Facts(number, letter)
        for reference, (state, price) in zip(facts.orders, states, strict=True):
            address = {f"to_{column}": facts.text(f"to_{column}") for column in ("name", "street", "city")}
            rows.append(
                OrderFactory.build(
                    customer=customer,
                    reference=reference,
                    state=state,
                    price=Decimal(price),
                    service=service,
                    to_postal_code=facts.postal_code,
                    **address,
                )
            )
    return {order.reference: order for order in Order.objects.bulk_create(rows)}


def _add_trucks(people: People) -> dict[tuple[int, str], Stop]:
    """A truck for each customer, one stop before theirs."""
    now = timezone.now()
    keys = list(people)
    trucks = Truck.objects.bulk_create(
        TruckFactory.build(unit=Facts(*key).truck, plate=f"X-{Facts(*key).code}") for key in keys
    )
    routes = Route.objects.bulk_create(RouteFactory.build(truck=truck, date=now.date()) for truck in trucks)
    stops = Stop.objects.bulk_create(
        StopFactory.build(route=route, sequence=sequence) for route in routes for sequence in (1, 2)
    )
    GeoPing.objects.bulk_create(GeoPingFactory.build(truck=truck) for truck in trucks)
    return dict(zip(keys, stops[1::2], strict=True))


def _add_packages(
    pairs: list[Pair], people: People, orders: dict[str, Order], stops: dict[tuple[int, str], Stop]
) -> None:
    rows = []
    for key, customer in people.items():
        facts = Facts(*key)
        statuses = (PackageStatus.IN_TRANSIT, PackageStatus.DELIVERED, PackageStatus.PENDING)
        for position, (number, status) in enumerate(zip(facts.packages, statuses, strict=True)):
            order = None if position == 0 else orders[facts.orders[position - 1]]
            stop = stops[key] if position == 0 else None
            rows.append(_package(facts, customer, number, status, order=order, stop=stop))
    rows += [_sent_to_a(pair, people) for pair in pairs]
    packages = Package.objects.bulk_create(rows)
    TrackingEvent.objects.bulk_create(
        TrackingEventFactory.build(
            package=package,
            dedupe_key=f"pool:{package.number}",
            description=package.sender_note or "Announced.",
            place=package.contents,
        )
        for package in packages
    )


def _package(facts: Facts, customer: Customer, number: str, status: PackageStatus, **where: object) -> Package:
    columns = ("recipient_name", "street", "city", "safe_place", "sender_note", "contents")
    delivered = {"signed_by": facts.text("signed_by"), "delivered_place": facts.text("delivered_place")}
    package: Package = PackageFactory.build(
        number=number,
        booker=customer,
        recipient=customer,
        status=status,
        postal_code=facts.postal_code,
        **{column: facts.text(column) for column in columns},
        **(delivered if status == PackageStatus.DELIVERED else {}),
        **where,
    )
    return package


def _sent_to_a(pair: Pair, people: People) -> Package:
    """B books, A receives: address and safe place are A's, the note and the contents are B's words to A."""
    a = pair.facts("A")
    package: Package = PackageFactory.build(
        number=pair.sent_to_a,
        booker=people[pair.number, "B"],
        recipient=people[pair.number, "A"],
        recipient_name=a.text("recipient_name"),
        street=a.text("street"),
        city="Hamburg",
        postal_code=a.postal_code,
        safe_place=a.text("safe_place"),
        sender_note=pair.note,
        contents=pair.shared_tag,
    )
    return package


if __name__ == "__main__":
    with transaction.atomic():
        add_pool(int(sys.argv[1]), int(sys.argv[2]))
