"""Sentences about packages and trucks, made from check_package, list_my_packages and check_truck and from
nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

from support_bot.llm.demo.requests import Request
from support_bot.llm.demo.wording import bullets, hours, more, on_when, said, sentences, when

Result = dict[str, Any]
_DONE = ("delivered", "cancelled")


def package(result: Result, request: Request, *, today: date) -> str:
    """What the customer asked for first, then the rest of the news."""
    return sentences(
        _asked_first(result, request, today),
        _headline(result, today),
        _lateness(result, request, today),
        result.get("reason_text"),
        _estimate(result, today),
        _last_event(result, today),
        _truck(result),
        _wishes(result, today),
        f"What you can do: {result['action_text']}" if result.get("action_text") else None,
        _not_there(result, request),
    )


def packages(result: Result, request: Request, *, today: date) -> str:
    items: list[Result] = result.get("packages", [])
    wanted = (request.slots.status or "").replace("_", " ")
    if not items:
        return f"None of your packages is {wanted} at the moment." if wanted else "I find no packages in your account."
    title = f"Your packages that are {wanted}:" if wanted else "Your packages:"
    tail = more(len(items), result.get("total", 0), "packages")
    return "\n".join(
        part for part in (title, bullets([package_line(item, today=today) for item in items]), tail) if part
    )


def package_line(item: Result, *, today: date) -> str:
    """One package of a list in one line."""
    parts = [f"{item['package_id']}: {item['status_text']}"]
    if delivered := on_when(item.get("delivered_at"), today=today):
        parts.append(delivered)
    elif item.get("status") not in _DONE and (expected := when(item.get("estimated_delivery"), today=today)):
        parts.append(f"expected {expected}")
    if city := said(item.get("city")):
        parts.append(f"to {city}")
    if item.get("action_required"):
        parts.append("needs something from you")
    return ", ".join(parts)


def truck(result: Result, request: Request, *, today: date) -> str:
    stop: Result = result.get("your_stop") or {}
    position: Result = result.get("position") or {}
    reported = on_when(position.get("reported_at"), today=today)
    town = said(position.get("near"))
    near = f"was last reported near {town}" if town else "has not reported a place yet"
    late = stop.get("minutes_late")
    return sentences(
        f"Truck {result['truck_id']} {near}{f' ({reported})' if reported and town else ''}.",
        "That report is a while old." if position.get("stale") else None,
        _stop_words(result, stop),
        f"It should be with you {on_when(stop['estimated_arrival'], today=today)}." if _still_coming(stop) else None,
        f"That is about {late} minutes after the planned time." if late and _still_coming(stop) else None,
        f"It carries {', '.join(result.get('package_ids', []))} for you." if result.get("package_ids") else None,
    )


def _still_coming(stop: Result) -> bool:
    return bool(stop.get("estimated_arrival")) and not stop.get("arrived_at")


def _stop_words(result: Result, stop: Result) -> str | None:
    if stop.get("arrived_at"):
        return "It is at your stop now."
    before = stop.get("stops_before_yours")
    if before is None:
        return None
    return "Your stop is next." if before == 0 else f"There {_stops(before)} before yours."


def _stops(count: int) -> str:
    return "is 1 stop" if count == 1 else f"are {count} stops"


# --- parts of the answer about one package ------------------------------------------------------------------------


def _asked_first(result: Result, request: Request, today: date) -> str | None:
    delivered = result["status"] == "delivered"
    if "sign" in request.aspects:
        return _signature(result) if delivered else "It has not been delivered yet, so nobody has signed for it."
    if "sender" in request.aspects:
        return "Who sent it is not in the records that I may see."
    if "carrier" in request.aspects:
        return f"It is carried by {'ourselves' if result['carrier'] == 'own' else result['carrier']}."
    if "when" in request.aspects and not delivered and not result.get("estimated_delivery"):
        return "There is no estimated delivery date for it yet."
    return None


def _signature(result: Result) -> str:
    proof: Result = result.get("proof_of_delivery") or {}
    if by := said(proof.get("signed_by")):
        return f"It was signed for by {by}."
    return "No signature was recorded for it."


def _headline(result: Result, today: date) -> str:
    number, status = result["package_id"], result["status"]
    if status == "delivered":
        proof: Result = result.get("proof_of_delivery") or {}
        at = on_when(proof.get("delivered_at"), today=today)
        spot, by = said(proof.get("place")), said(proof.get("signed_by"))
        place = f" ({spot})" if spot else ""
        signed = f", signed for by {by}" if by else ""
        return f"Package {number} was delivered{f' {at}' if at else ''}{place}{signed}."
    if status == "unknown":
        return f"There is no news about package {number} at the moment."
    city = said((result.get("destination") or {}).get("city"))
    to = f" to {city}" if city and status in ("in_transit", "picked_up", "out_for_delivery") else ""
    return f"Package {number} is {result['status_text']}{to}."


def _lateness(result: Result, request: Request, today: date) -> str | None:
    late = result.get("hours_late")
    announced = when(result.get("original_estimated_delivery"), today=today)
    verb = "was" if result["status"] == "delivered" else "is"
    if late:
        first = f" (first announced for {announced})" if announced else ""
        return f"It {verb} {hours(late)} later than announced{first}."
    if "late" not in request.aspects:
        return None
    return f"It {verb} on time." if late == 0 else "I have no dates that tell whether it is late."


def _estimate(result: Result, today: date) -> str | None:
    if result["status"] in _DONE:
        return None
    expected = on_when(result.get("estimated_delivery"), today=today)
    return f"It should arrive {expected}." if expected else None


def _last_event(result: Result, today: date) -> str | None:
    event: Result = result.get("last_event") or {}
    text, town = said(event.get("text")), said(event.get("place"))
    if not text or result["status"] == "delivered":
        return None
    place = f" in {town}" if town else ""
    at = on_when(event.get("at"), today=today)
    return f"Last news: {text.rstrip('.')}{place}{f', {at}' if at else ''}."


def _truck(result: Result) -> str | None:
    truck_now: Result | None = result.get("truck")
    if not truck_now:
        return None
    town = said(truck_now.get("near"))
    near = f", now near {town}" if town else ""
    before = truck_now.get("stops_before_yours")
    stops = (
        "" if before is None else ("; your stop is next" if before == 0 else f"; there {_stops(before)} before yours")
    )
    return f"It is on truck {truck_now['truck_id']}{near}{stops}."


def _wishes(result: Result, today: date) -> str | None:
    if result["status"] in _DONE:
        return None
    wishes = []
    if day := when(result.get("delivery_date"), today=today):
        wishes.append(f"chosen delivery day: {day}")
    if place := said(result.get("safe_place")):
        wishes.append(f"safe place: {place}")
    if result.get("hold_at_depot"):
        wishes.append("it is kept at the depot for you")
    return f"Noted for this delivery: {', '.join(wishes)}." if wishes else None


def _not_there(result: Result, request: Request) -> str | None:
    if result["status"] != "delivered" or not request.aspects & {"not_arrived", "late"}:
        return None
    return 'If you do not have it, say "I never received it" and I prepare a report for our staff.'
