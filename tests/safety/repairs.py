"""Wrong calls of a well-meaning model, and a reader that repairs each from nothing but the structured error.

The reader knows what the customer wants (as any model does) and the schemas it was given. How a value must be written
it knows from the error alone: where the error does not show the shape, the call stays wrong.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import Any

from tests.safety.cast import Facts


@dataclass(frozen=True)
class Wrong:
    """One wrong call: what was sent, and what the customer wanted with it."""

    kind: str
    tool: str
    sent: dict[str, Any] | str
    right_tool: str
    right: dict[str, Any]


def wrong(kind: str, tool: str, right: dict[str, Any], sent: dict[str, Any] | str, *, name: str = "") -> Wrong:
    return Wrong(kind=kind, tool=name or tool, sent=sent, right_tool=tool, right=right)


def repair(case: Wrong, error: dict[str, Any]) -> tuple[str, dict[str, Any] | str] | None:
    """The call as it is sent again, or None where the error does not tell how."""
    if error["code"] == "unknown_tool":
        return (error["allowed"][0], case.sent) if error["allowed"] else None
    if error["code"] == "invalid_json":
        return (case.tool, case.right) if tells_of_json(str(case.sent), error) else None
    if error["code"] != "invalid_arguments" or not isinstance(case.sent, dict):
        return None
    arguments = json.loads(json.dumps(case.sent))
    for field, message, allowed in problems(error):
        if not mend(arguments, case.right, field, message, allowed):
            return None
    return case.tool, arguments


def tells_of_json(sent: str, error: dict[str, Any]) -> bool:
    """Whether the error says what to send instead, and where this text stops to be JSON or that it is no object."""
    if "one JSON object that fits the tool's schema" not in error["next_step"]:
        return False
    try:
        json.loads(sent)
    except json.JSONDecodeError as broken:
        return error["message"].endswith(f"{broken.msg}, at character {broken.pos + 1}.")
    return "must be one JSON object" in error["message"]


def problems(error: dict[str, Any]) -> list[tuple[str, str, list[str]]]:
    """(field, message, allowed) of the named problem, and of others that the message names as `field`: …"""
    first, *others = re.split(r" Also `([\w.]+)`: ", error["message"])
    found = [(error["field"] or "", first, error["allowed"] or [])]
    return found + [(field, text, []) for field, text in zip(others[::2], others[1::2], strict=True)]


def mend(arguments: dict[str, Any], right: dict[str, Any], field: str, message: str, allowed: list[str]) -> bool:
    if "no such argument" in message:
        strange = arguments.pop(field)
        close = difflib.get_close_matches(field, [name for name in allowed if name not in arguments], n=1, cutoff=0.4)
        if close:
            arguments[close[0]] = strange
        return True
    if allowed:
        place, key = parent_of(arguments, field)
        close = difflib.get_close_matches(str(place[key]).lower(), allowed, n=1, cutoff=0.3)
        place[key] = close[0] if close else None
        return bool(close)
    if not field:
        return False
    wanted = value_at(right, field)
    if "required" not in message and not shows(message, wanted):
        return False
    place, key = parent_of(arguments, field)
    place[key] = wanted
    return True


def parent_of(arguments: Any, field: str) -> tuple[Any, Any]:
    *path, last = [int(part) if part.isdigit() else part for part in field.split(".")]
    for part in path:
        arguments = arguments[part]
    return arguments, last


def value_at(right: Any, field: str) -> Any:
    for part in field.split("."):
        right = right[int(part)] if part.isdigit() else right[part]
    return right


TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}


def shows(message: str, wanted: Any) -> bool:
    """Whether the message tells how `wanted` is to be written: an example of its shape, or at least its type."""
    if not isinstance(wanted, str):
        return TYPES[type(wanted)] in message or "number" in message or str(wanted) in message
    spelled = re.sub(r"YYYY|MM|DD|HH|SS", "9", message)
    if shape(wanted) in shape(spelled):
        return True
    return "characters" in message or ("string" in message and not re.search(r"\d", wanted))


def shape(text: str) -> str:
    """Runs of digits as 9, of letters as a."""
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"[0-9]+", "9", text))


def wrong_calls(facts: Facts, *, day: str) -> list[Wrong]:
    """What models really get wrong, for the tools of one customer."""
    package, late, order = facts.packages[0], facts.packages[2], facts.orders[0]
    look = {"package_id": package}
    refund = {"order_id": order, "amount": "5.00", "reason": "It came late."}
    move = {"package_id": late, "date": day}
    report = {"package_id": package, "problem": "missing_items", "description": "The charger is missing."}
    call = {"at": f"{day}T10:00+01:00", "topic": "my order"}
    parcel = {"weight_kg": 2.5, "length_cm": 30.0, "width_cm": 20.0, "height_cm": 10.0}
    price = {"parcels": [parcel], "postal_code": "20457", "country": "DE"}
    to = {
        "name": "Paula Example",
        "street": "Hafenstrasse 7",
        "city": "Hamburg",
        "postal_code": "20457",
        "country": "DE",
    }
    book = {"parcels": [{**parcel, "contents": "books"}], "service": "standard", **to}
    keep: dict[str, Any] = {"package_id": late, "hold_at_depot": True}
    phone = {"phone": "+49 30 1234567"}
    return [
        wrong("name", "check_package", look, look, name="check_packages"),
        wrong("name", "check_package", look, look, name="checkPackage"),
        wrong("name", "check_package", look, look, name="track_package"),
        wrong("name", "get_order", {"order_id": order}, {"order_id": order}, name="get_orders"),
        wrong("name", "get_my_profile", {}, {}, name="get_profile"),
        wrong("name", "list_my_orders", {}, {}, name="list_orders"),
        wrong("name", "request_refund", refund, refund, name="refund_request"),
        wrong("name", "schedule_callback", call, call, name="functions.schedule_callback"),
        wrong("json", "check_package", look, str(look)),
        wrong("json", "check_package", look, json.dumps(look)[:-1]),
        wrong("json", "check_package", look, "```json\n" + json.dumps(look) + "\n```"),
        wrong("json", "check_package", look, json.dumps(json.dumps(look))),
        wrong("json", "get_my_profile", {}, ""),
        wrong("json", "get_my_profile", {}, "null"),
        wrong("json", "request_refund", refund, json.dumps(refund).replace("}", ",}")),
        wrong("json", "request_refund", refund, json.dumps([refund])),
        wrong("key", "check_package", look, {"package": package}),
        wrong("key", "check_package", look, {"packageId": package}),
        wrong("key", "get_order", {"order_id": order}, {"order": order}),
        wrong("key", "request_refund", refund, {**refund, "customer_id": 7}),
        wrong("key", "request_refund", refund, {**refund, "currency": "EUR"}),
        wrong("key", "change_delivery", move, {"package_id": late, "delivery_date": day}),
        wrong("key", "update_profile", {"phone": "+49 30 1234567"}, {"phone_number": "+49 30 1234567"}),
        wrong("missing", "request_refund", refund, {"order_id": order, "amount": "5.00"}),
        wrong("missing", "request_refund", refund, {"order_id": order}),
        wrong("missing", "report_problem", report, {"package_id": package}),
        wrong("missing", "schedule_callback", call, {"topic": "my order"}),
        wrong("missing", "get_quote", price, {"parcels": [parcel]}),
        wrong("missing", "create_order", book, {"parcels": book["parcels"], "service": "standard"}),
        wrong("missing", "get_quote", price, {**price, "parcels": [{"weight_kg": 2.5}]}),
        wrong("type", "request_refund", refund, {**refund, "amount": 5}),
        wrong("type", "request_refund", refund, {**refund, "amount": "5"}),
        wrong("type", "request_refund", refund, {**refund, "amount": "5,00 EUR"}),
        wrong("type", "list_my_orders", {"limit": 5}, {"limit": "5"}),
        wrong("type", "list_my_orders", {"limit": 50}, {"limit": 500}),
        wrong("type", "get_quote", price, {**price, "parcels": parcel}),
        wrong("type", "get_quote", price, {**price, "parcels": [{**parcel, "weight_kg": "2.5 kg"}]}),
        wrong("type", "get_quote", price, {**price, "postal_code": 20457}),
        wrong("type", "change_delivery", keep, {**keep, "hold_at_depot": "yes"}),
        wrong("choice", "report_problem", report, {**report, "problem": "missing items"}),
        wrong("choice", "report_problem", report, {**report, "problem": "DAMAGED"}),
        wrong("choice", "list_my_packages", {"status": "in_transit"}, {"status": "in transit"}),
        wrong("choice", "list_my_orders", {"status": "cancelled"}, {"status": "canceled"}),
        wrong("choice", "list_my_requests", {"status": "awaiting_approval"}, {"status": "waiting_approval"}),
        wrong("choice", "create_order", book, {**book, "service": "Standard delivery"}),
        wrong("choice", "get_quote", {**price, "service": "express"}, {**price, "service": "expres"}),
        wrong("date", "change_delivery", move, {"package_id": late, "date": "next Friday"}),
        wrong("date", "change_delivery", move, {"package_id": late, "date": f"{day[8:]}.{day[5:7]}.{day[:4]}"}),
        wrong("date", "change_delivery", move, {"package_id": late, "date": f"{day}T00:00:00Z"}),
        wrong("date", "schedule_callback", call, {**call, "at": "tomorrow at ten"}),
        wrong("date", "schedule_callback", call, {**call, "at": day}),
        wrong("phone", "update_profile", {"phone": "+49 30 1234567"}, {"phone": "my mobile"}),
        wrong("phone", "update_profile", {"phone": "+49 30 1234567"}, {"phone": "+49"}),
        wrong("phone", "schedule_callback", {**call, **phone}, {**call, "phone": "tel:+49-30-1234567"}),
        wrong("e-mail", "update_profile", {"email": "new@example.com"}, {"email": "new at example.com"}),
        wrong("country", "get_quote", price, {**price, "country": "Germany"}),
        wrong("country", "get_quote", price, {**price, "country": "DEU"}),
        wrong("number", "check_package", look, {"package_id": f"package {package}"}),
        wrong("number", "get_order", {"order_id": order}, {"order_id": order.removeprefix("ORD-")}),
        wrong("text", "request_refund", refund, {**refund, "reason": ""}),
        wrong("text", "report_problem", report, {**report, "description": "The charger\u200b is missing."}),
    ]  # fmt: skip
