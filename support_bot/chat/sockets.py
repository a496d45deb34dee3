"""The open sockets of this process: who may open one, and a watch that closes those whose session has ended.

The watch also lets every socket look for frames whose hint was lost.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import structlog

from support_bot import sessions
from support_bot.chat import authority, inbox, log, places
from support_bot.chat.authority import Authority
from support_bot.chat.database import in_thread
from support_bot.chat.models import Conversation
from support_bot.chat.outgoing import Outgoing
from support_bot.chat.places import Place
from support_bot.clients import address_of
from tools.keyed import stand_in
from tools.ratelimit import seconds_to_wait, seconds_to_wait_for

logger = structlog.get_logger(__name__)

# Seconds: a session that ended by whatever way closes its sockets within this and a moment for the database.
WATCH_S = 2.0
LOOK_AGAIN_S = 15.0
FULL_S = "60"  # what a socket too many is told to wait
CLOSE_S = 1.0
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Socket(Protocol):
    channel_name: str
    conversation: Conversation
    outgoing: Outgoing
    holder: Authority
    place: Place

    async def close(self, code: int | None = None, reason: str | None = None) -> None: ...


class Refused(Exception):
    """A socket that may not stay: its close code and reason."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason


_open: set[Socket] = set()
_touched: dict[str, float] = {}


async def open_socket(*, scope: dict[str, Any], socket: Socket) -> Conversation:
    """The conversation of a handshake; sets the socket's `holder`. Raises Refused 4401, 4404 or 4429."""
    session_key = scope["session"].session_key if "session" in scope else None
    found = await in_thread(authority.find_authority)(session_key=session_key) if session_key else None
    origin = stand_in(purpose="address", value=address_of(scope=scope))
    # In a thread: the limits may wait for Redis, and the loop serves everybody.
    await asyncio.to_thread(_check_rates, found.customer.pk if found else None, origin)
    if found is None:
        raise Refused(4401)
    text = scope["url_route"]["kwargs"]["conversation_id"]
    if not _UUID.fullmatch(text):
        raise Refused(4404)
    conversation = await in_thread(inbox.find_conversation)(customer=found.customer, conversation_id=UUID(text))
    if conversation is None:
        raise Refused(4404)
    conversation.customer = found.customer
    socket.holder = found
    socket.place = Place(name=socket.channel_name, customer_id=found.customer.pk, origin=origin)
    await _enter(socket)
    return conversation


def _check_rates(customer_id: int | None, origin: str) -> None:
    """Customers are counted by themselves and by their address, strangers by their address alone."""
    if customer_id is None:
        wait = seconds_to_wait(name="handshakes", key=f"stranger {origin}")
    else:
        wait = seconds_to_wait_for(name="handshakes", customer_id=customer_id, origin=origin)
    if wait is not None:
        raise Refused(4429, str(wait))


async def _enter(socket: Socket) -> None:
    # Counted where it is entered and on the loop: two handshakes at once cannot both take the last place.
    if not places.is_free(place=socket.place, taken=(other.place for other in _open)):
        raise Refused(4429, FULL_S)
    _open.add(socket)
    if not await asyncio.to_thread(places.take, place=socket.place):
        _open.discard(socket)
        raise Refused(4429, FULL_S)


def forget(socket: Socket) -> None:
    if socket in _open:
        _open.discard(socket)
        asyncio.get_running_loop().run_in_executor(None, partial(places.give_back, place=socket.place))


async def still_stands(*, holder: Authority, in_use: bool) -> bool:
    """Whether a socket may take a frame. in_use: a person does something, so the session does not go idle."""
    if not await in_thread(authority.stands)(mandate=holder, customer_id=holder.customer.pk):
        return False
    if in_use:
        await _touch(holder)
    return True


async def _touch(holder: Authority) -> None:
    now = time.monotonic()
    is_staff = holder.customer.user is not None and holder.customer.user.is_staff
    if now - _touched.get(holder.session_key, -math.inf) >= sessions.touch_every(is_staff=is_staff):
        _touched[holder.session_key] = now
        await in_thread(sessions.touch)(session_key=holder.session_key)


async def watch() -> None:
    """For the life of the process: close sockets without a session, and let the others look for lost hints."""
    looked = renewed = time.monotonic()
    while True:
        await asyncio.sleep(WATCH_S)
        if time.monotonic() - renewed >= places.RENEW_S:
            renewed = time.monotonic()
            await asyncio.to_thread(places.renew, places=[socket.place for socket in _open])
        try:
            await _close_ended()
            if time.monotonic() - looked >= LOOK_AGAIN_S:
                looked = time.monotonic()
                await _look_again()
        except Exception as error:  # the database or Redis is away for a moment
            logger.warning("sockets.watch_failed", error=type(error).__name__)


async def _close_ended() -> None:
    held = {socket: (socket.holder, socket.holder.customer.pk) for socket in _open}
    standing = await in_thread(authority.still_standing)(mandates=held) if held else set()
    for key in _touched.keys() - {socket.holder.session_key for socket in standing}:
        del _touched[key]
    await asyncio.gather(*(_close(socket) for socket in held.keys() - standing))


async def close_session(*, session: str) -> None:
    """A session has been signed out: close its sockets now. `session`: see authority.name_of."""
    ended = [socket for socket in _open if authority.name_of(session_key=socket.holder.session_key) == session]
    await asyncio.gather(*(_close(socket) for socket in ended))


async def _close(socket: Socket) -> None:
    """To close may wait for the peer, by whatever server we run on; one that never reads must not hold up the watch."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await socket.close(4401)
    except Exception as error:  # whatever the server raises for a connection that is going away
        logger.info("socket.not_closed", error=type(error).__name__)


async def _look_again() -> None:
    """One question for all sockets: those that lack something of the log read it."""
    held = {socket: socket.conversation.pk for socket in _open if socket.outgoing.seq is not None}
    last = await in_thread(log.last_seqs)(conversation_ids=set(held.values())) if held else {}
    for socket, conversation_id in held.items():
        if last.get(conversation_id, 0) > (socket.outgoing.seq or 0):
            socket.outgoing.look()
