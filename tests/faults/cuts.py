"""One answer of a model, byte by byte, and the places where its connection may break; and what a customer then sees."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import uuid4

from tests.model_server import USAGE, Answer, Wire, text
from tests.wire import Frame

SAID = ("Gladly: ", "über Köln 😀, ", "at noon.")
LAST_WORD = "That is all."
WHOLE = f"{''.join(SAID)}\n\n{LAST_WORD}"
WANTED = ["list_services", "schedule_callback"]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def event(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    # Characters as they are, not as codes: so that a cut can fall between the bytes of one.
    return b"data: " + json.dumps({"choices": choices, **more}, ensure_ascii=False).encode() + b"\n\n"


def wanted() -> dict[str, dict[str, Any]]:
    """A request of its own each time: the same one again, while it is open, would be the same call."""
    at = (datetime.now(UTC) + timedelta(days=2)).isoformat(timespec="minutes")
    topic = f"über alles: where is it? {uuid4()}"
    return {"schedule_callback": {"at": at, "topic": topic, "phone": "+493012345678"}, "list_services": {}}


def call_events() -> list[bytes]:
    events = []
    for index, (name, arguments) in enumerate(wanted().items()):
        raw = json.dumps(arguments, ensure_ascii=False)
        head = {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        events.append(event({"tool_calls": [head]}))
        parts = (raw[: len(raw) // 2], raw[len(raw) // 2 :])
        events += [event({"tool_calls": [{"index": index, "function": {"arguments": part}}]}) for part in parts]
    return events


def answer(*, with_text: bool) -> bytes:
    """Head and body, a chunk for each event, as they go over the wire."""
    said = [event({"content": piece}) for piece in SAID] if with_text else []
    events = [event({"role": "assistant", "content": ""}), *said, *call_events()]
    events += [event({}, finish="tool_calls"), event(None, usage=USAGE), b"data: [DONE]\n\n"]
    return HEAD + b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in events) + b"0\r\n\r\n"


def places(wire: bytes) -> dict[str, int]:
    """How many bytes still come."""
    found = {
        "before the first byte": 0,
        "in the status line": 9,
        "in the headers": HEAD.index(b"event-stream"),
        "after the headers": len(HEAD),
        "in the size of a chunk": len(HEAD) + 1,
        "in the first event": wire.index(b'"role"'),
        "in the name of a call": wire.index(b"schedule_") + 4,
        "before the arguments": wire.index(b"topic") - 40,
        "in the arguments": wire.index(b"topic"),
        "in a character of the arguments": wire.index("über alles".encode()) + 1,
        "between two calls": wire.index(b"list_services") - 60,
        "before the reason": wire.index(b'"finish_reason": "tool_calls"'),
        "after the reason": wire.index(b'"usage"') - 30,
        "in the usage": wire.index(b'"usage"') + 12,
        "before the end": wire.index(b"data: [DONE]"),
    }
    if SAID[0].encode() in wire:
        found |= {
            "before the text": wire.index(SAID[0].encode()) - 5,
            "after the first words": wire.index(SAID[1].encode()) - 30,
            "in a character of the text": wire.index("😀".encode()) + 2,
            "in the text": wire.index(SAID[2].encode()) + 3,
        }
    return found


def first_bytes(wire: bytes, count: int) -> Wire:
    def write(http: BaseHTTPRequestHandler, model: str) -> None:
        http.wfile.write(wire[:count])

    return Wire(write)


class Cutting:
    """Answers for a Patient: the first is cut at `place`, the others come whole, and after the calls a last word."""

    def __init__(self, wire: bytes, place: int) -> None:
        self.wire, self.place = wire, place
        self.asked: list[str] = []

    def __call__(self, body: dict[str, Any]) -> Answer:
        self.asked.append(str(body["model"]))
        if body["messages"][-1]["role"] == "tool":
            return text(LAST_WORD)
        return first_bytes(self.wire, self.place if len(self.asked) == 1 else len(self.wire))

    @property
    def has_text(self) -> bool:
        """Whether some of the text had come when it was cut."""
        first = self.wire.find(SAID[0].encode())
        return first >= 0 and self.place > self.wire.index(b"\n\n", first) + 1

    @property
    def has_token(self) -> bool:
        first = self.wire.index(b"schedule_callback")
        return self.has_text or self.place > self.wire.index(b"\n\n", first) + 1


def shown(frames: list[Frame]) -> str:
    """The streamed text. Nothing may be taken back or said twice."""
    seen = ""
    for frame in frames:
        if frame["type"] == "delta":
            assert frame["offset"] == len(seen), (frame, seen)
            seen += frame["text"]
    return seen


def final_text(frames: list[Frame]) -> str:
    texts = [f["text"] for f in frames if f["type"] == "message" and f["author"] == "assistant"]
    assert len(texts) <= 1, texts
    return "".join(texts)
