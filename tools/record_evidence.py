"""Whether the orders and packages that an answer names bear out what it says was done to them: one customer's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracking.errors import NotFound
from tracking.models import Customer, Order, Package
from tracking.selectors import find_customer, find_order, find_package, packages_of_order
from tracking.statuses import OrderState, PackageStatus

# Ours are `ORD-1002` and `ABCD-1337`; a carrier's number has at least eight signs, two of them digits.
_REFERENCE = re.compile(
    r"(?<![\w-])(?:ord[ -]?\d{4,12}|[a-z]{4}-\d{4,8}"
    r"|(?=[a-z-]{0,12}\d[a-z0-9-]{0,38}\d)[a-z0-9][a-z0-9-]{7,39})(?![\w-])",
    re.IGNORECASE | re.ASCII,
)
_ORDER = re.compile(r"ord[ -]?\d", re.IGNORECASE)
MOST = 10


@dataclass(frozen=True, slots=True)
class Facts:
    """What the record of one number says was done. paid_back: in all, and each time."""

    booked: bool
    cancelled: bool
    delivery_changed: bool
    problem_reported: bool
    paid_back: frozenset[str]

    def say(self, *, kind: str, amounts: frozenset[str]) -> bool:
        """kind: the write tool that a claim would be about. Of the amounts that it names one has to be paid back."""
        if kind == "request_refund":
            return bool(self.paid_back & amounts if amounts else self.paid_back)
        known = {
            "create_order": self.booked,
            "cancel_order": self.cancelled,
            "change_delivery": self.delivery_changed,
            "report_problem": self.problem_reported,
        }
        return known.get(kind, False)


def references_in(text: str) -> list[str]:
    """What looks like the number of an order or a package, each once."""
    return list(dict.fromkeys(found[0].upper() for found in _REFERENCE.finditer(text)))


def facts_of(*, customer_id: int, references: Sequence[str]) -> dict[str, Facts]:
    """By number, of those of the first MOST that are this customer's; nothing of another's record is ever read."""
    try:
        customer = find_customer(customer=Customer(pk=customer_id))
    except NotFound:
        return {}
    found = ((reference, _facts(customer, reference)) for reference in references[:MOST])
    return {reference: facts for reference, facts in found if facts is not None}


def records_bear_out(
    *, kind: str, references: Sequence[str], amounts: frozenset[str], facts: Mapping[str, Facts]
) -> bool:
    """Whether one of the numbers at least has a record of the customer's own, and each such record says the same."""
    records = [facts[reference] for reference in references if reference in facts]
    return bool(records) and all(record.say(kind=kind, amounts=amounts) for record in records)


def _facts(customer: Customer, reference: str) -> Facts | None:
    try:
        if _ORDER.match(reference):
            order = find_order(customer=customer, reference=reference)
            return _of(customer, order, packages_of_order(customer=customer, order=order))
        package = find_package(customer=customer, number=reference)
        order_of_it = package.order
        own = order_of_it if order_of_it is not None and order_of_it.customer_id == customer.pk else None
        return _of(customer, own, [package])
    except NotFound:
        return None


def _of(customer: Customer, order: Order | None, packages: list[Package]) -> Facts:
    gone = [package.status == PackageStatus.CANCELLED for package in packages]
    amounts = [order.refunded, *order.refunds.values_list("amount", flat=True)] if order else []
    return Facts(
        booked=order is not None,
        cancelled=order.state == OrderState.CANCELLED if order else all(gone),
        delivery_changed=any(p.delivery_date or p.safe_place or p.hold_at_depot for p in packages),
        problem_reported=any(p.problem_reports.filter(customer=customer).exists() for p in packages),
        paid_back=frozenset(str(amount) for amount in amounts if amount > 0),
    )
