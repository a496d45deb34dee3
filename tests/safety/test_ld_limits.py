"""How much anybody may ask for: a customer, an address and everybody together, whatever process or socket they use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.processes import Running, Stack, wait_until
from tests.safety.arena import Arena, Product
from tests.safety.conftest import app_url
from tests.safety.hostile import call, cut_at, delta, event, loop, say, sse
from tests.safety.person import Person, WatchedBrowser
from tests.wire import Frame, Socket

Start = Callable[..., Running]
LIMITS = {
    "RATE_MESSAGES": "4/hour",
    "RATE_HANDSHAKES": "15/hour",
    "MAX_SOCKETS": "3",
    "PER_ADDRESS": "2",
    "TURN_QUEUE": "100",
}
# Two answers of the scripted model: each counts about 950 tokens, a quarter of its prompt and 50.
DAY = {"DAILY_TOKENS": "1650", "PER_ADDRESS": "2"}


@pytest.fixture(scope="module")
def start(_product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Web servers beside the usual one, on its database and Redis, with limits of their own."""
    folder = tmp_path_factory.mktemp("limits")
    stack = Stack(folder=folder, database_url=app_url(_product.database_url), redis_url=_product.redis_url)
    usual = _product.variables | {"TRUSTED_PROXIES": "127.0.0.1"}
    yield lambda **limits: stack.web(**usual | limits)
    stack.stop()


@pytest.fixture(scope="module")
def limited(start: Start) -> list[Running]:
    return [start(**LIMITS), start(**LIMITS)]


@pytest.fixture(scope="module")
def spending(start: Start) -> Running:
    return start(**DAY)


@pytest.fixture
def near(arena: Arena) -> str:
    """An address that no other test comes from."""
    return address_of(arena, net=18)


def address_of(arena: Arena, *, net: int) -> str:
    """This test's address in one of the two nets kept for measuring, 198.18.0.0/16 and 198.19.0.0/16."""
    return f"198.{net}.{arena.pair.number // 250}.{arena.pair.number % 250 + 1}"


def browser_at(person: Person, web: Running, address: str) -> WatchedBrowser:
    """The person's browser at another server, which takes it for one at `address`."""
    browser = WatchedBrowser(web.url, person.received)
    browser.address = address
    browser.http.headers["X-Forwarded-For"] = address
    browser.http.cookies.set("sessionid", person.facts.session_key, domain="127.0.0.1")
    person.browsers.append(browser)
    return browser


def open_at(browser: WatchedBrowser, **options: Any) -> Socket:
    return browser.socket(headers={"X-Forwarded-For": browser.address}, **options)


def closed_with(browser: WatchedBrowser) -> tuple[int, str] | None:
    """(code, reason) of a socket that was closed at once; None where it was let in."""
    socket = open_at(browser, resume=None)
    try:
        socket.receive(5)
    except Exception:
        close = socket.ws.protocol.close_rcvd
        return (close.code, close.reason) if close else None
    return None


def answers(socket: Socket, texts: list[str]) -> list[Frame]:
    """What each message is answered with: its ack or its error."""
    ids = [socket.say(text) for text in texts]
    found: list[Frame] = []
    while len(found) < len(ids):
        frame = socket.receive()
        if frame["type"] in ("ack", "error") and frame.get("client_msg_id") in ids:
            found.append(frame)
    return found


# --- messages, handshakes, sockets ------------------------------------------------------------------------------


def test_ld_06_messages_are_limited_by_customer_and_by_address(arena: Arena, limited: list[Running], near: str):
    arena.model.always, web = loop(say("Yes.")), limited[0]
    sockets = [open_at(browser_at(arena.a, server, near)) for server in limited]

    mine = [frame for socket in sockets for frame in answers(socket, ["Hi"] * 4)]
    assert [frame["type"] for frame in mine].count("ack") == 4
    refused = [frame for frame in mine if frame["type"] == "error"]
    assert {frame["code"] for frame in refused} == {"rate_limited"}
    assert all(frame["retry_after"] > 0 and frame["retryable"] for frame in refused)

    # The others at the same address have what is left of its share; from elsewhere they have their own.
    near_b = answers(open_at(browser_at(arena.b, web, near)), ["Hi"] * 4)
    near_su = answers(open_at(browser_at(arena.su, web, near)), ["Hi"] * 3)
    far_su = answers(open_at(browser_at(arena.su, web, "198.51.100.7")), ["Hi"])
    assert [frame["type"] for frame in near_b] == ["ack"] * 4
    assert [frame["type"] for frame in near_su] == ["error"] * 3
    assert [frame["type"] for frame in far_su] == ["ack"]
    keys = list(arena.customer_ids().values())
    turns = "SELECT count(*) FROM chat_turn t JOIN chat_conversation c ON c.id = t.conversation_id"
    assert arena.sql(f"{turns} WHERE customer_id = ANY(%s)", keys) == [(9,)]


def test_ld_06_an_address_is_what_a_trusted_proxy_says_and_nobody_else(arena: Arena, start: Start):
    arena.model.always = loop(say("Yes."))
    web = start(
        RATE_MESSAGES="2/hour", PER_ADDRESS="1", TRUSTED_PROXIES="192.0.2.1", TURN_QUEUE="100", MAX_SOCKETS="off"
    )

    passed = [
        answers(open_at(browser_at(person, web, f"203.0.113.{n}")), ["Hi"] * 2)
        for n, person in enumerate((arena.a, arena.b, arena.su), start=1)
    ]

    assert [frame["type"] for frames in passed for frame in frames] == ["ack"] * 2 + ["error"] * 4


def test_ld_06_sockets_are_counted_in_all_processes_together(arena: Arena, limited: list[Running], near: str):
    browsers = [browser_at(arena.a, server, near) for server in limited]
    kept = [open_at(browser) for browser in (*browsers, browsers[0])]
    assert [closed_with(browser) for browser in browsers] == [(4429, "60")] * 2

    others = [browser_at(person, limited[0], near) for person in (arena.b, arena.su)]
    kept += [open_at(others[0]) for _ in range(3)]
    assert closed_with(others[1]) == (4429, "60")

    kept[0].close()
    key = f"sockets:customer:{arena.customer_ids()['A']}"
    with arena.redis() as store:
        wait_until(lambda: store.zcard(key) == 2, what="a place that was given back", within=10)
    assert closed_with(browsers[1]) is None


def test_ld_06_handshakes_are_limited_for_customers_and_for_strangers(arena: Arena, limited: list[Running], near: str):
    mine = browser_at(arena.a, limited[0], near)
    found = []
    for _ in range(17):
        found.append(closed_with(mine))
        mine.sockets[-1].close()
    assert [close[0] for close in found if close][-2:] == [4429] * 2
    assert all(close is None or close == (4429, "60") for close in found[:15])
    assert all(close is not None and 60 < int(close[1]) <= 3600 for close in found[15:])

    strangers = WatchedBrowser(limited[0].url, arena.stranger.received)
    strangers.address = near
    arena.visitors.append(strangers)
    codes = []
    for number in range(18):
        strangers.http.cookies.set("sessionid", f"made-up-{number}", domain="127.0.0.1")
        codes.append(stranger_code(strangers, mine))
    assert codes == [4401] * 15 + [4429] * 3


def stranger_code(browser: WatchedBrowser, known: WatchedBrowser) -> int:
    socket = browser.socket(
        known.conversation(),
        resume=None,
        headers={"X-Forwarded-For": browser.address},
    )
    return socket.close_code(within=5) or 0


# --- tokens -----------------------------------------------------------------------------------------------------


def spent(arena: Arena, letter: str = "A") -> int:
    query = "SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM chat_modelcall WHERE customer_id = %s"
    return int(arena.sql(query, arena.customer_ids()[letter])[0][0])


def ask(socket: Socket, text: str = "Hello") -> Frame:
    """The end of the turn that this message begins."""
    turn_id = socket.until(type="message", client_msg_id=socket.say(text))["turn_id"]
    return socket.until_turn_ends(turn_id)


def code_of(end: Frame) -> str:
    return (end["error"] or {}).get("code", "")


UNCOUNTED = sse(delta(content="word " * 100))


def test_ld_06_what_a_server_does_not_count_counts_by_its_size(arena: Arena):
    socket = arena.a.chat()
    arena.turn(socket, UNCOUNTED)
    quiet = spent(arena)
    cut = cut_at(say("word " * 100), 300)
    arena.turn(socket, cut, cut)  # nothing of it had come, so it is asked for once more
    broken = spent(arena) - quiet
    arena.turn(socket, call("check_package", "x" * 4000), call("check_package", "x" * 4000))

    assert quiet > 500  # the prompt, the tools and 125 tokens of answer
    assert broken > 500
    assert arena.sql("SELECT count(*) FROM chat_modelcall WHERE settled = false") == [(0,)]


@pytest.mark.parametrize("count", [1, 0, -5, True, 1.5, "900", None, 10**12])
def test_ld_06_a_server_that_lies_about_its_count_is_not_believed(arena: Arena, count: object):
    usage = {"prompt_tokens": count, "completion_tokens": count, "total_tokens": count}
    long = sse(delta(content="w " * 20_000), event(choices=[], usage=usage))

    arena.turn(arena.a, long)

    assert 2500 <= spent(arena) < 20_000  # 40,000 bytes are 10,000 tokens or so, and a quarter of it at the least


def test_ld_06_a_spent_day_is_told_offers_the_records_and_a_person_and_survives_redis(
    arena: Arena, spending: Running, near: str
):
    arena.model.always = loop(say("Yes."))
    socket = open_at(browser_at(arena.a, spending, near))
    assert [code_of(ask(socket)) for _ in range(2)] == ["", ""]
    asked = len(arena.model.requests)
    with arena.redis() as store:
        store.flushall()

    end = ask(socket, f"Where is {arena.a.facts.packages[1]}?")

    told = [frame for frame in socket.frames if frame["type"] == "message" and frame["author"] == "system"][-1]
    assert code_of(end) == "budget_exhausted"
    assert told["data"] == {"type": "tracking_form"}
    assert arena.a.facts.packages[1] in told["text"]
    assert "person" in told["text"]
    assert len(arena.model.requests) == asked
    socket.send(type="handoff.request")
    assert socket.until(type="message", author="system", data={"type": "handoff", "state": "waiting"})


def test_ld_06_turns_side_by_side_do_not_overshoot_the_day(arena: Arena, spending: Running, near: str):
    arena.model.always = loop(say("Yes."))
    browser = browser_at(arena.a, spending, near)
    talks = []
    for _ in range(8):
        browser.post("/chat/new/", {}, page="/accounts/password/change/")
        talks.append(open_at(browser))
    asked = len(arena.model.requests)

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(ask, talks))

    # While one is open it is taken to cost all of this day: the others are refused, not sent and counted afterwards.
    assert 1 <= len(arena.model.requests) - asked <= 2
    assert [code_of(end) for end in ends].count("budget_exhausted") >= 6


def test_ld_06_the_day_of_an_address_ends_too(arena: Arena, spending: Running, near: str):
    arena.model.always = loop(say("Yes."))
    sockets = [open_at(browser_at(person, spending, near)) for person in (arena.a, arena.b)]
    assert [code_of(ask(socket)) for socket in sockets for _ in range(2)] == [""] * 4

    assert code_of(ask(open_at(browser_at(arena.su, spending, near)))) == "budget_exhausted"
    assert code_of(ask(open_at(browser_at(arena.su, spending, address_of(arena, net=19))))) == ""


def test_ld_06_the_day_of_everybody_ends_too(arena: Arena, start: Start, near: str):
    arena.model.always = loop(say("Yes."))
    today = "SELECT coalesce(sum(input_tokens + output_tokens), 0) FROM chat_modelcall WHERE created_at >= current_date"
    web = start(DAILY_TOKENS_TOTAL=str(arena.sql(today)[0][0] + 100), PER_ADDRESS="off")

    ends = [code_of(ask(open_at(browser_at(person, web, near)))) for person in (arena.a, arena.b, arena.su)]

    assert ends == ["", "budget_exhausted", "budget_exhausted"]
