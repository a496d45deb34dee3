"""Turns across processes: asked about from another one, stopped from there, drained, and killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import httpx2
import psycopg
import pytest

from tests.conftest import Stack
from tests.environment import process_environment
from tests.model_server import Call, Gate, ModelServer, calls, text
from tests.processes import ROOT, children_of, wait_until
from tests.wire import Browser

SignIn = Callable[[str, str], Browser]
pytestmark = pytest.mark.servers
SHORT = {"LLM_MODEL": "openai:scripted", "TURN_LEASE_S": "1.5", "SWEEP_S": "0.5"}


def test_a_running_turn_is_shown_and_stopped_through_another_process(
    stack: Stack, model_server: ModelServer, sign_in: SignIn
):
    here = stack.web(OPENAI_BASE_URL=model_server.url, **SHORT)
    there = stack.web(OPENAI_BASE_URL=model_server.url, **SHORT)
    model_server.script(text("Half an answer", Gate()))
    one = sign_in(here.url, "alice").socket()
    one.say("Hi")
    turn_id = one.until(type="delta")["turn_id"]

    other = sign_in(there.url, "alice").socket(one.conversation)
    so_far = [frame for frame in other.frames if frame["type"] == "delta"]
    other.send(type="turn.cancel", turn_id=turn_id)
    end = other.until_turn_ends(turn_id)

    assert [(frame["offset"], frame["text"]) for frame in so_far] == [(0, "Half an answer")]
    assert end["state"] == "cancelled"
    assert one.until_turn_ends(turn_id) == end


def test_a_turn_is_stopped_through_another_process_however_early(
    stack: Stack, model_server: ModelServer, sign_in: SignIn
):
    here = stack.web(OPENAI_BASE_URL=model_server.url, **SHORT)
    there = stack.web(OPENAI_BASE_URL=model_server.url, **SHORT)
    one = sign_in(here.url, "alice").socket()
    other = sign_in(there.url, "alice").socket(one.conversation)

    for _ in range(8):
        model_server.script(text("Half an answer", Gate()))
        one.say("Hi")
        turn_id = other.until(type="message", author="customer")["turn_id"]
        other.send(type="turn.cancel", turn_id=turn_id)

        assert other.until_turn_ends(turn_id)["state"] == "cancelled"
        model_server.clear()


def test_a_turn_of_a_killed_process_ends_honestly_and_the_next_message_is_answered(
    stack: Stack, model_server: ModelServer, sign_in: SignIn
):
    web = stack.web(OPENAI_BASE_URL=model_server.url, **SHORT)
    stack.worker(OPENAI_BASE_URL=model_server.url, **SHORT)
    alice = sign_in(web.url, "alice")
    model_server.script(calls(Call("check_package", {"package_id": "ABCD-1337"})), text("I was ", Gate()))
    socket = alice.socket()
    socket.say("Where is it?")
    turn_id = socket.until(type="delta")["turn_id"]

    os.kill(children_of(web.pid)[0], signal.SIGKILL)
    web.wait_for_http()
    back = alice.socket(socket.conversation)
    end = back.until_turn_ends(turn_id) if not ended(back.frames) else ended(back.frames)[0]
    model_server.script(text("Here again."))
    answer = back.ask("And now?")

    assert (end["state"], end["error"]["code"]) == ("failed", "interrupted")
    assert answer["text"] == "Here again."
    asked = [c["id"] for m in model_server.requests[-1]["messages"] for c in m.get("tool_calls", [])]
    answered = [m["tool_call_id"] for m in model_server.requests[-1]["messages"] if m["role"] == "tool"]
    assert asked == answered != []


def ended(frames: list) -> list:
    return [frame for frame in frames if frame["type"] == "turn" and frame["state"] == "failed"]


def test_a_stopping_server_lets_the_turn_finish_and_closes_with_1012(
    stack: Stack, model_server: ModelServer, sign_in: SignIn
):
    web = stack.web(OPENAI_BASE_URL=model_server.url, DRAIN_S="5", **SHORT)
    gate = Gate()
    model_server.script(text("Nearly ", gate, "done."))
    socket = sign_in(web.url, "alice").socket()
    socket.say("Hi")
    socket.until(type="delta")

    web.process.send_signal(signal.SIGTERM)
    code = socket.close_code()
    gate.set()
    web.process.wait(20)

    assert code == 1012
    with psycopg.connect(stack.database_url) as rows:
        found = rows.execute("SELECT state FROM chat_turn").fetchall()
        said = rows.execute("SELECT payload->>'text' FROM chat_event WHERE author = 'assistant'").fetchall()
    assert found == [("done",)]
    assert said == [("Nearly done.",)]


def test_what_cannot_finish_in_time_is_ended_honestly(stack: Stack, model_server: ModelServer, sign_in: SignIn):
    web = stack.web(OPENAI_BASE_URL=model_server.url, DRAIN_S="1", **SHORT)
    model_server.script(text("Nearly ", Gate()))
    socket = sign_in(web.url, "alice").socket()
    socket.say("Hi")
    socket.until(type="delta")

    web.stop()
    with psycopg.connect(stack.database_url) as rows:
        found = rows.execute("SELECT state, error FROM chat_turn").fetchall()
    assert found == [("failed", "interrupted")]


def test_an_approved_call_whose_wake_up_was_lost_is_carried_out_by_the_sweep(
    stack: Stack, model_server: ModelServer, sign_in: SignIn
):
    web = stack.web(OPENAI_BASE_URL=model_server.url, **SHORT)
    alice, rita = sign_in(web.url, "alice"), sign_in(web.url, "rita")
    socket = alice.socket()
    model_server.script(calls(Call("update_profile", {"city": "Bremen"})), text("Prepared."))
    socket.ask("I moved to Bremen")
    card = [frame for frame in socket.frames if frame["type"] == "call"][-1]
    socket.send(type="call.confirm", call_id=card["call_id"], digest=card["digest"])
    socket.until(type="call", state="awaiting_approval")
    rita.decide(card["call_id"], "approve")
    with psycopg.connect(stack.database_url) as rows:
        assert rows.execute("SELECT state FROM tools_toolcall WHERE id = %s", [card["call_id"]]).fetchone() == (
            "approved",
        )
    subprocess.run(["redis-cli", "-u", stack.redis_url, "FLUSHALL"], check=True, capture_output=True)

    stack.worker(OPENAI_BASE_URL=model_server.url, **SHORT)

    assert socket.until(type="call", state="succeeded", within=60)["call_id"] == card["call_id"]


def test_readyz_says_what_is_missing(stack: Stack):
    web = stack.web()

    def body() -> dict:
        return httpx2.get(f"{web.url}/readyz", trust_env=False).json()

    alone = body()
    stack.worker()
    wait_until(lambda: body()["worker_heartbeat_age_s"] is not None, what="a heartbeat")

    assert alone == {"database": True, "broker": True, "worker_heartbeat_age_s": None, "outbox_age_s": None}
    assert httpx2.get(f"{web.url}/readyz", trust_env=False).status_code == 200


def test_the_terminal_talks_with_the_same_engine(stack: Stack, model_server: ModelServer):
    model_server.script(
        calls(Call("check_package", {"package_id": "ABCD-1337"}), Call("cancel_order", {"order_id": "ORD-1002"})),
        text("It was delivered, and the cancellation is prepared."),
        text("Bye."),
    )

    done = subprocess.run(
        [sys.executable, "manage.py", "chat", "--as", "alice"],
        cwd=ROOT,
        env=process_environment(os.environ, DATABASE_URL=stack.database_url, OPENAI_BASE_URL=model_server.url, **SHORT),
        input="Where is ABCD-1337, and cancel ORD-1002\ny\nthanks\n\n",
        capture_output=True,
        text=True,
        check=True,
    )

    assert "assistant: It was delivered, and the cancellation is prepared." in done.stdout
    assert "Confirm? [y/N]" in done.stdout
    with psycopg.connect(stack.database_url) as rows:
        found = rows.execute("SELECT state FROM tools_toolcall WHERE tool = 'cancel_order'").fetchall()
    assert found == [("awaiting_approval",)]
