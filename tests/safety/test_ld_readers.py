"""Load: customers who read nothing, or slowly, while a model pours out all it may."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.model_server import Wire
from tests.processes import Running, Stack, wait_until
from tests.safety.arena import Arena, Product
from tests.safety.conftest import app_url
from tests.safety.deaf import Deaf
from tests.safety.hostile import MEGABYTE, delta, flood, say
from tests.safety.measure import Watch
from tests.safety.person import Person
from tests.wire import Frame

SLOW_S = 3.0
MOST_CHARS = 100_000
DEAF, LONG_ANSWERS = 60, 5
GROWTH_MB = 40

Crowd = Callable[[Running, int], list[Person]]


@pytest.fixture(scope="module")
def slow_web(_product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A web server that waits three seconds for a peer that reads nothing."""
    folder = tmp_path_factory.mktemp("readers")
    stack = Stack(folder=folder, database_url=app_url(_product.database_url), redis_url=_product.redis_url)
    own = {"SLOW_SOCKET_S": f"{SLOW_S:g}", "MAX_SOCKETS": "off", "PER_ADDRESS": "off", "TURN_TIMEOUT_S": "60"}
    try:
        yield stack.web(**{**_product.variables, **own})
    finally:
        stack.stop()


def pouring() -> Wire:
    """As fast as the socket takes it, and more than anybody may say."""
    return flood([], delta(content="x" * 4000), 50 * MEGABYTE // 4000)


def shown(frames: list[Frame]) -> str:
    """What the screen shows of the running turn; fails where a piece before it is missing."""
    text = ""
    for frame in frames:
        if frame["type"] == "delta":
            assert frame["offset"] <= len(text)
            text = text[: frame["offset"]] + frame["text"]
    return text


def gone_within(peers: list[Deaf], seconds: float) -> None:
    wait_until(lambda: not any(peer.is_held() for peer in peers), what="the end of deaf peers", within=seconds)


def test_ld_03_who_reads_nothing_is_gone_in_time_and_costs_little(arena: Arena, slow_web: Running, crowd: Crowd):
    (person,) = crowd(slow_web, 1)
    reader = person.chat()
    arena.model.script_for(person.facts.tag, always=say("Hello."))
    reader.ask("Hello")  # the first turn of a process loads this and that
    arena.model.script_for(person.facts.tag, always=lambda body: pouring())
    with Watch(slow_web) as seen:
        deaf = [Deaf(person, reader.conversation) for _ in range(DEAF)]
        begun = time.monotonic()
        for _ in range(LONG_ANSWERS):
            turn_id = reader.until(type="message", client_msg_id=reader.say("Everything, please"))["turn_id"]
            end = reader.until_turn_ends(turn_id, within=60)
        gone_within(deaf, 20)
        took = time.monotonic() - begun

    said = [
        f for f in reader.frames if f["type"] == "message" and f["turn_id"] == turn_id and f["author"] == "assistant"
    ]
    print(f"{DEAF} deaf peers: grown by {seen.grown_mb:.1f} MB, bystander {seen.longest_s:.2f} s, gone in {took:.1f} s")
    assert (end["state"], end["error"]["code"]) == ("failed", "model_unavailable")  # the answer was capped
    assert len(said[0]["text"]) == MOST_CHARS
    assert said[0]["text"].startswith(shown([f for f in reader.frames if f.get("turn_id") == turn_id]))
    assert seen.grown_mb <= GROWTH_MB
    for peer in deaf:
        peer.close()


@pytest.mark.long
def test_ld_03_an_idle_peer_that_reads_nothing_is_gone_in_time(arena: Arena, slow_web: Running, crowd: Crowd):
    """Nothing waits for it here: the kernel took all. Only that it answers no ping tells."""
    (person,) = crowd(slow_web, 1)
    quiet = person.chat()
    peer = Deaf(person, quiet.conversation)
    begun = time.monotonic()

    gone_within([peer], SLOW_S + 4)

    assert time.monotonic() - begun > SLOW_S / 3
    peer.close()
    quiet.send(type="resume", after_seq=0)  # who reads and answers pings stays, however long nothing is said
    quiet.until(type="resumed")


def test_ld_03_pings_without_an_end_are_not_answered_without_an_end(arena: Arena, slow_web: Running, crowd: Crowd):
    (person,) = crowd(slow_web, 1)
    peer = Deaf(person, person.browser.conversation())
    with Watch(slow_web) as seen:
        sent = peer.ping_until_nobody_listens(most=100 * MEGABYTE, quiet_s=1.5)
        gone_within([peer], SLOW_S + 4)

    print(f"took {sent / MEGABYTE:.1f} MB of pings, grown by {seen.grown_mb:.1f} MB")
    assert sent < 8 * MEGABYTE
    assert seen.grown_mb <= 20
    peer.close()


def test_ld_03_who_reads_slowly_stays_and_gets_everything(arena: Arena, slow_web: Running, crowd: Crowd):
    """Behind by megabytes, and for longer than SLOW_SOCKET_S, but never standing still."""
    (person,) = crowd(slow_web, 1)
    arena.model.script_for(person.facts.tag, always=say("word " * 40_000))
    socket = person.chat()
    for _ in range(5):
        socket.ask("Hello")
    late = Deaf(person, socket.conversation)
    begun = time.monotonic()
    got = b""
    while b'"resumed"' not in got[-65536:]:
        got += late.raw.recv(16384)
        time.sleep(0.08)  # about 200 KB a second

    assert time.monotonic() - begun > SLOW_S
    assert got.count(b'"author":"assistant"') == 5
    late.close()
