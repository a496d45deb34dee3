"""The request to book a delivery. The price is worked out here from our tariffs; nobody tells it to us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from tools.arguments import City, Country, Name, PostalCode, ServiceCode, Street
from tools.context import ToolContext
from tools.errors import InvalidArguments, NotPossible
from tools.parcels import BookedParcel, BookedParcels
from tools.plan import Change, Outcome, Plan
from tools.registry import always, tool
from tracking import selectors, services
from tracking.models import Customer, Service
from tracking.pricing import Quote, quote


@dataclass(frozen=True, slots=True)
class Booker:
    """Who books, and what is on offer."""

    customer: Customer
    services: list[Service]


def load_booker(ctx: ToolContext, *, lock: bool, **arguments: Any) -> Booker:
    return Booker(
        customer=selectors.find_customer(customer=ctx.customer, lock=lock), services=selectors.services_on_offer()
    )


def apply_booking(
    ctx: ToolContext,
    record: Booker,
    *,
    call_id: UUID,
    parcels: Sequence[BookedParcel],
    service: str,
    name: str,
    street: str,
    city: str,
    postal_code: str,
    country: str,
) -> Outcome:
    to = services.Address(name=name, street=street, city=city, postal_code=postal_code, country=country)
    order = services.create_order(
        customer=record.customer,
        quote=_quote(record, service, parcels, to, ctx.now.date()),
        parcels=[services.Parcel(measures=parcel.measures(), contents=parcel.contents) for parcel in parcels],
        to=to,
        call_id=call_id,
        now=ctx.now,
    )
    packages = selectors.packages_of_order(customer=record.customer, order=order)
    numbers = ", ".join(package.number for package in packages)
    return Outcome(
        sentence=f"Order {order.reference} was booked with {order.service.name} for {order.price:.2f} {order.currency};"
        f" package {numbers}.",
        record=f"order:{order.reference}",
    )


def _quote(booker: Booker, service: str, parcels: Sequence[BookedParcel], to: services.Address, day: date) -> Quote:
    """Raises InvalidArguments for an unknown service, NotPossible where it does not take these parcels."""
    chosen = next((offered for offered in booker.services if offered.code == service), None)
    if chosen is None:
        codes = [offered.code for offered in booker.services]
        raise InvalidArguments("There is no such service.", field="service", allowed=codes)
    measures = [parcel.measures() for parcel in parcels]
    return quote(service=chosen, parcels=measures, country=to.country, postal_code=to.postal_code, day=day)


@tool(
    effect="write",
    label="Book a delivery",
    approval=always,
    load=load_booker,
    apply=apply_booking,
    supersedes=False,
)
def create_order(
    ctx: ToolContext,
    record: Booker,
    *,
    parcels: Annotated[BookedParcels, Field(description="Every parcel to be sent.")],
    service: Annotated[ServiceCode, Field(description="A code of list_services, such as standard.")],
    name: Annotated[Name, Field(description="Full name of the recipient.")],
    street: Annotated[Street, Field(description="The recipient's street with house number.")],
    city: Annotated[City, Field(description="The recipient's city.")],
    postal_code: Annotated[PostalCode, Field(description="The recipient's postal code.")],
    country: Annotated[Country, Field(description="The recipient's country, two letters such as DE.")],
) -> Plan:
    """Ask to book a delivery from the customer's own address to somebody.

    Nothing is booked by this call: the customer confirms it in the chat, then our staff decide. Ask for everything that
    is missing, do not assume weights, sizes or addresses, and tell the price by get_quote before you call this.
    """
    customer = record.customer
    if not (customer.street and customer.city and customer.postal_code and customer.country):
        raise NotPossible(
            "The customer's own address is incomplete, so nothing can be picked up there.",
            next_step="Ask for the address and request update_profile first.",
        )
    to = services.Address(name=name, street=street, city=city, postal_code=postal_code, country=country)
    found = _quote(record, service, parcels, to, ctx.now.date())
    price = f"{found.price:.2f} {found.currency}"
    noun = "parcel" if len(parcels) == 1 else "parcels"
    return Plan(
        record=f"customer:{customer.pk}",
        summary=f"Book {len(parcels)} {noun} with {found.service.name} to {city} for {price}",
        changes=(
            Change(field="price", label="Price", before=None, after=price, risk=True),
            Change(field="service", label="Service", before=None, after=found.service.name),
            Change(field="from", label="From", before=None, after=_line(customer)),
            Change(field="to", label="To", before=None, after=_line(to), risk=True),
            *(_parcel(number, parcel) for number, parcel in enumerate(parcels, start=1)),
        ),
    )


def _line(address: Customer | services.Address) -> str:
    return f"{address.name}, {address.street}, {address.postal_code} {address.city}, {address.country}"


def _parcel(number: int, parcel: BookedParcel) -> Change:
    size = f"{parcel.length_cm:g} x {parcel.width_cm:g} x {parcel.height_cm:g} cm"
    return Change(
        field=f"parcel_{number}",
        label=f"Parcel {number}",
        before=None,
        after=f"{parcel.weight_kg:g} kg, {size}: {parcel.contents}",
    )
