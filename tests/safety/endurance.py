"""The part of O6 that takes time: what is done to a web server leaves its memory, processes and answers as before.

Bystanders chat before and after, each in a conversation without a past and too little to meet a limit.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial

from tests.processes import Running, children_of, http_status, wait_until
from tests.safety.cast import CUSTOMERS, Pair
from tests.safety.hostile import Hostile, say
from tests.safety.measure import MEGABYTE, memory_of
from tests.safety.person import Person
from tests.wire import Browser, Socket

READY_S = 60.0
GROWTH_MB = 50.0
TIMES_SLOWER = 2.0
# With the first, which is not measured, fewer than RATE_MESSAGES of the product.
MESSAGES = 18
# From the nets kept for measuring, where a trusted proxy says so: no test comes from there.
FROM = {"x-forwarded-for": "198.19.255.1"}
Bystander = Callable[[], Browser]


def bystanders_of(pair: Pair, *, url: str, model: Hostile) -> list[Bystander]:
    """The customers of one entry of the pool; the model answers them whatever else it does."""

    def come(person: Person) -> Browser:
        model.script_for(person.facts.tag, always=say("Yes."))
        return person.sign_in()

    return [partial(come, Person(facts=pair.facts(letter), url=url)) for letter in CUSTOMERS]


class Endurance:
    """`steady = Endurance(web, …)` before, `steady.problems()` afterwards; `steady.measured` says what was seen.

    bystanders: each signs in when called; one for before, one for after, and one more for where that was too slow.
    """

    def __init__(self, web: Running, *others: Running, bystanders: Iterable[Bystander]) -> None:
        self.web = web
        self.processes = (web, *others)
        self.bystanders = list(bystanders)
        self.measured = ""
        self.baseline_s = self._p95_s()
        self.pids = self._pids()
        self.memory = self._memory()

    def problems(self, *, within: float = READY_S) -> list[str]:
        """What is not as it was before. `within`: seconds that it may take to be ready again."""
        begun = time.monotonic()
        try:
            wait_until(lambda: http_status(f"{self.web.url}/readyz") == 200, what="200 from /readyz", within=within)
        except AssertionError as error:
            return [f"O6: {error}"]
        ready_s = time.monotonic() - begun
        now = self._pids()
        found = [] if now == self.pids else [f"O6: the processes were {self.pids} and are {now}"]
        p95_s = self._p95_s()
        if p95_s >= TIMES_SLOWER * self.baseline_s and self.bystanders:  # the machine has other things to do as well
            p95_s = min(p95_s, self._p95_s())
        if p95_s >= TIMES_SLOWER * self.baseline_s:
            found.append(f"O6: a bystander's p95 is {p95_s:.3f} s and was {self.baseline_s:.3f} s")
        grown = {pid: size - self.memory[pid] for pid, size in self._memory().items() if pid in self.memory}
        found += [f"O6: process {pid} grew by {size:.1f} MB" for pid, size in grown.items() if size >= GROWTH_MB]
        self.measured = (
            f"ready after {ready_s:.1f} s, p95 {self.baseline_s * 1000:.0f} -> {p95_s * 1000:.0f} ms,"
            f" grown by {max(grown.values(), default=0.0):.1f} MB"
        )
        return found

    def _pids(self) -> list[int]:
        parents = [running.pid for running in self.processes]
        return sorted([*parents, *(child for pid in parents for child in children_of(pid))])

    def _memory(self) -> dict[int, float]:
        """Megabytes by process, the worker's slots among them."""
        found = {pid: memory_of(pid) / MEGABYTE for pid in self._pids()}
        slots = [slot for pid in found for slot in children_of(pid)]
        return found | {pid: memory_of(pid) / MEGABYTE for pid in slots}

    def _p95_s(self) -> float:
        """The next bystander's, from a message to the end of its turn."""
        browser = self.bystanders.pop(0)()
        browser.http.headers.update(FROM)
        try:
            socket = browser.socket(headers=FROM)
            taken = [seconds(socket) for _ in range(1 + MESSAGES)][1:]
        finally:
            browser.close()
        return statistics.quantiles(taken, n=20, method="inclusive")[-1]


def seconds(socket: Socket) -> float:
    begun = time.monotonic()
    turn_id = socket.until(type="message", client_msg_id=socket.say("Hello"))["turn_id"]
    assert socket.until_turn_ends(turn_id)["state"] == "done"
    return time.monotonic() - begun
