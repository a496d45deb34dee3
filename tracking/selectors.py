"""Reads of one customer's own records. Every function that can reach a person's data takes that `customer`.

What is not there and what is another's is told apart by nothing: same error, same code path, same number of queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.db.models import Count, IntegerField, Model, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from tracking.errors import NotFound
from tracking.models import (
    Customer,
    GeoPing,
    Order,
    Package,
    Refund,
    RouteState,
    Service,
    Stop,
    Tariff,
    TrackingEvent,
)
from tracking.statuses import FINAL_STATUSES
from tracking.tracking_numbers import order_reference, package_number, truck_unit

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class PackageNews:
    """A package with its newest event and, while a truck carries it, how far that truck is."""

    package: Package
    event_at: datetime | None
    event_text: str
    event_place: str
    stops_before: int
    truck_near: str


# --- the customer -----------------------------------------------------------------------------------------------


def find_customer(*, customer: Customer, lock: bool = False) -> Customer:
    """The profile as it is now. Raises NotFound for one that was erased meanwhile."""
    rows = Customer.objects.filter(pk=customer.pk)
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = rows.first()
    if found is None:
        raise NotFound("customer")
    return found


# --- packages ---------------------------------------------------------------------------------------------------


def visible_packages(*, customer: Customer) -> QuerySet[Package]:
    """What the customer sent or is to receive."""
    return Package.objects.filter(Q(booker=customer) | Q(recipient=customer))


def _numbered(packages: QuerySet[Package], number: str) -> QuerySet[Package]:
    """By our number or the carrier's. Carriers use numbers again: the newest comes first."""
    canonical = package_number(text=number)
    if canonical is None:
        raise NotFound("package")
    return packages.filter(Q(number=canonical) | Q(carrier_number=canonical)).order_by("-first_seen", "-pk")


def find_package(*, customer: Customer, number: str, lock: bool = False) -> Package:
    """One query. Raises NotFound."""
    packages = _numbered(visible_packages(customer=customer), number).select_related("order")
    if lock:
        packages = packages.select_for_update(of=("self",), no_key=True)
    package = packages.first()
    if package is None:
        raise NotFound("package")
    return package


def find_package_news(*, customer: Customer, number: str) -> PackageNews:
    """Everything that "where is it?" needs, in one query. Raises NotFound."""
    newest = TrackingEvent.objects.filter(package=OuterRef("pk")).order_by("-occurred_at", "-sequence")
    on_route = Stop.objects.filter(route=OuterRef("stop__route"))
    before = on_route.filter(sequence__lt=OuterRef("stop__sequence"), departed_at=None).order_by().values("route")
    rows = _numbered(visible_packages(customer=customer), number).select_related("order", "stop__route__truck")
    package = rows.annotate(
        event_at=Subquery(newest.values("occurred_at")[:1]),
        event_text=Subquery(newest.values("description")[:1]),
        event_place=Subquery(newest.values("place")[:1]),
        stops_before=Coalesce(Subquery(before.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
        truck_near=Subquery(on_route.exclude(arrived_at=None).order_by("-sequence").values("city")[:1]),
    ).first()
    if package is None:
        raise NotFound("package")
    return PackageNews(
        package=package,
        event_at=package.event_at,
        event_text=package.event_text or "",
        event_place=package.event_place or "",
        stops_before=package.stops_before,
        truck_near=package.truck_near or "",
    )


def list_packages(*, customer: Customer, status: str | None = None, limit: int) -> tuple[list[Package], int]:
    """The newest packages and how many there are in all: one query, two where there are more than `limit`."""
    packages = visible_packages(customer=customer)
    if status is not None:
        packages = packages.filter(status=status)
    return _page(packages.select_related("order").order_by("-first_seen", "-pk"), limit)


def _page(rows: QuerySet[Row], limit: int) -> tuple[list[Row], int]:
    found = list(rows[: limit + 1])
    return found[:limit], len(found) if len(found) <= limit else rows.count()


# --- orders -----------------------------------------------------------------------------------------------------


def find_order(*, customer: Customer, reference: str, lock: bool = False) -> Order:
    """The customer's own order with its service; one query. Raises NotFound."""
    canonical = order_reference(text=reference)
    if canonical is None:
        raise NotFound("order")
    orders = Order.objects.filter(customer=customer, reference=canonical).select_related("service")
    if lock:
        orders = orders.select_for_update(of=("self",), no_key=True)
    order = orders.first()
    if order is None:
        raise NotFound("order")
    return order


def list_orders(*, customer: Customer, state: str | None = None, limit: int) -> tuple[list[Order], int]:
    """The newest orders and how many there are in all."""
    orders = Order.objects.filter(customer=customer)
    if state is not None:
        orders = orders.filter(state=state)
    return _page(orders.select_related("service").order_by("-booked_at", "-pk"), limit)


def packages_of_order(*, customer: Customer, order: Order) -> list[Package]:
    """In the order in which they were booked."""
    packages = Package.objects.filter(order=order, order__customer=customer)
    return list(packages.select_related("order").order_by("pk"))


def refunded_since(*, customer: Customer, since: datetime) -> Decimal:
    """The sum of the customer's refunds made after `since`."""
    made = Refund.objects.filter(customer=customer, created_at__gt=since)
    total: Decimal | None = made.aggregate(total=Sum("amount"))["total"]
    return total or Decimal("0.00")


# --- trucks -----------------------------------------------------------------------------------------------------


def is_aboard(*, package: Package) -> bool:
    """A truck that is under way still has this package to hand over. Needs `stop__route` to be loaded."""
    stop = package.stop
    if stop is None or package.status in FINAL_STATUSES:
        return False
    return stop.departed_at is None and stop.route.state == RouteState.ACTIVE


def packages_aboard(*, customer: Customer, truck: str) -> list[Package]:
    """The customer's packages on this truck now, next stop first; one query. Raises NotFound where there is none."""
    unit = truck_unit(text=truck)
    if unit is None:
        raise NotFound("truck")
    aboard = visible_packages(customer=customer).filter(
        stop__route__truck__unit=unit, stop__route__state=RouteState.ACTIVE, stop__departed_at=None
    )
    packages = list(
        aboard.exclude(status__in=FINAL_STATUSES)
        .select_related("stop__route__truck")
        .order_by("stop__sequence", "-first_seen", "-pk")
    )
    if not packages:
        raise NotFound("truck")
    return packages


def find_package_with_truck(*, customer: Customer, number: str) -> Package:
    """One query; the package may be on no truck: ask `is_aboard`. Raises NotFound."""
    package = _numbered(visible_packages(customer=customer), number).select_related("stop__route__truck").first()
    if package is None:
        raise NotFound("package")
    return package


def stops_of_route(*, package: Package) -> list[Stop]:
    """All stops of the route that carries this package: towns and times, no addresses."""
    return list(Stop.objects.filter(route__stops=package.stop_id).order_by("sequence"))


def latest_ping(*, package: Package) -> GeoPing | None:
    """Where the truck that carries this package was last seen."""
    seen = GeoPing.objects.filter(truck__routes__stops=package.stop_id)
    return seen.order_by("-recorded_at").first()


# --- what can be booked (nobody's data) -------------------------------------------------------------------------


def services_on_offer() -> list[Service]:
    """Active services with their tariffs loaded, the slowest first; two queries."""
    tariffs = Prefetch("tariffs", queryset=Tariff.objects.order_by("country", "postal_prefix", "up_to_kg"))
    return list(Service.objects.filter(active=True).prefetch_related(tariffs).order_by("-days_max", "code"))
