"""What the customers of a run ask for, the model that asks the product for exactly that, and who pays it out."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.effect_gateway import EffectGateway, Request
from tests.model_server import USAGE, Answer, Call, Item, ModelServer, Reply, Status
from tests.safety.cast import Facts

# Between the pieces of an answer: a chat is to be in flight for a while.
PIECE_S = 0.05


def wish(facts: Facts, number: int) -> tuple[Call, ...]:
    """Seven changes that do not replace each other; `number` makes every one of them unlike any other ever made."""
    at = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0) + timedelta(seconds=number)
    phone = f"+4930{20_000_000 + number}"
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("request_refund", {"order_id": facts.orders[0], "amount": "0.05", "reason": f"wish {number}"}),
        ("request_refund", {"order_id": facts.orders[2], "amount": "0.05", "reason": f"wish {number}"}),
        ("change_delivery", {"package_id": facts.packages[0], "safe_place": f"place {number} a"}),
        ("change_delivery", {"package_id": facts.packages[2], "safe_place": f"place {number} b"}),
        ("update_profile", {"phone": phone}),
        ("report_problem", {"package_id": facts.packages[1], "problem": "other", "description": f"wish {number}"}),
        ("schedule_callback", {"at": at.isoformat(), "topic": f"wish {number}", "phone": "+493023125900"}),
    ]
    return tuple(Call(name, arguments, id=f"call_{place}") for place, (name, arguments) in enumerate(wanted))


@dataclass(frozen=True)
class Slow(Reply):
    """An answer that takes its time between the pieces."""

    usage: dict[str, int] | None = field(default_factory=lambda: dict(USAGE))

    def items(self, model: str) -> Iterator[Item]:
        for item in super().items(model):
            time.sleep(PIECE_S)
            yield item


class ForgetfulGateway(EffectGateway):
    """Pays for every request that reaches it, as one would that knows no keys any more: a second one is money lost.

    It still answers by key what it has paid, and takes its time to say that it did.
    """

    def pay(self, request: Request) -> None:
        super().pay(request)
        time.sleep(2 * PIECE_S)

    def payments_by_key(self) -> Counter[str]:
        return Counter(request.key for request in self.posts())


class WishModel(ModelServer):
    """Answers a customer's `wish 17` with the calls of that wish, and their results with a sentence. Keeps nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._wishes: dict[str, tuple[Call, ...]] = {}
        self._numbers = itertools.count(1)
        self._adding = threading.Lock()

    def prepare(self, facts: Facts) -> str:
        """What this customer is to say."""
        with self._adding:
            number = next(self._numbers)
        said = f"Please see to wish {number}"
        self._wishes[said] = wish(facts, number)
        return said

    def take(self, body: dict[str, Any], headers: dict[str, str], raw: bytes) -> Answer:
        last = body["messages"][-1]
        if last["role"] == "tool":
            return Slow(("All of it ", "is prepared, ", "please confirm."))
        calls = self._wishes.get(str(last["content"]))
        if calls is None:
            return Status(400, {"error": {"message": "nobody wished that"}})
        return Slow(("One moment. ",), calls)
