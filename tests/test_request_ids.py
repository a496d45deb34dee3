"""Ids of requests: made by us, taken from a trusted proxy alone, told in the answer, carried by entries and the log."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest

from support_bot.request_ids import RequestIds
from tools import origin


def run(*, peer: str = "203.0.113.9", headers: list[tuple[bytes, bytes]] | None = None) -> tuple[origin.Origin, str]:
    """(what was bound inside, the id that the answer tells)."""
    bound: list[origin.Origin] = []
    sent: list[dict[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        bound.append(origin.current())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-other", b"1")]})

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "client": (peer, 1), "headers": headers or []}
    asyncio.run(RequestIds(app, proxies=[ip_network("10.0.0.0/8")])(scope, receive, send))
    assert (b"x-other", b"1") in sent[0]["headers"]
    return bound[0], dict(sent[0]["headers"])[b"x-request-id"].decode()


def test_each_request_has_an_id_of_its_own_that_its_answer_tells():
    (first, told), (second, _) = run(), run()

    assert first.request_id == told
    assert len(told) == 32
    assert first.request_id != second.request_id
    assert len(first.address) == 32
    assert first.address == second.address != run(peer="203.0.113.10")[0].address


def test_a_trusted_proxys_id_is_taken():
    assert run(peer="10.1.2.3", headers=[(b"x-request-id", b"req-0123456789.abc")])[1] == "req-0123456789.abc"


@pytest.mark.parametrize(
    ("peer", "given"),
    [
        ("203.0.113.9", [b"req-0123456789"]),
        ("10.1.2.3", [b"short"]),
        ("10.1.2.3", [b"x" * 65]),
        ("10.1.2.3", [b'{"event": "forged"}']),
        ("10.1.2.3", [b"req-01234\r\n56789"]),
        ("10.1.2.3", ["req-é-123456".encode()]),
        ("10.1.2.3", [b"req-0123456789", b"req-9876543210"]),
        ("10.1.2.3", []),
    ],
)
def test_any_other_id_is_not(peer: str, given: list[bytes]):
    _, told = run(peer=peer, headers=[(b"x-request-id", value) for value in given])

    assert told.encode() not in given
    assert len(told) == 32


def test_a_turn_keeps_the_address_of_its_own_session_alone():
    async def turn(session: str) -> origin.Origin:
        origin.bind(request_id="frame.1", address="203.0.113.9", session="mine")
        origin.bind_turn(turn_id="turn-1", session=session)
        return origin.current()

    own, other = asyncio.run(turn("mine")), asyncio.run(turn("of another device"))

    assert own.request_id == other.request_id == "turn-1"
    assert (len(own.address), other.address) == (32, "")


def test_what_is_bound_for_a_block_is_gone_after_it():
    before = origin.current()
    with origin.bound(request_id="block"):
        assert origin.current() == origin.Origin("block")

    assert origin.current() == before
