"""Sentences about orders, prices, the profile and requests, made from the results of the tools and from nothing
else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from support_bot.llm.demo.answers_packages import package_line
from support_bot.llm.demo.requests import Request
from support_bot.llm.demo.wording import bullets, joined, more, on_when, said, sentences, when

Result = dict[str, Any]
# More lines than this are a catalogue, not an answer.
_MOST_COUNTRIES = 8


def order(result: Result, request: Request, *, today: date) -> str:
    booked = on_when(result.get("booked_at"), today=today)
    to: Result = result.get("to") or {}
    text = sentences(
        f"Order {result['order_id']} is {result['status_text']}.",
        f"It goes to {to['name']}, {to['street']}, {to['postal_code']} {to['city']}." if to else None,
        f"Service: {result['service_name']}{f', booked {booked}' if booked else ''}.",
        _money(result),
        "It can still be cancelled." if result.get("cancellable") else None,
    )
    parcels: list[Result] = result.get("packages", [])
    if not parcels:
        return text
    lines = bullets([package_line(item, today=today) for item in parcels])
    return f"{text}\nIts package{'s' if len(parcels) > 1 else ''}:\n{lines}"


def _money(result: Result) -> str:
    currency = result["currency"]
    paid = f"You paid {result['price']} {currency}"
    refunded = Decimal(result.get("refunded") or "0")
    if refunded:
        paid += f", of which {refunded:.2f} {currency} went back to you"
    refundable = Decimal(result.get("refundable") or "0")
    return f"{paid}; {refundable:.2f} {currency} can be refunded." if refundable else f"{paid}."


def order_line(item: Result, *, today: date) -> str:
    """One order of a list in one line."""
    booked = on_when(item.get("booked_at"), today=today)
    parts = [f"{item['order_id']}: {item['status_text']}", f"{item['price']} {item['currency']}"]
    if item.get("city"):
        parts.append(f"to {item['city']}")
    if booked:
        parts.append(f"booked {booked}")
    if Decimal(item.get("refunded") or "0"):
        parts.append(f"{item['refunded']} {item['currency']} refunded")
    return ", ".join(parts)


def orders(result: Result, request: Request, *, today: date) -> str:
    items: list[Result] = result.get("orders", [])
    wanted = (request.slots.status or "").replace("_", " ")
    if not items:
        return f"None of your orders is {wanted}." if wanted else "I find no orders in your account."
    title = f"Your orders that are {wanted}:" if wanted else "Your orders:"
    tail = more(len(items), result.get("total", 0), "orders")
    return "\n".join(part for part in (title, bullets([order_line(item, today=today) for item in items]), tail) if part)


def requests(result: Result, request: Request, *, today: date) -> str:
    items: list[Result] = result.get("requests", [])
    if "open" in request.aspects:
        items = [item for item in items if item.get("open")]
        if not items:
            return "None of your requests is open."
    if not items:
        return (
            "You have not asked for a change yet."
            if request.slots.status is None
            else "I find no such request of yours."
        )
    lines = [_request_line(item, today) for item in items]
    tail = more(len(items), result.get("total", 0), "requests") if "open" not in request.aspects else None
    return "\n".join(part for part in ("Your requests, the newest first:", bullets(lines), tail) if part)


def _request_line(item: Result, today: date) -> str:
    why = said(item.get("reason"))
    reason = f" ({why})" if why else ""
    asked = on_when(item.get("created_at"), today=today)
    return f"{said(item['summary'])}: {item['state_text']}{reason}{f'; asked for {asked}' if asked else ''}"


def services(result: Result, request: Request, *, today: date) -> str:
    items: list[Result] = result.get("services", [])
    if not items:
        return "There are no services on offer at the moment."
    wanted = request.slots.service
    lines = [_service_line(item) for item in items if wanted in (None, item["service"])]
    closing = "For an exact price tell me weight and size of the parcel, and postal code and country it goes to."
    return f"Our services:\n{bullets(lines)}\n{closing}"


def _service_line(item: Result) -> str:
    countries: list[str] = item.get("countries", [])
    where = f", to {joined(countries)}" if 0 < len(countries) <= _MOST_COUNTRIES else f", to {len(countries)} countries"
    days = f"{item['days_min']}-{item['days_max']}" if item["days_min"] != item["days_max"] else f"{item['days_max']}"
    return (
        f"{item['name']}: from {item['price_from']} {item['currency']}, {days} working "
        f"day{'' if days == '1' else 's'}, "
        f"parcels up to {item['max_weight_kg']:g} kg and {item['max_length_cm']:g} cm{where}"
    )


def quotes(result: Result, request: Request, *, today: date) -> str:
    lines = quote_lines(result, today=today)
    refused = [f"{item['name']}: {item['reason']}" for item in result.get("not_available", [])]
    parts = []
    if lines:
        parts.append(f"To send this would cost:\n{bullets(lines)}")
    if refused:
        parts.append(f"Not possible:\n{bullets(refused)}")
    if lines:
        parts.append('Say "book it" with the name of the service to go on.')
    return "\n".join(parts) or "None of our services takes this."


def quote_lines(result: Result, *, today: date) -> list[str]:
    return [_quote_line(item, today) for item in result.get("quotes", [])]


def _quote_line(item: Result, today: date) -> str:
    earliest, latest = when(item.get("earliest"), today=today), when(item.get("latest"), today=today)
    days = f", arrives {earliest}" if earliest == latest else f", arrives between {earliest} and {latest}"
    return f"{item['name']}: {item['price']} {item['currency']}{days}"


def profile(result: Result, request: Request, *, today: date) -> str:
    address = ", ".join(
        part
        for part in (
            result.get("street"),
            f"{result.get('postal_code', '')} {result.get('city', '')}".strip(),
            result.get("country"),
        )
        if part
    )
    known = {"name": result.get("name"), "address": address, "phone": result.get("phone"), "email": result.get("email")}
    labels = {"name": "Name", "address": "Address", "phone": "Phone", "email": "E-mail"}
    wanted = [field for field in known if field in request.aspects] or list(known)
    lines = [f"{labels[field]}: {known[field] or 'not known'}" for field in wanted]
    return f"This is what we have for you:\n{bullets(lines)}\nTell me if something of it should change."
