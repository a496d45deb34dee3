"""The product of a run as its operator keeps it: one web server and one worker, started again when they are gone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.environment import process_environment
from tests.faults.wishes import ForgetfulGateway
from tests.processes import ROOT, Running, children_of, http_status, start
from tests.safety import journal
from tests.safety.cast import Pair
from tests.servers import as_application, free_port
from tests.wire import Browser

# Leases, sweeps and breaks as short as they can be in a test; what only stands in the way of many people is off.
VARIABLES = {
    "TOOL_MODULES": "tools.read_tools,tools.write_tools,tests.faults.points",
    "LLM_MODEL": "openai:scripted",
    "SWEEP_S": "1",
    "CALL_LEASE_S": "3",
    # The lease of a call that goes outside follows from it: 6 s.
    "EFFECT_TIMEOUT_S": "2",
    "TURN_LEASE_S": "2",
    "DRAIN_S": "2",
    # A call that is hit again and again by chance is no poison.
    "EFFECT_TRIES": "50",
    "HISTORY_TOKENS": "500",
    "PENDING_PER_CONVERSATION": "20",
    "PENDING_PER_DAY": "100000",
    "REAUTH_S": "86400",
    "MAX_SOCKETS": "off",
    "RATE_HANDSHAKES": "off",
    "RATE_LOGIN": "off",
    "RATE_MESSAGES": "off",
    "RATE_TOOL_CALLS": "off",
    "DAILY_TOKENS": "off",
}


@dataclass
class Service:
    """`make serve` or `make worker`, and its supervisor's successors. Only the harness's main thread starts one."""

    role: str
    folder: Path
    variables: dict[str, str]
    url: str = ""
    command: list[str] = field(default_factory=list)
    running: Running | None = None
    starts: int = 0
    # Children that this supervisor had to start again; it waits longer before each.
    killed_below: int = 0

    def ensure(self) -> None:
        if self.running is None or self.running.process.poll() is not None:
            log = self.folder / f"{self.role}.log"
            command = self.command or ["-m", "support_bot.supervise", self.role]
            self.running = start(command, log=log, url=self.url, **self.variables)
            self.starts += 1
            self.killed_below = 0

    def pids(self) -> list[int]:
        """Everything that runs for it: the supervisor, what it started, and what that started."""
        if self.running is None:
            return []
        found = [self.running.pid]
        for pid in found:
            found += children_of(pid)
        return found

    def stop(self) -> None:
        if self.running is not None:
            self.running.stop()


@dataclass
class Product:
    """Web, worker, their database, the model and the gateway they talk to, and the folder of orders to die."""

    database_url: str
    redis_url: str
    folder: Path
    model_url: str
    gateway: ForgetfulGateway | None = None
    pace_s: float = 0.3
    # A second worker for effects, with so many places; none without.
    more_places: int = 0
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.orders = self.folder / "orders"
        self.orders.mkdir()
        mail = self.folder / "mail"
        mail.mkdir()
        port = str(free_port())
        variables = {
            **VARIABLES,
            "DATABASE_URL": as_application(self.database_url),
            "REDIS_URL": self.redis_url,
            "OPENAI_BASE_URL": self.model_url,
            "EFFECT_GATEWAY_URL": self.gateway.url if self.gateway else "",
            "EMAIL_URL": f"file://{mail}",
            "PORT": port,
            "FAULTS_FOLDER": str(self.orders),
            "FAULTS_PACE_S": str(self.pace_s),
            **self.extra,
        }
        self.web = Service("web", self.folder, variables, url=f"http://127.0.0.1:{port}")
        self.worker = Service("worker", self.folder, variables)
        self.services = [self.web, self.worker]
        if self.more_places:
            command = ["-m", "celery", "--quiet", "-A", "support_bot", "worker", "-Q", "effects", "-n", "more@%h"]
            command += ["--concurrency", str(self.more_places), "--without-gossip", "--without-mingle"]
            self.services.append(Service("more", self.folder, variables, command=command))

    def prepare(self, pairs: int) -> None:
        """People and records, and the triggers that see every change of them."""
        variables = {"DATABASE_URL": self.database_url, "PGAPPNAME": journal.HARNESS}
        done = subprocess.run(
            [sys.executable, "-m", "tests.safety.seeding", "1", str(pairs)],
            cwd=ROOT,
            env=process_environment(os.environ, **variables),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        with psycopg.connect(self.database_url) as session:
            journal.install(session)

    def ensure(self) -> None:
        for service in self.services:
            service.ensure()

    def wait_until_ready(self, *, within: float = 90.0) -> None:
        deadline = time.monotonic() + within
        while not (self.web_answers() and self.worker_takes_tasks()):
            assert time.monotonic() < deadline, "web and worker did not start: " + self.last_words()
            time.sleep(0.05)

    def web_answers(self) -> bool:
        return http_status(self.web.url + "/healthz") == 200

    def worker_takes_tasks(self) -> bool:
        running = self.worker.running
        return running is not None and f"effects.{running.pid}@{socket.gethostname()} ready." in running.output()

    def paid(self) -> dict[str, int] | None:
        """How often the gateway applied each key; None where refunds are our own books alone."""
        return self.gateway.payments_by_key() if self.gateway else None

    def last_words(self) -> str:
        return "\n".join(service.running.output()[-2000:] for service in self.services if service.running)

    def stop(self) -> None:
        for service in self.services:
            if service.running:
                # The second worker has no supervisor that would end it in time.
                service.running.ask_to_stop(signal.SIGKILL if service.command else signal.SIGTERM)
        for service in self.services:
            service.stop()

    def sql(self) -> psycopg.Connection:
        """As the superuser, for the harness's own questions."""
        return psycopg.connect(self.database_url, autocommit=True, application_name=journal.HARNESS)

    def reviewer(self, number: int) -> Browser:
        browser = Browser(self.web.url)
        try:
            return browser.sign_in(Pair(number).facts("S1").username)
        except BaseException:
            browser.close()
            raise


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
