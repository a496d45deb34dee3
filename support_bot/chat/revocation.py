"""Tells every process at once that a session was signed out: its sockets close and its open answers stop.

A hint only. Where it is lost, the watches of the sockets and of the runner find the same within seconds.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from channels.layers import get_channel_layer
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from support_bot.chat import authority, broadcast, sockets
from support_bot.chat.runner import runner

log = structlog.get_logger(__name__)

GROUP = "sessions.ended"
# A subscription may end with a Redis that restarts, or with its time in the layer without Redis.
SUBSCRIBE_AGAIN_S = 60.0
RETRY_S = 1.0


@receiver(user_logged_out, dispatch_uid="chat.announce_logout")
def announce(request: HttpRequest | None, **_: Any) -> None:
    """Sent just before the session is deleted, so nobody needs to ask the database."""
    session_key = getattr(getattr(request, "session", None), "session_key", None)
    if session_key:
        message = {"type": "session.ended", "session": authority.name_of(session_key=session_key)}
        broadcast.tell_processes(group=GROUP, message=message)


async def listen() -> None:
    """For the life of the process."""
    layer = get_channel_layer()
    if layer is None:
        return
    while True:
        try:
            await _hear(layer, await layer.new_channel())
        except Exception as error:  # the layer raises what its Redis client raises
            log.warning("sessions.mailbox_lost", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)


async def _hear(layer: Any, mailbox: str) -> None:
    """Take what comes to this mailbox. A layer forgets a channel whose `receive` is cancelled, so none ever is."""
    waiting: asyncio.Task[dict[str, str]] | None = None
    try:
        while True:
            await layer.group_add(GROUP, mailbox)
            waiting = waiting or asyncio.create_task(layer.receive(mailbox))
            if (await asyncio.wait({waiting}, timeout=SUBSCRIBE_AGAIN_S))[0]:
                came, waiting = waiting, None
                await _end(came.result()["session"])
    finally:
        if waiting is not None:
            waiting.cancel()


async def _end(session: str) -> None:
    runner.revoke(session=session)
    await sockets.close_session(session=session)
