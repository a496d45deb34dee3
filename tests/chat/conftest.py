"""One web process and one worker for all wire tests of the chat; a customer and a conversation of its own for each."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Stack
from tests.environment import measured
from tests.model_server import ModelServer
from tests.processes import manage
from tests.servers import Redis, as_application
from tests.sessions import make_sessions
from tests.wire import Browser, Socket

CUSTOMERS = 120
# Deadlines that a test waits for are short here; the ones that nobody waits for are as shipped.
VARIABLES = {
    "LLM_MODEL": "openai:scripted",
    "LLM_FIRST_TOKEN_TIMEOUT_S": "1",
    "LLM_IDLE_TIMEOUT_S": "1",
    "STILL_WORKING_S": "0.5",
    "TURN_TIMEOUT_S": "8",
    "BREAKER_FAILURES": "11",  # never: many tests share the model that they break
    "TURN_QUEUE": "2",
    "SWEEP_S": "1",
    "RATE_HANDSHAKES": "off",
    "PER_ADDRESS": "off",
    "RATE_LOGIN": "off",
    "RATE_TOOL_CALLS": "off",
    "LLM_MAX_BYTES": "1500000",
}


@dataclass
class Chat:
    """A running product with a scripted model; `customer()` signs in somebody whom no other test uses."""

    url: str
    database_url: str
    model: ModelServer
    people: Iterator[int]
    sessions: dict[str, str]
    opened: list[Browser | Socket]

    def customer(self) -> Browser:
        name = f"load-{next(self.people):04d}"
        browser = Browser(self.url).hold(name, self.sessions[name])
        self.opened.append(browser)
        return browser

    def sign_in(self, name: str) -> Browser:
        browser = Browser(self.url).sign_in(name)
        self.opened.append(browser)
        return browser

    def socket(self, browser: Browser | None = None, conversation: str | None = None, **options: object) -> Socket:
        socket = (browser or self.customer()).socket(conversation, **options)
        self.opened.append(socket)
        return socket


@pytest.fixture(scope="package")
def _chat_servers(
    postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, ModelServer]]:
    folder: Path = tmp_path_factory.mktemp("chat")
    (folder / "mail").mkdir()
    redis = Redis(folder)
    redis.start()
    url = postgres_database()
    manage("seed_demo", "--customers", str(CUSTOMERS), database_url=url)
    stack = Stack(folder=folder, database_url=as_application(url), redis_url=redis.url)
    try:
        with ModelServer() as model:
            variables = {**VARIABLES, "OPENAI_BASE_URL": model.url}
            web = stack.web(**variables, **measured(os.environ))
            stack.worker(**variables, EMAIL_URL=f"file://{folder / 'mail'}")
            yield web.url, url, model
    finally:
        stack.stop()
        redis.stop()


@pytest.fixture(scope="package")
def _sessions(_chat_servers: tuple[str, str, ModelServer]) -> dict[str, str]:
    return make_sessions(_chat_servers[1], names="load-%")


@pytest.fixture(scope="package")
def _people() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def mail_folder(_chat_servers: tuple[str, str, ModelServer], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the worker's mails lie, a file each."""
    return next(tmp_path_factory.getbasetemp().glob("chat*/mail"))


@pytest.fixture
def chat(
    _chat_servers: tuple[str, str, ModelServer], _people: Iterator[int], _sessions: dict[str, str]
) -> Iterator[Chat]:
    url, database_url, model = _chat_servers
    made = Chat(url=url, database_url=database_url, model=model, people=_people, sessions=_sessions, opened=[])
    yield made
    for opened in reversed(made.opened):
        opened.close()
    try:
        model.check()
    finally:
        model.clear()
