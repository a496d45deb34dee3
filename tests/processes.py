"""Real processes of the product for tests: `make serve` and `make worker` without make, on free ports, ended by pid."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support_bot.supervise import QUEUES, WATCH
from tests.environment import process_environment
from tests.servers import die_with_parent, free_port

ROOT = Path(__file__).resolve().parent.parent
START_S = 90.0
STOP_S = 30.0


def wait_until(happened: Callable[[], bool], *, what: str, within: float = START_S) -> None:
    """Polls for something that can be observed; fails with `what` when it does not come."""
    deadline = time.monotonic() + within
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(0.02)


def http_status(url: str, *, timeout: float = 2.0) -> int | None:
    """The status of a GET, or None where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def is_running(pid: int) -> bool:
    """False for a zombie too: it has ended, only its parent has not looked yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def children_of(pid: int, *, with_watch: bool = False) -> list[int]:
    """Without a supervisor's watch, which serves nothing."""
    try:
        tasks = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [child for child in map(int, tasks.split()) if with_watch or name_of(child) != WATCH]


def name_of(pid: int) -> str:
    """As `ps -o comm` shows it; empty for one that is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass
class Running:
    """A started process with its output in a file."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_for_output(self, text: str, *, within: float = START_S) -> None:
        wait_until(lambda: text in self.output() or self._ended(), what=f"{text!r} in {self.log}", within=within)
        assert text in self.output(), f"ended with {self.process.returncode}: {self.output()[-3000:]}"

    def wait_for_http(self, path: str = "/healthz", *, within: float = START_S) -> None:
        wait_until(
            lambda: http_status(self.url + path) == 200 or self._ended(),
            what=f"200 from {path}: {self.output()[-3000:]}",
            within=within,
        )
        assert not self._ended(), f"ended with {self.process.returncode}: {self.output()[-3000:]}"

    def _ended(self) -> bool:
        return self.process.poll() is not None

    def ask_to_stop(self, signum: int = signal.SIGTERM) -> None:
        if not self._ended():
            self.process.send_signal(signum)

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """The exit code. What does not end in time is killed: a test must leave nothing behind."""
        self.ask_to_stop(signum)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(STOP_S)


def start(arguments: list[str], *, log: Path, url: str = "", **variables: str) -> Running:
    """`python arguments…` in the project's folder with a clean environment, in a process group of its own."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=process_environment(os.environ, **variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    return Running(process, log, url)


def start_web(*, folder: Path, database_url: str, redis_url: str = "", **variables: str) -> Running:
    """A web server that answers: `running.url` is its address."""
    port = str(free_port())
    running = start(
        ["-m", "support_bot.supervise", "web"],
        log=folder / f"web-{port}.log",
        url=f"http://127.0.0.1:{port}",
        **{"PORT": port, "DATABASE_URL": database_url, "REDIS_URL": redis_url, "DRAIN_S": "2", **variables},
    )
    try:
        running.wait_for_http()
    except AssertionError:
        running.stop(signal.SIGKILL)
        raise
    return running


def start_worker(*, folder: Path, database_url: str, redis_url: str, **variables: str) -> Running:
    """A worker and beat; it takes tasks as soon as Celery says so in its output."""
    running = start(
        ["-m", "support_bot.supervise", "worker"],
        log=folder / f"worker-{free_port()}.log",
        **{"DATABASE_URL": database_url, "REDIS_URL": redis_url, "DRAIN_S": "2", **variables},
    )
    try:
        for queue in QUEUES:
            running.wait_for_output(f"{queue}.{running.pid}@{socket.gethostname()} ready.")
    except AssertionError:
        running.stop(signal.SIGKILL)
        raise
    return running


class Stack:
    """Starts web servers and workers against one database and Redis; the fixture stops them all."""

    def __init__(self, *, folder: Path, database_url: str, redis_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.redis_url = redis_url
        self.running: list[Running] = []

    def web(self, **variables: str) -> Running:
        return self._keep(start_web, **variables)

    def worker(self, **variables: str) -> Running:
        return self._keep(start_worker, **variables)

    def _keep(self, begin: Callable[..., Running], **variables: str) -> Running:
        where = {"database_url": self.database_url, "redis_url": self.redis_url}
        running = begin(folder=self.folder, **where, **variables)
        self.running.append(running)
        return running

    def stop(self) -> None:
        for running in self.running:  # all of them drain at once
            running.ask_to_stop()
        for running in reversed(self.running):
            running.stop()


def manage(*arguments: str, database_url: str, **variables: str) -> str:
    """Runs a management command to its end; its output, or an AssertionError with it."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=process_environment(os.environ, DATABASE_URL=database_url, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stdout[-1000:]}{done.stderr[-3000:]}"
    return done.stdout
