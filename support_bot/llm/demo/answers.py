"""The sentences for the answer to one call: a read's result, a write's `not done yet`, or an error.

Nothing is said that is not in the answer; that a write was done is never said here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from support_bot.llm.demo import answers_orders, answers_packages
from support_bot.llm.demo.requests import Request

Result = dict[str, Any]

_READS: dict[str, Callable[..., str]] = {
    "check_package": answers_packages.package,
    "list_my_packages": answers_packages.packages,
    "check_truck": answers_packages.truck,
    "get_order": answers_orders.order,
    "list_my_orders": answers_orders.orders,
    "list_my_requests": answers_orders.requests,
    "list_services": answers_orders.services,
    "get_quote": answers_orders.quotes,
    "get_my_profile": answers_orders.profile,
}
# For an answer that does not say itself whether staff decide: these two end with the customer's confirmation.
_WITHOUT_STAFF = frozenset({"report_problem", "schedule_callback"})
_WRITES = {
    "update_profile": "the change of your profile",
    "change_delivery": "the change of this delivery",
    "cancel_order": "the cancellation",
    "request_refund": "the refund",
    "report_problem": "your report",
    "schedule_callback": "the call back",
    "create_order": "the booking",
}
_ERRORS = {
    "not_permitted": "I am not allowed to do that here.",
    "rate_limited": "That was a lot in a short time. Please wait a little and try again.",
    "too_many_calls": "I looked that up already. Please ask me again in a new message.",
    "timeout": "That took too long. Please try again in a moment.",
    "unavailable": "That is not available at the moment. Please try again later.",
}
_SAID_BY_THE_RECORD = frozenset({"not_possible", "not_permitted", "invalid_arguments", "not_found", "rate_limited"})
_PERSON = 'I can also hand you over to a person: just say "a person, please".'


def answer(tool: str, told: dict[str, Any], request: Request, *, today: date) -> str:
    """What to tell the customer about a call that went well. Raises KeyError and the like for an unknown shape."""
    status = told.get("status")
    if status is not None:
        return _prepared(tool, told, status)
    return _READS[tool](told["result"], request, today=today)


def _prepared(tool: str, told: dict[str, Any], status: str) -> str:
    """A write's first answer: it is prepared, not done."""
    what = f"{told['summary']}." if told.get("summary") else f"That is {_WRITES.get(tool, 'your request')}."
    if status == "awaiting_verification":
        link = "This waits for the link that we sent to your old e-mail address; then our staff check it."
        return f"{what} {link} Nothing is changed yet."
    if status == "awaiting_approval":
        return f"{what} You have confirmed this already; it waits for our staff. Nothing is changed yet."
    staff = told.get("staff_decide", tool not in _WITHOUT_STAFF)
    then = "then our staff check it" if staff else "then it goes to our staff"
    return f"I have prepared this: {what} Nothing is done yet: please check the card and press Confirm; {then}."


def error_text(tool: str, error: dict[str, Any], request: Request) -> str:
    """What went wrong and what to do next, in the error's own sentence where it has one for customers."""
    code = str(error.get("code", "internal"))
    message = str(error.get("message") or "")
    if code == "not_found":
        number = request.slots.package or request.slots.truck or request.slots.order
        named = number or "this number"
        return f"I find nothing under {named} among your records. Please check the number and send it again."
    if code in _SAID_BY_THE_RECORD and message:
        return message if code != "rate_limited" else f"{message} Please try again then."
    return _ERRORS.get(code, f"That did not work on our side. {_PERSON}")
