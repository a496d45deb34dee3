"""Load: frames, bodies, headers and answers of a hostile model that are too large or too slow meet their caps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed

from tests.model_server import Answer, Status, Wire
from tests.safety.arena import Arena
from tests.safety.hostile import (
    MEGABYTE,
    Trap,
    big_headers,
    bomb,
    delta,
    drip,
    endless_line,
    flood,
    headers_then_nothing,
    huge_arguments,
    many_deltas,
    redirect,
    say,
    sse,
    status,
)
from tests.safety.measure import Watch
from tests.scaled import a_few_of

GROWTH_MB = 50
# What a bystander may wait on a machine that runs other tests beside; alone it is the 0.2 s of the `long` case.
PATIENCE_S = 1.5
IDLE_S = 2.0  # as the arena sets it, for the first token too
TOTAL_S = 10.0


# --- LD-01: from the browser ------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", a_few_of([70_000, MEGABYTE, 10 * MEGABYTE, 100 * MEGABYTE], 2))
def test_ld_01_a_frame_that_is_too_big_closes_its_socket(arena: Arena, size: int):
    arena.turn(arena.a, say("Hello"))
    socket = arena.a.chat()
    with Watch(arena.product.web) as seen:
        with suppress(ConnectionClosed, OSError):
            socket.ws.send("x" * size)
        assert socket.close_code() == 1009
    assert seen.grown_mb <= GROWTH_MB
    assert seen.longest_s <= PATIENCE_S


@pytest.mark.parametrize("kind", ["large in all", "tiny", "empty"])
def test_ld_01_fragments_without_an_end_are_bounded(arena: Arena, kind: str):
    arena.turn(arena.a, say("Hello"))
    socket = arena.a.chat()
    count, fragment = {"large in all": (200, "x" * 1000), "tiny": (100_000, "x"), "empty": (300_000, "")}[kind]

    def fragments() -> Iterator[str]:
        for _ in range(count):
            yield fragment

    with Watch(arena.product.web) as seen:
        with suppress(ConnectionClosed, OSError):
            socket.ws.send(fragments())
        assert socket.close_code() == 1009
    assert seen.grown_mb <= GROWTH_MB
    assert seen.longest_s <= PATIENCE_S
    assert arena.turn(arena.a.chat(), say("Still here.")).end["state"] == "done"


def endless(block: bytes, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield block


@pytest.mark.parametrize("with_length", [True, False])
def test_ld_01_a_body_that_is_too_big_is_refused(arena: Arena, with_length: bool):
    body: bytes | Iterator[bytes] = b"x" * 20 * MEGABYTE if with_length else endless(b"x" * MEGABYTE, 20)
    for path in ("/accounts/login/", "/", "/chat/new/", "/track/", "/admin/"):
        with Watch(arena.product.web) as seen:
            answer = arena.visitor().http.post(path, content=body)
        assert answer.status_code == 413, path
        assert seen.grown_mb <= GROWTH_MB
        body = b"x" * 20 * MEGABYTE if with_length else endless(b"x" * MEGABYTE, 20)


@pytest.mark.long
def test_ld_01_a_gigabyte_without_a_length_is_refused(arena: Arena):
    with Watch(arena.product.web) as seen:
        answer = arena.visitor().http.post("/accounts/login/", content=endless(b"x" * MEGABYTE, 1000))
    assert answer.status_code == 413
    assert seen.grown_mb <= GROWTH_MB
    assert seen.longest_s <= 0.2


@pytest.mark.parametrize("kind", ["form", "files", "query"])
def test_ld_01_ten_thousand_fields_are_refused(arena: Arena, kind: str):
    browser = arena.visitor()
    fields = {f"field{n}": "x" for n in range(10_000)}
    browser.get("/accounts/login/")  # with the cookie of the form, so that the fields are really read
    with Watch(arena.product.web) as seen:
        if kind == "form":
            answer = browser.http.post("/accounts/login/", data=fields)
        elif kind == "files":
            answer = browser.http.post("/accounts/login/", files=dict.fromkeys(list(fields)[:2000], ("f", b"x")))
        else:
            answer = browser.get("/track/?" + "&".join(f"{name}=x" for name in list(fields)[:5000]))
    assert answer.status_code in (400, 413, 414, 431)
    assert seen.grown_mb <= GROWTH_MB
    assert seen.longest_s <= PATIENCE_S


@pytest.mark.parametrize("kind", ["one", "many"])
def test_ld_01_headers_without_an_end_are_refused(arena: Arena, kind: str):
    browser = arena.visitor()
    headers = [("X-Padding", "x" * 20 * MEGABYTE)] if kind == "one" else [(f"X-{n}", "x" * 100) for n in range(150_000)]
    answered: list[int] = []
    with Watch(arena.product.web) as seen, suppress(httpx2.TransportError):  # it may hang up in the middle
        answered.append(browser.http.get("/", headers=headers).status_code)
    assert answered in ([], [400], [413], [431])
    assert seen.grown_mb <= GROWTH_MB
    assert seen.longest_s <= PATIENCE_S


# --- LD-04: a model that takes its time -------------------------------------------------------------------------

SLOW: dict[str, Callable[[], Answer]] = {
    "a byte at a time": lambda: drip(say("Hello"), interval=IDLE_S / 4),
    "only comments": lambda: drip(say("Hello"), interval=IDLE_S / 4, before=b": still here\n\n"),
    "only blanks": lambda: drip(say("Hello"), interval=IDLE_S / 4, before=b"\n"),
    "events without a meaning": lambda: drip(say("Hello"), interval=IDLE_S / 4, before=b"event: ping\ndata: {}\n\n"),
    "headers and nothing": headers_then_nothing,
    "a status and a body without an end": lambda: slow_error(),
}


def slow_error() -> Wire:
    def write(http, model) -> None:
        http.send_response(500)
        http.send_header("Content-Length", "1000")
        http.end_headers()
        while True:
            http.wfile.write(b"x")
            time.sleep(IDLE_S / 4)

    return Wire(write)


@pytest.mark.parametrize("kind", a_few_of(SLOW, 3))
def test_ld_04_a_model_that_says_nothing_is_given_up_at_the_idle_limit(arena: Arena, kind: str):
    arena.model.always = lambda body: SLOW[kind]()
    begun = time.monotonic()

    turn = arena.turn(arena.a)

    assert (turn.end["state"], turn.end["error"]["code"]) == ("failed", "model_unavailable")
    assert time.monotonic() - begun < 2 * IDLE_S + 4
    assert "tracking_form" in str(turn.frames[-2]["data"])


def test_ld_04_a_model_that_never_ends_is_given_up_at_the_total_limit(arena: Arena):
    words = sse(*(delta(content=f"word {n} ") for n in range(200)))
    arena.model.always = lambda body: drip(words, interval=IDLE_S / 4, size=240)
    begun = time.monotonic()

    turn = arena.turn(arena.a, within=TOTAL_S + 15)

    assert (turn.end["state"], turn.end["error"]["code"]) == ("failed", "timeout")
    assert TOTAL_S - 1 < time.monotonic() - begun < TOTAL_S + 5


def test_ld_04_a_slow_model_holds_up_nobody_else(arena: Arena):
    arena.model.script_for(arena.a.facts.tag, headers_then_nothing())
    arena.model.script_for(arena.b.facts.tag, say("Quick."))
    mine = arena.a.chat()
    turn_id = mine.until(type="message", client_msg_id=mine.say("Hello"))["turn_id"]

    assert arena.turn(arena.b).end["state"] == "done"
    assert not [f for f in mine.frames if f["type"] == "turn" and f["state"] != "running"]
    assert mine.until_turn_ends(turn_id)["state"] == "failed"


# --- LD-05: a model that says too much --------------------------------------------------------------------------

TOO_MUCH: dict[str, Callable[[], Answer]] = {
    "200 MB in one line": lambda: endless_line(200),
    "a gzip bomb": lambda: bomb(times=200),
    "a million tiny deltas": lambda: many_deltas(1_000_000),
    "100 MB of arguments": lambda: huge_arguments(100),
    "1 MB of headers": lambda: big_headers(MEGABYTE),
    "20 MB of headers": lambda: big_headers(20 * MEGABYTE),
    "100 MB of comments": lambda: flood([], b": " + b"x" * 65000 + b"\n\n", 1600),
    "100 MB of blanks": lambda: flood([], b"\n" * 65536, 1600),
    "a deep chunk": lambda: flood([b'data: {"choices": '], b"[" * 65536, 50),
    "a wide chunk": lambda: flood([b'data: {"choices": ['], b"0," * 32768, 50),
    "many keys": lambda: flood([b'data: {"a": 1'], b"".join(b',"k%d":{}' % n for n in range(5000)), 60),
    "a number without an end": lambda: flood([b'data: {"usage": {"prompt_tokens": '], b"9" * 65536, 50),
    "100 MB behind an error": lambda: huge_error(100),
}


def huge_error(megabytes: int) -> Wire:
    def write(http, model) -> None:
        http.send_response(500)
        http.send_header("Content-Length", str(megabytes * MEGABYTE))
        http.end_headers()
        for _ in range(megabytes):
            http.wfile.write(b"x" * MEGABYTE)

    return Wire(write)


def overwhelm(arena: Arena, kind: str) -> Watch:
    arena.turn(arena.a, say("Hello"))
    answer = TOO_MUCH[kind]()  # made before it is asked for: making a bomb takes longer than a first token may
    arena.model.always = lambda body: answer
    before = len(arena.model.requests)
    with Watch(arena.product.web) as seen:
        turn = arena.turn(arena.a)
    assert turn.end["state"] == "failed"
    assert turn.end["error"]["code"] == "model_unavailable"
    assert len(arena.model.requests) - before <= 2  # once more where nothing had come
    assert arena.calls_of(arena.a) == []
    assert sum(len(frame["text"]) for frame in turn.frames if frame["type"] == "message") < 5 * MEGABYTE
    return seen


@pytest.mark.parametrize("kind", a_few_of(TOO_MUCH, 6))
def test_ld_05_too_much_meets_the_cap(arena: Arena, kind: str):
    seen = overwhelm(arena, kind)

    print(f"{kind}: grown by {seen.grown_mb:.1f} MB, bystander waited {seen.longest_s * 1000:.0f} ms")
    assert seen.grown_mb <= GROWTH_MB
    assert seen.longest_s <= PATIENCE_S


@pytest.mark.long
@pytest.mark.parametrize("kind", list(TOO_MUCH))
def test_ld_05_nobody_waits_200_ms_for_it(arena: Arena, kind: str):
    assert overwhelm(arena, kind).longest_s <= 0.2


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_ld_05_redirects_are_never_followed(arena: Arena, code: int):
    with Trap() as trap:
        for target in (
            f"{trap.url}/internal",
            f"{arena.model.url}/chat/completions",
            "//127.0.0.1:1/",
            "file:///etc/passwd",
        ):
            arena.model.always = lambda body, to=target: redirect(to, code)
            before = len(arena.model.requests)
            turn = arena.turn(arena.a)
            assert turn.end["error"]["code"] == "model_unavailable"
            assert len(arena.model.requests) - before <= 2
        assert trap.visits == []


def test_ld_05_strange_statuses_are_an_outage_and_no_answer(arena: Arena):
    for code in (100, 204, 206, 304, 401, 418, 429, 503):
        arena.model.always = lambda body, code=code: Status(code, {"choices": [{"message": {"content": "x"}}]})
        turn = arena.turn(arena.a, within=30)
        assert turn.end["state"] == "failed", code


def test_ld_05_a_retry_after_of_an_hour_holds_nobody(arena: Arena):
    arena.model.always = lambda body: status(429, Retry_After="3600")
    begun = time.monotonic()

    assert arena.turn(arena.a).end["state"] == "failed"
    assert time.monotonic() - begun < TOTAL_S
