"""The request to change the customer's own profile."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from tools.arguments import City, Country, Email, Name, Phone, PostalCode, Street, e164
from tools.changes import changed_fields, joined
from tools.context import ToolContext
from tools.dbroles import as_application
from tools.errors import InvalidArguments
from tools.plan import Outcome, Plan
from tools.registry import always, tool
from tracking import selectors, services
from tracking.models import Customer
from tracking.sign_in import check_email_is_free

LABELS = {
    "name": "Name",
    "phone": "Phone number",
    "email": "E-mail address",
    "street": "Street",
    "city": "City",
    "postal_code": "Postal code",
    "country": "Country",
}
# What somebody who takes over an account changes first.
RISKY = frozenset({"email", "phone"})


def full_phone(*, phone: str, country: str) -> str:
    """E.164. A national number is read as one of `country`; raises InvalidArguments where that is not known."""
    if not phone.startswith("+") and not country:
        raise InvalidArguments("Give the phone number with its country code, such as +49.", field="phone")
    try:
        return e164(text=phone, region=country or None)
    except ValueError as error:
        raise InvalidArguments(str(error), field="phone") from None


def load_profile(ctx: ToolContext, *, lock: bool, email: str | None = None, **arguments: Any) -> Customer:
    """The profile as it is now. Whether the new address is free is asked only after staff agreed (`lock`)."""
    customer = selectors.find_customer(customer=ctx.customer, lock=lock)
    if lock and email is not None:
        with as_application():
            check_email_is_free(customer=customer, email=email)
    return customer


def apply_profile(ctx: ToolContext, record: Customer, *, call_id: UUID, **arguments: Any) -> Outcome:
    values = _values(record, **arguments)
    changed = [field for field, value in values.items() if value is not None and value != getattr(record, field)]
    services.change_profile(customer=record, change=services.ProfileChange(**values))
    news = joined([f"your {LABELS[field].lower()} is now {values[field]}" for field in changed])
    return Outcome(sentence=f"Your profile was changed: {news}.", record=f"customer:{record.pk}")


def _values(customer: Customer, **arguments: str | None) -> dict[str, str | None]:
    """The arguments with the phone number in full."""
    phone = arguments.get("phone")
    if phone is not None:
        arguments["phone"] = full_phone(phone=phone, country=arguments.get("country") or customer.country)
    return arguments


@tool(effect="write", label="Change your profile", approval=always, load=load_profile, apply=apply_profile)
def update_profile(
    ctx: ToolContext,
    record: Customer,
    *,
    name: Annotated[Name | None, Field(description="New full name; null for no change.")] = None,
    phone: Annotated[Phone | None, Field(description="New phone number, as the customer wrote it; or null.")] = None,
    email: Annotated[Email | None, Field(description="New e-mail address; null for no change.")] = None,
    street: Annotated[Street | None, Field(description="New street with house number; null for no change.")] = None,
    city: Annotated[City | None, Field(description="New city; null for no change.")] = None,
    postal_code: Annotated[PostalCode | None, Field(description="New postal code; null for no change.")] = None,
    country: Annotated[Country | None, Field(description="New country, two letters such as DE; or null.")] = None,
) -> Plan:
    """Ask to change the customer's own name, phone, e-mail or address.

    Nothing is changed by this call: the customer confirms it in the chat, then our staff decide. Send only what the
    customer asked to change, all of it in one call, and null for the rest. For the address of one delivery that is
    already booked use change_delivery instead.
    """
    given = {
        "name": name,
        "phone": phone,
        "email": email,
        "street": street,
        "city": city,
        "postal_code": postal_code,
        "country": country,
    }
    before = {field: str(getattr(record, field)) for field in LABELS}
    changes = changed_fields(before=before, after=_values(record, **given), labels=LABELS, risky=RISKY)
    what = joined([change.label.lower() for change in changes])
    moves_email = any(change.field == "email" for change in changes)
    return Plan(
        record=f"customer:{record.pk}",
        summary=f"Change {what} of {record.name}",
        changes=changes,
        verify_at=(record.email or None) if moves_email else None,
    )
