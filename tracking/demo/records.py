"""The demo's orders and packages: Alice and Bob have every status, and Bob's older packages every exception."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tracking.demo.timelines import delivered_hours_ago, events_of
from tracking.factories import OrderFactory, PackageFactory, RefundFactory
from tracking.models import Customer, Order, Package, Refund, Service, TrackingEvent
from tracking.statuses import OrderState, PackageStatus, Party, Reason, party_of

S = PackageStatus


@dataclass(frozen=True, slots=True)
class DemoOrder:
    reference: str
    owner: str
    state: OrderState
    service: str
    price: str
    to: str  # a customer's user name, or "" for Paula, who has no account
    days_ago: float = 5
    refunded: str = "0.00"


@dataclass(frozen=True, slots=True)
class DemoPackage:
    """`days`: from now to the present estimate; `late`: how many days that is after the first one."""

    number: str
    owner: str
    status: PackageStatus
    order: str = ""
    recipient: str = ""
    reason: str = ""
    days: float = 1
    late: float = 0
    values: dict[str, Any] = field(default_factory=dict)


ORDERS = [
    DemoOrder("ORD-1001", "alice", OrderState.DELIVERED, "express", "24.90", "alice", 6),
    DemoOrder("ORD-1002", "alice", OrderState.BOOKED, "standard", "9.90", "", 0.2),
    DemoOrder("ORD-1003", "alice", OrderState.DELIVERED, "freight", "180.00", "alice", 6.1),
    DemoOrder("ORD-1004", "alice", OrderState.PICKED_UP, "standard", "7.90", "", 3.1),
    DemoOrder("ORD-1005", "alice", OrderState.IN_TRANSIT, "standard", "14.90", "alice", 3.2),
    DemoOrder("ORD-1006", "alice", OrderState.IN_TRANSIT, "express", "16.90", "alice", 3.3),
    DemoOrder("ORD-1007", "alice", OrderState.CANCELLED, "standard", "9.90", "", 3.4),
    DemoOrder("ORD-1008", "alice", OrderState.DELIVERED, "standard", "18.90", "alice", 7, refunded="5.00"),
    DemoOrder("ORD-2001", "bob", OrderState.IN_TRANSIT, "standard", "9.90", "bob", 3.1),
    DemoOrder("ORD-2002", "bob", OrderState.IN_TRANSIT, "express", "16.90", "alice", 3.2),
    DemoOrder("ORD-2003", "bob", OrderState.DELIVERED, "standard", "14.90", "bob", 6),
    DemoOrder("ORD-2004", "bob", OrderState.BOOKED, "freight", "129.00", "", 0.3),
]
PACKAGES = [
    DemoPackage("ABCD-1337", "alice", S.DELIVERED, "ORD-1001", "alice"),
    DemoPackage("ABCD-1001", "alice", S.PENDING, "ORD-1002", days=3),
    DemoPackage("ABCD-1002", "alice", S.PICKED_UP, "ORD-1004", days=2),
    DemoPackage(
        "ABCD-1003",
        "alice",
        S.IN_TRANSIT,
        "ORD-1005",
        "alice",
        values={"carrier": "ups", "carrier_number": "1Z999AA10123456784"},
    ),
    DemoPackage("ABCD-1004", "alice", S.OUT_FOR_DELIVERY, "ORD-1006", "alice", days=0.1),
    DemoPackage("ABCD-1005", "alice", S.READY_FOR_PICKUP, "", "alice", days=-0.1),
    DemoPackage("ABCD-1006", "alice", S.DELIVERY_FAILED, "", "alice", Reason.CONSIGNEE_NOT_HOME, late=1),
    DemoPackage("ABCD-1007", "alice", S.DELIVERY_DELAYED, "", "alice", Reason.WEATHER_DELAY, days=2, late=2),
    DemoPackage("ABCD-1008", "alice", S.ON_HOLD, "", "alice", Reason.CUSTOMS_DOCUMENTATION, days=4, late=3),
    DemoPackage("ABCD-1009", "alice", S.RETURN_TO_SENDER, "", "", Reason.CONSIGNEE_REFUSED, days=3),
    DemoPackage("ABCD-1010", "alice", S.DELIVERED, "ORD-1003", "alice"),
    DemoPackage("ABCD-1011", "alice", S.CANCELLED, "ORD-1007"),
    DemoPackage("ABCD-1012", "alice", S.UNKNOWN, "", "alice", days=-14),
    DemoPackage("ABCD-1013", "alice", S.DELIVERED, "ORD-1008", "alice", late=1),
    DemoPackage(
        "ABCD-2001",
        "bob",
        S.IN_TRANSIT,
        "ORD-2002",
        "alice",
        days=0.15,
        values={"sender_note": "Happy birthday! Please ring twice.", "contents": "A present"},
    ),
    DemoPackage("WXYZ-2001", "bob", S.IN_TRANSIT, "ORD-2001", "bob", days=0.2),
    DemoPackage("WXYZ-2002", "bob", S.DELIVERED, "ORD-2003", "bob"),
    DemoPackage("WXYZ-2003", "bob", S.PENDING, "ORD-2004", days=5),
]
# By who must act: what a package is usually in when that party is waited for.
STATUS_OF_PARTY = {
    Party.CARRIER: S.DELIVERY_DELAYED,
    Party.SENDER: S.ON_HOLD,
    Party.RECIPIENT: S.DELIVERY_FAILED,
    Party.CUSTOMS: S.ON_HOLD,
    Party.NATURE: S.DELIVERY_DELAYED,
    Party.OTHER: S.ON_HOLD,
}
RETURNED = frozenset({Reason.CONSIGNEE_REFUSED, Reason.CONSIGNEE_MOVED, Reason.DELIVERY_EXCEPTION_UNDELIVERABLE})


def exceptions() -> list[DemoPackage]:
    """One package of Bob's for every reason there is."""
    return [
        DemoPackage(
            f"WXYZ-{3001 + position}",
            "bob",
            S.RETURN_TO_SENDER if reason in RETURNED else STATUS_OF_PARTY[party_of(reason=reason)],
            "",
            "bob",
            reason,
            days=3,
            late=2,
        )
        for position, reason in enumerate(Reason)
    ]


def add_records(*, customers: dict[str, Customer], services: dict[str, Service], now: datetime) -> dict[str, Package]:
    """Orders, packages and their events; returns the packages by number."""
    _add_orders(customers, services, now)
    references = [spec.reference for spec in ORDERS]
    orders = {order.reference: order for order in Order.objects.filter(reference__in=references)}
    wanted = [*PACKAGES, *exceptions()]
    numbers = [spec.number for spec in wanted]
    there = set(Package.objects.filter(number__in=numbers).values_list("number", flat=True))
    Package.objects.bulk_create(
        _package(spec, position, customers, orders, now)
        for position, spec in enumerate(wanted)
        if spec.number not in there
    )
    packages = {package.number: package for package in Package.objects.filter(number__in=numbers)}
    silent = Package.objects.filter(number__in=numbers, events=None)
    TrackingEvent.objects.bulk_create(event for package in silent for event in events_of(package=package, now=now))
    _add_refunds(orders, now)
    return packages


def _add_orders(customers: dict[str, Customer], services: dict[str, Service], now: datetime) -> None:
    there = set(Order.objects.values_list("reference", flat=True).filter(reference__in=[o.reference for o in ORDERS]))
    Order.objects.bulk_create(_order(spec, customers, services, now) for spec in ORDERS if spec.reference not in there)


def _order(spec: DemoOrder, customers: dict[str, Customer], services: dict[str, Service], now: datetime) -> Order:
    to = customers.get(spec.to)
    address = {} if to is None else _address(to, "to_")
    booked_at = now - timedelta(days=spec.days_ago)
    order: Order = OrderFactory.build(
        customer=customers[spec.owner],
        reference=spec.reference,
        state=spec.state,
        service=services[spec.service],
        price=Decimal(spec.price),
        refunded=Decimal(spec.refunded),
        booked_at=booked_at,
        cancelled_at=booked_at + timedelta(hours=12) if spec.state == OrderState.CANCELLED else None,
        **address,
    )
    return order


def _address(customer: Customer, prefix: str) -> dict[str, str]:
    return {f"{prefix}{name}": getattr(customer, name) for name in ("name", "street", "city", "postal_code", "country")}


def _package(
    spec: DemoPackage, position: int, customers: dict[str, Customer], orders: dict[str, Order], now: datetime
) -> Package:
    """`position` keeps the list in a fixed order: packages of one day differ by minutes."""
    recipient = customers.get(spec.recipient)
    estimate = None if spec.status in (S.CANCELLED, S.UNKNOWN) else now + timedelta(days=spec.days)
    done = now - timedelta(hours=delivered_hours_ago()) if spec.status == S.DELIVERED else None
    address = _address(recipient, "") if recipient is not None else {"city": "Hamburg", "postal_code": "20457"}
    address["recipient_name"] = address.pop("name", "Paula Example")
    if recipient is None:
        address["street"] = "Hafenstrasse 7"
    package: Package = PackageFactory.build(
        number=spec.number,
        booker=customers[spec.owner],
        recipient=recipient,
        order=orders.get(spec.order),
        status=spec.status,
        reason=spec.reason,
        first_seen=now - timedelta(days=5 if done else 3, minutes=position),
        estimated_delivery=done or estimate,
        original_eta=(done or estimate or now) - timedelta(days=spec.late),
        delivered_at=done,
        signed_by=(recipient.name if recipient is not None else "Paula Example") if done else "",
        delivered_place="Front door" if done else "",
        weight_kg=Decimal("3.20"),
        length_cm=Decimal("40.0"),
        width_cm=Decimal("30.0"),
        height_cm=Decimal("20.0"),
        **address,
        **spec.values,
    )
    return package


def _add_refunds(orders: dict[str, Order], now: datetime) -> None:
    """The rows behind what the demo's orders say was refunded."""
    for spec in ORDERS:
        order = orders[spec.reference]
        if Decimal(spec.refunded) and not Refund.objects.filter(order=order).exists():
            RefundFactory.create(
                call_id="00000000-0000-4000-8000-000000001008",
                order=order,
                customer=order.customer,
                amount=Decimal(spec.refunded),
                reason="A day late.",
                created_at=now - timedelta(days=2),
            )
