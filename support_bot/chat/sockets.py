"""The open sockets of this process: who may open one, and a watch that closes those whose session has ended.

The watch also lets every socket look for frames whose hint was lost.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, Protocol
from uuid import UUID

import structlog
from channels.exceptions import ChannelFull
from channels.layers import get_channel_layer
from django.conf import settings

from support_bot.chat import authority, inbox
from support_bot.chat.database import in_thread
from support_bot.chat.models import Conversation
from support_bot.clients import address_of
from tools.ratelimit import seconds_to_wait

log = structlog.get_logger(__name__)

# Seconds: an ended session closes its sockets within this; an answer about it is believed for FRESH_S.
WATCH_S = 2.0
FRESH_S = 2.0
LOOK_AGAIN_S = 15.0
CLOSE_S = 1.0
TOUCH_S = 60.0
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Socket(Protocol):
    channel_name: str
    session_key: str
    customer_id: int

    async def close(self, code: int | None = None, reason: str | None = None) -> None: ...


class Refused(Exception):
    """A socket that may not stay: its close code and reason."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


_open: set[Socket] = set()
_seen_good: dict[str, float] = {}
_touched: dict[str, float] = {}


async def open_socket(*, scope: dict[str, Any], socket: Socket) -> tuple[Conversation, str, int]:
    """(conversation, session key, customer id) of a handshake. Raises Refused 4401, 4404 or 4429."""
    session_key = scope["session"].session_key if "session" in scope else None
    found = await in_thread(authority.find_authority)(session_key=session_key) if session_key else None
    if found is None or session_key is None:
        raise Refused(4401)
    # In a thread: the limits may wait for Redis, and the loop serves everybody.
    await asyncio.to_thread(_check_rates, found.customer.pk, address_of(scope=scope))
    text = scope["url_route"]["kwargs"]["conversation_id"]
    if not _UUID.fullmatch(text):
        raise Refused(4404)
    conversation = await in_thread(inbox.find_conversation)(customer=found.customer, conversation_id=UUID(text))
    if conversation is None:
        raise Refused(4404)
    conversation.customer = found.customer
    # Counted where it is entered and on the loop: two handshakes at once cannot both take the last place.
    _check_number(found.customer.pk)
    socket.session_key, socket.customer_id = session_key, found.customer.pk
    _open.add(socket)
    _seen_good[session_key] = time.monotonic()
    return conversation, session_key, found.customer.pk


def _check_rates(customer_id: int, address: str) -> None:
    for key in (f"customer {customer_id}", f"address {address}"):
        if (wait := seconds_to_wait(name="handshakes", key=key)) is not None:
            raise Refused(4429, str(wait))


def _check_number(customer_id: int) -> None:
    mine = sum(socket.customer_id == customer_id for socket in _open)
    if settings.MAX_SOCKETS is not None and mine >= settings.MAX_SOCKETS:
        raise Refused(4429, "60")


def forget(socket: Socket) -> None:
    _open.discard(socket)


async def still_stands(session_key: str) -> bool:
    """Whether the session may go on: asked of the database, at most every FRESH_S seconds."""
    now = time.monotonic()
    if now - _seen_good.get(session_key, -FRESH_S) < FRESH_S:
        return True
    if await in_thread(authority.find_authority)(session_key=session_key) is None:
        _seen_good.pop(session_key, None)
        return False
    _seen_good[session_key] = now
    if now - _touched.get(session_key, -TOUCH_S) >= TOUCH_S:
        _touched[session_key] = now
        await in_thread(authority.touch)(session_key=session_key)
    return True


async def watch() -> None:
    """For the life of the process: close sockets without a session, and let the others look for lost hints."""
    looked = time.monotonic()
    while True:
        await asyncio.sleep(WATCH_S)
        try:
            await _close_ended()
            if time.monotonic() - looked >= LOOK_AGAIN_S:
                looked = time.monotonic()
                await _look_again()
        except Exception as error:  # the database or Redis is away for a moment
            log.warning("sockets.watch_failed", error=type(error).__name__)


async def _close_ended() -> None:
    keys = {socket.session_key for socket in _open}
    if not keys:
        _seen_good.clear()
        _touched.clear()
        return
    ended = await in_thread(authority.ended_sessions)(session_keys=keys)
    now = time.monotonic()
    for known in (_seen_good, _touched):
        for key in set(known) - keys:
            del known[key]
    for key in keys - ended:
        _seen_good[key] = now
    for key in ended:
        _seen_good.pop(key, None)
    await asyncio.gather(*(_close(socket) for socket in list(_open) if socket.session_key in ended))


async def _close(socket: Socket) -> None:
    """To close waits until the peer has read what was sent before; one that never reads must not hold up the watch."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await socket.close(4401)
    except Exception as error:  # whatever the server raises for a connection that is going away
        log.info("socket.not_closed", error=type(error).__name__)


async def _look_again() -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    for socket in list(_open):
        try:
            await layer.send(socket.channel_name, {"type": "look.again"})
        except ChannelFull:
            log.info("socket.channel_full", channel=socket.channel_name)
