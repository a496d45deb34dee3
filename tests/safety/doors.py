"""Handshakes as bytes, for what no client library would send; and refusals told apart from closes."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

Header = tuple[bytes, bytes]


def knock(url: str, path: str, headers: Sequence[Header], *, host: bytes | None = None) -> bytes:
    """The first bytes that answer a websocket handshake with exactly these headers."""
    where = urlsplit(url)
    usual = [
        (b"Connection", b"Upgrade"),
        (b"Upgrade", b"websocket"),
        (b"Sec-WebSocket-Version", b"13"),
        (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    first = [] if host == b"" else [(b"Host", host or where.netloc.encode())]
    lines = [name + b": " + value for name, value in [*first, *usual, *headers]]
    request = b"\r\n".join([b"GET " + path.encode() + b" HTTP/1.1", *lines, b"", b""])
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as line:
        line.sendall(request)
        return line.recv(65536)


def status_of(answer: bytes) -> int:
    """The status of the answer; 0 where the server hung up without one."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0
