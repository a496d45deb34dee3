"""LD-09: one customer has turns that hang. Another one's answers and approved requests take no longer for that."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.model_server import Gate
from tests.processes import Stack, wait_until
from tests.safety.arena import Arena
from tests.safety.endurance import TIMES_SLOWER, seconds
from tests.safety.hostile import call, say, text
from tests.safety.person import Person
from tests.wire import Browser

PATIENT = {
    "LLM_FIRST_TOKEN_TIMEOUT_S": "60",
    "LLM_IDLE_TIMEOUT_S": "60",
    "TURN_TIMEOUT_S": "60",
    "MAX_SOCKETS": "off",
    "PENDING_PER_DAY": "100",
}
RUNNING = (
    "SELECT count(*) FROM chat_turn t JOIN chat_conversation c ON c.id = t.conversation_id"
    " WHERE c.customer_id = %s AND t.state = 'running'"
)
CHATS, APPROVALS = 12, 4
# Beside other tests the machine itself may double a tenth of a second; who waits for a hung turn waits far longer.
LEAST_S = 1.5
CITIES = iter(f"Bremen-{number}" for number in range(1000))


def begin_turn(browser: Browser) -> None:
    """In a conversation of its own; nobody waits for its end."""
    while (page := browser.post("/chat/new/", {}, page="/accounts/password/change/")).status_code == 429:
        time.sleep(int(page.headers["retry-after"]))
    assert page.status_code == 302, (page.status_code, page.text[:1000])
    socket = browser.socket(page.headers["location"].rstrip("/").rsplit("/", 1)[-1])
    socket.until(type="ack", client_msg_id=socket.say("Hello"))
    socket.close()


def p95(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=20, method="inclusive")[-1]


class Neighbour:
    """Chats and has requests approved, and says how long that took."""

    def __init__(self, arena: Arena, person: Person) -> None:
        self.arena, self.person, self.socket = arena, person, person.chat()

    def chat_s(self) -> float:
        self.arena.model.script_for(self.person.facts.tag, always=say("Yes."))
        return p95([seconds(self.socket) for _ in range(1 + CHATS)][1:])

    def approval_s(self) -> float:
        """From the reviewer's decision to the effect that the customer is told of."""
        taken = []
        for _ in range(APPROVALS):
            self.arena.model.script_for(self.person.facts.tag, call("update_profile", {"city": next(CITIES)}))
            turn_id = self.socket.until(type="message", client_msg_id=self.socket.say("I moved"))["turn_id"]
            card = self.socket.until(type="call", state="awaiting_confirmation")
            self.socket.until_turn_ends(turn_id)
            self.socket.send(type="call.confirm", call_id=card["call_id"], digest=card["digest"])
            self.socket.until(type="call", state="awaiting_approval")
            begun = time.monotonic()
            assert self.arena.s1.browser.decide(card["call_id"], "approve").status_code == 302
            self.socket.until(type="call", call_id=card["call_id"], state="succeeded")
            taken.append(time.monotonic() - begun)
        return p95(taken)


@pytest.mark.parametrize(("count", "least_s"), [(50, LEAST_S), pytest.param(200, 0.0, marks=pytest.mark.long)])
def test_ld_09_turns_that_hang_keep_nobody_else_waiting(
    arena: Arena,
    beside: Stack,
    count: int,
    least_s: float,
    record_property: Callable[[str, object], None],
):
    web = beside.web(**{**arena.product.variables, **PATIENT})
    a, b = (Person(facts=person.facts, url=web.url) for person in (arena.a, arena.b))
    neighbour = Neighbour(arena, b)
    gate = Gate()
    usual = neighbour.chat_s(), neighbour.approval_s()
    arena.model.script_for(a.facts.tag, always=lambda body: text("One moment", gate))
    browser = a.sign_in()
    browser.get("/accounts/password/change/")  # one CSRF cookie for all threads
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(begin_turn, [browser] * count))
        key = arena.customer_ids()["A"]
        wait_until(lambda: arena.sql(RUNNING, key) == [(count,)], what=f"{count} turns that hang", within=20)

        found = neighbour.chat_s(), neighbour.approval_s()
        # The machine has other things to do as well.
        most = [max(TIMES_SLOWER * before, least_s) for before in usual]
        again = [after >= limit for after, limit in zip(found, most, strict=True)]
        if any(again):
            found = min(found[0], neighbour.chat_s()), min(found[1], neighbour.approval_s())
        still = arena.sql(RUNNING, key)
    finally:
        gate.set()
        for person in (a, b):
            person.leave()

    record_property(
        "measured",
        f"LD-09 {count} hung turns: chat p95 {usual[0] * 1000:.0f} -> {found[0] * 1000:.0f} ms,"
        f" approval {usual[1] * 1000:.0f} -> {found[1] * 1000:.0f} ms",
    )
    assert still == [(count,)]  # else nothing was measured
    assert found[0] < most[0]
    assert found[1] < most[1]
