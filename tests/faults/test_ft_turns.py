"""FT-01: a web server that is killed at any moment of a turn. Nothing acknowledged is lost or answered twice."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.faults.moments import Chat, brought
from tests.model_server import Gate
from tests.processes import Running, Stack, children_of, wait_until
from tests.safety.hostile import Hostile, call, drip, say, text
from tests.servers import Redis, as_application
from tests.wire import Browser, Frame

pytestmark = pytest.mark.servers
SETTLED_S = 30.0
VARIABLES = {
    "LLM_MODEL": "openai:scripted",
    "TURN_LEASE_S": "1.5",
    "SWEEP_S": "0.5",
    "DRAIN_S": "0.5",
    "MAX_SOCKETS": "off",
    "RATE_HANDSHAKES": "off",
    "RATE_MESSAGES": "off",
    "RATE_LOGIN": "off",
    "DAILY_TOKENS": "off",
}


@dataclass
class Product:
    stack: Stack
    web: Running
    worker: Running
    model: Hostile
    database_url: str
    variables: dict[str, str]

    def kill_web(self) -> float:
        """kill -9 of the serving process; its supervisor starts another. Returns the time of the database then."""
        (serving,) = children_of(self.web.pid)
        now = float(self.sql("SELECT extract(epoch FROM clock_timestamp())")[0][0])
        os.kill(serving, signal.SIGKILL)
        wait_until(lambda: serving not in children_of(self.web.pid), what="the end of the web server")
        return now

    def wait_for_web(self) -> None:
        wait_until(lambda: bool(children_of(self.web.pid)), what="another web server")
        self.web.wait_for_http()

    def sql(self, query: str, *values: object) -> list[tuple]:
        with psycopg.connect(self.database_url) as rows:
            return rows.execute(query.encode(), values or None).fetchall()


@pytest.fixture(scope="module")
def product(postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("turns")
    store = Redis(folder)
    store.start()
    url = postgres_database()
    stack = Stack(folder=folder, database_url=as_application(url), redis_url=store.url)
    try:
        with Hostile() as model:
            variables = {**VARIABLES, "OPENAI_BASE_URL": model.url}
            web, worker = stack.web(**variables), stack.worker(**variables)
            yield Product(stack, web, worker, model, url, variables)
            assert not model.unexpected
    finally:
        stack.stop()
        store.stop()


@pytest.fixture
def alice(product: Product) -> Iterator[Browser]:
    browser = Browser(product.web.url).sign_in("alice")
    yield browser
    browser.close()


def judge(product: Product, chat: Chat) -> list[Frame]:
    """O4 and O5 for one conversation: the customer's view is the log, each turn has one end and one answer."""
    rows = product.sql(
        "SELECT payload FROM chat_event WHERE conversation_id = %s ORDER BY seq", chat.socket.conversation
    )
    log = [row[0] for row in rows]
    seen = {frame["seq"]: frame for frame in chat.socket.durable()}
    assert [frame["seq"] for frame in log] == list(range(1, len(log) + 1)), chat.mark
    assert [seen[seq] for seq in sorted(seen)] == log, chat.mark
    messages = [frame for frame in log if frame.get("author") == "customer"]
    assert sorted(frame["client_msg_id"] for frame in messages) == sorted(chat.said), chat.mark
    for message in messages:
        of_turn = [frame for frame in log if frame["turn_id"] == message["turn_id"]]
        ends = [frame["state"] for frame in of_turn if frame["type"] == "turn"]
        answers = [frame["text"] for frame in of_turn if frame.get("author") == "assistant"]
        assert (ends, len(answers)) == (["done"], 1), (chat.mark, of_turn)
    return log


def test_ft_01_a_kill_in_each_moment_of_a_turn_loses_and_doubles_nothing(
    product: Product, alice: Browser, record_property: Callable[[str, object], None]
):
    with brought(browser=alice, model=product.model, database_url=product.database_url) as chats:
        killed_at = product.kill_web()
    product.wait_for_web()
    for chat in chats:
        chat.come_back()
        chat.until_answered()

    logs = {chat.mark: judge(product, chat) for chat in chats}
    for chat in chats:
        answers = [frame["text"] for frame in logs[chat.mark] if frame.get("author") == "assistant"]
        assert all(answer.endswith(chat.final) for answer in answers), answers
    took = product.sql("SELECT extract(epoch FROM max(ended_at)) FROM chat_turn")[0][0]
    record_property("measured", f"FT-01 {len(chats)} turns settled {float(took) - killed_at:.1f} s after the kill")
    assert float(took) - killed_at < SETTLED_S
    # The request that was on record is the one request there is, and its customer can still agree to it.
    (request,) = product.sql("SELECT id::text, digest, state FROM tools_toolcall WHERE effect = 'write'")
    assert request[2] == "awaiting_confirmation"
    asks = next(chat for chat in chats if "Bremen" in str(chat.said))
    asks.socket.send(type="call.confirm", call_id=request[0], digest=request[1])
    asks.socket.until(type="call", call_id=request[0], state="awaiting_approval")
    assert [row[0] for row in product.sql("SELECT state FROM tools_toolcall WHERE state = 'running'")] == []


@pytest.mark.long
def test_ft_01_kills_at_random_times_of_twenty_chats_at_once(
    product: Product, alice: Browser, record_property: Callable[[str, object], None]
):
    seed = int(os.environ.get("FAULTS_SEED") or time.time())
    dice = random.Random(seed)
    slowest = 0.0
    for number in range(int(os.environ.get("FAULTS_KILLS") or 40)):
        chats = [begun(product, alice, f"random-{number}-{one}.") for one in range(20)]
        talkers = [threading.Thread(target=chat.say) for chat in chats]
        for talker in talkers:
            talker.start()
        time.sleep(dice.uniform(0, 5))
        killed_at = product.kill_web()
        product.wait_for_web()
        for chat, talker in zip(chats, talkers, strict=True):
            talker.join()
            chat.come_back()
            chat.until_answered()
        for chat in chats:
            judge(product, chat)
            chat.socket.close()
        took = product.sql("SELECT extract(epoch FROM max(ended_at)) FROM chat_turn")[0][0]
        slowest = max(slowest, float(took) - killed_at)
    record_property("measured", f"FT-01 seed {seed}: the slowest turn settled {slowest:.1f} s after its kill")
    assert slowest < SETTLED_S


def begun(product: Product, alice: Browser, mark: str) -> Chat:
    """A chat whose answer takes some seconds, with a look-up before it."""
    words = drip(text(*(f"word {number} " for number in range(20))), interval=0.1, size=300)
    product.model.script_for(mark, always=lambda body: words if asked_for(body) else call("get_my_profile"))
    alice.post("/chat/new/", {}, page="/accounts/password/change/")
    return Chat(browser=alice, socket=alice.socket(), mark=mark, final="time.")


def asked_for(body: dict[str, Any]) -> bool:
    return body["messages"][-1]["role"] == "tool"


def test_ft_01_a_turn_goes_from_a_dead_web_to_the_worker_and_from_a_stopping_worker_to_another_web(
    product: Product, alice: Browser
):
    model, mark = product.model, "passed-on."
    model.script_for(mark, text("One ", Gate()), text("Two ", Gate()), always=say("Three."))
    alice.post("/chat/new/", {}, page="/accounts/password/change/")
    chat = Chat(browser=alice, socket=alice.socket(), mark=mark, final="Three.")
    chat.say()
    turn_id = chat.socket.until(type="delta")["turn_id"]
    row = "SELECT state, fence, lease_until <= clock_timestamp() FROM chat_turn WHERE id = %s"

    product.web.process.kill()  # with its supervisor: no web server is left
    wait_until(lambda: product.sql(row, turn_id)[0][1] == 2, what="a claim by the worker", within=20)
    wait_until(lambda: sum(mark.encode() in body for body in model.bodies) == 2, what="its request", within=20)
    product.worker.stop()
    handed_over = product.sql(row, turn_id)[0]
    web = product.stack.web(**product.variables)
    chat.browser = Browser(web.url)
    chat.browser.http.cookies.update(alice.http.cookies)
    chat.come_back()
    chat.until_answered()

    assert handed_over == ("running", 2, True)
    assert [frame["text"] for frame in judge(product, chat) if frame.get("author") == "assistant"] == ["Three."]
    assert product.sql(row, turn_id)[0][:2] == ("done", 3)
    assert sum(mark.encode() in body for body in model.bodies) == 3
    chat.browser.close()
