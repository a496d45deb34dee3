"""Word of a sign-out reaches the sockets and the open answers of that session at once, and nobody else's."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from types import SimpleNamespace
from typing import Any

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer

from support_bot.chat import revocation, sockets
from support_bot.chat.authority import Authority
from support_bot.chat.live import LiveTurn
from support_bot.chat.runner import runner
from support_bot.chat.turn_rows import Claimed
from tracking.models import Customer

# Threads of the pool may hold a connection of an earlier test, which they look at before they run anything.
pytestmark = pytest.mark.django_db


class Peer:
    channel_name = "channel"

    def __init__(self, session_key: str) -> None:
        self.holder = Authority(session_key=session_key, user_id=7, customer=Customer(pk=7), rights="")
        self.closed = asyncio.Event()

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        assert code == 4401
        self.closed.set()


async def silent(frame: Any) -> None:
    pass


def live_of(session_key: str) -> LiveTurn:
    turn = Claimed(
        turn_id=uuid.uuid4(),
        conversation_id=uuid.uuid4(),
        customer_id=7,
        message_seq=1,
        session_key=session_key,
        rights="",
        fence=1,
        text="hello",
    )
    return LiveTurn(turn=turn, send=silent)


async def test_only_the_session_that_was_signed_out_is_stopped(monkeypatch: pytest.MonkeyPatch):
    left, stays = Peer("leaves"), Peer("stays")
    answers = {uuid.uuid4(): live_of("leaves"), uuid.uuid4(): live_of("stays")}
    monkeypatch.setattr(sockets, "_open", {left, stays})
    monkeypatch.setattr(runner, "_running", answers)
    monkeypatch.setattr("support_bot.chat.broadcast._loop", asyncio.get_running_loop())
    listening = asyncio.create_task(revocation.listen())
    await asyncio.sleep(0)  # it subscribes before it waits
    request: Any = SimpleNamespace(session=SimpleNamespace(session_key="leaves"))

    await asyncio.to_thread(revocation.announce, request=request)
    await asyncio.wait_for(left.closed.wait(), 5)

    assert not stays.closed.is_set()
    assert [live.stopped for live in answers.values()] == ["not_permitted", ""]
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


@pytest.mark.parametrize(
    "request_", [None, SimpleNamespace(), SimpleNamespace(session=SimpleNamespace(session_key=None))]
)
def test_a_sign_out_without_a_session_says_nothing(monkeypatch: pytest.MonkeyPatch, request_: Any):
    said: list[dict[str, Any]] = []
    monkeypatch.setattr("support_bot.chat.broadcast.tell_processes", lambda **word: said.append(word))

    revocation.announce(request=request_)

    assert said == []


async def test_word_still_comes_after_subscribing_again(monkeypatch: pytest.MonkeyPatch, redis_url: str):
    layer = RedisPubSubChannelLayer(hosts=[redis_url], prefix=uuid.uuid4().hex)
    monkeypatch.setattr(revocation, "get_channel_layer", lambda: layer)
    monkeypatch.setattr(revocation, "SUBSCRIBE_AGAIN_S", 0.01)
    heard: asyncio.Queue[str] = asyncio.Queue()
    again, subscriptions = asyncio.Event(), 0

    async def subscribe(group: str, channel: str) -> None:
        nonlocal subscriptions
        await add(group, channel)
        subscriptions += 1
        if subscriptions > 3:
            again.set()

    async def end(session: str) -> None:
        heard.put_nowait(session)

    add = layer.group_add
    monkeypatch.setattr(layer, "group_add", subscribe)
    monkeypatch.setattr(revocation, "_end", end)
    listening = asyncio.create_task(revocation.listen())
    async with asyncio.timeout(10):
        await again.wait()

        await layer.group_send(revocation.GROUP, {"type": "session.ended", "session": "abc"})

        assert await heard.get() == "abc"
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await layer.flush()
