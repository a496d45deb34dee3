"""Load: many sockets that only stand there, some that talk, and a model that takes its time."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.faults.lines import Line, standing
from tests.processes import Running, Stack, children_of
from tests.safety.arena import Arena
from tests.safety.hostile import delta, drip, sse
from tests.safety.measure import MEGABYTE, memory_of
from tests.safety.person import Person

NAME = "crowd of sockets"  # of its connections, as PostgreSQL knows them
CONNECTIONS = 8 + 2  # DB_THREADS and the pool's two more
PER_PERSON = 8  # fewer than MAX_SOCKETS: on a busy machine one is tried again while its first try still counts

Crowd = Callable[[Running, int], list[Person]]


@dataclass
class Seen:
    """What was measured while they talked; times in seconds since the beginning."""

    memory: list[tuple[float, float]] = field(default_factory=list)
    connections: int = 0
    acks: list[float] = field(default_factory=list)
    turns: int = 0

    def p95_s(self) -> float:
        return statistics.quantiles(self.acks, n=20, method="inclusive")[-1]

    def slope(self) -> float:
        """Megabytes a minute, by the last two thirds: in the first, things are loaded and caches filled."""
        later = self.memory[len(self.memory) // 3 :]
        return statistics.linear_regression(*zip(*later, strict=True)).slope * 60

    def grown_mb(self) -> float:
        return max(size for _, size in self.memory) - self.memory[len(self.memory) // 3][1]

    def __str__(self) -> str:
        return (
            f"{len(self.acks)} acks, p95 {self.p95_s() * 1000:.0f} ms, {self.turns} turns,"
            f" {self.connections} connections, {self.slope():+.2f} MB a minute, grown by {self.grown_mb():.1f} MB"
        )


async def talk(line: Line, until: float) -> None:
    while time.monotonic() < until:
        await line.until_answered(await line.say("Hello"))


async def measure(arena: Arena, web: Running, seen: Seen, until: float) -> None:
    begun = time.monotonic()
    (pid,) = children_of(web.pid)
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    while time.monotonic() < until:
        seen.memory.append((time.monotonic() - begun, memory_of(pid) / MEGABYTE))
        ((count,),) = await asyncio.to_thread(arena.sql, query, NAME)
        seen.connections = max(seen.connections, count)
        await asyncio.sleep(0.5)


def lines_of(people: list[Person], each: int) -> list[Line]:
    found = []
    for person in people:
        room = person.browser.conversation()
        found += [Line([person.url], person.facts.session_key, room) for _ in range(each)]
    return found


async def crowded(
    arena: Arena, beside: Stack, crowd: Crowd, *, idle: int, active: int, answer_s: float, seconds: float
) -> Seen:
    variables = {**arena.product.variables, "PGAPPNAME": NAME, "TURN_TIMEOUT_S": "60", "PER_ADDRESS": "off"}
    web = beside.web(**variables)
    pieces = 40
    words = sse(*(delta(content=f"word {n:03} ") for n in range(pieces)))
    size = len(delta(content="word 000 "))
    arena.model.always = lambda body: drip(words, interval=answer_s / pieces, size=size)
    standers = lines_of(crowd(web, idle // PER_PERSON), PER_PERSON)
    talkers = lines_of(crowd(web, active), 1)
    seen = Seen()
    async with standing([*standers, *talkers]):
        until = time.monotonic() + seconds
        await asyncio.gather(measure(arena, web, seen, until), *(talk(line, until) for line in talkers))
    seen.acks = [took for line in talkers for took in line.ack_s]
    seen.turns = sum(len(line.ended()) for line in talkers)
    assert [problem for line in [*standers, *talkers] for problem in line.problems] == []
    # Who only stands there is left in peace.
    assert [(close.code, close.reason) for line in standers for close in line.closes] == []
    assert {end for line in talkers for end in line.ended().values()} == {"done"}
    return seen


async def test_ld_07_a_crowd_is_acked_at_once_and_costs_no_connections(arena: Arena, beside: Stack, crowd: Crowd):
    seen = await crowded(arena, beside, crowd, idle=200, active=20, answer_s=2, seconds=8)

    print(seen)
    assert seen.turns >= 40
    assert seen.connections <= CONNECTIONS
    assert seen.p95_s() < 1.5  # beside other tests; alone it is the 0.2 s of the full size
    assert seen.grown_mb() < 20


@pytest.mark.long
async def test_ld_07_a_crowd_in_full_size(
    arena: Arena, beside: Stack, crowd: Crowd, record_property: Callable[[str, object], None]
):
    seen = await crowded(arena, beside, crowd, idle=1000, active=100, answer_s=20, seconds=1800)

    record_property("measured", f"LD-07 {seen}")
    assert seen.connections <= CONNECTIONS
    assert seen.p95_s() < 0.2
    assert seen.slope() < 1.0
