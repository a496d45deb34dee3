"""Injection into logs: whatever anybody sends, each event stays one record that a strict reader understands."""

from __future__ import annotations

import http.client
from urllib.parse import quote, urlsplit

from tests.processes import wait_until
from tests.safety.arena import Arena
from tests.safety.hostile import call, say
from tests.safety.person import WatchedBrowser
from tests.safety.records import records

RECORD = '{"event": "forged-7b1c", "level": "info", "logger": "tools.audit", "timestamp": "2026-01-01T00:00:00Z"}'
BREAKS = ["\n", "\r\n", "\r", "\u2028", "\u2029", "\u0085", "\x1b[2K\r", "\x0b", "\x0c", "\x1c", '"}\n', "\\n"]
TEXTS = [f"x{end}{RECORD}{end}" for end in BREAKS]
# What ends a line for some reader of text, or moves a terminal's cursor.
RAW = [bytes([code]) for code in range(0x20) if code != 0x0A] + [
    s.encode() for s in ("\u2028", "\u2029", "\u0085", "\x7f")
]


def ask(arena: Arena, path: str, headers: dict[str, str]) -> int:
    """One request exactly as written, past what a client library would refuse to send."""
    parts = urlsplit(arena.product.web.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.putrequest("GET", path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def test_ix_10_each_event_is_one_record_whatever_it_holds(arena: Arena):
    socket = arena.a.chat()
    arena.visitors.append(WatchedBrowser(arena.product.web.url, arena.a.received))
    for text in TEXTS:
        flat = "".join(char if char.isprintable() else " " for char in text)  # the server refuses others in headers
        assert ask(arena, f"/missing/{quote(text)}/", {"User-Agent": flat, "X-Request-ID": flat}) == 404
        assert ask(arena, "/track/?number=" + quote(text), {"Referer": flat, "X-Forwarded-For": flat}) in (
            200,
            404,
            400,
        )
        assert ask(arena, "/", {"Host": quote(text)}) == 400
    arena.visitors[-1].post("/accounts/login/", {"login": TEXTS[0] + TEXTS[3], "password": TEXTS[1]})
    for text in TEXTS[:6]:
        arena.turn(socket, call(f"check_package{text}", {text: text}), say(text), text=text)
        socket.send(type="resume", after_seq=text)
        socket.until(type="error")
        socket.ws.send(text)
        socket.until(type="error")
    about = {"package_id": arena.a.facts.packages[0], "problem": "other", "description": RECORD}
    request = arena.request(arena.a, "report_problem", about)
    socket.send(type="call.withdraw", call_id=request["call_id"])
    socket.until(type="call", call_id=request["call_id"], state="withdrawn")
    wait_until(lambda: "call.withdrawn" in arena.logs(), what="the last event in the log", within=10)

    logged = arena.logs().encode()
    found = records(logged)
    assert {"tool.rejected", "call.requested", "auth.sign_in_failed"} <= {record["event"] for record in found}
    assert any("/missing/" in str(record["event"]) for record in found), "the path was never logged"
    for record in found:
        assert record["event"] != "forged-7b1c"
        assert {"event", "level", "logger", "timestamp"} <= record.keys(), record
        # One id per request, made by us: what a client sent as one is not believed.
        assert "forged" not in str(record.get("request_id", ""))
    assert not [byte for byte in RAW if byte in logged]


def test_ix_10_every_process_writes_records_from_its_first_line(arena: Arena):
    """Web server, worker, schedule and the parents of both, their start included."""
    arena.turn(arena.a, say("Hello."))
    web, worker = (records(running.log.read_bytes()) for running in arena.processes)

    for found in (web, worker):
        assert [record for record in found if not {"event", "level", "logger", "timestamp"} <= set(record)] == []
    assert "supervise" in {record["logger"] for record in web}
    assert any(record["logger"].startswith("uvicorn") for record in web)
    assert any(record["logger"].startswith("celery") for record in worker)
