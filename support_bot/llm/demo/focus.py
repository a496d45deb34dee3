"""What the talk is about right now: the package, order and truck that were named last, for `it` and `that one`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from support_bot.llm.demo.requests import ABOUT_ORDERS, ABOUT_PACKAGES, Request

# After this many messages about something else, `it` is asked about again.
_FRESH_TURNS = 5


@dataclass(slots=True)
class Focus:
    """The last number of each kind and the turn in which it was named."""

    _turn: int = 0
    _named: dict[str, tuple[str, int]] = field(default_factory=dict)

    def next_turn(self) -> None:
        self._turn += 1

    def note(self, **numbers: str | None) -> None:
        for kind, number in numbers.items():
            if number:
                self._named[kind] = (number, self._turn)

    def get(self, kind: str) -> str | None:
        number, turn = self._named.get(kind, ("", 0))
        return number if number and self._turn - turn <= _FRESH_TURNS else None

    def applied_to(self, request: Request) -> Request:
        """The request with the number that `it` means, where it names none."""
        slots = request.slots
        if "another" in request.aspects:
            return request
        if request.intent in ABOUT_PACKAGES and not (slots.package or slots.truck):
            number, truck = self.get("package"), self.get("truck")
            if request.intent == "truck" and number is None:
                return request.with_slots(replace(slots, truck=truck))
            return request.with_slots(replace(slots, package=number))
        if request.intent in ABOUT_ORDERS and not (slots.order or slots.package):
            if self._package_is_newer() and request.intent != "order_status":
                return request.with_slots(replace(slots, package=self.get("package")))
            return request.with_slots(replace(slots, order=self.get("order")))
        return request

    def _package_is_newer(self) -> bool:
        order_turn = self._named.get("order", ("", -1))[1]
        package_turn = self._named.get("package", ("", -1))[1]
        return self.get("package") is not None and package_turn > order_turn
