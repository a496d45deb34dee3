"""What a process keeps of its open sockets: given back however one ends, and never a reason to stop the watch."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
import redis

from support_bot.chat import authority, consumers, sockets
from support_bot.chat.authority import Authority
from support_bot.chat.consumers import ChatConsumer
from support_bot.chat.models import Conversation
from support_bot.chat.places import Place
from tracking.models import Customer

# Threads of the pool may hold a connection of an earlier test, which they look at before they run anything.
pytestmark = pytest.mark.django_db


class Layer:
    """A channel layer whose Redis is away."""

    async def new_channel(self) -> str:
        return "channel"

    async def receive(self, channel: str) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def group_add(self, group: str, channel: str) -> None:
        raise redis.ConnectionError

    group_discard = group_add


async def test_a_socket_that_failed_while_it_opened_is_told_and_takes_up_no_place(monkeypatch: pytest.MonkeyPatch):
    async def opened(*, scope: Any, socket: Any) -> Conversation:
        socket.holder = Authority(session_key="s", user_id=1, customer=Customer(pk=1), rights="")
        socket.place = Place(name="c", customer_id=1, origin="")
        sockets._open.add(socket)
        return Conversation(pk=uuid.uuid4())

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    monkeypatch.setattr(sockets, "open_socket", opened)
    monkeypatch.setattr("support_bot.chat.consumers.get_channel_layer", Layer)

    await ChatConsumer()({"type": "websocket"}, receive, send)

    assert sockets._open == set()
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert sent[-1]["code"] == 1011


async def test_the_end_of_an_interrupted_turn_begins_those_that_wait_behind_it(monkeypatch: pytest.MonkeyPatch):
    begun: list[uuid.UUID] = []
    consumer = ChatConsumer()
    consumer.conversation = Conversation(pk=uuid.uuid4())
    monkeypatch.setattr(consumers, "runner", SimpleNamespace(start=begun.append))
    end = {"type": "turn", "turn_id": "x", "state": "failed"}

    consumer._taken(end | {"seq": 1, "error": {"code": "timeout", "message": ""}})
    assert begun == []
    consumer._taken(end | {"seq": 2, "error": {"code": "interrupted", "message": ""}})

    assert begun == [consumer.conversation.pk]


async def test_a_peer_that_never_reads_does_not_keep_the_others_open(monkeypatch: pytest.MonkeyPatch):
    closed: list[int] = []

    class Peer:
        channel_name = "channel"
        holder = Authority(session_key="ended", user_id=7, customer=Customer(pk=7), rights="")

        def __init__(self, *, reads: bool) -> None:
            self.reads = reads

        async def close(self, code: int | None = None, reason: str | None = None) -> None:
            if not self.reads:
                await asyncio.Event().wait()
            closed.append(code or 0)

    monkeypatch.setattr(sockets, "CLOSE_S", 0.05)
    monkeypatch.setattr(sockets, "_open", {Peer(reads=False), Peer(reads=True), Peer(reads=False)})
    monkeypatch.setattr(authority, "still_standing", lambda mandates: set())

    await asyncio.wait_for(sockets._close_ended(), 5)

    assert closed == [4401]
