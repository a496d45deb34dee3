"""uvicorn's websocket protocol for peers that send too much, send what cannot be read, or do not read themselves.

They learn why where they can, and none of them costs more than a bounded buffer for a bounded time.
"""

from __future__ import annotations

import random
import socket
from asyncio import TimerHandle
from asyncio.transports import BaseTransport
from typing import Any

from django.conf import settings
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

# uvicorn counts the bytes of a message; empty parts have none, so they are counted here.
MOST_PARTS = 1024
# Closing while the peer still sends would reset the connection, and the peer would never read the close frame.
LINGER_S = 2.0
UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
# Bytes that wait in the transport before the application waits, and in the kernel (which doubles it). The kernel's own
# choice is megabytes, in which nobody would see for minutes that a peer does not read.
HIGH_WATER, LOW_WATER = 64 * 1024, 16 * 1024
SEND_BUFFER = 64 * 1024
# Of SLOW_SOCKET_S: who reads less than LEAST bytes in so much of it is gone within the whole.
PATIENCE = 5 / 6
LEAST = 16 * 1024
# After a restart the peers come back spread over so many seconds; each is told its own.
SPREAD_S = 12


class SocketProtocol(WebSocketsSansIOProtocol):
    """Closes as uvicorn does, but reads on for LINGER_S and throws away what it reads; and it waits for no peer."""

    lingering = False
    stuffed = False  # the peer does not read, so nothing more is read from it: each ping would want an answer
    slow_timer: TimerHandle | None = None
    end_timer: TimerHandle | None = None
    unread = 0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self.patience_s = PATIENCE * settings.SLOW_SOCKET_S
        # A silence that a full buffer does not show is found by pings: the wait and the answer take the patience.
        self.ping_interval, self.ping_timeout = 0.4 * self.patience_s, 0.6 * self.patience_s
        self.transport.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self.slow_timer, self.end_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    # --- what comes in ------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.lingering:
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # The head of the request cannot be read; uvicorn would leave the peer without an answer.
            self.transport.write(UNREADABLE)
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        if self.lingering:
            return
        if len(self.frames) < MOST_PARTS:
            super().handle_cont(event)
            return
        self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many parts")
        self.handle_parser_exception()

    def handle_parser_exception(self) -> None:
        """The connection has failed and its close frame is made: say so to the application and to the peer."""
        closing = self.conn.close_sent
        if self.lingering or closing is None:
            return
        self.lingering = True
        self.frames = []
        self._part(closing.code, closing.reason, within=LINGER_S)

    def handle_close(self, event: Frame) -> None:
        super().handle_close(event)
        self._end_within(LINGER_S)

    async def receive(self) -> Any:
        message = await super().receive()
        self._set_reading()
        return message

    # --- what goes out ------------------------------------------------------------------------------------------

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.close" and self.handshake_complete and not self.close_sent:
            # Never behind a peer that does not read.
            self._say_goodbye(message.get("code", 1000), message.get("reason") or "", within=self.close_timeout)
            return
        await self.writable.wait()
        if self.close_sent and message["type"] == "websocket.send":
            raise ClientDisconnected
        await super().send(message)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.stuffed = True
        self._set_reading()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.stuffed = False
        if self.slow_timer is not None:
            self.slow_timer.cancel()
        self._set_reading()

    def _set_reading(self) -> None:
        if self.transport.is_closing():
            return
        if self.stuffed or self.read_paused:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _watch_reader(self) -> None:
        self.unread = self.transport.get_write_buffer_size()
        self.slow_timer = self.loop.call_later(self.patience_s, self._judge_reader)

    def _judge_reader(self) -> None:
        read = self.unread - self.transport.get_write_buffer_size()
        if read >= LEAST:
            self._watch_reader()
        elif read > 0:
            self._say_goodbye(CloseCode.TRY_AGAIN_LATER, "too slow", within=LINGER_S)
        else:
            self.transport.abort()

    def keepalive_timeout(self) -> None:
        self.pong_timer = None
        if self.stuffed or self.read_paused:
            # The pong may wait unread on our side; a peer that does not read is the other watch's matter.
            self.pending_ping_payload = None
            self.schedule_ping()
            return
        self._say_goodbye(CloseCode.TRY_AGAIN_LATER, "too slow", within=LINGER_S)

    # --- the end ------------------------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """The server stops: each peer is told in how many seconds to come back."""
        if not self.handshake_complete:
            self.send_500_response()
            self.transport.close()
        self._say_goodbye(CloseCode.SERVICE_RESTART, str(random.randrange(SPREAD_S)), within=LINGER_S)
        self._end_within(LINGER_S)

    def _say_goodbye(self, code: int, reason: str, *, within: float) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self._part(code, reason, within=within)

    def _part(self, code: int, reason: str, *, within: float) -> None:
        """Hand the close frame over to the transport and the end to the application; the peer has `within` seconds."""
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.read_paused = False
        self._set_reading()
        self.close_timer = self.loop.call_later(within, self._end)

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self._end_within(self.close_timeout)

    def _end_within(self, seconds: float) -> None:
        """uvicorn's close waits for the peer to read, for ever; nothing here does."""
        if self.end_timer is None and not self.disconnected:
            self.end_timer = self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()
