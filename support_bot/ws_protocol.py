"""uvicorn's websocket protocol for peers that send too much or what cannot be read: they learn why."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

# uvicorn counts the bytes of a message; empty parts have none, so they are counted here.
MOST_PARTS = 1024
# Closing while the peer still sends would reset the connection, and the peer would never read the close frame.
LINGER_S = 2.0
UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class SocketProtocol(WebSocketsSansIOProtocol):
    """Closes as uvicorn does, but reads on for LINGER_S and throws away what it reads."""

    lingering = False

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
        self.queue.put_nowait({"type": "websocket.disconnect", "code": closing.code, "reason": closing.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(LINGER_S, self.transport.close)
