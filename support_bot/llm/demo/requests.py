"""What a customer wants, as far as it is known: an intent and its slots. Frozen values; nothing here decides
anything."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import date, time
from decimal import Decimal
from typing import Literal

from support_bot.llm.demo.measures import Parcel
from support_bot.llm.demo.places import Address

PROFILE_FIELDS = ("name", "phone", "email", "address")
Share = Literal["all", "half"]


@dataclass(frozen=True, slots=True)
class Slots:
    """Everything a request may need; None, empty or an empty tuple for what was not said.

    fields: which parts of the profile are to change. change: what about a delivery is to change, where only that was
    said. refundable: what the order's record said can be refunded.
    """

    package: str | None = None
    order: str | None = None
    truck: str | None = None
    status: str | None = None
    fields: tuple[str, ...] = ()
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: Address = field(default_factory=Address)
    change: str | None = None
    day: date | None = None
    time: time | None = None
    safe_place: str | None = None
    hold: bool | None = None
    amount: Decimal | None = None
    share: Share | None = None
    refundable: Decimal | None = None
    currency: str = ""
    reason: str | None = None
    problem: str | None = None
    description: str | None = None
    topic: str | None = None
    parcels: tuple[Parcel, ...] = ()
    service: str | None = None

    def filled_from(self, other: Slots) -> Slots:
        """These, with the gaps filled from another's; addresses are filled part by part."""
        news = {
            slot.name: getattr(other, slot.name)
            for slot in fields(self)
            if not getattr(self, slot.name) and slot.name != "address"
        }
        return replace(self, **news, address=merged_address(self.address, other.address))

    def with_number(self, kind: str, number: str) -> Slots:
        """These with another package or order number."""
        return replace(self, package=number) if kind == "package" else replace(self, order=number)


def share_of(amount: Decimal, share: Share) -> Decimal:
    return amount if share == "all" else (amount / 2).quantize(Decimal("0.01"))


def merged_address(known: Address, more: Address) -> Address:
    """The first, its gaps filled from the second."""
    return Address(
        street=known.street or more.street,
        postal_code=known.postal_code or more.postal_code,
        city=known.city or more.city,
        country=known.country or more.country,
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to be done for the customer.

    aspects: what the answer should begin with (`when`, `late`, `sign` …). asked: the slot that was asked for last and
    tries how often without an answer. looked: which look-ups were made for it, so that none is made twice.
    """

    intent: str
    slots: Slots
    aspects: frozenset[str] = frozenset()
    asked: str | None = None
    tries: int = 0
    looked: frozenset[str] = frozenset()

    def with_slots(self, slots: Slots) -> Request:
        return replace(self, slots=slots)

    def after_look(self, name: str) -> Request:
        return replace(self, looked=self.looked | {name})


# Requests that look something up, and the numbers they are about.
READS = frozenset(
    {
        "track", "truck", "order_status", "list_packages", "list_orders", "list_requests", "services", "quote",
        "profile",
    }
)  # fmt: skip
WRITES = frozenset(
    {"update_profile", "change_delivery", "cancel_order", "refund", "problem", "callback", "create_order"}
)
ABOUT_PACKAGES = frozenset({"track", "truck", "change_delivery", "problem"})
ABOUT_ORDERS = frozenset({"order_status", "cancel_order", "refund"})
