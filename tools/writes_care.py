"""The requests that need no staff decision: a problem with a package, and a call back. Staff work on what they make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils import timezone
from pydantic import Field

from tools.arguments import IsoMoment, PackageId, Phone, text_of
from tools.context import ToolContext
from tools.errors import InvalidArguments
from tools.plan import Change, Outcome, Plan
from tools.registry import never, tool
from tools.writes_profile import full_phone
from tracking import selectors, services
from tracking.models import Customer, Package, Problem

ProblemKind = Literal["damaged", "missing_items", "not_received", "wrong_item", "other"]
FURTHEST_CALL = timedelta(days=30)


# --- problem ----------------------------------------------------------------------------------------------------


def load_package(ctx: ToolContext, *, lock: bool, package_id: str, **arguments: Any) -> Package:
    return selectors.find_package(customer=ctx.customer, number=package_id, lock=lock)


def apply_problem(
    ctx: ToolContext, record: Package, *, call_id: UUID, package_id: str, problem: str, description: str
) -> Outcome:
    report = services.report_problem(
        customer=ctx.customer, package=record, problem=problem, description=description, call_id=call_id, now=ctx.now
    )
    return Outcome(
        sentence=f"Your report about package {record.number} ({Problem(report.problem).label}) is with our staff.",
        record=f"package:{record.number}",
    )


@tool(
    effect="write",
    label="Report a problem with package {package_id}",
    approval=never,
    load=load_package,
    apply=apply_problem,
    supersedes=False,
)
def report_problem(
    ctx: ToolContext,
    record: Package,
    *,
    package_id: Annotated[PackageId, Field(description="The package, such as ABCD-1337.")],
    problem: Annotated[ProblemKind, Field(description="What kind of problem it is.")],
    description: Annotated[str, text_of(most=1000), Field(description="What happened, in the customer's words.")],
) -> Plan:
    """Report a problem with a package of the customer, sent or received, so that our staff look into it.

    The customer confirms it in the chat; no other decision is needed. Ask what happened if the customer did not say.
    It pays nothing back: for money use request_refund.
    """
    kind = Problem(problem)
    return Plan(
        record=f"package:{record.number}",
        summary=f"Report a problem with package {record.number}: {kind.label}",
        changes=(
            Change(field="problem", label="Problem", before=None, after=kind.label),
            Change(field="description", label="Description", before=None, after=description),
        ),
    )


# --- call back --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallMe:
    """When and on which number."""

    at: datetime
    phone: str

    def words(self) -> str:
        local = timezone.localtime(self.at)
        return f"{local:%Y-%m-%d} at {local:%H:%M} ({local.tzname()})"


def load_caller(ctx: ToolContext, *, lock: bool, **arguments: Any) -> Customer:
    return selectors.find_customer(customer=ctx.customer, lock=lock)


def apply_callback(
    ctx: ToolContext, record: Customer, *, call_id: UUID, at: str, topic: str, phone: str | None = None
) -> Outcome:
    call = _call_me(record, at=at, phone=phone)
    services.schedule_callback(customer=record, at=call.at, phone=call.phone, topic=topic, call_id=call_id, now=ctx.now)
    return Outcome(sentence=f"We will call you on {call.words()} on {call.phone}.", record=f"customer:{record.pk}")


def _call_me(customer: Customer, *, at: str, phone: str | None) -> CallMe:
    number = phone or customer.phone
    if not number:
        raise InvalidArguments("No phone number is known: ask the customer for one.", field="phone")
    return CallMe(at=datetime.fromisoformat(at), phone=full_phone(phone=number, country=customer.country))


@tool(
    effect="write",
    label="Schedule a call back",
    approval=never,
    load=load_caller,
    apply=apply_callback,
    supersedes=False,
)
def schedule_callback(
    ctx: ToolContext,
    record: Customer,
    *,
    at: Annotated[IsoMoment, Field(description="When to call: ISO 8601 with offset, such as 2027-01-31T10:00+01:00.")],
    topic: Annotated[str, text_of(most=200), Field(description="What the call is about.")],
    phone: Annotated[Phone | None, Field(description="Which number to call; null for the one of the profile.")] = None,
) -> Plan:
    """Ask that a person of ours calls the customer at a certain time.

    The customer confirms it in the chat; no other decision is needed. Ask for day, time and topic if they are missing.
    """
    call = _call_me(record, at=at, phone=phone)
    if not ctx.now < call.at <= ctx.now + FURTHEST_CALL:
        raise InvalidArguments(
            "Choose a time in the future, at most 30 days ahead.",
            field="at",
            next_step="Ask the customer for another time.",
        )
    return Plan(
        record=f"customer:{record.pk}",
        summary=f"Call {record.name} on {call.words()}",
        changes=(
            Change(field="at", label="When", before=None, after=call.words()),
            Change(field="phone", label="Phone number", before=None, after=call.phone),
            Change(field="topic", label="Topic", before=None, after=topic),
        ),
    )
