"""The questions back: one for each slot that may be missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from support_bot.llm.demo.options import Option
from support_bot.llm.demo.requests import Request
from support_bot.llm.demo.wording import bullets, joined

_FOR_PACKAGE = {
    "track": "Which package is it about?",
    "truck": "Which package is on the truck?",
    "change_delivery": "For which package shall I change the delivery?",
    "problem": "I am sorry to hear that. Which package is it about?",
}
_FOR_ORDER = {
    "order_status": "Which order is it about?",
    "cancel_order": "Which order shall I cancel?",
    "refund": "Which order is the refund for?",
}
_FIXED = {
    "field": "What shall I change: your name, phone number, e-mail address or postal address? Tell me the new "
    "value as well.",
    "name": "What is the new name?",
    "phone": "What is the new phone number?",
    "email": "What is the new e-mail address?",
    "destination": "Where does it go? Please tell me the postal code and the country.",
    "country": "In which country is that?",
    "day": "On which day shall it be delivered?",
    "change": "What shall I change about this delivery: another address, another day, a safe place to leave it, "
    "or keep it at the depot?",
    "safe_place": "Where may the driver leave it?",
    "reason": "What is the reason for the refund?",
    "problem": "What is wrong with it: damaged, something missing, never received, the wrong item, or something "
    "else? Please tell me what happened.",
    "topic": "What shall the call be about?",
    "contents": "What is inside?",
    "recipient": "Who shall receive it? Please tell me the full name.",
}


def question(request: Request, *, options: Sequence[Option]) -> str:
    """The question for what the request lacks now."""
    asked = request.asked or ""
    if asked in ("package", "order"):
        return _which(request, asked, options)
    if asked == "service":
        return _service(options)
    ask = _ASKED_BY_STATE.get(asked)
    return ask(request) if ask else _FIXED[asked]


def _which(request: Request, asked: str, options: Sequence[Option]) -> str:
    text = (_FOR_PACKAGE if asked == "package" else _FOR_ORDER).get(request.intent, "Which number is it?")
    shown = [option.text or option.number for option in options if option.is_order == (asked == "order")]
    if len(shown) == 1:
        return f"{text} I see only one:\n{bullets(shown)}\nIs it that one?"
    if shown:
        return f"{text} I see:\n{bullets(shown)}"
    example = "ABCD-1337" if asked == "package" else "ORD-1001"
    return f"{text} Please tell me its number, such as {example}."


def _address(request: Request) -> str:
    address = request.slots.address
    missing = [
        name
        for name, value in (
            ("street and house number", address.street),
            ("postal code", address.postal_code),
            ("city", address.city),
        )
        if not value
    ]
    if request.intent == "create_order" and len(missing) < 3:
        return f"I still need the {joined(missing)} of the recipient."
    if request.intent == "create_order":
        return "What is the recipient's address: street, house number, postal code, city and country?"
    return "What is the new address? Please give me street, house number, postal code and city."


def _at(request: Request) -> str:
    if request.slots.day is not None:
        return (
            f"At what time on {request.slots.day:%A} {request.slots.day.day} {request.slots.day:%B} shall we call you?"
        )
    if request.slots.time is not None:
        return f"On which day shall we call you at {request.slots.time:%H:%M}?"
    return "When shall we call you? Please tell me day and time, such as tomorrow at 10."


def _amount(request: Request) -> str:
    slots = request.slots
    if slots.refundable is None:
        return f"How much of {slots.order} shall be refunded?"
    most = f"Up to {slots.refundable:.2f} {slots.currency} of {slots.order} can be refunded."
    return f"{most} Shall I ask for all of it, or for how much?"


def _parcels(request: Request) -> str:
    parcels = request.slots.parcels
    if not parcels:
        inside = " What is inside?" if request.intent == "create_order" else ""
        return f"How heavy and how large is the parcel (such as 3 kg, 30 x 20 x 10 cm)?{inside}"
    lacks = next(parcel.lacks for parcel in parcels if parcel.lacks)
    return f"I still need {joined(lacks)} of the parcel, such as 3 kg, 30 x 20 x 10 cm."


def _service(options: Sequence[Option]) -> str:
    if not options:
        return "Which service shall it be: standard, express or freight?"
    return f"Which service shall it be?\n{bullets([option.text for option in options])}"


_ASKED_BY_STATE: dict[str, Callable[[Request], str]] = {
    "address": _address,
    "at": _at,
    "amount": _amount,
    "parcels": _parcels,
}
