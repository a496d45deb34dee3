"""A model server that means harm: every answer a test can think of, over a real socket, as bytes if need be.

`Hostile` is the scripted model server plus answers by customer; the functions here make the answers.
"""

from __future__ import annotations

import gzip
import socketserver
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.model_server import (
    Answer,
    Call,
    Gate,
    Hang,
    InThread,
    Item,
    ModelServer,
    Raw,
    Reply,
    Script,
    Status,
    Wire,
    _base,
    _event,
    calls,
    text,
)

MEGABYTE = 1_000_000
DONE = b"data: [DONE]\n\n"


class Hostile(ModelServer):
    """Scripts by customer: a request that holds `mark` (a person's tag) is answered by the script for that mark."""

    def __init__(self) -> None:
        super().__init__()
        self._routes: dict[bytes, list[Script]] = {}
        self._standing: dict[bytes, Script] = {}

    def script_for(self, mark: str, *replies: Script, always: Script | None = None) -> None:
        """Replies for requests that hold `mark`; `always` answers when they are used up."""
        with self._lock:
            self._routes.setdefault(mark.encode(), []).extend(replies)
            if always is not None:
                self._standing[mark.encode()] = always

    def next_script(self, raw: bytes) -> Script | None:
        for mark, replies in self._routes.items():
            if mark in raw and (replies or mark in self._standing):
                return replies.pop(0) if replies else self._standing[mark]
        return super().next_script(raw)

    def left(self) -> int:
        with self._lock:
            return len(self._replies) + sum(map(len, self._routes.values()))

    def clear(self) -> None:
        super().clear()
        with self._lock:
            self._routes.clear()
            self._standing.clear()


# --- well-formed answers ----------------------------------------------------------------------------------------------


def say(*pieces: str) -> Reply:
    return text(*pieces)


def call(name: str, arguments: dict[str, Any] | str | None = None, *, say: str = "") -> Reply:
    return calls(Call(name, {} if arguments is None else arguments), say=say)


def fanout(*wanted: tuple[str, dict[str, Any] | str], say: str = "") -> Reply:
    """All calls in one answer."""
    return calls(*(Call(name, arguments, id=f"call_{i}") for i, (name, arguments) in enumerate(wanted)), say=say)


def loop(*answers: Answer) -> Callable[[dict[str, Any]], Answer]:
    """For `always`: the same answers over and over, for ever."""
    turn = iter(_endless(answers))
    return lambda body: next(turn)


def _endless(answers: tuple[Answer, ...]) -> Iterator[Answer]:
    while True:
        yield from answers


# --- streams out of order ---------------------------------------------------------------------------------------------


def event(**fields: Any) -> bytes:
    """One well-formed chunk with these fields on top of the usual ones."""
    return _event({**_base("scripted"), **fields})


def delta(finish: str | None = None, **parts: Any) -> bytes:
    return event(choices=[{"index": 0, "delta": parts, "finish_reason": finish}])


def piece(index: Any = 0, **fields: Any) -> bytes:
    """One piece of a tool call: `id`, `name` and `arguments` where given, at any index."""
    function = {key: fields[key] for key in ("name", "arguments") if key in fields}
    rest = {key: value for key, value in fields.items() if key not in ("name", "arguments")}
    place = {} if index is None else {"index": index}
    return delta(tool_calls=[{**place, **rest, "function": function}])


def sse(*pieces: Item, finish: str | None = "stop") -> Raw:
    """Chunks in this order, then (unless finish is None) the reason and [DONE]."""
    end = () if finish is None else (delta(finish=finish), DONE)
    return Raw((*pieces, *end))


def raw_bytes(*pieces: Item) -> Raw:
    """The body of the stream, byte by byte."""
    return Raw(pieces)


def cut_at(answer: Reply | Raw, count: int) -> Wire:
    """The answer's first `count` bytes; then the connection breaks, without the end of the chunked body."""

    def write(http: BaseHTTPRequestHandler, model: str) -> None:
        body = b"".join(item for item in answer.items(model) if isinstance(item, bytes))
        _start(http)
        _chunk(http, body[:count])

    return Wire(write)


def drip(answer: Reply | Raw, *, interval: float, size: int = 1, before: bytes = b"") -> Wire:
    """The answer `size` bytes at a time with a pause between them; `before` is repeated as long as the client stays."""

    def write(http: BaseHTTPRequestHandler, model: str) -> None:
        _start(http)
        while before:
            _chunk(http, before)
            time.sleep(interval)
        body = b"".join(item for item in answer.items(model) if isinstance(item, bytes))
        for start in range(0, len(body), size):
            _chunk(http, body[start : start + size])
            time.sleep(interval)
        http.wfile.write(b"0\r\n\r\n")

    return Wire(write)


def hang() -> Hang:
    return Hang()


def headers_then_nothing() -> Raw:
    return Raw((Gate(),))


# --- other HTTP -------------------------------------------------------------------------------------------------------


def status(code: int, **headers: str) -> Status:
    return Status(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def redirect(to: str, code: int = 307) -> Status:
    return Status(code, {}, {"Location": to})


def big_headers(size: int) -> Wire:
    """A good answer behind `size` bytes of headers."""

    def write(http: BaseHTTPRequestHandler, model: str) -> None:
        http.send_response_only(200)
        http.send_header("Content-Type", "text/event-stream")
        for number in range(max(1, size // 8000)):
            http.send_header(f"X-Padding-{number}", "x" * min(8000, size))
        http.end_headers()
        http.wfile.write(b"".join(item for item in say("Hello").items(model) if isinstance(item, bytes)))

    return Wire(write)


def bomb(*, times: int = 200) -> Wire:
    """`times` megabytes of text as some hundred kilobytes of gzip."""
    packed = gzip.compress(delta(content="x" * MEGABYTE) * times)

    def write(http: BaseHTTPRequestHandler, model: str) -> None:
        _start(http, ("Content-Encoding", "gzip"))
        _chunk(http, packed)
        http.wfile.write(b"0\r\n\r\n")

    return Wire(write)


def endless_line(megabytes: int = 200) -> Wire:
    """One SSE line without an end."""
    return flood([b'data: {"choices": [{"index": 0, "delta": {"content": "'], b"x" * 65536, megabytes * 16)


def many_deltas(count: int = 1_000_000) -> Wire:
    """`count` deltas of one character."""
    return flood([], delta(content="x") * 100, count // 100)


def huge_arguments(megabytes: int = 100, *, name: str = "check_package") -> Wire:
    """One call whose arguments come in megabytes."""
    head = piece(id="call_1", name=name, arguments='{"package_id": "')
    return flood([head], piece(arguments="A" * 65536), megabytes * 16)


def flood(first: Iterable[bytes], block: bytes, count: int) -> Wire:
    """As fast as the socket takes it, until the client leaves."""

    def write(http: BaseHTTPRequestHandler, model: str) -> None:
        _start(http)
        for item in first:
            _chunk(http, item)
        for _ in range(count):
            _chunk(http, block)
        _chunk(http, delta(finish="stop") + DONE)
        http.wfile.write(b"0\r\n\r\n")

    return Wire(write)


def _start(http: BaseHTTPRequestHandler, *headers: tuple[str, str]) -> None:
    http.send_response(200)
    for name, value in [("Content-Type", "text/event-stream"), ("Transfer-Encoding", "chunked"), *headers]:
        http.send_header(name, value)
    http.end_headers()


def _chunk(http: BaseHTTPRequestHandler, data: bytes) -> None:
    if data:
        http.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


# --- a place nobody may come to ---------------------------------------------------------------------------------------


class Trap(InThread):
    """A server that notes everybody who connects and says nothing: `with Trap() as trap: … assert not trap.visits`."""

    def __init__(self) -> None:
        self.visits: list[bytes] = []
        visits = self.visits

        class Noting(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                visits.append(self.request.recv(4096))

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Noting)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        super().__init__(server)
