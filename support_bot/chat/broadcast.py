"""Carries frames to the open sockets of a conversation, in whatever process they are. Hints only: any may be lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from support_bot.chat.frames import Frame

log = structlog.get_logger(__name__)

MOST_BYTES = 64 * 1024

_loop: asyncio.AbstractEventLoop | None = None


def use_loop(loop: asyncio.AbstractEventLoop | None) -> None:
    """The server's event loop: threads hand their messages to it instead of opening a connection for each."""
    global _loop
    _loop = loop


def group_of(conversation_id: UUID) -> str:
    return f"chat.{conversation_id.hex}"


def tell(*, conversation_id: UUID, frames: Sequence[Frame]) -> None:
    """Durable frames that were committed just now. From any thread; never raises."""
    # Every socket of the conversation has a copy to wait for it, so large ones are only pointed at.
    small = sum(len(json.dumps(frame)) for frame in frames) <= MOST_BYTES
    news = {"type": "durable.frames", "frames": list(frames)} if small else {"type": "look.again"}
    _send(group_of(conversation_id), news)


def tell_processes(*, group: str, message: dict[str, Any]) -> None:
    """A word to every process that listens to this group. From any thread; never raises."""
    _send(group, message)


def close_sockets(*, conversation_id: UUID, code: int) -> None:
    _send(group_of(conversation_id), {"type": "close.socket", "code": code})


async def stream(*, conversation_id: UUID, frame: Frame) -> None:
    """A frame that is not durable (delta, notice, running turn). From the event loop; never raises."""
    await _group_send(group_of(conversation_id), {"type": "live.frame", "frame": frame})


def _send(group: str, message: dict[str, Any]) -> None:
    if _loop is not None and _loop.is_running():
        asyncio.run_coroutine_threadsafe(_group_send(group, message), _loop)
    else:
        async_to_sync(_group_send)(group, message)


async def _group_send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        log.error("broadcast.no_layer")
        return
    try:
        await layer.group_send(group, message)
    except Exception as error:  # the layer raises what its Redis client raises; sockets catch up from the log
        log.warning("broadcast.lost", group=group, error=type(error).__name__)
