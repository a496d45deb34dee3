"""A small payment service for tests: it keeps what was paid back under each key, and misbehaves as it is told.

A mood is told for the next request of a kind, or for all from now on; without one it simply works.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

SLOW_S = 30.0


@dataclass(frozen=True)
class Mood:
    """What a request gets. applies: a POST is really paid, before anything else. hangs: until `release`."""

    status: int | None = None
    applies: bool = False
    cuts: bool = False
    hangs: bool = False
    drips: bool = False
    headers: tuple[tuple[str, str], ...] = ()


WORKS = Mood(applies=True)
DROPS = Mood(applies=True, cuts=True)
HANGS_AFTER = Mood(applies=True, hangs=True)
HANGS = Mood(hangs=True)
CUTS = Mood(cuts=True)
DRIPS = Mood(drips=True)


def says(status: int, *, applies: bool = False, **headers: str) -> Mood:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Mood(status=status, applies=applies, headers=named)


@dataclass(frozen=True)
class Request:
    method: str
    key: str
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class EffectGateway:
    """`paid`: what was paid back, by key. `payments`: every single payment, to see a second one. `requests`: all."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.paid: dict[str, dict[str, Any]] = {}
        self.payments: list[tuple[str, dict[str, Any]]] = []
        self.once: dict[str, list[Mood]] = defaultdict(list)
        self.always: dict[str, Mood] = {}
        self.by_rule: Callable[[Request], Mood | None] = lambda request: None
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Exchange)
        self._server.gateway = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def release(self) -> None:
        """Whoever hangs goes on."""
        self._released.set()
        self._released = threading.Event()

    def next(self, method: str, *moods: Mood) -> None:
        self.once[method].extend(moods)

    def posts(self, key: object = None) -> list[Request]:
        return [r for r in self.requests if r.method == "POST" and (key is None or r.key == str(key))]

    def asks(self, key: object = None) -> list[Request]:
        return [r for r in self.requests if r.method == "GET" and (key is None or r.key == str(key))]

    def mood(self, request: Request) -> Mood:
        with self._lock:
            self.requests.append(request)
            if ruled := self.by_rule(request):
                return ruled
            if self.once[request.method]:
                return self.once[request.method].pop(0)
            return self.always.get(request.method, WORKS)

    def pay(self, request: Request) -> None:
        """As payment services do it: the same key is the same payment."""
        with self._lock:
            if request.key not in self.paid:
                self.paid[request.key] = request.body
                self.payments.append((request.key, request.body))

    def wait_for_release(self) -> None:
        self._released.wait(SLOW_S)


class _Server(ThreadingHTTPServer):
    gateway: EffectGateway
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what these tests are about."""


class _Exchange(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def _lower(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = Request("POST", self.headers["Idempotency-Key"], body, self._lower())
        mood = self.server.gateway.mood(request)
        if mood.applies:
            self.server.gateway.pay(request)
        self._answer(mood, 201)

    def do_GET(self) -> None:
        key = self.path.rsplit("/", 1)[-1]
        mood = self.server.gateway.mood(Request("GET", key, headers=self._lower()))
        self._answer(mood, 200 if key in self.server.gateway.paid else 404)

    def _answer(self, mood: Mood, usual: int) -> None:
        if mood.hangs:
            self.server.gateway.wait_for_release()
        if mood.drips:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.server.gateway._released.wait(0.05):
                self.wfile.write(b"X-Drip: x\r\n")
        if mood.cuts or mood.hangs or mood.drips:
            # Without a goodbye, as a cable that was pulled.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.send_response(mood.status or usual)
        for name, value in mood.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
