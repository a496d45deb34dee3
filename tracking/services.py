"""Writes. Every value that comes in is already validated and in its canonical form; the customer owns the record.

State moves by conditional updates: a record that changed under a caller raises NotPossible and nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tracking.errors import NotPossible
from tracking.models import Callback, Customer, Order, Package, ProblemReport, Refund, TrackingEvent
from tracking.models.packages import OWN_CARRIER
from tracking.pricing import ParcelMeasures, Quote
from tracking.sign_in import move_sign_in_email
from tracking.statuses import CHANGEABLE_STATUSES, FINAL_STATUSES, REFUNDABLE_STATES, OrderState, PackageStatus
from tracking.tracking_numbers import new_order_reference, new_package_number

# When a delivery that is promised for a day is counted as due.
END_OF_DELIVERIES = time(18, 0)


# --- the customer -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """New values; None leaves a field as it is."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None

    def given(self) -> dict[str, str]:
        values = {field: getattr(self, field) for field in self.__dataclass_fields__}
        return {field: value for field, value in values.items() if value is not None}


@transaction.atomic
def change_profile(*, customer: Customer, change: ProfileChange) -> Customer:
    """Write the given fields. A new e-mail address moves the sign-in too; NotPossible where it is taken."""
    given = change.given()
    if change.email is not None and customer.user_id is not None:
        move_sign_in_email(user_id=customer.user_id, email=change.email)
    for field, value in given.items():
        setattr(customer, field, value)
    customer.save(update_fields=[*given, "updated_at"])
    return customer


# --- packages ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeliveryChange:
    """New wishes for a delivery; None leaves one as it is, an empty safe_place takes it back."""

    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    delivery_date: date | None = None
    safe_place: str | None = None
    hold_at_depot: bool | None = None

    def given(self) -> dict[str, str | date | bool]:
        values = {field: getattr(self, field) for field in self.__dataclass_fields__}
        return {field: value for field, value in values.items() if value is not None}


def change_delivery(*, package: Package, change: DeliveryChange) -> Package:
    """Write the wishes; a new day also moves the estimate. Raises NotPossible once it is out for delivery."""
    fields: dict[str, str | date | bool | datetime] = dict(change.given())
    if change.delivery_date is not None:
        due = datetime.combine(change.delivery_date, END_OF_DELIVERIES, tzinfo=timezone.get_default_timezone())
        fields["estimated_delivery"] = due
    rows = Package.objects.filter(pk=package.pk, status__in=CHANGEABLE_STATUSES).update(**fields)
    if not rows:
        raise NotPossible(f"Package {package.number} can no longer be changed.", "See check_package.")
    package.refresh_from_db(fields=list(fields))
    return package


def report_problem(
    *, customer: Customer, package: Package, problem: str, description: str, call_id: UUID, now: datetime
) -> ProblemReport:
    return ProblemReport.objects.create(
        call_id=call_id, customer=customer, package=package, problem=problem, description=description, created_at=now
    )


def schedule_callback(
    *, customer: Customer, at: datetime, phone: str, topic: str, call_id: UUID, now: datetime
) -> Callback:
    return Callback.objects.create(call_id=call_id, customer=customer, at=at, phone=phone, topic=topic, created_at=now)


# --- orders -----------------------------------------------------------------------------------------------------


@transaction.atomic
def cancel_order(*, order: Order, reason: str, now: datetime) -> Order:
    """Cancel the order and its open packages. It pays nothing back. Raises NotPossible once it was picked up."""
    rows = Order.objects.filter(pk=order.pk, state=OrderState.BOOKED).update(
        state=OrderState.CANCELLED, cancelled_at=now, cancel_reason=reason
    )
    if not rows:
        raise NotPossible(f"Order {order.reference} can no longer be cancelled.", "See get_order.")
    open_packages = list(Package.objects.filter(order=order).exclude(status__in=FINAL_STATUSES))
    Package.objects.filter(pk__in=[package.pk for package in open_packages]).update(
        status=PackageStatus.CANCELLED, reason=""
    )
    TrackingEvent.objects.bulk_create(
        TrackingEvent(
            package=package,
            occurred_at=now,
            received_at=now,
            dedupe_key=f"cancel:{order.reference}:{package.number}",
            description="Cancelled by the sender before it was picked up.",
            status=PackageStatus.CANCELLED,
        )
        for package in open_packages
    )
    order.refresh_from_db(fields=["state", "cancelled_at", "cancel_reason"])
    return order


@transaction.atomic
def refund_order(
    *, customer: Customer, order: Order, amount: Decimal, reason: str, call_id: UUID, now: datetime
) -> Refund:
    """Book the money back. Raises NotPossible where the state forbids it or less than that is left of what was paid."""
    refundable = Order.objects.filter(
        pk=order.pk, customer=customer, state__in=REFUNDABLE_STATES, refunded__lte=F("price") - amount
    )
    if not refundable.update(refunded=F("refunded") + amount):
        raise NotPossible(f"This amount of order {order.reference} cannot be refunded any more.", "See get_order.")
    order.refresh_from_db(fields=["refunded"])
    return Refund.objects.create(
        call_id=call_id,
        customer=customer,
        order=order,
        amount=amount,
        currency=order.currency,
        reason=reason,
        created_at=now,
    )


@transaction.atomic
def book_refund(
    *, customer: Customer, reference: str, amount: Decimal, reason: str, call_id: UUID, now: datetime
) -> tuple[Refund, bool]:
    """Book money that went back already, whatever the order is like by now; (refund, whether that is above its price).

    The refund is booked in full; `refunded` of the order stays within its price, as it must everywhere.
    """
    order = Order.objects.select_for_update(no_key=True).get(reference=reference)
    refunded = order.refunded + amount
    Order.objects.filter(pk=order.pk).update(refunded=min(refunded, order.price))
    refund = Refund.objects.create(
        call_id=call_id,
        customer=customer,
        order=order,
        amount=amount,
        currency=order.currency,
        reason=reason,
        created_at=now,
    )
    return refund, refunded > order.price


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    street: str
    city: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class Parcel:
    measures: ParcelMeasures
    contents: str


@transaction.atomic
def create_order(
    *, customer: Customer, quote: Quote, parcels: Sequence[Parcel], to: Address, call_id: UUID, now: datetime
) -> Order:
    """Book a delivery from the customer's own address at the quoted price, with one package for each parcel."""
    order = Order.objects.create(
        customer=customer,
        reference=new_order_reference(),
        service=quote.service,
        price=quote.price,
        currency=quote.currency,
        from_name=customer.name,
        from_street=customer.street,
        from_city=customer.city,
        from_postal_code=customer.postal_code,
        from_country=customer.country,
        to_name=to.name,
        to_street=to.street,
        to_city=to.city,
        to_postal_code=to.postal_code,
        to_country=to.country,
        booked_at=now,
        call_id=call_id,
    )
    due = datetime.combine(quote.latest, END_OF_DELIVERIES, tzinfo=timezone.get_default_timezone())
    packages = Package.objects.bulk_create(_package(order, parcel, to, due) for parcel in parcels)
    TrackingEvent.objects.bulk_create(_announced(package, now) for package in packages)
    return order


def _package(order: Order, parcel: Parcel, to: Address, due: datetime) -> Package:
    return Package(
        number=new_package_number(),
        first_seen=order.booked_at,
        order=order,
        booker=order.customer,
        recipient_name=to.name,
        street=to.street,
        city=to.city,
        postal_code=to.postal_code,
        country=to.country,
        estimated_delivery=due,
        original_eta=due,
        weight_kg=parcel.measures.weight_kg,
        length_cm=parcel.measures.length_cm,
        width_cm=parcel.measures.width_cm,
        height_cm=parcel.measures.height_cm,
        contents=parcel.contents,
    )


def _announced(package: Package, now: datetime) -> TrackingEvent:
    return TrackingEvent(
        package=package,
        occurred_at=now,
        received_at=now,
        source=OWN_CARRIER,
        dedupe_key=f"announced:{package.number}",
        description="The delivery was booked.",
        status=PackageStatus.PENDING,
    )
