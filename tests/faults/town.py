"""A product for tests of its lines: web servers and a worker on one PostgreSQL and Redis, people with sessions."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from support_bot.supervise import QUEUES
from tests.environment import process_environment
from tests.faults.lines import Line
from tests.processes import ROOT, Running, Stack, start
from tests.safety.cast import CUSTOMERS, Pair
from tests.safety.hostile import Hostile
from tests.servers import Redis, as_application, free_port
from tests.wire import Browser

# What only stands in the way of many people on one address is off.
VARIABLES = {
    "LLM_MODEL": "openai:scripted",
    "SWEEP_S": "1",
    "DRAIN_S": "6",
    "TURN_LEASE_S": "3",
    "TURN_QUEUE": "1000",
    "MAX_SOCKETS": "off",
    "PER_ADDRESS": "off",
    "RATE_HANDSHAKES": "off",
    "RATE_LOGIN": "off",
    "RATE_MESSAGES": "off",
    "DAILY_TOKENS": "off",
}


@dataclass
class Town:
    """`town.web` are the web servers; `town.lines(20)` so many customers with a fresh conversation each."""

    stack: Stack
    database_url: str  # as the superuser
    model: Hostile
    variables: dict[str, str]
    web: list[Running] = field(default_factory=list)
    worker: Running | None = None
    used: int = 0

    @property
    def urls(self) -> list[str]:
        return [web.url for web in self.web]

    # A process dies with the thread that started it, so only the main thread starts one; waiting is done elsewhere.

    def begin_web(self, *, port: str = "") -> Running:
        """Another web server; `port` where it takes the place of one that stopped."""
        port = port or str(free_port())
        running = self._begin("web", url=f"http://127.0.0.1:{port}", PORT=port)
        self.web.append(running)
        return running

    def begin_worker(self) -> Running:
        self.worker = self._begin("worker")
        return self.worker

    def _begin(self, role: str, *, url: str = "", **own: str) -> Running:
        where = {"DATABASE_URL": self.stack.database_url, "REDIS_URL": self.stack.redis_url, **own}
        log = self.stack.folder / f"{role}-{len(self.stack.running)}.log"
        running = start(["-m", "support_bot.supervise", role], log=log, url=url, **where, **self.variables)
        self.stack.running.append(running)
        return running

    def wait(self, running: Running) -> None:
        """Until it answers, or takes tasks."""
        if running.url:
            running.wait_for_http()
            return
        for queue in QUEUES:
            running.wait_for_output(f"{queue}.{running.pid}@{socket.gethostname()} ready.")

    async def restart_web(self, number: int) -> int:
        """As an operator does it: stopped in peace, then started anew at the same address. The exit code."""
        old = self.web.pop(number)
        old.ask_to_stop()
        old.ask_to_stop()  # a second signal changes nothing
        code = await asyncio.to_thread(old.stop)
        fresh = self.begin_web(port=old.url.rpartition(":")[2])
        self.web.insert(number, self.web.pop())
        await asyncio.to_thread(self.wait, fresh)
        return code

    async def restart_worker(self) -> int:
        assert self.worker is not None
        code = await asyncio.to_thread(self.worker.stop)
        await asyncio.to_thread(self.wait, self.begin_worker())
        return code

    def lines(self, count: int, **options: Any) -> list[Line]:
        return self.lines_of([self.next_session() for _ in range(count)], **options)

    def next_session(self) -> str:
        number, letter = divmod(self.used, len(CUSTOMERS))
        self.used += 1
        return Pair(number + 1).facts(CUSTOMERS[letter]).session_key

    def lines_of(self, sessions: Sequence[str], *, urls: Sequence[str] = (), **options: Any) -> list[Line]:
        at = urls or self.urls
        with ThreadPoolExecutor(4) as pool:
            rooms = list(pool.map(lambda session: conversation_of(at[0], session), sessions))
        return [Line(at, session, room, **options) for session, room in zip(sessions, rooms, strict=True)]

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as session:
            cursor = session.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []


def conversation_of(url: str, session: str) -> str:
    browser = Browser(url)
    try:
        browser.http.cookies.set("sessionid", session, domain="127.0.0.1")
        return browser.conversation()
    finally:
        browser.close()


@contextmanager
def town(folder: Path, database_url: str, *, pairs: int, **variables: str) -> Iterator[Town]:
    seed(database_url, pairs=pairs)
    store = Redis(folder)
    store.start()
    stack = Stack(folder=folder, database_url=as_application(database_url), redis_url=store.url)
    try:
        with Hostile() as model:
            given = {**VARIABLES, "OPENAI_BASE_URL": model.url, "EMAIL_URL": f"file://{folder}", **variables}
            yield Town(stack, database_url, model, given)
    finally:
        stack.stop()
        store.stop()


def seed(database_url: str, *, pairs: int) -> None:
    variables = {"DATABASE_URL": database_url}
    done = subprocess.run(
        [sys.executable, "-m", "tests.safety.seeding", "1", str(pairs)],
        cwd=ROOT,
        env=process_environment(os.environ, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def problems_of(town: Town, lines: Sequence[Line]) -> list[str]:
    """What each line was told, held to the log: all of it, once, in order, and every message in one row."""
    found = [f"{line.conversation}: {problem}" for line in lines for problem in line.problems]
    for line in lines:
        room = uuid.UUID(line.conversation)
        rows = town.sql("SELECT seq, payload FROM chat_event WHERE conversation_id = %s ORDER BY seq", room)
        log = dict(rows)
        if list(log) != list(range(1, len(log) + 1)):
            found.append(f"{line.conversation}: the log's numbers have gaps")
        if line.frames != log:
            found.append(f"{line.conversation}: told {sorted(line.frames)[-3:]} of {len(log)}, or in other words")
        ids = [frame["client_msg_id"] for frame in log.values() if frame.get("client_msg_id")]
        if len(ids) != len(set(ids)):
            found.append(f"{line.conversation}: a message is stored twice")
        found += [f"{line.conversation}: {one} was never acked" for one in line.unacked]
        lost = [one for one, seq in line.acked.items() if log.get(seq, {}).get("client_msg_id") != one]
        found += [f"{line.conversation}: {one} was acked and is not there" for one in lost]
        found += [
            f"{line.conversation}: the screen shows what was not said"
            for frame in log.values()
            if frame["type"] == "message"
            and frame["author"] == "assistant"
            and not frame["text"].startswith(line.shown.get(frame["turn_id"], "").rstrip())
        ]
    return found
