"""A peer that opens a socket, says what it has to say, and reads nothing of what it is sent."""

from __future__ import annotations

import base64
import json
import os
import select
import socket
from pathlib import Path
from urllib.parse import urlsplit

from tests.safety.person import Person

ESTABLISHED = "01"


class Deaf:
    """With as small a buffer as the kernel gives, so that what it is sent stays with the server."""

    def __init__(self, person: Person, conversation: str) -> None:
        place = urlsplit(person.url)
        self.server_port = int(place.port or 80)
        self.raw = socket.socket()
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        self.raw.settimeout(20)
        self.raw.connect((place.hostname, self.server_port))
        self.port = self.raw.getsockname()[1]
        key = base64.b64encode(os.urandom(16)).decode()
        head = [
            f"GET /ws/chat/{conversation}/ HTTP/1.1",
            f"Host: {place.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Origin: {person.url}",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Cookie: {person.browser.cookies()}",
            "\r\n",
        ]
        self.raw.sendall("\r\n".join(head).encode())
        while b'"hello"' not in self.raw.recv(4096):
            pass
        self.send(type="resume", after_seq=0)

    def send(self, **frame: object) -> None:
        self.raw.sendall(masked(0x1, json.dumps(frame).encode()))

    def ping_until_nobody_listens(self, *, most: int, quiet_s: float) -> int:
        """Pings without an end; how many bytes the server took before it took no more."""
        block = masked(0x9, b"p" * 120) * 500
        self.raw.setblocking(False)
        sent = 0
        while sent < most and select.select([], [self.raw], [], quiet_s)[1]:
            try:
                sent += self.raw.send(block)
            except BlockingIOError:
                continue
            except OSError:
                break
        return sent

    def is_held(self) -> bool:
        """Whether the server still has its end of the connection."""
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        ends = (line.split()[1:4] for line in lines)
        here, there = f":{self.server_port:04X}", f":{self.port:04X}"
        return any(a.endswith(here) and b.endswith(there) and state == ESTABLISHED for a, b, state in ends)

    def close(self) -> None:
        self.raw.close()


def masked(opcode: int, payload: bytes) -> bytes:
    """One frame under a mask of zeros."""
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0x80 | 126]) + len(payload).to_bytes(2, "big")
    return bytes([0x80 | opcode]) + size + bytes(4) + payload
