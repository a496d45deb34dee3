"""Ten thousand tracking numbers, asked for by a stranger and by a customer of somebody else's packages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.processes import Stack
from tests.safety.arena import Arena
from tests.safety.cast import tags_in
from tests.safety.endurance import Endurance
from tests.safety.person import WatchedBrowser

NUMBERS = 10_000
# RATE_TRACK as the product has it by itself.
ALLOWED, WINDOW_S = 20, 60.0
AT_ONCE = 4


@dataclass
class Sweep:
    """What one sweeper was answered."""

    passed: list[tuple[float, float]] = field(default_factory=list)  # asked at, answered at
    known: int = 0
    refused: int = 0
    other: list[int] = field(default_factory=list)
    tags: set[tuple[str, str]] = field(default_factory=set)
    waits: set[int] = field(default_factory=set)

    def take(self, answer: httpx2.Response, asked: float) -> None:
        self.tags |= tags_in(answer.content)
        if answer.status_code == 429:
            self.refused += 1
            self.waits.add(int(answer.headers["Retry-After"]))
        elif answer.status_code in (200, 404):
            self.passed.append((asked, time.monotonic()))
            self.known += answer.status_code == 200
        else:
            self.other.append(answer.status_code)

    def most_in_a_window(self) -> int:
        """How many at least were let through within one minute, wherever it begins."""
        asked = sorted(moment for moment, _ in self.passed)
        answered = sorted(moment for _, moment in self.passed)
        return max(sum(start <= moment < start + WINDOW_S - 1 for moment in answered) for start in asked)


@pytest.fixture
def public_towns(arena: Arena) -> Iterator[None]:
    """The town is public by design; in the pool it carries its owner's mark, which would look like a leak."""
    theirs = "number LIKE 'CANB-%'"
    places = {
        ("tracking_package", "city"): theirs,
        ("tracking_trackingevent", "place"): f"package_id IN (SELECT id FROM tracking_package WHERE {theirs})",
    }
    before = {
        (table, column): arena.sql(f"UPDATE {table} SET {column} = 'Hamburg' FROM (SELECT id AS key, {column} AS was"
                                   f" FROM {table} WHERE {which}) old WHERE id = key RETURNING was, id")
        for (table, column), which in places.items()
    }  # fmt: skip
    yield
    for (table, column), rows in before.items():
        with arena.database.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET {column} = %s WHERE id = %s".encode(), rows)


def numbers(arena: Arena) -> list[str]:
    """All of one form, a customer's own first: what passes the limit at all is not only numbers of nobody."""
    rest = (f"CANB-{number:05d}" for number in range(NUMBERS))
    return list(dict.fromkeys([*arena.b.facts.packages, *rest]))[:NUMBERS]


def sweep(browser: WatchedBrowser, wanted: list[str]) -> Sweep:
    """As fast as it goes; who is not signed in comes with a new cookie each time."""
    seen = Sweep()
    session = browser.http.cookies.get("sessionid")
    with httpx2.Client(base_url=browser.url, trust_env=False, timeout=30, headers=browser.http.headers) as http:

        def ask(number: str) -> None:
            asked = time.monotonic()
            cookie = f"sessionid={session}" if session else f"csrftoken={number}"
            answer = http.get("/track/", params={"number": number}, headers={"Cookie": cookie})
            seen.take(answer, asked)
            if answer.status_code != 429:
                browser.received.answers.append((f"GET /track/ {number}", answer.content))

        ask(wanted[0])
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(ask, wanted[1:]))
    return seen


@pytest.mark.long
def test_az_09_ten_thousand_numbers_are_stopped_and_name_nobody(
    arena: Arena,
    public_towns: None,
    beside: Stack,
    endurance: Callable[..., Endurance],
    record_property: Callable[[str, object], None],
):
    usual = {name: value for name, value in arena.product.variables.items() if name != "RATE_TRACK"}
    web = beside.web(**usual, TRUSTED_PROXIES="127.0.0.1")
    steady = endurance(web)
    stranger = WatchedBrowser(web.url, arena.stranger.received)
    third = WatchedBrowser(web.url, arena.a.received)
    third.http.cookies.set("sessionid", arena.a.facts.session_key, domain="127.0.0.1")
    for number, browser in enumerate((stranger, third), start=1):
        browser.http.headers["X-Forwarded-For"] = f"198.51.100.{number}"
    assert third.get("/chat/").status_code == 302  # signed in

    begun = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        sweeps = dict(
            zip(("stranger", "customer"), pool.map(sweep, (stranger, third), [numbers(arena)] * 2), strict=True)
        )
    took = time.monotonic() - begun
    third.http.close()
    stranger.http.close()

    for name, seen in sweeps.items():
        record_property(
            "measured",
            f"AZ-09 {name}: {len(seen.passed)} of {NUMBERS} let through in {took:.0f} s, {seen.known} of them known,"
            f" {seen.refused} refused for {min(seen.waits)}-{max(seen.waits)} s",
        )
        assert seen.other == [], name
        assert len(seen.passed) + seen.refused == NUMBERS, name
        assert seen.known >= 1, name
        assert seen.tags == set(), name
        assert ALLOWED <= len(seen.passed) <= ALLOWED * (took // WINDOW_S + 1), name
        assert seen.most_in_a_window() <= ALLOWED, name
        assert all(0 < wait <= WINDOW_S for wait in seen.waits), name
    assert steady.problems() == []
    record_property("measured", f"AZ-09 {steady.measured}")
