"""Whose it is on the wire: names of sockets, shared connections, caches, and what a stranger may look up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
from websockets.exceptions import InvalidStatus, WebSocketException

from tests.safety.arena import Arena
from tests.safety.doors import knock, status_of
from tests.safety.drive import dice
from tests.safety.hostile import call, drip, say
from tests.safety.person import Person
from tests.safety.test_ws import another_web
from tests.wire import Browser, Socket

# --- AZ-05: names of conversations ----------------------------------------------------------------------------------


def crafted(theirs: str) -> list[str]:
    """What might be taken for B's conversation by a careless comparison, or for the name of a group."""
    return [
        theirs + "x", theirs + "-1", theirs + ".", theirs[:-1], theirs + "%00", theirs + "%20", theirs + "%0a",
        "%09" + theirs, "{" + theirs + "}", "urn:uuid:" + theirs, theirs + "%2f", theirs + "/../" + theirs, "..",
        "%2e%2e", "*", "%25", "%5f",
        "chat." + theirs, "chat_" + theirs, "conversation." + theirs, "support_bot", "specific." + theirs, "a" * 120,
        "a" * 8000, "ä" * 40, "\u202e" + theirs, "\uff10" * 36, theirs[:8] + "\u2010" + theirs[9:], "0" * 32, "-",
        "None", "null", "1", "0", "' OR 1=1--", "%27%20OR%20%271%27%3d%271",
        theirs + ";x", theirs + ".css", theirs + "?x=1",
    ]  # fmt: skip


def test_az_05_no_name_leads_to_another_conversation(arena: Arena):
    theirs = arena.b.chat()
    mine = arena.a.browser
    cookie = (b"Cookie", mine.cookies().encode())
    origin = (b"Origin", arena.product.web.url.encode())

    for name in crafted(theirs.conversation):
        path = f"/ws/chat/{quote(name, safe='%/?;.*-{}_:')}/"
        answer = knock(arena.product.web.url, path, [cookie, origin])
        assert status_of(answer) in (0, 101, 400, 403, 404, 414), path
        assert b'"hello"' not in answer, path
        assert theirs.conversation.encode() not in answer.split(b"\r\n\r\n", 1)[-1], path
    assert theirs.frames[-1]["type"] == "resumed"


def test_az_05_what_a_name_opens_gets_no_frame_of_another(arena: Arena):
    theirs = arena.b.chat()
    listeners = []
    for name in crafted(theirs.conversation):
        try:
            listeners.append(Socket(arena.a.browser, quote(name, safe="%.*-{}_:"), resume=None))
        except (WebSocketException, InvalidStatus, OSError):
            continue
    arena.turn(theirs, say("Something between us"), text="Only for me")

    assert listeners
    for socket in listeners:
        assert socket.close_code() == 4404
        assert socket.frames == []
        socket.close()


# --- AZ-07: shared connections --------------------------------------------------------------------------------------


def test_az_07_cancelled_turns_give_nobody_anothers_answer(arena: Arena):
    """Both ask at the same time; turns are cancelled before, in and after their tool calls and in their streams."""
    chance = dice("az_07")
    people = (arena.a, arena.b)
    sockets = {person.facts.letter: person.chat() for person in people}
    for person in people:
        arena.model.script_for(person.facts.tag, always=_slowly(f"This is for {person.facts.tag} and nobody else."))
    for _ in range(12):
        started = []
        for person in people:
            socket = sockets[person.facts.letter]
            sent = socket.say(f"Who am I? {person.facts.tag}")
            started.append((socket, socket.until(type="message", client_msg_id=sent)["turn_id"]))
        for socket, turn_id in started:
            moment = chance.choice(["at once", "call", "delta", "never"])
            if moment in ("call", "delta"):
                _until_either(socket, moment, turn_id)
            if moment != "never":
                socket.send(type="turn.cancel", turn_id=turn_id)
        for socket, turn_id in started:
            assert _end_of(socket, turn_id) in ("done", "cancelled")

    for person in people:
        socket = sockets[person.facts.letter]
        last = socket.ask(f"And at the end, who am I? {person.facts.tag}")
        assert person.facts.tag in last["text"]
        shown = json.dumps(socket.frames)
        other = {"A": arena.b, "B": arena.a}[person.facts.letter]
        assert other.facts.code not in shown


def _slowly(own: str) -> Any:
    """A model that looks at the profile first and then speaks in small pieces."""

    def answer(body: dict[str, Any]) -> Any:
        asked = body["messages"][-1]["role"] == "tool"
        return drip(say(own), interval=0.01, size=40) if asked else call("get_my_profile")

    return answer


def _until_either(socket: Socket, kind: str, turn_id: str) -> None:
    """Read on to the first such frame of the turn, or to its end."""
    while True:
        frame = socket.receive()
        if frame.get("turn_id") == turn_id and (frame["type"] == kind or _is_end(frame)):
            return


def _is_end(frame: dict[str, Any]) -> bool:
    return frame["type"] == "turn" and frame["state"] != "running"


def _end_of(socket: Socket, turn_id: str) -> str:
    for frame in socket.frames:
        if frame.get("turn_id") == turn_id and _is_end(frame):
            return str(frame["state"])
    return str(socket.until_turn_ends(turn_id)["state"])


# --- AZ-08: the same question -----------------------------------------------------------------------------------------


def test_az_08_the_same_question_has_each_persons_own_answer(arena: Arena, tmp_path: Path):
    stack, other = another_web(arena.product, tmp_path)
    try:
        for url in (arena.product.web.url, other.url, arena.product.web.url):
            for person in (arena.a, arena.b, arena.a):
                sockets = [s for s in person.sockets() if s.ws.remote_address[1] == urlsplit(url).port]
                socket = sockets[-1] if sockets else _socket_at(person, url)
                turn = arena.turn(
                    socket,
                    call("list_my_orders", {"limit": 5}),
                    call("get_my_profile"),
                    _echo,
                    text="What do you know?",
                )
                assert turn.end["state"] == "done"
                assert person.facts.orders[0] in turn.text
                other_person = arena.b if person is arena.a else arena.a
                assert other_person.facts.orders[0] not in json.dumps(turn.frames)
    finally:
        for socket in (*arena.a.sockets(), *arena.b.sockets()):
            socket.close()
        stack.stop()


def _socket_at(person: Person, url: str) -> Socket:
    """The same session at another web process."""
    browser = person.sign_in()
    browser.url = url
    browser.http.base_url = httpx2.URL(url)
    return browser.socket()


def _echo(body: dict[str, Any]) -> Any:
    """A model that repeats what it was told."""
    told = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    return say("I know: " + " ".join(told[-2:]))


# --- AZ-09: strangers -------------------------------------------------------------------------------------------------


def test_az_09_a_stranger_sees_milestones_and_nothing_of_a_person(arena: Arena):
    for facts in (arena.a.facts, arena.b.facts):
        # The town is public by design; here it would carry its owner's mark.
        arena.sql("UPDATE tracking_package SET city = 'Hamburg' WHERE number = ANY(%s)", facts.packages)
        arena.sql(
            "UPDATE tracking_trackingevent SET place = 'Hamburg' WHERE package_id IN"
            " (SELECT id FROM tracking_package WHERE number = ANY(%s))",
            facts.packages,
        )
    third = arena.su.browser
    for browser in (arena.visitor(), third, arena.a.browser):
        for number in arena.b.facts.packages:
            for path in (f"/track/?number={number}", f"/track/?number={number.lower()}"):
                answer = browser.get(path)
                assert answer.status_code == 200
                assert "Hamburg" in answer.text
                assert arena.b.facts.code not in answer.text
                for mark in arena.b.facts.marks():
                    assert mark not in answer.content
    for number in ("", "%", "*", "CANB-%", "CAN", arena.b.facts.packages[0][:-1], "' OR 1=1--", "\x00", "x" * 5000):
        assert arena.visitor().http.get("/track/", params={"number": number}).status_code in (200, 400, 404)
        assert arena.b.facts.code not in arena.visitors[-1].http.get("/track/", params={"number": number}).text


def test_az_09_a_sweep_of_numbers_is_stopped(arena: Arena, tmp_path: Path):
    """The limit is per address, whatever the stranger says about where they come from."""
    product = replace(arena.product, variables={**arena.product.variables, "RATE_TRACK": "20/minute"})
    stack, web = another_web(product, tmp_path)
    stranger = Browser(web.url)
    try:
        statuses = []
        for number in range(200):
            answer = stranger.http.get(
                f"/track/?number=CANB-{number:05d}", headers={"X-Forwarded-For": f"198.51.100.{number}"}
            )
            statuses.append(answer.status_code)
        assert int(answer.headers["Retry-After"]) > 0
        assert set(statuses[:20]) <= {200, 404}
        assert set(statuses[20:]) == {429}
    finally:
        stranger.close()
        stack.stop()
