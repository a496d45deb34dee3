"""What a request still lacks, which look-up may help, and the call that does it once nothing is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support_bot.llm.demo.requests import Request, Slots


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call in our own words; None among the arguments means: leave it out."""

    tool: str
    arguments: dict[str, Any]


def missing(request: Request) -> str | None:
    """The slot to ask for next; None where the request can be carried out."""
    needs = _NEEDS.get(request.intent)
    return needs(request.slots) if needs else None


def look_up_for(request: Request, slot: str) -> tuple[str, ToolCall] | None:
    """(name, call) of the look-up that helps to find this slot; None where there is none or it was made."""
    slots = request.slots
    found: tuple[str, ToolCall] | None = None
    if slot == "order" and slots.package:
        found = ("order_of_package", ToolCall("check_package", {"package_id": slots.package}))
    if slot == "order" and (found is None or found[0] in request.looked):
        found = ("orders", ToolCall("list_my_orders", {}))
    if slot == "package":
        found = ("packages", ToolCall("list_my_packages", {}))
    if slot == "amount" and slots.order:
        found = ("refundable", ToolCall("get_order", {"order_id": slots.order}))
    if slot == "service" and request.intent == "create_order":
        found = ("prices", ToolCall("get_quote", _quote_arguments(slots)))
    return None if found is None or found[0] in request.looked else found


def call_for(request: Request) -> ToolCall:
    """The call that does what the request wants; nothing is missing any more."""
    tool, arguments = _CALLS[request.intent]
    return ToolCall(
        tool, {name: value for name, value in arguments(request.slots).items() if value not in (None, "", [])}
    )


# --- what is missing ----------------------------------------------------------------------------------------------


def _needs_package(slots: Slots) -> str | None:
    return None if slots.package else "package"


def _needs_order(slots: Slots) -> str | None:
    return None if slots.order else "order"


def _truck_needs(slots: Slots) -> str | None:
    return None if slots.truck or slots.package else "package"


def _quote_needs(slots: Slots) -> str | None:
    if not slots.parcels or any(parcel.lacks for parcel in slots.parcels):
        return "parcels"
    if slots.address.postal_code and slots.address.country:
        return None
    return "country" if slots.address.postal_code else "destination"


def _profile_needs(slots: Slots) -> str | None:
    known = {"name": slots.name, "phone": slots.phone, "email": slots.email, "address": slots.address.as_arguments()}
    if not slots.fields and not any(known.values()):
        return "field"
    return next((field for field in slots.fields if not known[field]), None)


def _delivery_needs(slots: Slots) -> str | None:
    if not slots.package:
        return "package"
    if slots.day or slots.safe_place or slots.hold or slots.address.street or slots.address.postal_code:
        return None
    return {"address": "address", "day": "day", "safe_place": "safe_place"}.get(slots.change or "", "change")


def _refund_needs(slots: Slots) -> str | None:
    if not slots.order:
        return "order"
    if slots.amount is None:
        return "amount"
    return None if slots.reason else "reason"


def _problem_needs(slots: Slots) -> str | None:
    if not slots.package:
        return "package"
    return None if slots.problem and slots.description else "problem"


def _callback_needs(slots: Slots) -> str | None:
    if slots.day is None or slots.time is None:
        return "at"
    return None if slots.topic else "topic"


def _booking_needs(slots: Slots) -> str | None:
    if not slots.parcels or any(parcel.lacks for parcel in slots.parcels):
        return "parcels"
    if not all(parcel.contents for parcel in slots.parcels):
        return "contents"
    if not slots.name:
        return "recipient"
    address = slots.address
    if not (address.street and address.postal_code and address.city):
        return "address"
    if not address.country:
        return "country"
    return None if slots.service else "service"


_NEEDS: dict[str, Callable[[Slots], str | None]] = {
    "track": _needs_package,
    "truck": _truck_needs,
    "order_status": _needs_order,
    "quote": _quote_needs,
    "update_profile": _profile_needs,
    "change_delivery": _delivery_needs,
    "cancel_order": _needs_order,
    "refund": _refund_needs,
    "problem": _problem_needs,
    "callback": _callback_needs,
    "create_order": _booking_needs,
}


# --- calls --------------------------------------------------------------------------------------------------------


def _parcels(slots: Slots, *, contents: bool) -> list[dict[str, Any]]:
    parcels = []
    for parcel in slots.parcels:
        measures: dict[str, Any] = {
            "weight_kg": parcel.weight_kg,
            "length_cm": parcel.length_cm,
            "width_cm": parcel.width_cm,
            "height_cm": parcel.height_cm,
        }
        parcels.append({**measures, "contents": parcel.contents} if contents else measures)
    return parcels


def _quote_arguments(slots: Slots) -> dict[str, Any]:
    address = slots.address
    return {
        "parcels": _parcels(slots, contents=False),
        "postal_code": address.postal_code,
        "country": address.country,
        **({"service": slots.service} if slots.service else {}),
    }


def _truck_arguments(slots: Slots) -> dict[str, Any]:
    return {"truck_id": slots.truck} if slots.truck else {"package_id": slots.package}


def _profile_arguments(slots: Slots) -> dict[str, Any]:
    return {"name": slots.name, "phone": slots.phone, "email": slots.email, **slots.address.as_arguments()}


def _delivery_arguments(slots: Slots) -> dict[str, Any]:
    address = slots.address
    return {
        "package_id": slots.package,
        "street": address.street,
        "city": address.city,
        "postal_code": address.postal_code,
        "date": slots.day.isoformat() if slots.day else None,
        "safe_place": slots.safe_place,
        "hold_at_depot": slots.hold,
    }


def _refund_arguments(slots: Slots) -> dict[str, Any]:
    return {"order_id": slots.order, "amount": f"{slots.amount:.2f}", "reason": slots.reason}


def _callback_arguments(slots: Slots) -> dict[str, Any]:
    at = f"{slots.day:%Y-%m-%d}T{slots.time:%H:%M}"
    return {"at": at, "topic": slots.topic, "phone": slots.phone}


def _booking_arguments(slots: Slots) -> dict[str, Any]:
    address = slots.address.as_arguments()
    return {"parcels": _parcels(slots, contents=True), "service": slots.service, "name": slots.name, **address}


_CALLS: dict[str, tuple[str, Callable[[Slots], dict[str, Any]]]] = {
    "track": ("check_package", lambda slots: {"package_id": slots.package}),
    "truck": ("check_truck", _truck_arguments),
    "order_status": ("get_order", lambda slots: {"order_id": slots.order}),
    "list_packages": ("list_my_packages", lambda slots: {"status": slots.status}),
    "list_orders": ("list_my_orders", lambda slots: {"status": slots.status}),
    "list_requests": ("list_my_requests", lambda slots: {"status": slots.status}),
    "services": ("list_services", lambda slots: {}),
    "quote": ("get_quote", _quote_arguments),
    "profile": ("get_my_profile", lambda slots: {}),
    "update_profile": ("update_profile", _profile_arguments),
    "change_delivery": ("change_delivery", _delivery_arguments),
    "cancel_order": ("cancel_order", lambda slots: {"order_id": slots.order, "reason": slots.reason}),
    "refund": ("request_refund", _refund_arguments),
    "problem": (
        "report_problem",
        lambda slots: {"package_id": slots.package, "problem": slots.problem, "description": slots.description},
    ),
    "callback": ("schedule_callback", _callback_arguments),
    "create_order": ("create_order", _booking_arguments),
}
