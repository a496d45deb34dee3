"""A scripted model behind the OpenAI chat-completions wire: one reply per request, every request body kept.

A request without a reply left and a reply that nobody asked for are both errors (`check`): it would prove nothing.
"""

from __future__ import annotations

import json
import select
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

GATE_S = 30.0
USAGE = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}


class Gate(threading.Event):
    """A place in a reply where the model waits until the test calls `set()`, or until the client hangs up."""


@dataclass(frozen=True)
class Call:
    """One tool call. `arguments` may be a dict, or raw text where the model is to speak broken JSON."""

    name: str
    arguments: dict[str, Any] | str
    id: str = ""

    def text(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)


Piece = str | Gate
Item = bytes | Gate


@dataclass(frozen=True)
class Reply:
    """A well-formed answer: text in pieces, then tool calls in pieces, finish reason, usage, [DONE]."""

    pieces: tuple[Piece, ...] = ()
    calls: tuple[Call, ...] = ()
    finish: str | None = ""
    usage: dict[str, int] | None = field(default_factory=lambda: dict(USAGE))

    def items(self, model: str) -> Iterator[Item]:
        yield _chunk(model, {"role": "assistant", "content": ""})
        for piece in self.pieces:
            yield piece if isinstance(piece, Gate) else _chunk(model, {"content": piece})
        for index, call in enumerate(self.calls):
            yield from _call_chunks(model, index, call)
        if self.finish is None:  # the connection ends in the middle of the answer
            return
        yield _chunk(model, {}, finish=self.finish or ("tool_calls" if self.calls else "stop"))
        if self.usage is not None:
            yield _event({**_base(model), "choices": [], "usage": self.usage})
        yield b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Raw:
    """Bytes as they are, after the headers of an event stream."""

    pieces: tuple[Item, ...]

    def items(self, model: str) -> Iterator[Item]:
        yield from self.pieces


@dataclass(frozen=True)
class Status:
    """An HTTP error before any stream."""

    code: int
    body: dict[str, Any] = field(default_factory=lambda: {"error": {"message": "scripted", "type": "server_error"}})
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hang:
    """No byte, not even headers, until the client hangs up."""


@dataclass(frozen=True)
class Wire:
    """An answer that writes every byte itself, status line and headers included; the connection ends with it."""

    write: Callable[[BaseHTTPRequestHandler, str], None]


Answer = Reply | Raw | Status | Hang | Wire
Script = Answer | Callable[[dict[str, Any]], Answer]


def text(*pieces: Piece) -> Reply:
    return Reply(pieces)


def calls(*wanted: Call, say: str = "") -> Reply:
    return Reply((say,) if say else (), wanted)


def cut(*pieces: Piece) -> Reply:
    """Text that ends without a finish reason."""
    return Reply(pieces, finish=None)


def _base(model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": model}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _chunk(model: str, delta: dict[str, Any], *, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _event({**_base(model), "choices": [choice], "usage": None})


def _call_chunks(model: str, index: int, call: Call) -> Iterator[bytes]:
    """First the id and the name, then the arguments in pieces without either, as the real server sends them."""
    function = {"name": call.name, "arguments": ""}
    head = {"index": index, "id": call.id or f"call_{index + 1}", "type": "function", "function": function}
    yield _chunk(model, {"tool_calls": [head]})
    arguments = call.text()
    step = max(1, len(arguments) // 3)
    for start in range(0, len(arguments), step):
        piece = {"index": index, "function": {"arguments": arguments[start : start + step]}}
        yield _chunk(model, {"tool_calls": [piece]})


def _hung_up(connection: socket.socket) -> bool:
    if not select.select([connection], [], [], 0.02)[0]:
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    model: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle of anything is no news."""


class InThread:
    """A server that runs in a thread of its own for the length of a `with` block."""

    def __init__(self, server: socketserver.BaseServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()


class ModelServer(InThread):
    """`with ModelServer() as model:`; `model.url` is the OPENAI_BASE_URL, `model.script(…)` adds replies."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []  # the requests as they came, byte by byte
        self.unexpected: list[dict[str, Any]] = []
        self.hung_up = threading.Event()  # a client left in the middle of an answer
        self.always: Script | None = None  # answers where the script is empty
        self._replies: list[Script] = []
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        server = _Server(("127.0.0.1", port), _Http)
        server.model = self
        self.port = server.server_port
        self.url = f"http://127.0.0.1:{self.port}/v1"
        super().__init__(server)

    def script(self, *replies: Script) -> None:
        with self._lock:
            self._replies.extend(replies)

    def left(self) -> int:
        with self._lock:
            return len(self._replies)

    def check(self) -> None:
        """Every scripted reply was asked for, and nothing else was."""
        assert not self.unexpected, f"{len(self.unexpected)} request(s) had no reply: {self.unexpected[0]}"
        assert not self.left(), f"{self.left()} scripted replies were never asked for"

    def clear(self) -> None:
        """Ready for the next test."""
        with self._lock:
            self.requests.clear()
            self.headers.clear()
            self.bodies.clear()
            self.unexpected.clear()
            self._replies.clear()
            self.always = None
            self.hung_up.clear()

    def wait_for_requests(self, count: int, *, within: float = 10.0) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.requests) >= count, within), (
                f"{len(self.requests)} of {count} requests within {within:g} s"
            )

    def take(self, body: dict[str, Any], headers: dict[str, str], raw: bytes) -> Answer:
        with self._arrived:
            self.requests.append(body)
            self.headers.append(headers)
            self.bodies.append(raw)
            self._arrived.notify_all()
            script = self.next_script(raw)
            if script is None:
                self.unexpected.append(body)
                return Status(500, {"error": {"message": "the test's script has no reply for this request"}})
        return script if isinstance(script, Answer) else script(body)

    def next_script(self, raw: bytes) -> Script | None:
        """What answers this request; called under the lock."""
        return self._replies.pop(0) if self._replies else self.always


class _Http(BaseHTTPRequestHandler):
    """HTTP/1.1 with a chunked body, so that a cut answer can be told from a finished one."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing: the requests are kept by the server object."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, _Server)
        model = self.server.model
        body = json.loads(raw)
        answer = model.take(body, {name.lower(): value for name, value in self.headers.items()}, raw)
        try:
            self._answer(answer, str(body.get("model", "")))
        except OSError:
            model.hung_up.set()
            self.close_connection = True

    def _answer(self, answer: Answer, model: str) -> None:
        if isinstance(answer, Hang):
            self._wait(Gate())
            self.close_connection = True
            return
        if isinstance(answer, Status):
            self._send_status(answer)
            return
        if isinstance(answer, Wire):
            self.close_connection = True
            answer.write(self, model)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for item in answer.items(model):
            if isinstance(item, Gate):
                self._wait(item)
            else:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(item), item))
        self.wfile.write(b"0\r\n\r\n")

    def _send_status(self, answer: Status) -> None:
        body = json.dumps(answer.body).encode()
        self.send_response(answer.code)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _wait(self, gate: Gate) -> None:
        """Until the gate opens; OSError when the client hangs up first, or after GATE_S so that no test hangs."""
        for _ in range(int(GATE_S / 0.02)):
            if gate.is_set():
                return
            if _hung_up(self.connection):
                raise ConnectionResetError
        raise TimeoutError
