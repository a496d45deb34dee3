"""Floods in full size against the limits that the product has by itself: messages, sockets, cookies and tokens."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosed

from tests.processes import Running, Stack
from tests.safety.arena import Arena
from tests.safety.endurance import Endurance
from tests.safety.hostile import delta, event, loop, say, sse
from tests.safety.person import Person, WatchedBrowser
from tests.safety.test_ld_limits import address_of, ask, browser_at, code_of, open_at
from tests.wire import Frame, Socket

pytestmark = pytest.mark.long

# As the product has them by itself; the scripted model counts 150 tokens for each answer.
MESSAGES, MAX_SOCKETS, HANDSHAKES, PER_ADDRESS = 20, 10, 30, 20
WINDOW_S = 60
ANSWER = 4050
COUNTED = sse(delta(content="Yes."), event(choices=[], usage={"prompt_tokens": 4000, "completion_tokens": 50}))
RATES = ("RATE_MESSAGES", "RATE_HANDSHAKES", "DAILY_TOKENS")

Crowd = Callable[[Running, int], list[Person]]
Look = Callable[..., Endurance]
Note = Callable[[str, object], None]


@pytest.fixture
def home(arena: Arena) -> str:
    """Where the flood comes from, and nothing else does all day."""
    return address_of(arena, net=18)


@pytest.fixture
def elsewhere(arena: Arena) -> str:
    return address_of(arena, net=19)


def own_web(arena: Arena, beside: Stack, **variables: str) -> Running:
    usual = {name: value for name, value in arena.product.variables.items() if name not in RATES}
    return beside.web(**{**usual, "TRUSTED_PROXIES": "127.0.0.1", **variables})


def come_from(browser: WatchedBrowser, address: str) -> WatchedBrowser:
    browser.address = address
    browser.http.headers["X-Forwarded-For"] = address
    return browser


def at(person: Person, address: str) -> WatchedBrowser:
    return come_from(person.browser, address)


def new_session(person: Person, web: Running, address: str) -> WatchedBrowser:
    browser = come_from(WatchedBrowser(web.url, person.received), address)
    person.browsers.append(browser)
    browser.sign_in(person.facts.username)
    return browser


# --- 100 messages a second --------------------------------------------------------------------------------------


def flood(socket: Socket, *, seconds: float, a_second: int) -> tuple[list[Frame], float]:
    """The ack or error of each message, and how many a second were really sent."""
    ids: set[str] = set()
    count = int(seconds * a_second)
    begun = time.monotonic()
    pace: list[float] = []

    def send() -> None:
        for number in range(count):
            time.sleep(max(0.0, begun + number / a_second - time.monotonic()))
            ids.add(socket.say("Hello"))
        pace.append(count / (time.monotonic() - begun))

    thread = threading.Thread(target=send)
    thread.start()
    found: list[Frame] = []
    while len(found) < count:
        frame = socket.receive()
        if frame["type"] in ("ack", "error") and frame.get("client_msg_id"):
            found.append(frame)
    thread.join()
    assert {frame["client_msg_id"] for frame in found} == ids
    return found, pace[0]


def test_ld_06_a_hundred_messages_a_second_of_one_customer(
    arena: Arena, beside: Stack, crowd: Crowd, endurance: Look, record_property: Note, home: str, elsewhere: str
):
    """In sessions of their own too: what is counted is the customer."""
    web = own_web(arena, beside)
    steady = endurance(web)
    (other,) = crowd(web, 1)
    arena.model.always = loop(say("Yes."))
    socket = open_at(browser_at(arena.a, web, home))

    with ThreadPoolExecutor(1) as pool:
        flooding = pool.submit(flood, socket, seconds=10, a_second=100)
        quiet = ask(open_at(at(other, elsewhere)))
        found, pace = flooding.result()
    again = [flood(open_at(new_session(arena.a, web, home)), seconds=0.5, a_second=100)[0] for _ in range(3)]

    frames = [*found, *(frame for frames in again for frame in frames)]
    refused = [frame for frame in frames if frame.get("code") == "rate_limited"]
    kinds = Counter(frame.get("code", "ack") for frame in frames)
    asked = len(arena.model.requests)
    record_property("measured", f"LD-06 {pace:.0f} messages a second: {dict(kinds)}, {asked} model requests")
    assert quiet["state"] == "done"
    assert pace > 90
    assert set(kinds) <= {"ack", "rate_limited", "busy"}
    assert 1 <= kinds["ack"] <= MESSAGES
    assert kinds["ack"] + kinds["busy"] == MESSAGES
    assert all(1 <= frame["retry_after"] <= WINDOW_S and frame["retryable"] for frame in refused)
    assert asked <= MESSAGES + 1
    assert steady.problems() == []
    record_property("measured", f"LD-06 {steady.measured}")


# --- 500 sockets ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Guest:
    """Who asks for a socket on which conversation; `cookies` in place of the browser's own."""

    browser: WatchedBrowser
    conversation: str
    cookies: str = ""


def knock_at(guest: Guest) -> tuple[int, str]:
    """(0, "") where the socket was let in, else how it was closed."""
    headers = {"X-Forwarded-For": guest.browser.address, "Cookie": guest.cookies or guest.browser.cookies()}
    socket = guest.browser.socket(guest.conversation, resume=None, headers=headers)
    try:
        socket.receive(20)
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (0, "gone without a word")
    return 0, ""


def knock_together(guests: list[Guest]) -> tuple[int, list[tuple[int, str]]]:
    """(how many were let in, how the others were closed)."""
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(knock_at, guests))
    return found.count((0, "")), [close for close in found if close != (0, "")]


@pytest.mark.parametrize("of", ["one customer", "one address"])
def test_ld_06_five_hundred_sockets(
    arena: Arena,
    beside: Stack,
    crowd: Crowd,
    endurance: Look,
    record_property: Note,
    home: str,
    elsewhere: str,
    of: str,
):
    web = own_web(arena, beside)
    steady = endurance(web)
    arena.model.always = loop(say("Yes."))
    people, most = (crowd(web, 1), MAX_SOCKETS) if of == "one customer" else (crowd(web, 50), MAX_SOCKETS * PER_ADDRESS)
    browsers = [at(person, home) for person in people]
    guests = [Guest(browser, browser.conversation()) for browser in browsers] * (500 // len(browsers))

    let_in, refused = knock_together(guests)

    record_property("measured", f"LD-06 500 sockets of {of}: {let_in} let in, {dict(Counter(c for c, _ in refused))}")
    assert let_in == most
    assert {code for code, _ in refused} == {4429}
    assert all(1 <= int(reason) <= WINDOW_S for _, reason in refused)
    (other,) = crowd(web, 1)
    assert ask(open_at(at(other, elsewhere)))["state"] == "done"
    for person in people:
        person.leave()
    assert steady.problems() == []
    record_property("measured", f"LD-06 {steady.measured}")


# --- 1,000 anonymous cookies ------------------------------------------------------------------------------------


def test_ld_06_a_thousand_anonymous_cookies(
    arena: Arena, beside: Stack, crowd: Crowd, endurance: Look, record_property: Note, home: str, elsewhere: str
):
    web = own_web(arena, beside)
    steady = endurance(web)
    (somebody, other) = crowd(web, 2)
    conversation = at(somebody, elsewhere).conversation()
    sessions = arena.sql("SELECT count(*) FROM django_session")
    stranger = come_from(WatchedBrowser(web.url, arena.stranger.received), home)
    arena.visitors.append(stranger)

    let_in, closes = knock_together(
        [Guest(stranger, conversation, f"sessionid=made-up-{number}") for number in range(1000)]
    )

    kinds = Counter(code for code, _ in closes)
    record_property("measured", f"LD-06 1,000 cookies: {dict(kinds)}, {len(arena.model.requests)} model requests")
    assert let_in == 0
    assert kinds == {4401: HANDSHAKES, 4429: 1000 - HANDSHAKES}
    assert all(1 <= int(reason) <= WINDOW_S for code, reason in closes if code == 4429)
    assert arena.model.requests == []
    assert arena.sql("SELECT count(*) FROM django_session") == sessions
    arena.model.always = loop(say("Yes."))
    assert ask(open_at(at(other, elsewhere)))["state"] == "done"
    assert steady.problems() == []
    record_property("measured", f"LD-06 {steady.measured}")


# --- tokens -----------------------------------------------------------------------------------------------------


def test_ld_06_no_level_of_the_day_is_passed_and_redis_does_not_know_it(
    arena: Arena, beside: Stack, crowd: Crowd, record_property: Note, home: str, elsewhere: str
):
    """10 answers for a customer, 20 for an address, 30 for all: 8 people in two places ask for 12 each, twice."""
    today = "SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM chat_modelcall WHERE created_at >= current_date"
    spent = int(arena.sql(today)[0][0])
    web = own_web(
        arena,
        beside,
        RATE_MESSAGES="1000/hour",
        DAILY_TOKENS=str(10 * ANSWER),
        PER_ADDRESS="2",
        DAILY_TOKENS_TOTAL=str(spent + 30 * ANSWER),
    )
    arena.model.always = loop(COUNTED)
    talks = [open_at(at(person, home if n < 4 else elsewhere)) for n, person in enumerate(crowd(web, 8))]

    def rounds() -> tuple[list[int], Counter[str]]:
        """(requests after each person, how the turns ended)."""
        counts, ends = [], Counter[str]()
        for talk in talks:
            ends.update(code_of(ask(talk)) or "answered" for _ in range(12))
            counts.append(len(arena.model.requests))
        return counts, ends

    counts, ends = rounds()
    with arena.redis() as store:
        store.flushall()
    _, after = rounds()

    record_property("measured", f"LD-06 requests after each person {counts}, {dict(ends)}, after a flush {dict(after)}")
    assert counts == [10, 20, 20, 20, 30, 30, 30, 30]
    assert ends == {"answered": 30, "budget_exhausted": 66}
    assert after == {"budget_exhausted": 96}
    assert len(arena.model.requests) == 30
