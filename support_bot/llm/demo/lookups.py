"""What a look-up teaches us for a request that lacks something: a number to choose, an amount, a service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from support_bot.llm.demo.answers_orders import order_line, quote_lines
from support_bot.llm.demo.answers_packages import package_line
from support_bot.llm.demo.options import Option
from support_bot.llm.demo.requests import READS, Request, share_of
from support_bot.llm.demo.wording import said

Result = dict[str, Any]
_MOST_OPTIONS = 8
_CHANGEABLE = frozenset(
    {"pending", "picked_up", "in_transit", "delivery_failed", "delivery_delayed", "on_hold", "unknown"}
)
_ABOARD = frozenset({"out_for_delivery", "in_transit"})
_REFUNDABLE = frozenset({"delivered", "cancelled"})


@dataclass(frozen=True, slots=True)
class Learned:
    """request: with what was learned, to go on with; None where it ends here. options: to choose from, None for "
    "as before."""

    request: Request | None
    options: list[Option] | None = None
    said: str | None = None


def learn_from(purpose: str, result: Result, request: Request, *, today: date) -> Learned:
    return _LOOK_UPS[purpose](result, request, today)


def _packages(result: Result, request: Request, today: date) -> Learned:
    items: list[Result] = result.get("packages", [])
    if not items:
        return Learned(request=None, said="I find no packages in your account.")
    if "newest" in request.aspects:
        return Learned(request.with_slots(replace(request.slots, package=items[0]["package_id"])))
    items = _fitting(items, request)
    if len(items) == 1 and request.intent in READS:
        return Learned(request.with_slots(replace(request.slots, package=items[0]["package_id"])))
    options = [
        Option(item["package_id"], item["status"], city=said(item.get("city")), text=package_line(item, today=today))
        for item in items[:_MOST_OPTIONS]
    ]
    return Learned(request, options)


def _fitting(items: list[Result], request: Request) -> list[Result]:
    """The packages that the request may be about come first; those that it cannot be about go, while any are left."""
    wanted = {"change_delivery": _CHANGEABLE, "truck": _ABOARD}.get(request.intent)
    if wanted:
        return [item for item in items if item["status"] in wanted] or items
    first_done = request.intent == "problem"
    return sorted(items, key=lambda item: (item["status"] == "delivered") != first_done)


def _orders(result: Result, request: Request, today: date) -> Learned:
    items: list[Result] = result.get("orders", [])
    if not items:
        return Learned(request=None, said="I find no orders in your account.")
    if request.intent == "cancel_order":
        items = [item for item in items if item["status"] == "booked"]
        if not items:
            return Learned(
                request=None, said="None of your orders can be cancelled any more: that is possible only until pickup."
            )
    if request.intent == "refund":
        items = [
            item
            for item in items
            if item["status"] in _REFUNDABLE and Decimal(item["price"]) > Decimal(item["refunded"])
        ]
        if not items:
            return Learned(
                request=None,
                said="None of your orders can be refunded: that is possible once one is delivered or cancelled.",
            )
    only_one = len(items) == 1 and request.intent in READS
    if only_one or "newest" in request.aspects:
        return Learned(request.with_slots(replace(request.slots, order=items[0]["order_id"])))
    options = [
        Option(item["order_id"], item["status"], city=said(item.get("city")), text=order_line(item, today=today))
        for item in items[:_MOST_OPTIONS]
    ]
    return Learned(request, options)


def _order_of_package(result: Result, request: Request, today: date) -> Learned:
    order = result.get("order_id")
    if order:
        return Learned(request.with_slots(replace(request.slots, order=order)))
    return Learned(request, said=f"Package {result['package_id']} belongs to no order of yours.")


def _refundable(result: Result, request: Request, today: date) -> Learned:
    order, currency = result["order_id"], result["currency"]
    refundable = Decimal(result.get("refundable") or "0")
    if refundable <= 0:
        why = (
            "it was refunded in full already"
            if Decimal(result["refunded"]) >= Decimal(result["price"])
            else f"it is {result['status_text']}"
        )
        hint = " It can be cancelled first: just say so." if result.get("cancellable") else ""
        return Learned(request=None, said=f"Nothing of order {order} can be refunded now: {why}.{hint}")
    amount = share_of(refundable, request.slots.share) if request.slots.share else None
    return Learned(request.with_slots(replace(request.slots, refundable=refundable, currency=currency, amount=amount)))


def _prices(result: Result, request: Request, today: date) -> Learned:
    quotes: list[Result] = result.get("quotes", [])
    if not quotes:
        reasons = " ".join(item["reason"] for item in result.get("not_available", []))
        return Learned(request=None, said=f"None of our services takes this. {reasons}".strip())
    lines = quote_lines(result, today=today)
    # `status` holds the day, so that the fastest can be chosen.
    options = [Option(item["service"], item["earliest"], text=line) for item, line in zip(quotes, lines, strict=True)]
    return Learned(request, options)


_LOOK_UPS: dict[str, Callable[[Result, Request, date], Learned]] = {
    "packages": _packages,
    "orders": _orders,
    "order_of_package": _order_of_package,
    "refundable": _refundable,
    "prices": _prices,
}
