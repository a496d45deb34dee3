"""What is decided before Django or the chat: whose origin, how large a body, and whom to believe about the scheme."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

import pytest

from support_bot.edge import BodyLimit, KnownOrigin, TrustedProxy

ALLOWED = ["https://support.example.com", "http://127.0.0.1:8000"]


class Recorder:
    """An application that reads its whole body, answers, and remembers what it was given."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.body = b""
        self.disconnected = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scopes.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.disconnected = True
                break
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


async def run(app: Any, scope: dict[str, Any], messages: Iterable[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """What the application sends for these incoming messages."""
    incoming, sent = iter([*messages, {"type": f"{scope['type']}.disconnect"}]), []

    async def receive() -> dict[str, Any]:
        return next(incoming)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def handshake(*origins: bytes) -> dict[str, Any]:
    return {"type": "websocket", "headers": [(b"host", b"x"), *((b"origin", origin) for origin in origins)]}


def request(*headers: tuple[bytes, bytes], peer: str = "10.0.0.7", kind: str = "http", scheme: str = "http") -> Any:
    return {"type": kind, "scheme": scheme, "client": (peer, 4711), "headers": list(headers)}


def parts(*bodies: bytes) -> list[dict[str, Any]]:
    """One body in several messages."""
    last = len(bodies) - 1
    return [{"type": "http.request", "body": body, "more_body": n < last} for n, body in enumerate(bodies)]


# --- origin -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ALLOWED)
async def test_a_socket_from_an_origin_of_ours_goes_on(origin: str):
    inner = Recorder()

    sent = await run(KnownOrigin(inner, allowed=ALLOWED), handshake(origin.encode()))

    assert sent == [{"type": "websocket.accept"}]


@pytest.mark.parametrize(
    "origins",
    [
        (),
        (b"",),
        (b"null",),
        (b"https://evil.example",),
        (b"http://support.example.com",),
        (b"https://support.example.com:8443",),
        (b"https://support.example.com/",),
        (b"https://support.example.com.evil.example",),
        (b"https://evil.support.example.com",),
        (b"https://SUPPORT.example.com",),
        (b" https://support.example.com",),
        (b"https://support.example.com\x00",),
        (b"https://[::1",),
        (b"https://support.example.com:x",),
        (b"\xff\xfe",),
        (b"https://support.example.com, https://evil.example",),
        (b"https://support.example.com", b"https://evil.example"),
        (b"https://support.example.com", b"https://support.example.com"),
    ],
)
async def test_a_socket_from_anywhere_else_is_refused_before_it_is_accepted(origins: tuple[bytes, ...]):
    inner = Recorder()

    sent = await run(KnownOrigin(inner, allowed=ALLOWED), handshake(*origins), [{"type": "websocket.connect"}])

    assert [message["type"] for message in sent] == ["websocket.close"]
    assert inner.scopes == []


# --- size -------------------------------------------------------------------------------------------------------


def statuses(sent: list[dict[str, Any]]) -> list[int]:
    return [message["status"] for message in sent if message["type"] == "http.response.start"]


async def test_a_body_of_just_the_limit_is_read():
    inner = Recorder()

    sent = await run(BodyLimit(inner, most=10), request((b"content-length", b"10")), parts(b"12345", b"67890"))

    assert statuses(sent) == [200]
    assert inner.body == b"1234567890"


@pytest.mark.parametrize(
    "length", [b"11", b"99999999999999999999", b"-1", b"+5", b"1e3", b"", b"5, 5", b"0x5", b"\xb2"]
)
async def test_a_length_that_is_too_large_or_none_is_refused_unread(length: bytes):
    inner = Recorder()

    sent = await run(BodyLimit(inner, most=10), request((b"content-length", length)), parts(b"1"))

    assert statuses(sent) == [413]
    assert inner.scopes == []


@pytest.mark.parametrize("headers", [(), ((b"content-length", b"5"),), ((b"transfer-encoding", b"chunked"),)])
async def test_a_body_that_is_larger_than_it_said_is_cut_off(headers: tuple[tuple[bytes, bytes], ...]):
    inner = Recorder()

    sent = await run(BodyLimit(inner, most=10), request(*headers), parts(b"12345", b"67890", b"x", b"y" * 1000))

    assert statuses(sent) == [413]
    assert inner.body == b"1234567890"
    assert inner.disconnected
    assert len([message for message in sent if message["type"] == "http.response.body"]) == 1


async def test_the_refusal_closes_the_connection():
    sent = await run(BodyLimit(Recorder(), most=1), request((b"content-length", b"2")))

    assert (b"connection", b"close") in sent[0]["headers"]
    assert (b"content-length", str(len(sent[1]["body"])).encode()) in sent[0]["headers"]


# --- scheme -----------------------------------------------------------------------------------------------------

PROXIES = [ip_network("10.0.0.7"), ip_network("172.16.0.0/12"), ip_network("fd00::/8")]


async def scheme_seen(scope: dict[str, Any], proxies: Any = PROXIES) -> str:
    inner = Recorder()
    await run(TrustedProxy(inner, proxies=proxies), scope, parts(b""))
    scheme: str = inner.scopes[0]["scheme"]
    return scheme


@pytest.mark.parametrize("peer", ["10.0.0.7", "172.20.1.9", "fd00::1", "::ffff:10.0.0.7"])
async def test_a_proxy_of_ours_is_believed(peer: str):
    assert await scheme_seen(request((b"x-forwarded-proto", b"https"), peer=peer)) == "https"


@pytest.mark.parametrize("peer", ["10.0.0.8", "127.0.0.1", "::1", "", "unix", "10.0.0.7.evil", "8.8.8.8"])
async def test_nobody_else_is_believed(peer: str):
    assert await scheme_seen(request((b"x-forwarded-proto", b"https"), peer=peer)) == "http"


async def test_without_proxies_nobody_is_believed():
    assert await scheme_seen(request((b"x-forwarded-proto", b"https")), proxies=[]) == "http"


@pytest.mark.parametrize(
    ("value", "scheme"),
    [
        (b"https", "https"),
        (b"http, https", "https"),
        (b"https, http", "http"),
        (b" https ", "https"),
        (b"HTTPS", "http"),
        (b"ftp", "http"),
        (b"", "http"),
        (b"\xff", "http"),
    ],
)
async def test_the_last_word_is_the_proxys(value: bytes, scheme: str):
    assert await scheme_seen(request((b"x-forwarded-proto", value))) == scheme


async def test_a_header_that_stands_twice_is_the_proxys_last():
    client_first = request((b"x-forwarded-proto", b"https"), (b"x-forwarded-proto", b"http"))

    assert await scheme_seen(client_first) == "http"


async def test_a_socket_becomes_a_secure_socket():
    scope = request((b"x-forwarded-proto", b"https"), kind="websocket", scheme="ws")

    assert await scheme_seen(scope) == "wss"


async def test_a_request_without_a_peer_is_believed_nothing():
    scope = request((b"x-forwarded-proto", b"https")) | {"client": None}

    assert await scheme_seen(scope) == "http"


async def test_the_scope_that_was_handed_in_stays_as_it_was():
    scope = request((b"x-forwarded-proto", b"https"))

    await scheme_seen(scope)

    assert scope["scheme"] == "http"
