"""The request to change where, when or how a package is delivered."""

from __future__ import annotations

import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from tools.arguments import City, IsoDate, PackageId, PostalCode, Street, text_of
from tools.changes import changed_fields, joined
from tools.context import ToolContext
from tools.errors import InvalidArguments, NotPermitted, NotPossible
from tools.plan import Outcome, Plan
from tools.registry import always, tool
from tracking import selectors, services
from tracking.models import Package
from tracking.statuses import CHANGEABLE_STATUSES, PackageStatus

LABELS = {
    "street": "Street",
    "city": "City",
    "postal_code": "Postal code",
    "date": "Delivery date",
    "safe_place": "Safe place",
    "hold_at_depot": "Hold at the depot",
}
RISKY = frozenset({"street", "city", "postal_code"})
SafePlace = Annotated[str, text_of(least=0, most=120)]
FURTHEST = datetime.timedelta(days=60)


def load_delivery(ctx: ToolContext, *, lock: bool, package_id: str, **arguments: Any) -> Package:
    """Raises NotFound, or NotPermitted for a sender where the recipient has an account."""
    package = selectors.find_package(customer=ctx.customer, number=package_id, lock=lock)
    if package.owner_id != ctx.customer.pk:
        raise NotPermitted(
            "Only the recipient of this package can change its delivery.",
            next_step="Tell the customer that the recipient can ask for it with their own account.",
        )
    return package


def apply_delivery(
    ctx: ToolContext, record: Package, *, call_id: UUID, package_id: str, date: str | None = None, **arguments: Any
) -> Outcome:
    day = datetime.date.fromisoformat(date) if date is not None else None
    before = _current(record)
    package = services.change_delivery(package=record, change=services.DeliveryChange(delivery_date=day, **arguments))
    now = _current(package)
    news = joined(
        [f"{LABELS[field].lower()}: {now[field] or 'none'}" for field in LABELS if now[field] != before[field]]
    )
    return Outcome(
        sentence=f"The delivery of package {package.number} was changed ({news}).", record=f"package:{package.number}"
    )


def _current(package: Package) -> dict[str, str]:
    return {
        "street": package.street,
        "city": package.city,
        "postal_code": package.postal_code,
        "date": package.delivery_date.isoformat() if package.delivery_date else "",
        "safe_place": package.safe_place,
        "hold_at_depot": "yes" if package.hold_at_depot else "no",
    }


@tool(
    effect="write",
    label="Change the delivery of package {package_id}",
    approval=always,
    load=load_delivery,
    apply=apply_delivery,
)
def change_delivery(
    ctx: ToolContext,
    record: Package,
    *,
    package_id: Annotated[PackageId, Field(description="The package, such as ABCD-1337.")],
    street: Annotated[Street | None, Field(description="New street with house number; null for no change.")] = None,
    city: Annotated[City | None, Field(description="New city; null for no change.")] = None,
    postal_code: Annotated[PostalCode | None, Field(description="New postal code; null for no change.")] = None,
    date: Annotated[IsoDate | None, Field(description="New delivery day, YYYY-MM-DD; null for no change.")] = None,
    safe_place: Annotated[
        SafePlace | None,
        Field(description="Where to leave it if nobody is home; an empty string takes it back; null for no change."),
    ] = None,
    hold_at_depot: Annotated[
        bool | None, Field(description="true: keep it at the depot to be picked up; false: deliver it; or null.")
    ] = None,
) -> Plan:
    """Ask to change one delivery that is not out for delivery yet: address, day, safe place, or pickup at the depot.

    Nothing is changed by this call: the customer confirms it in the chat, then our staff decide. Send only what the
    customer asked to change and null for the rest. It changes this delivery alone, not the customer's profile.
    """
    if record.status not in CHANGEABLE_STATUSES:
        raise NotPossible(
            f"Package {record.number} is {PackageStatus(record.status).label}; its delivery can no longer be changed.",
            next_step="Tell the customer so; report_problem or a person may help.",
        )
    if date is not None:
        _check_date(datetime.date.fromisoformat(date), today=ctx.now.date())
    after = {
        "street": street,
        "city": city,
        "postal_code": postal_code,
        "date": date,
        "safe_place": safe_place,
        "hold_at_depot": None if hold_at_depot is None else ("yes" if hold_at_depot else "no"),
    }
    changes = changed_fields(before=_current(record), after=after, labels=LABELS, risky=RISKY)
    what = joined([change.label.lower() for change in changes])
    return Plan(
        record=f"package:{record.number}",
        summary=f"Change {what} of the delivery of package {record.number}",
        changes=changes,
        # A day or a safe place was agreed to for this address, not for one that it is sent to later.
        preconditions={"street": record.street, "city": record.city, "postal_code": record.postal_code},
    )


def _check_date(day: datetime.date, *, today: datetime.date) -> None:
    if not today < day <= today + FURTHEST:
        raise InvalidArguments(
            f"Choose a day from tomorrow to {(today + FURTHEST).isoformat()}.",
            field="date",
            next_step="Ask the customer for another day.",
        )
