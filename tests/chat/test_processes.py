"""Turns across processes: asked about from another one, stopped from there, drained, and killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
import pytest

from tests.environment import process_environment
from tests.model_server import Call, Gate, ModelServer, calls, text
from tests.processes import ROOT, Running, Stack, children_of, wait_until
from tests.servers import Redis, as_application
from tests.wire import Browser, Frame

SignIn = Callable[[str, str], Browser]
pytestmark = pytest.mark.servers
SHORT = {"LLM_MODEL": "openai:scripted", "TURN_LEASE_S": "1.5", "SWEEP_S": "0.5"}


@dataclass
class Product:
    """Two web servers and a worker that several tests use one after the other; none of them ends it."""

    here: Running
    there: Running
    model: ModelServer


@pytest.fixture(scope="module")
def _product(postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("processes")
    store = Redis(folder)
    store.start()
    stack = Stack(folder=folder, database_url=as_application(postgres_database()), redis_url=store.url)
    try:
        with ModelServer() as model:
            usual = {"OPENAI_BASE_URL": model.url, **SHORT}
            here, there = stack.web(**usual), stack.web(**usual)
            stack.worker(**usual)
            yield Product(here=here, there=there, model=model)
    finally:
        stack.stop()
        store.stop()


@pytest.fixture
def product(_product: Product) -> Iterator[Product]:
    yield _product
    _product.model.check()
    _product.model.clear()


@pytest.fixture
def alice(product: Product, sign_in: SignIn) -> Browser:
    """In a conversation without a past."""
    browser = sign_in(product.here.url, "alice")
    browser.post("/chat/new/", {}, page="/accounts/password/change/")
    return browser


def test_a_running_turn_is_shown_and_stopped_through_another_process(product: Product, alice: Browser, sign_in: SignIn):
    product.model.script(text("Half an answer", Gate()))
    one = alice.socket()
    one.say("Hi")
    turn_id = one.until(type="delta")["turn_id"]

    other = sign_in(product.there.url, "alice").socket(one.conversation)
    so_far = [frame for frame in other.frames if frame["type"] == "delta"]
    other.send(type="turn.cancel", turn_id=turn_id)
    end = other.until_turn_ends(turn_id)

    assert [(frame["offset"], frame["text"]) for frame in so_far] == [(0, "Half an answer")]
    assert end["state"] == "cancelled"
    assert one.until_turn_ends(turn_id) == end


def test_a_turn_is_stopped_through_another_process_however_early(product: Product, alice: Browser, sign_in: SignIn):
    one = alice.socket()
    other = sign_in(product.there.url, "alice").socket(one.conversation)

    # Asked or not: the request of a turn that was stopped early may still be on its way.
    product.model.always = lambda body: text("Half an answer", Gate())

    for _ in range(8):
        one.say("Hi")
        turn_id = other.until(type="message", author="customer")["turn_id"]
        other.send(type="turn.cancel", turn_id=turn_id)

        assert other.until_turn_ends(turn_id)["state"] == "cancelled"


def test_a_turn_of_a_killed_process_goes_on_in_another_one(product: Product, alice: Browser, sign_in: SignIn):
    web, model = product.here, product.model
    model.script(calls(Call("check_package", {"package_id": "ABCD-1337"})), text("I was ", Gate()))
    socket = alice.socket()
    other = sign_in(product.there.url, "alice").socket(socket.conversation)
    socket.say("Where is it?")
    turn_id = socket.until(type="delta")["turn_id"]
    model.script(text("It was ", gate := Gate(), "delivered."), text("Here again."))

    (first,) = children_of(web.pid)
    os.kill(first, signal.SIGKILL)
    cut = other.until(type="delta", offset=0, text="")
    other.until(type="delta", offset=0, text="It was ")
    gate.set()
    end = other.until_turn_ends(turn_id)
    wait_until(lambda: children_of(web.pid) not in ([], [first]), what="another child")
    web.wait_for_http()
    back = alice.socket(socket.conversation)
    answer = back.ask("And now?")

    assert (cut["turn_id"], end["state"]) == (turn_id, "done")
    said = [frame["text"] for frame in back.frames if frame.get("author") == "assistant"]
    assert said == ["It was delivered.", "Here again."]
    assert answer["text"] == "Here again."
    asked = [c["id"] for m in model.requests[-1]["messages"] for c in m.get("tool_calls", [])]
    answered = [m["tool_call_id"] for m in model.requests[-1]["messages"] if m["role"] == "tool"]
    assert asked == answered != []


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


def test_what_cannot_finish_in_time_is_handed_over(stack: Stack, model_server: ModelServer, sign_in: SignIn):
    usual = {"OPENAI_BASE_URL": model_server.url, **SHORT, "TURN_LEASE_S": "20"}
    web = stack.web(**{**usual, "DRAIN_S": "0.5"})
    model_server.script(text("Nearly ", Gate()))
    socket = sign_in(web.url, "alice").socket()
    socket.say("Hi")
    turn_id = socket.until(type="delta")["turn_id"]

    web.stop()
    model_server.script(text("Done."))
    worker = stack.worker(**usual)

    with psycopg.connect(stack.database_url, autocommit=True) as rows:
        state = "SELECT state, fence FROM chat_turn WHERE id = %s"
        wait_until(lambda: rows.execute(state, [turn_id]).fetchone() == ("done", 2), what="an end by the worker")
        said = rows.execute("SELECT payload->>'text' FROM chat_event WHERE author = 'assistant'").fetchall()
    assert said == [("Done.",)]
    # The worker stops as gently: what it was given does not wait for its lease either.
    worker.stop()
    assert "turn_host.stopped" in worker.output()


@dataclass
class Late:
    """What was seen of a web server that had no worker at first, and then one."""

    alone: dict[str, Any]
    call_id: str
    before: str  # the state of an approved call whose wake-up was lost
    end: Frame
    url: str


@pytest.fixture(scope="module")
def late(postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Late]:
    folder = tmp_path_factory.mktemp("late")
    store = Redis(folder)
    store.start()
    stack = Stack(folder=folder, database_url=as_application(postgres_database()), redis_url=store.url)
    people: list[Browser] = []
    try:
        with ModelServer() as model:
            usual = {"OPENAI_BASE_URL": model.url, **SHORT}
            web = stack.web(**usual)
            alone = readiness(web.url)
            people = [Browser(web.url).sign_in(name) for name in ("alice", "rita")]
            model.script(calls(Call("update_profile", {"city": "Bremen"})), text("Prepared."))
            call_id = approved(*people)
            before = state_of(stack.database_url, call_id)
            subprocess.run(["redis-cli", "-u", stack.redis_url, "FLUSHALL"], check=True, capture_output=True)
            stack.worker(**usual)
            end = people[0].sockets[0].until(type="call", state="succeeded", within=60)
            yield Late(alone=alone, call_id=call_id, before=before, end=end, url=web.url)
            model.check()
    finally:
        for person in people:
            person.close()
        stack.stop()
        store.stop()


def readiness(url: str) -> dict[str, Any]:
    return dict(httpx2.get(f"{url}/readyz", trust_env=False).json())


def approved(alice: Browser, rita: Browser) -> str:
    """The id of a call that alice confirmed and rita approved."""
    socket = alice.socket()
    socket.ask("I moved to Bremen")
    card = [frame for frame in socket.frames if frame["type"] == "call"][-1]
    socket.send(type="call.confirm", call_id=card["call_id"], digest=card["digest"])
    socket.until(type="call", state="awaiting_approval")
    rita.decide(card["call_id"], "approve")
    return str(card["call_id"])


def state_of(database_url: str, call_id: str) -> str:
    with psycopg.connect(database_url) as rows:
        found = rows.execute("SELECT state FROM tools_toolcall WHERE id = %s", [call_id]).fetchone()
    assert found is not None
    return str(found[0])


def test_an_approved_call_whose_wake_up_was_lost_is_carried_out_by_the_sweep(late: Late):
    assert late.before == "approved"
    assert late.end["call_id"] == late.call_id


def test_readyz_says_what_is_missing(late: Late):
    wait_until(lambda: readiness(late.url)["worker_heartbeat_age_s"] is not None, what="a heartbeat")

    assert late.alone == {"database": True, "broker": True, "worker_heartbeat_age_s": None, "outbox_age_s": None}
    assert httpx2.get(f"{late.url}/readyz", trust_env=False).status_code == 200


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
