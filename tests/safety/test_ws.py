"""Sockets: who may open one, what ends one, and that a session that ended can do nothing any more."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets import Origin
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.processes import Running, Stack, wait_until
from tests.safety.arena import Arena, Product
from tests.safety.conftest import app_url
from tests.safety.doors import Header, knock, status_of
from tests.safety.hostile import drip, fanout, say
from tests.safety.person import Person, WatchedBrowser
from tests.scaled import a_few_of
from tests.wire import Socket

ACCEPTED = 101


def another_web(product: Product, folder: Any, **variables: str) -> tuple[Stack, Running]:
    stack = Stack(folder=folder, database_url=app_url(product.database_url), redis_url=product.redis_url)
    return stack, stack.web(**product.variables, **variables)


def cookie(person: Person) -> Header:
    return (b"Cookie", person.browser.cookies().encode())


def path_of(person: Person) -> str:
    return f"/ws/chat/{person.browser.conversation()}/"


# --- WS-01, WS-02, WS-07: the handshake -------------------------------------------------------------------------


def foreign_origins(url: str) -> list[bytes]:
    where = urlsplit(url)
    host, port = where.hostname, where.port
    origins = [
        "https://evil.example", "null", "", "file://", "chrome-extension://abcdefgh", f"https://{host}:{port}",
        f"http://{host}", f"http://{host}:{(port or 0) + 1}", f"http://a.{host}:{port}", f"http://{host}.evil.example:{port}",
        f"http://evil.example/?{url}", f"http://evil.example#{url}", f"{url}/", f"{url}@evil.example", f"http://x@{host}:{port}",
        f"HTTP://{host}:{port}", f"{url}, https://evil.example", f"https://evil.example {url}", f"ws://{host}:{port}",
        f"http://{host}:0{port}", "http://[::1", f"http://{host}:port", "http://[::ffff:127.0.0.1]", f"\t{url[:-1]}",
    ]  # fmt: skip
    return [origin.encode() for origin in origins] + [
        url.encode() + b"\xff",
        b"\xff\xfe\x00"[:2],
        "http://ⅼocalhost".encode(),
    ]


def test_ws_01_a_page_of_others_opens_no_socket(arena: Arena):
    url = arena.product.web.url
    path, mine = path_of(arena.a), cookie(arena.a)
    since = arena.sql("SELECT coalesce(max(id), 0) FROM tools_auditentry")[0][0]
    answers = {origin: knock(url, path, [mine, (b"Origin", origin)]) for origin in foreign_origins(url)}
    answers[b"(none)"] = knock(url, path, [mine])
    answers[b"(twice)"] = knock(url, path, [mine, (b"Origin", url.encode()), (b"Origin", url.encode())])
    answers[b"(two)"] = knock(url, path, [mine, (b"Origin", url.encode()), (b"Origin", b"https://evil.example")])

    odd = {origin: answer[:60] for origin, answer in answers.items() if status_of(answer) not in (400, 403)}
    assert odd == {}
    assert sum(status_of(answer) == 403 for answer in answers.values()) > len(answers) - 4
    assert not any(b"hello" in answer for answer in answers.values())
    assert status_of(knock(url, path, [mine, (b"Origin", url.encode())])) == ACCEPTED
    wait_until(
        lambda: bool(arena.sql("SELECT 1 FROM tools_auditentry WHERE id > %s AND event = 'socket.refused'", since)),
        what="an audit entry about the refusals",
        within=10,
    )


@pytest.mark.parametrize(
    "between", [b"\x00", b"\x0b", b"\x0c", b"\x1c", b"\x1e", b"\x85", b"\r", b"\xe2\x80\xa8", b"\x7f"]
)
def test_ws_02_no_byte_makes_one_header_into_two(arena: Arena, between: bytes):
    url = arena.product.web.url
    path, mine = path_of(arena.a), cookie(arena.a)
    forged = b"Origin: " + url.encode()

    for headers in (
        [mine, (b"X-Note", b"a" + between + forged)],
        [mine, (b"Origin", b"https://evil.example" + between + forged)],
        [mine, (b"Origin", b"https://evil.example"), (b"X-Note", b"a" + between + forged)],
        [mine, (b"Origin", url.encode() + between + b"x")],
        [(b"Origin", b"null"), (b"X-Note", b"a" + between + b"Cookie: " + mine[1] + between + forged)],
    ):
        assert status_of(knock(url, path, headers)) in (0, 400, 403), headers


def test_ws_02_two_headers_are_two(arena: Arena):
    """The other side: what a server would do that took one of those bytes for the end of a line."""
    url = arena.product.web.url
    split = (b"X-Note", b"a\r\nOrigin: " + url.encode())

    assert status_of(knock(url, path_of(arena.a), [cookie(arena.a), split])) == ACCEPTED


def test_ws_02_names_that_look_alike_are_other_names(arena: Arena):
    url = arena.product.web.url
    path, mine = path_of(arena.a), cookie(arena.a)
    good = url.encode()

    for name in (b"Origin_", b"Origi\xc3\xb1", b"X-Origin", b"Sec-WebSocket-Origin", b"X-Forwarded-Origin", b"Referer"):
        assert status_of(knock(url, path, [mine, (name, good)])) in (0, 400, 403), name
    for host in (
        b"evil.example",
        b"127.0.0.1.evil.example",
        b"evil.example:80",
        b"[::1",
        b"127.0.0.1:80:80",
        b"\xff",
        b"",
    ):
        assert status_of(knock(url, path, [mine, (b"Origin", good)], host=host)) in (0, 400, 403), host
    forwarded = [
        (b"X-Forwarded-Host", b"127.0.0.1"),
        (b"X_Forwarded_Proto", b"https"),
        (b"Forwarded", b"host=127.0.0.1"),
    ]
    answer = knock(url, path, [mine, (b"Origin", good), *forwarded], host=b"evil.example")
    assert status_of(answer) in (0, 400, 403)


def test_ws_07_only_the_cookie_says_who_it_is(arena: Arena):
    url = arena.product.web.url
    key = dict(part.split("=", 1) for part in arena.a.browser.cookies().split("; "))["sessionid"]
    user_id = arena.sql("SELECT id FROM auth_user WHERE username = %s", arena.a.facts.username)[0][0]
    path = path_of(arena.a)
    stranger = arena.visitor()
    claims = [
        {"Authorization": f"Bearer {key}"},
        {"Authorization": "Basic YWxpY2U6ZGVtbw=="},
        {"X-Session-Id": key, "Sessionid": key, "X-Csrftoken": key},
        {"Remote-User": arena.a.facts.username, "X-Remote-User": arena.a.facts.username, "X-User-Id": str(user_id)},
        {"X-Forwarded-User": arena.a.facts.username, "X-Forwarded-For": "127.0.0.1"},
        {"Cookie": f"SESSIONID={key}"},
        {"Cookie": f"__Host-sessionid={key}; session={key}"},
        {"Cookie": "sessionid=" + "a" * 32},
        {"Cookie": f"sessionid={key[:-1]}"},
        {"Cookie": f"sessionid={key.upper()}"},
        {"Cookie": "sessionid=" + "%00" * 10},
        {"Cookie": "sessionid="},
        {"Cookie": "=;;;=sessionid"},
    ]
    for headers in claims:
        assert close_code_of(url, path, headers) == 4401, headers
    for query in (f"?sessionid={key}", f"?token={key}&user={user_id}"):
        assert close_code_of(url, path + query, {}) == 4401
    assert stranger.get("/chat/").status_code == 302


def close_code_of(url: str, path: str, headers: dict[str, str]) -> int | None:
    """How the server closes a socket that is opened with these headers and says nothing."""
    with connect(
        url.replace("http", "ws", 1) + path, origin=Origin(url), additional_headers=headers, legacy=True
    ) as line:
        try:
            line.recv(timeout=10)
        except WebSocketException:
            return line.protocol.close_rcvd.code if line.protocol.close_rcvd else None
    raise AssertionError("the socket was opened")


# --- WS-03, WS-04, WS-05: the end of a session ------------------------------------------------------------------


def test_ws_03_signing_out_closes_the_sockets_of_that_browser_everywhere(arena: Arena, tmp_path: Any):
    stack, second = another_web(arena.product, tmp_path)
    try:
        leaving, staying = arena.a.browser, arena.a.sign_in(by_password=True)
        conversation = leaving.conversation()
        here, kept = leaving.socket(conversation), staying.socket(conversation)
        elsewhere = WatchedBrowser(second.url, arena.a.received)
        elsewhere.http.cookies.update(leaving.http.cookies)
        there = elsewhere.socket(conversation)
        arena.model.script(say("Good morning."))

        leaving.post("/accounts/logout/", {}, page="/accounts/password/change/")
        started = time.monotonic()
        for late in (here, there):
            send_late(late, "said by a session that is signed out")

        assert (here.close_code(within=2), there.close_code(within=2)) == (4401, 4401)
        assert time.monotonic() - started < 2
        assert leaving.get("/chat/").status_code == 302
        assert close_code_of(second.url, f"/ws/chat/{conversation}/", {"Cookie": elsewhere.cookies()}) == 4401
        assert kept.ask("Still there?")["author"] == "assistant"
        said = arena.sql("SELECT payload->>'text' FROM chat_event WHERE conversation_id = %s", conversation)
        assert not any("signed out" in (text or "") for (text,) in said)
        assert b"signed out" not in b"".join(arena.model.bodies)
        elsewhere.close()
    finally:
        stack.stop()


def send_late(socket: Socket, text: str) -> None:
    try:
        socket.say(text)
    except WebSocketException:
        return  # it is closed already


WAYS = {
    "disabled": "UPDATE auth_user SET is_active = false WHERE username = %(name)s",
    "signed out elsewhere": "DELETE FROM django_session WHERE session_key = %(session)s",
    "password": "UPDATE auth_user SET password = 'pbkdf2_sha256$1$a$b' WHERE username = %(name)s",
    "address": "UPDATE auth_user SET email = 'another-' || email WHERE username = %(name)s",
    "permission taken": "DELETE FROM auth_user_user_permissions USING auth_user u"
    " WHERE u.id = user_id AND u.username = %(name)s",
    "permission given": "INSERT INTO auth_user_groups (user_id, group_id)"
    " SELECT u.id, g.id FROM auth_user u, auth_group g WHERE u.username = %(name)s LIMIT 1",
    "promoted": "UPDATE auth_user SET is_staff = true WHERE username = %(name)s",
}


def prepare(arena: Arena) -> dict[str, str]:
    """A customer with a permission that can be taken away; what the statements above need."""
    arena.sql(
        "INSERT INTO auth_user_user_permissions (user_id, permission_id)"
        " SELECT u.id, p.id FROM auth_user u, auth_permission p WHERE u.username = %s ORDER BY p.id LIMIT 1",
        arena.a.facts.username,
    )
    return {"name": arena.a.facts.username, "session": arena.a.facts.session_key}


def turn_of(socket: Socket, text: str) -> str:
    turn_id: str = socket.until(type="message", client_msg_id=socket.say(text))["turn_id"]
    return turn_id


def end_of(arena: Arena, turn_id: str) -> tuple[str, str]:
    query = "SELECT state, error FROM chat_turn WHERE id = %s AND state NOT IN ('waiting', 'running')"
    wait_until(lambda: bool(arena.sql(query, turn_id)), what="the end of the turn", within=5)
    state, error = arena.sql(query, turn_id)[0]
    return state, error


@pytest.mark.parametrize("way", WAYS)
def test_ws_04_an_answer_that_is_being_given_stops_with_its_session(arena: Arena, way: str):
    names = prepare(arena)
    socket = arena.a.chat()
    arena.model.script(drip(say(*[f"word {number} " for number in range(60)]), interval=0.3, size=150))
    turn_id = turn_of(socket, "Tell me a long story.")
    socket.until(type="delta")

    arena.database.execute(WAYS[way].encode(), names)

    assert socket.close_code(within=5) == 4401
    assert end_of(arena, turn_id) == ("failed", "not_permitted")


@pytest.mark.parametrize("way", a_few_of(WAYS, 3))
def test_ws_04_no_tool_runs_for_a_session_that_ended_meanwhile(arena: Arena, way: str):
    names = prepare(arena)
    socket = arena.a.chat()
    wanted = fanout(("get_my_profile", {}), ("cancel_order", {"order_id": arena.a.facts.orders[1]}))

    def end_and_call(body: dict[str, Any]) -> Any:
        arena.database.execute(WAYS[way].encode(), names)
        return wanted

    arena.model.script(end_and_call)
    turn_id = turn_of(socket, "Who am I?")

    assert end_of(arena, turn_id) == ("failed", "not_permitted")
    calls = arena.sql("SELECT DISTINCT state, reason FROM tools_toolcall WHERE turn_id = %s", turn_id)
    assert calls == [("refused", "not_permitted")]
    assert len(arena.model.requests) == 1
    assert socket.close_code(within=5) == 4401


def test_ws_05_sockets_end_with_their_session_however_busy_they_are(arena: Arena, tmp_path: Any):
    # Far apart: the idle one must end before the absolute limit does it, on a busy machine too.
    idle, longest = 4.0, 9.0
    stack, short = another_web(arena.product, tmp_path, SESSION_IDLE_S=f"{idle:g}", SESSION_MAX_S=f"{longest:g}")
    people = {"pings": arena.a, "words": arena.b}
    lines: dict[str, Socket] = {}
    browsers: list[WatchedBrowser] = []
    try:
        begun = time.monotonic()
        for name, person in people.items():
            browser = WatchedBrowser(short.url, person.received)
            browser.http.cookies.set("sessionid", person.facts.session_key, domain="127.0.0.1")
            browsers.append(browser)
            lines[name] = browser.socket()
        ended: dict[str, float] = {}
        while len(ended) < len(lines) and time.monotonic() - begun < longest + 8:
            for name, line in lines.items():
                if name not in ended and not keep_alive(line, words=name == "words"):
                    ended[name] = time.monotonic() - begun
        closes = {name: line.ws.protocol.close_rcvd for name, line in lines.items()}
        assert {name: close and close.code for name, close in closes.items()} == dict.fromkeys(lines, 4401)
        # A session counts in whole seconds, and began a moment before the first socket stood.
        assert idle - 1.5 <= ended["pings"] <= idle + 5
        assert longest - 1.5 <= ended["words"] <= longest + 5
        assert [browser.get("/chat/").headers["location"] for browser in browsers] == [
            "/accounts/login/?next=/chat/"
        ] * 2
    finally:
        for browser in browsers:
            browser.close()
        stack.stop()


def keep_alive(line: Socket, *, words: bool) -> bool:
    """Ping, and say something that a person would; False where the socket is closed."""
    try:
        line.ws.ping()
        if words:
            line.send(type="feedback", seq=999999, rating="up")
        line.receive(timeout=0.25)
    except TimeoutError:
        return True
    except WebSocketException:
        return False
    return True


# --- WS-06: frames ----------------------------------------------------------------------------------------------


def bad_frames() -> Iterator[str | bytes]:
    message = {"type": "user.message", "client_msg_id": "00000000-0000-4000-8000-000000000001", "text": "x"}
    yield from ("", " ", "null", "true", "1", '"text"', "[]", "{}", "[{}]", "{", "}", "nul", "NaN", "{]", "'a'", "﻿{}")
    yield from ("[" * 64 + "]" * 64, '{"a":' * 64 + "1" + "}" * 64, "[" * 30000, '{"type":' * 5000)
    yield from (b"", b"\x00", b"\xff\xfe", json.dumps(message).encode())
    for field in message:
        yield json.dumps({name: value for name, value in message.items() if name != field})
        wrong: tuple[Any, ...] = (None, 1, True, [], {}, {"$ne": 1}, 1e400)
        for value in wrong:
            yield json.dumps(message | {field: value})
    for name in (
        "assistant.message",
        "tool.result",
        "call",
        "turn",
        "system",
        "__init__",
        "receive",
        "close_socket",
        "a" * 9000,
    ):
        yield json.dumps({"type": name})
    yield json.dumps(message | {"role": "system"})
    yield json.dumps(message | {"text": "\x00"})
    yield json.dumps(message | {"text": "\ud800"})
    yield '{"type":"user.message","type":"resume","after_seq":0}'
    numbers: tuple[Any, ...] = (-1, 1.5, "1", None, True, [])
    for seq in numbers:
        yield json.dumps({"type": "resume", "after_seq": seq})
    for kind in ("call.confirm", "call.withdraw", "turn.cancel"):
        for key in ("x", "", None, 7, "0" * 500, "../../etc"):
            yield json.dumps({"type": kind, "call_id": key, "turn_id": key, "digest": key})


def test_ws_06_nonsense_is_answered_and_costs_no_socket(arena: Arena):
    socket = arena.a.chat()
    rows = "SELECT count(*) FROM chat_event WHERE conversation_id = %s"
    before = arena.sql(rows, socket.conversation)
    codes = {"bad_frame", "unknown_type", "not_found", "too_long", "empty", "rate_limited"}
    for frame in bad_frames():
        socket.ws.send(frame)
        answer = socket.receive(timeout=5)
        assert answer["type"] == "error", (frame, answer)
        assert answer["code"] in codes, (frame, answer)

    assert arena.sql(rows, socket.conversation) == before
    arena.model.script(say("All is well."))
    assert socket.ask("Still there?")["text"].startswith("All is well.")


@pytest.mark.parametrize(
    "raw", [b"\x81\x85\x00\x00\x00\x00\xff\xfe\xfd\xfc\xfb", b"\x83\x80\x00\x00\x00\x00", b"\xf1\x80\x00\x00\x00\x00"]
)
def test_ws_06_bytes_that_are_no_frames_end_one_socket_only(arena: Arena, raw: bytes):
    socket, other = arena.a.chat(), arena.b.chat()

    socket.ws.socket.sendall(raw)

    assert socket.close_code(within=5) in (1002, 1003, 1007)
    arena.model.script(say("Good morning."))
    assert other.ask("Hello")["author"] == "assistant"


def test_ws_06_bytes_that_are_a_frame_end_nothing(arena: Arena):
    """The other side: the same way of writing, with bytes that a client may send."""
    socket = arena.a.chat()

    socket.ws.socket.sendall(b"\x81\x85\x00\x00\x00\x00hello")

    assert socket.until(type="error", within=5)["code"] == "bad_frame"
    arena.model.script(say("Good morning."))
    assert socket.ask("Hello")["author"] == "assistant"
