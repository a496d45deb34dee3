"""Turns records into the results that a model may see. Pure: every record it needs is already loaded."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Literal

from tools.codes import known_carrier, known_country, known_postal_code
from tools.masking import mask_email, mask_phone
from tools.models import ToolCall
from tools.result_types import Writer, quoted
from tools.results import (
    Destination,
    LastEvent,
    OrderAddress,
    OrderItem,
    OrderResult,
    PackageItem,
    PackageResult,
    ProfileResult,
    ProofOfDelivery,
    RequestItem,
    TruckBrief,
)
from tools.states import OPEN_WRITE_STATES, State
from tracking.models import Customer, Order, Package
from tracking.selectors import PackageNews, is_aboard
from tracking.statuses import CHANGEABLE_STATUSES, OrderState, PackageStatus, Reason, action_for

Role = Literal["sender", "recipient", "sender_and_recipient"]

STATE_TEXTS: dict[str, str] = {
    State.AWAITING_CONFIRMATION: "waits for you to confirm it in the chat",
    State.AWAITING_VERIFICATION: "waits for the link sent to your old e-mail address",
    State.AWAITING_APPROVAL: "waits for our staff to decide",
    State.APPROVED: "approved, about to be carried out",
    State.EXECUTING: "being carried out",
    State.NEEDS_RECONCILIATION: "not settled: nobody knows yet whether it went through, our staff are finding out",
    State.SUCCEEDED: "done",
    State.FAILED: "failed, nothing was changed",
    State.STALE: "not done: the record had changed meanwhile",
    State.WITHDRAWN: "withdrawn by you",
    State.DECLINED: "declined by our staff",
    State.EXPIRED: "expired: it was not decided in time",
    State.SUPERSEDED: "replaced by a newer request",
    State.REFUSED: "refused by a check",
}


def role_of(*, package: Package, customer: Customer) -> Role:
    """What the customer is in this delivery; without a recipient's account the booker is both."""
    if package.owner_id != customer.pk:
        return "sender"
    return "sender_and_recipient" if package.booker_id == customer.pk else "recipient"


def hours_late(*, package: Package) -> int | None:
    """Estimate (or delivery) against what was announced first; a later day that the customer chose is no delay."""
    actual = package.delivered_at or package.estimated_delivery
    promised = package.original_eta
    if actual is None or promised is None:
        return None
    if package.delivery_date is not None:
        promised = max(promised, datetime.combine(package.delivery_date, time.max, tzinfo=UTC))
    return max(0, int((actual - promised) / timedelta(hours=1)))


def order_id_of(*, package: Package, customer: Customer) -> str | None:
    """Only the booker learns of the order: to anybody else it is another person's."""
    order = package.order
    return order.reference if order is not None and order.customer_id == customer.pk else None


def _writer_of_address(package: Package, customer: Customer) -> Writer:
    """Whoever booked a package wrote where it goes."""
    return "customer" if package.booker_id == customer.pk else "sender"


def package_item(*, package: Package, customer: Customer) -> PackageItem:
    return PackageItem(
        package_id=package.number,
        status=PackageStatus(package.status),
        status_text=PackageStatus(package.status).label,
        action_required=action_for(status=package.status, reason=package.reason) is not None,
        estimated_delivery=package.estimated_delivery,
        delivered_at=package.delivered_at,
        city=quoted(package.city, _writer_of_address(package, customer)),
        your_role=role_of(package=package, customer=customer),
        order_id=order_id_of(package=package, customer=customer),
    )


def package_result(*, news: PackageNews, customer: Customer) -> PackageResult:
    package = news.package
    mine = package.owner_id == customer.pk
    hours = hours_late(package=package)
    action = action_for(status=package.status, reason=package.reason)
    writer = _writer_of_address(package, customer)
    return PackageResult(
        package_id=package.number,
        carrier=known_carrier(package.carrier),
        carrier_number=package.carrier_number or None,
        status=PackageStatus(package.status),
        status_text=PackageStatus(package.status).label,
        reason=package.reason or None,
        reason_text=Reason(package.reason).label if package.reason else None,
        action_required=action is not None,
        action_text=action,
        estimated_delivery=package.estimated_delivery,
        original_estimated_delivery=package.original_eta,
        hours_late=hours,
        days_late=hours // 24 if hours is not None else None,
        last_event=_last_event(news),
        proof_of_delivery=_proof(package),
        truck=_truck(news),
        destination=Destination(
            street=quoted(package.street, writer) if mine else None,
            postal_code=known_postal_code(package.postal_code) if mine else None,
            city=quoted(package.city, writer),
            country=known_country(package.country),
        ),
        delivery_date=package.delivery_date,
        safe_place=quoted(package.safe_place, "customer") if mine else None,
        hold_at_depot=package.hold_at_depot if mine else None,
        delivery_changeable=mine and package.status in CHANGEABLE_STATUSES,
        your_role=role_of(package=package, customer=customer),
        order_id=order_id_of(package=package, customer=customer),
        sender_note=quoted(package.sender_note, "sender"),
    )


def _last_event(news: PackageNews) -> LastEvent | None:
    if news.event_at is None:
        return None
    return LastEvent(
        at=news.event_at, text=quoted(news.event_text, "carrier"), place=quoted(news.event_place, "carrier")
    )


def _proof(package: Package) -> ProofOfDelivery | None:
    if package.status != PackageStatus.DELIVERED:
        return None
    return ProofOfDelivery(
        delivered_at=package.delivered_at,
        signed_by=quoted(package.signed_by, "carrier"),
        place=quoted(package.delivered_place, "carrier"),
    )


def _truck(news: PackageNews) -> TruckBrief | None:
    stop = news.package.stop
    if stop is None or not is_aboard(package=news.package):
        return None
    return TruckBrief(
        truck_id=stop.route.truck.unit,
        stops_before_yours=news.stops_before,
        near=quoted(news.truck_near, "carrier"),
    )


def order_item(*, order: Order) -> OrderItem:
    return OrderItem(
        order_id=order.reference,
        status=OrderState(order.state),
        status_text=OrderState(order.state).label,
        service=order.service.code,
        price=order.price,
        currency=order.currency,
        refunded=order.refunded,
        booked_at=order.booked_at,
        city=order.to_city,
    )


def order_result(*, order: Order, packages: list[Package], customer: Customer) -> OrderResult:
    return OrderResult(
        order_id=order.reference,
        status=OrderState(order.state),
        status_text=OrderState(order.state).label,
        service=order.service.code,
        service_name=order.service.name,
        price=order.price,
        currency=order.currency,
        refunded=order.refunded,
        refundable=order.refundable,
        cancellable=order.state == OrderState.BOOKED,
        booked_at=order.booked_at,
        to=OrderAddress(
            name=order.to_name,
            street=order.to_street,
            postal_code=order.to_postal_code,
            city=order.to_city,
            country=order.to_country,
        ),
        packages=[package_item(package=package, customer=customer) for package in packages],
    )


def profile_result(*, customer: Customer) -> ProfileResult:
    """The customer's own, with phone and e-mail as hints: a model that repeats them gives nothing away."""
    return ProfileResult(
        name=customer.name,
        phone=phone_hint(customer.phone),
        email=email_hint(customer.email),
        street=customer.street,
        city=customer.city,
        postal_code=customer.postal_code,
        country=customer.country,
    )


def phone_hint(phone: str) -> str:
    """`[phone ending 01]`; what does not look like a number is not shown at all."""
    hint = mask_phone(phone, hint=True)
    return hint if hint != phone or not phone else "[phone]"


def email_hint(email: str) -> str:
    """`a…@example.com`"""
    hint = mask_email(email, hint=True)
    return hint if hint != email or not email else "[email]"


def request_item(*, call: ToolCall) -> RequestItem:
    is_open = call.state in OPEN_WRITE_STATES
    return RequestItem(
        reference=str(call.pk),
        tool=call.tool,
        label=call.label,
        state=call.state,
        state_text=STATE_TEXTS[call.state],
        open=is_open,
        summary=quoted(call.summary, "customer"),
        reason=quoted(call.reason, "staff"),
        created_at=call.created_at,
        expires_at=call.expires_at if is_open else None,
    )
