"""What tests of approvals do over and over: many requests that wait for staff, a worker that stands still, forms."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx2

from tests.processes import Running, children_of
from tests.safety.arena import Arena
from tests.safety.drive import CALLS, STEPS
from tests.safety.hostile import fanout, say
from tests.safety.person import Person
from tests.safety.test_fc_values import ADDRESS, PARCEL
from tests.wire import Browser, csrf_token

REFUND = {"amount": "5.00", "reason": "late"}


class Desk:
    """A reviewer's form, sent without looking at the page: what many clicks at once are."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.token = csrf_token(browser.get("/accounts/password/change/").text)

    def send(self, call_id: str, form: dict[str, str], decision: str, reason: str = "") -> httpx2.Response:
        path = f"/admin/tools/approval/{call_id}/review/"
        fields = {"csrfmiddlewaretoken": self.token, "decision": decision, "reason": reason, **form}
        return self.browser.http.post(path, data=fields, headers={"Referer": self.browser.url + path})


def form_of(arena: Arena, call_id: str) -> dict[str, str]:
    """The hidden fields of the review page as it is now."""
    ((version, digest),) = arena.sql("SELECT version, digest FROM tools_toolcall WHERE id = %s", call_id)
    return {"version": str(version), "digest": digest}


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of them returns, all begun at the same moment."""
    gate = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        gate.wait(timeout=30)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def many_waiting(arena: Arena, roomy: Running, count: int) -> list[str]:
    """So many different requests of A that wait for staff, made at a web server with room for them."""
    a = Person(facts=arena.a.facts, url=roomy.url)
    calls: list[str] = []
    try:
        while len(calls) < count:
            socket = a.chat()
            numbers = range(len(calls), min(count, len(calls) + CALLS * STEPS))
            wishes = [("create_order", order(number)) for number in numbers]
            steps = [fanout(*wishes[at : at + CALLS]) for at in range(0, len(wishes), CALLS)]
            turn = arena.turn(socket, *steps, say("Prepared."), within=60)
            made = [frame for frame in turn.calls if frame["state"] == "awaiting_confirmation"]
            assert len(made) == len(wishes), arena.told()
            for frame in made:
                socket.send(type="call.confirm", call_id=frame["call_id"], digest=frame["digest"])
            calls += [frame["call_id"] for frame in made]
            socket.until(type="call", call_id=calls[-1], state="awaiting_approval")
    finally:
        a.leave()
    return calls


def order(number: int) -> dict[str, Any]:
    return {"parcels": [{**PARCEL, "contents": f"books {number}"}], "service": "standard", **ADDRESS}


@contextmanager
def worker_stopped(arena: Arena) -> Iterator[None]:
    """The worker with all its processes stands still, and goes on afterwards where it was."""
    family = with_children(arena.product.worker.pid)
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(family):
            os.kill(pid, signal.SIGCONT)


def with_children(pid: int) -> list[int]:
    return [pid, *(found for child in children_of(pid, with_watch=True) for found in with_children(child))]


def decided(arena: Arena, person: Person, tool: str, arguments: dict[str, Any], *, by: Sequence[Person]) -> str:
    """The id of a request that was confirmed and that these people approved."""
    request = arena.request(person, tool, arguments)
    arena.confirm(person, request)
    for reviewer in by:
        assert reviewer.browser.decide(request["call_id"], "approve").status_code == 302
    return str(request["call_id"])


def decisions_of(arena: Arena, call_id: str) -> list[tuple[Any, ...]]:
    query = (
        "SELECT d.decision, u.username, d.void FROM tools_decision d JOIN auth_user u ON u.id = d.reviewer_id"
        " WHERE d.call_id = %s ORDER BY d.id"
    )
    return arena.sql(query, call_id)


def reason_of(arena: Arena, call_id: str) -> str:
    return str(arena.sql("SELECT reason FROM tools_toolcall WHERE id = %s", call_id)[0][0])


def effects_of(arena: Arena, call_id: str) -> int:
    """How many rows of the ledger this call has; that no record changed without one is O2 and O3."""
    return int(arena.sql("SELECT count(*) FROM tools_effect WHERE call_id = %s", call_id)[0][0])
