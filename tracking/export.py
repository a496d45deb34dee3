"""Everything the business holds about one customer, row by row: theirs, and of others only what they may see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Model, Q

from tracking.models import Callback, Customer, Order, Package, ProblemReport, Refund, TrackingEvent

Row = Mapping[str, Any]

PROFILE = ("name", "phone", "email", "street", "city", "postal_code", "country", "created_at", "updated_at")
ORDER = tuple(
    ["reference", "state", "price", "currency", "refunded", "booked_at", "cancelled_at", "cancel_reason"]
    + [f"{side}_{f}" for side in ("from", "to") for f in ("name", "street", "city", "postal_code", "country")]
)
PACKAGE = (
    *("number", "carrier", "carrier_number", "first_seen", "status", "reason", "estimated_delivery", "original_eta"),
    *("city", "country", "delivery_date", "delivered_at", "sender_note"),
)
# Whoever the delivery belongs to, and whoever packed it.
RECIPIENT_ALONE = (
    *("recipient_name", "street", "postal_code", "safe_place", "hold_at_depot"),
    *("signed_by", "delivered_place"),
)
BOOKER_ALONE = ("contents", "weight_kg", "length_cm", "width_cm", "height_cm")
EVENT = ("occurred_at", "status", "reason", "description", "place", "source", "code")


def _fields(row: Model, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def profile(*, customer: Customer) -> Row:
    return _fields(customer, PROFILE)


def account(*, customer: Customer) -> Row:
    """The sign-in, without anything that signs in."""
    user = customer.user
    if user is None:
        return {}
    addresses = EmailAddress.objects.filter(user=user).order_by("pk").values("email", "verified", "primary")
    names = ("username", "email", "first_name", "last_name", "date_joined", "last_login")
    return _fields(user, names) | {"addresses": list(addresses)}


def orders(*, customer: Customer) -> Iterator[Row]:
    rows = Order.objects.filter(customer=customer).select_related("service").order_by("pk")
    for order in rows.iterator(chunk_size=500):
        yield _fields(order, ORDER) | {"service": order.service.code}


def packages(*, customer: Customer) -> Iterator[Row]:
    """What the customer sent or is to receive, each with its news."""
    mine = Package.objects.filter(Q(booker=customer) | Q(recipient=customer)).select_related("order").order_by("pk")
    for package in mine.prefetch_related("events").iterator(chunk_size=500):
        yield _package(package, customer)


def _package(package: Package, customer: Customer) -> Row:
    booked, order = package.booker_id == customer.pk, package.order
    row: dict[str, Any] = {"you": "sender" if booked else "recipient", **_fields(package, PACKAGE)}
    if package.owner_id == customer.pk:
        row |= _fields(package, RECIPIENT_ALONE)
    if booked:
        row |= _fields(package, BOOKER_ALONE)
    row["order"] = order.reference if order is not None and order.customer_id == customer.pk else None
    row["events"] = [_fields(event, EVENT) for event in sorted(package.events.all(), key=_when)]
    return row


def _when(event: TrackingEvent) -> tuple[Any, int]:
    return event.occurred_at, event.sequence


def refunds(*, customer: Customer) -> Iterator[Row]:
    rows = Refund.objects.filter(customer=customer).order_by("pk")
    yield from rows.values("order__reference", "amount", "currency", "reason", "created_at", "call_id").iterator()


def problem_reports(*, customer: Customer) -> Iterator[Row]:
    rows = ProblemReport.objects.filter(customer=customer).order_by("pk")
    yield from rows.values("package__number", "problem", "description", "created_at", "closed_at", "call_id").iterator()


def callbacks(*, customer: Customer) -> Iterator[Row]:
    rows = Callback.objects.filter(customer=customer).order_by("pk")
    yield from rows.values("at", "phone", "topic", "created_at", "done_at", "call_id").iterator()
