"""Alice's records as the tools would answer them, and a conversation with the demo model over them. No database."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from support_bot.llm.base import AssistantMessage, Prompt, ToolCallRequest, ToolResultMessage, ToolSpec, UserMessage
from support_bot.llm.demo.dialogue import Reply
from support_bot.llm.demo.provider import respond

SYSTEM = "You are the support bot of a delivery company. The customer's first name is Alice. Today is 2026-11-20."
ARGUMENTS: dict[str, tuple[str, str]] = {  # tool -> (required, optional)
    "check_package": ("package_id", ""),
    "list_my_packages": ("", "status limit"),
    "list_my_orders": ("", "status limit"),
    "list_my_requests": ("", "status limit"),
    "get_order": ("order_id", ""),
    "get_my_profile": ("", ""),
    "check_truck": ("", "package_id truck_id"),
    "list_services": ("", ""),
    "get_quote": ("parcels postal_code country", "service"),
    "update_profile": ("", "name phone email street city postal_code country"),
    "change_delivery": ("package_id", "street city postal_code date safe_place hold_at_depot"),
    "cancel_order": ("order_id", "reason"),
    "request_refund": ("order_id amount reason", ""),
    "report_problem": ("package_id problem description", ""),
    "schedule_callback": ("at topic", "phone"),
    "create_order": ("parcels service name street city postal_code country", ""),
}
WRITES = frozenset(list(ARGUMENTS)[9:])
TOOLS = tuple(ToolSpec(name=name, description=name, parameters={}) for name in ARGUMENTS)


def _quoted(text: str) -> dict[str, str]:
    return {"untrusted_text": text, "written_by": "carrier"}


def _package(number: str, status: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "package_id": number,
        "carrier": "own",
        "carrier_number": None,
        "status": status,
        "status_text": text,
        "reason": None,
        "reason_text": None,
        "action_required": False,
        "action_text": None,
        "estimated_delivery": "2026-11-21T16:00:00+01:00",
        "original_estimated_delivery": "2026-11-21T16:00:00+01:00",
        "hours_late": 0,
        "days_late": 0,
        "last_event": {
            "at": "2026-11-20T06:10:00+01:00",
            "text": _quoted("Arrived at the depot"),
            "place": _quoted("Leipzig"),
        },
        "proof_of_delivery": None,
        "truck": None,
        "destination": {
            "street": _quoted("Hauptstr. 5"),
            "postal_code": "10115",
            "city": _quoted("Berlin"),
            "country": "DE",
        },
        "delivery_date": None,
        "safe_place": None,
        "hold_at_depot": False,
        "delivery_changeable": True,
        "your_role": "recipient",
        "order_id": None,
        "sender_note": None,
        **more,
    }


PACKAGES = {
    package["package_id"]: package
    for package in (
        _package(
            "ABCD-1337",
            "delivered",
            "delivered",
            proof_of_delivery={
                "delivered_at": "2026-11-19T14:05:00+01:00",
                "signed_by": _quoted("A. Smith"),
                "place": _quoted("front door"),
            },
            order_id="ORD-1001",
            delivery_changeable=False,
        ),
        _package(
            "ABCD-2001",
            "in_transit",
            "on its way",
            truck={"truck_id": "TRK-01", "stops_before_yours": 3, "near": _quoted("Potsdam")},
        ),
        _package(
            "ABCD-3001",
            "delivery_delayed",
            "delayed",
            reason="weather_delay",
            reason_text="The weather holds up deliveries.",
            estimated_delivery="2026-11-23T12:00:00+01:00",
            hours_late=44,
            days_late=1,
        ),
        _package("1Z999AA10123456784", "in_transit", "on its way"),
        _package("00340434292135100186", "in_transit", "on its way"),
    )
}
ORDERS = {
    number: {
        "order_id": number,
        "status": status,
        "status_text": text,
        "service": "standard",
        "service_name": "Standard",
        "price": price,
        "currency": "EUR",
        "refunded": "0.00",
        "refundable": refundable,
        "cancellable": status == "booked",
        "booked_at": "2026-11-16T09:00:00+01:00",
        "city": "Berlin",
        "to": {
            "name": "Alice Smith",
            "street": "Hauptstr. 5",
            "postal_code": "10115",
            "city": "Berlin",
            "country": "DE",
        },
        "packages": [],
    }
    for number, status, text, price, refundable in (
        ("ORD-1003", "delivered", "delivered", "180.00", "180.00"),
        ("ORD-1002", "booked", "booked, not picked up yet", "12.00", "0.00"),
        ("ORD-1001", "delivered", "delivered", "24.90", "24.90"),
    )
}
_NOT_FOUND = {
    "ok": False,
    "error": {
        "code": "not_found",
        "message": "There is no record with this number among yours.",
        "field": None,
        "allowed": None,
        "retryable": False,
        "next_step": "Ask the customer to check the number.",
    },
}


def ok(result: Any) -> dict[str, Any]:
    return {"ok": True, "result": result}


def _package_item(package: dict[str, Any]) -> dict[str, Any]:
    proof = package["proof_of_delivery"] or {}
    fields = ("package_id", "status", "status_text", "action_required", "estimated_delivery", "your_role", "order_id")
    return {name: package[name] for name in fields} | {
        "city": package["destination"]["city"],
        "delivered_at": proof.get("delivered_at"),
    }


def answer(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the tool would say to alice. A write is never done here either."""
    if tool in WRITES:
        return _write(tool, arguments)
    found: dict[str, Any] = _READS[tool](arguments)
    return found


def _write(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    known = {**PACKAGES, **ORDERS}
    named = arguments.get("package_id") or arguments.get("order_id")
    if named is not None and named not in known:
        return _NOT_FOUND
    staff = tool not in ("report_problem", "schedule_callback")
    return {
        "ok": True,
        "status": "awaiting_confirmation",
        "reference": "6f8f7c2e-0000-4000-8000-000000000001",
        "note": "not done yet",
        "summary": f"{tool} for alice",
        "staff_decide": staff,
    }


def _list_packages(arguments: dict[str, Any]) -> dict[str, Any]:
    found = [_package_item(each) for each in PACKAGES.values() if arguments.get("status") in (None, each["status"])]
    return ok({"packages": found, "total": len(found)})


def _list_orders(arguments: dict[str, Any]) -> dict[str, Any]:
    found = [each for each in ORDERS.values() if arguments.get("status") in (None, each["status"])]
    return ok({"orders": found, "total": len(found)})


def _list_requests(arguments: dict[str, Any]) -> dict[str, Any]:
    request = {
        "reference": "6f8f7c2e-0000-4000-8000-000000000002",
        "tool": "request_refund",
        "label": "Refund 5.00 for order ORD-1001",
        "state": "awaiting_approval",
        "state_text": "waits for our staff to decide",
        "open": True,
        "summary": "Refund 5.00 EUR for order ORD-1001",
        "reason": None,
        "created_at": "2026-11-19T10:00:00+01:00",
        "expires_at": "2026-11-21T10:00:00+01:00",
    }
    return ok({"requests": [request], "total": 1})


def _truck(arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments.get("truck_id", "TRK-01") != "TRK-01" or arguments.get("package_id", "ABCD-2001") not in PACKAGES:
        return _NOT_FOUND
    stop = {
        "stops_before_yours": 3,
        "estimated_arrival": "2026-11-20T17:20:00+01:00",
        "window_start": "2026-11-20T15:00:00+01:00",
        "window_end": "2026-11-20T17:00:00+01:00",
        "arrived_at": None,
        "minutes_late": 20,
    }
    place = {
        "near": _quoted("Potsdam"),
        "latitude": 52.4,
        "longitude": 13.1,
        "reported_at": "2026-11-20T14:58:00+01:00",
        "stale": False,
    }
    return ok(
        {
            "truck_id": "TRK-01",
            "package_ids": ["ABCD-2001"],
            "status_text": "3 stops before yours",
            "position": place,
            "your_stop": stop,
        }
    )


def _services(arguments: dict[str, Any]) -> dict[str, Any]:
    service = {
        "service": "standard",
        "name": "Standard",
        "description": "The usual way",
        "days_min": 2,
        "days_max": 4,
        "max_weight_kg": 31.5,
        "max_length_cm": 120.0,
        "max_parcels": 10,
        "countries": ["AT", "DE", "FR"],
        "price_from": "4.90",
        "currency": "EUR",
    }
    return ok({"services": [service, {**service, "service": "express", "name": "Express", "price_from": "12.90"}]})


def _quote(arguments: dict[str, Any]) -> dict[str, Any]:
    quotes = [
        {
            "service": "standard",
            "name": "Standard",
            "price": "9.90",
            "currency": "EUR",
            "earliest": "2026-11-24",
            "latest": "2026-11-26",
        },
        {
            "service": "express",
            "name": "Express",
            "price": "19.90",
            "currency": "EUR",
            "earliest": "2026-11-23",
            "latest": "2026-11-23",
        },
    ]
    return ok(
        {"quotes": quotes, "not_available": [{"service": "freight", "name": "Freight", "reason": "Only from 30 kg."}]}
    )


def _profile(arguments: dict[str, Any]) -> dict[str, Any]:
    return ok(
        {
            "name": "Alice Smith",
            "phone": "+493012345678",
            "email": "alice@example.com",
            "street": "Hauptstr. 5",
            "city": "Berlin",
            "postal_code": "10115",
            "country": "DE",
        }
    )


_READS: dict[str, Any] = {
    "check_package": lambda arguments: (
        ok(PACKAGES[arguments["package_id"]]) if arguments["package_id"] in PACKAGES else _NOT_FOUND
    ),
    "list_my_packages": _list_packages,
    "list_my_orders": _list_orders,
    "list_my_requests": _list_requests,
    "get_order": lambda arguments: ok(ORDERS[arguments["order_id"]]) if arguments["order_id"] in ORDERS else _NOT_FOUND,
    "get_my_profile": _profile,
    "check_truck": _truck,
    "list_services": _services,
    "get_quote": _quote,
}


@dataclass
class Said:
    """What the model did in one turn: every call of all its steps, its words, the open question and the topics."""

    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    text: str = ""
    asks: str | None = None
    topics: tuple[str, ...] = ()


class Conversation:
    """alice talks to the demo model; every call is answered from her records."""

    def __init__(self, *, tools=TOOLS, answers=answer):
        self.messages: list[Any] = []
        self.tools = tools
        self.answers = answers
        self._calls = 0

    def say(self, text: str) -> Said:
        self.messages.append(UserMessage(text))
        said = Said()
        for _ in range(6):
            reply = respond(Prompt(system=SYSTEM, messages=tuple(self.messages), tools=self.tools))
            said.text += reply.text
            said.asks, said.topics = reply.asks, (*said.topics, *reply.topics)
            if not self._run(reply, said):
                return said
        raise AssertionError(f"no end after six steps: {text}")

    def _run(self, reply: Reply, said: Said) -> bool:
        requests = []
        for wanted in reply.calls:
            self._calls += 1
            arguments = json.dumps(wanted.arguments)
            requests.append(ToolCallRequest(id=f"id-{self._calls}", name=wanted.tool, arguments=arguments))
        self.messages.append(AssistantMessage(text=reply.text, calls=tuple(requests)))
        for request in requests:
            values = json.loads(request.arguments)
            check_arguments(request.name, values)
            said.calls.append((request.name, values))
            told = json.dumps(self.answers(request.name, values))
            self.messages.append(ToolResultMessage(call_id=request.id, name=request.name, content=told))
        return bool(requests)


def check_arguments(tool: str, arguments: dict[str, Any]) -> None:
    required, optional = (set(names.split()) for names in ARGUMENTS[tool])
    assert required <= set(arguments) <= required | optional, f"{tool} {arguments}"
