"""The requests to cancel an order and to pay money back. Both belong to the customer who booked."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import structlog
from django.conf import settings
from pydantic import Field

from tools import audit
from tools.arguments import Amount, OrderId, text_of
from tools.context import ToolContext
from tools.errors import InvalidArguments, NotPossible
from tools.models import ToolCall
from tools.outside import Outside
from tools.plan import Change, Outcome, Plan
from tools.registry import always, tool
from tools.states import OPEN_WRITE_STATES
from tracking import selectors, services
from tracking.models import Customer, Order
from tracking.statuses import REFUNDABLE_STATES, OrderState

log = structlog.get_logger(__name__)

CancelReason = Annotated[str, text_of(most=200)]
RefundReason = Annotated[str, text_of(most=500)]
REFUND_WINDOW = timedelta(hours=24)


def load_order(ctx: ToolContext, *, lock: bool, order_id: str, **arguments: Any) -> Order:
    return selectors.find_order(customer=ctx.customer, reference=order_id, lock=lock)


# --- cancel -----------------------------------------------------------------------------------------------------


def apply_cancel(
    ctx: ToolContext, record: Order, *, call_id: UUID, order_id: str, reason: str | None = None
) -> Outcome:
    order = services.cancel_order(order=record, reason=reason or "", now=ctx.now)
    return Outcome(
        sentence=f"Order {order.reference} was cancelled; nothing was paid back by that, but"
        f" {order.refundable:.2f} {order.currency} of it can be refunded on request.",
        record=f"order:{order.reference}",
    )


@tool(effect="write", label="Cancel order {order_id}", approval=always, load=load_order, apply=apply_cancel)
def cancel_order(
    ctx: ToolContext,
    record: Order,
    *,
    order_id: Annotated[OrderId, Field(description="The order, such as ORD-1002.")],
    reason: Annotated[CancelReason | None, Field(description="Why, if the customer said so; or null.")] = None,
) -> Plan:
    """Ask to cancel an order that was booked but not picked up yet.

    Nothing is cancelled by this call: the customer confirms it in the chat, then our staff decide. Cancelling pays
    nothing back by itself; money is asked back with request_refund once the order is cancelled.
    """
    if record.state != OrderState.BOOKED:
        raise NotPossible(
            f"Order {record.reference} is {OrderState(record.state).label}; only booked orders can be cancelled.",
            next_step="Tell the customer so. A delivered or cancelled order can be refunded with request_refund.",
        )
    changes = [Change(field="state", label="Order", before=record.state, after=OrderState.CANCELLED.value)]
    if reason is not None:
        changes.append(Change(field="reason", label="Reason", before=None, after=reason))
    return Plan(
        record=f"order:{record.reference}",
        summary=f"Cancel order {record.reference}",
        changes=tuple(changes),
        preconditions={"price": f"{record.price:.2f}", "refunded": f"{record.refunded:.2f}"},
    )


# --- refund -----------------------------------------------------------------------------------------------------


def reviewers_for_refund(ctx: ToolContext, *, amount: str, **arguments: Any) -> int:
    """Two where this refund and the customer's others of the last 24 hours, done or open, are together above the limit.

    So a large refund cannot be had in slices. Whatever fails in here makes it two as well.
    """
    since = ctx.now - REFUND_WINDOW
    # An open one counts however old it is: it is paid, or found to have been paid, from now on.
    waiting = ToolCall.objects.filter(
        customer=ctx.customer, tool=request_refund.__name__, effect="write", state__in=OPEN_WRITE_STATES
    )
    open_sum = sum((Decimal(call["amount"]) for call in waiting.values_list("arguments", flat=True)), Decimal(0))
    total = Decimal(amount) + open_sum + selectors.refunded_since(customer=ctx.customer, since=since)
    return 2 if total > settings.SECOND_APPROVER_ABOVE else 1


def apply_refund(ctx: ToolContext, record: Order, *, call_id: UUID, order_id: str, amount: str, reason: str) -> Outcome:
    refund = services.refund_order(
        customer=ctx.customer, order=record, amount=Decimal(amount), reason=reason, call_id=call_id, now=ctx.now
    )
    return Outcome(
        sentence=f"{refund.amount:.2f} {refund.currency} for order {record.reference} was refunded.",
        record=f"order:{record.reference}",
    )


def refund_to_send(record: Order, *, order_id: str, amount: str, **arguments: Any) -> dict[str, str]:
    return {"order": record.reference, "amount": amount, "currency": record.currency}


def book_refund(
    *, call_id: UUID, customer: Customer, now: datetime, order_id: str, amount: str, reason: str
) -> Outcome:
    """The money has gone: it is booked, also where the order has changed or belongs to somebody else by now."""
    refund, above_price = services.book_refund(
        customer=customer, reference=order_id, amount=Decimal(amount), reason=reason, call_id=call_id, now=now
    )
    if above_price:
        log.error("refund.above_price", call_id=str(call_id), order=order_id)
        audit.record(event="refund.above_price", actor=audit.WORKER, outcome="booked", now=now, call_id=call_id)
    return Outcome(
        sentence=f"{refund.amount:.2f} {refund.currency} for order {order_id} was refunded.", record=f"order:{order_id}"
    )


@tool(
    effect="write",
    label="Refund {amount} for order {order_id}",
    approval=reviewers_for_refund,
    load=load_order,
    apply=apply_refund,
    outside=Outside(
        path="refunds",
        body=refund_to_send,
        book=book_refund,
        refused="The payment service refused it; nothing was paid back.",
        undone="Nothing was paid back.",
        doubt="The payment service gave no clear answer, so we do not know yet whether the money was paid back. It will"
        " not be paid twice. Our staff are finding out; you need not do anything.",
    ),
)
def request_refund(
    ctx: ToolContext,
    record: Order,
    *,
    order_id: Annotated[OrderId, Field(description="The order, such as ORD-1001.")],
    amount: Annotated[Amount, Field(description='How much, in the order\'s currency, as a string such as "24.90".')],
    reason: Annotated[RefundReason, Field(description="Why, in the customer's words.")],
) -> Plan:
    """Ask to pay money back for a delivered or cancelled order, in full or in part.

    Nothing is paid by this call: the customer confirms it in the chat, then our staff decide. Look at `refundable` of
    get_order first; if the customer asks for "my money back" without an amount, that is the amount. Ask for the reason.
    """
    if record.state not in REFUNDABLE_STATES:
        raise NotPossible(
            f"Order {record.reference} is {OrderState(record.state).label}; refunds are possible once it is delivered"
            " or cancelled.",
            next_step="Tell the customer so. A booked order can be cancelled first, with cancel_order.",
        )
    if record.refundable <= 0:
        raise NotPossible(f"Order {record.reference} was refunded in full already.", next_step="Tell the customer so.")
    money = Decimal(amount)
    if money > record.refundable:
        raise InvalidArguments(
            f"At most {record.refundable:.2f} {record.currency} of order {record.reference} can be refunded.",
            field="amount",
            next_step="Ask the customer whether a smaller amount is right.",
        )
    after = record.refunded + money
    return Plan(
        record=f"order:{record.reference}",
        summary=f"Refund {money:.2f} {record.currency} for order {record.reference}",
        changes=(
            Change(
                field="refunded",
                label=f"Refunded of {record.price:.2f} {record.currency} paid",
                before=f"{record.refunded:.2f}",
                after=f"{after:.2f}",
                risk=True,
            ),
            Change(field="reason", label="Reason", before=None, after=reason),
        ),
        preconditions={"state": record.state, "price": f"{record.price:.2f}"},
    )
