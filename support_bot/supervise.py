"""The parent of `make serve` and `make worker`: starts children, restarts the dead and the deaf, stops all.

It serves no request and runs no task itself, so that nothing a customer sends can take it down.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import structlog
from django.conf import settings

from support_bot import errortext, lifeline, startup
from support_bot.probes import Deafness, web_probe, worker_probe

log = structlog.get_logger("supervise")

POLL_S = 0.1
BACKOFF_S = (0.2, 1.0, 2.0, 5.0, 10.0)
STEADY_S = 30.0  # a child that lived this long starts again without delay
KILL_AFTER_DRAIN_S = 5.0
# The queues and how their tasks run. A turn waits in an event loop, which no forked pool would survive.
QUEUES = {"effects": "prefork", "turns": "threads"}
HEARTBEATS_PATIENCE = 9  # that a worker may be silent, after three missed ones
WORKER_START_S = 60.0
CONCURRENCY = "2"


class Child:
    """One program, started again after its end with a growing delay."""

    def __init__(self, name: str, command: Sequence[str], *, parting: int = signal.SIGKILL) -> None:
        self.name = name
        # `parting` is what the kernel sends it when we die: SIGTERM for a program that has children of its own to end.
        # By its path, alone: as part of the package it would first load all of Celery.
        tie = [sys.executable, "-I", "-S", lifeline.__file__, str(os.getpid()), str(int(parting))]
        self.command = [*tie, sys.executable, *command]
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._failures = 0
        self._start_at = 0.0

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(self.command)  # noqa: S603 - fixed commands, no shell

    def revive(self) -> None:
        """Start it again where it has ended, once its delay has passed. To be called every POLL_S."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self.start()
            return
        code = self._process.poll()
        if code is None:
            return
        steady = time.monotonic() - self._started_at >= STEADY_S
        self._failures = 0 if steady else self._failures
        delay = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
        self._failures += 1
        self._start_at = time.monotonic() + delay
        self._process = None
        log.warning("child.ended", child=self.name, code=code, starts_again_in_s=delay)

    def send(self, signum: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signum)

    def wait(self, *, until: float) -> None:
        """Waits until the monotonic time `until`, then kills."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("child.killed", child=self.name, reason="it did not stop in time")
            self._process.kill()
            self._process.wait()


class Supervisor:
    """Keeps the children running until SIGTERM or SIGINT, then lets them drain."""

    def __init__(self, children: Sequence[Child], *, deafness: Deafness, drain_s: float) -> None:
        self._children = children
        self._deafness = deafness
        self._drain_s = drain_s
        self._stopping = False

    def run(self) -> int:
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._stop_soon)
        for child in self._children:
            child.start()
        # The probe waits for sockets and databases: beside, so that a dead child never waits for it.
        threading.Thread(target=self._deafness.watch, name="probe", daemon=True).start()
        while not self._stopping:
            if reason := self._deafness.take():
                log.error("children.killed", reason=reason, children=[child.name for child in self._children])
                self._send_all(signal.SIGKILL)
            for child in self._children:
                child.revive()
            time.sleep(POLL_S)
        return self._stop()

    def _stop_soon(self, _signum: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _stop(self) -> int:
        self._send_all(signal.SIGTERM)
        until = time.monotonic() + self._drain_s + KILL_AFTER_DRAIN_S
        for child in self._children:
            child.wait(until=until)
        return 0

    def _send_all(self, signum: int) -> None:
        for child in self._children:
            child.send(signum)


def say(text: str) -> None:
    """The one line of a start that does not happen: for a person, and before there are settings for a log."""
    print(f"supervise: {text}", file=sys.stderr, flush=True)  # noqa: T201


@contextmanager
def pidfile(path: str) -> Iterator[None]:
    """Holds our pid while we run; another process that took the file over keeps it."""
    if not path:
        yield
        return
    file = Path(path)
    try:
        file.write_text(f"{os.getpid()}\n", encoding="ascii")
    except OSError as error:
        raise startup.StartError(f"PIDFILE: cannot write {path}: {error.strerror}") from None
    try:
        yield
    finally:
        if file.exists() and file.read_text(encoding="ascii").strip() == str(os.getpid()):
            file.unlink()


def web_children(limits: startup.Limits, *, reload: bool) -> list[Child]:
    command = ["-m", "uvicorn", "support_bot.asgi:application", "--host", limits.host, "--port", str(limits.port)]
    command += ["--ws-max-size", str(limits.ws_max_bytes), "--ws-per-message-deflate", "false"]
    command += ["--ws", "support_bot.ws_protocol:SocketProtocol"]
    # h11 refuses headers without an end; the faster parser takes any number of them.
    command += ["--http", "h11", "--h11-max-incomplete-event-size", "65536"]
    command += ["--timeout-graceful-shutdown", str(max(1, round(limits.drain_s)))]
    # Our own edge reads X-Forwarded-*, from TRUSTED_PROXIES alone; uvicorn would believe any local program.
    command += ["--no-server-header", "--no-access-log", "--no-proxy-headers"]
    # An empty logging configuration: the server's lines go through ours, one JSON record each.
    command += ["--log-config", str(Path(__file__).with_name("uvicorn_log.json"))]
    if not reload:
        return [Child("web", command)]
    folders = ["support_bot", "tools", "tracking", "templates"]
    command += ["--reload", *(part for folder in folders for part in ("--reload-dir", folder))]
    return [Child("web", command, parting=signal.SIGTERM)]


def worker_children() -> list[Child]:
    """Turns and effects have slots of their own: hung turns must not keep approved calls waiting."""
    celery = ["-m", "celery", "--quiet", "-A", "support_bot"]
    quiet = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    children = []
    for queue, pool in QUEUES.items():
        command = [*celery, "worker", "-Q", queue, "-n", node_name(queue), "--pool", pool]
        children.append(Child(queue, [*command, "--concurrency", CONCURRENCY, *quiet]))
    # The schedule is fixed, so nothing has to be kept in a file.
    beat = [*celery, "beat", "--scheduler", "celery.beat:Scheduler", "--pidfile", "", "--loglevel", "INFO"]
    return [*children, Child("beat", beat)]


def node_name(queue: str) -> str:
    """Celery's name of a worker; its heartbeats carry it, so each supervisor knows those of its own."""
    return f"{queue}.{os.getpid()}@{socket.gethostname()}"


def web(*, reload: bool) -> Supervisor:
    limits = startup.limits()
    startup.require_free_port(limits)
    probe = web_probe(host=limits.host, port=limits.port, on_first=lambda: log.info("ready", address=limits.address))
    # A developer's breakpoint is no deafness.
    deafness = Deafness(probe, what="web answers no request", patience_s=86400.0 if reload else 20.0)
    return Supervisor(web_children(limits, reload=reload), deafness=deafness, drain_s=limits.drain_s)


def worker() -> Supervisor | None:
    """None where the web server runs the worker inside."""
    limits = startup.limits()
    if not limits.redis_url:
        say("REDIS_URL is not set, so the web server runs the worker inside: nothing to do here")
        return None
    probe = worker_probe(redis_url=limits.redis_url, names=[node_name(queue) for queue in QUEUES])
    patience_s = HEARTBEATS_PATIENCE * settings.HEARTBEAT_S
    deafness = Deafness(probe, what="the worker hears no task", patience_s=patience_s, start_s=WORKER_START_S)
    return Supervisor(worker_children(), deafness=deafness, drain_s=limits.drain_s)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m support_bot.supervise", description=__doc__)
    parser.add_argument("role", choices=("web", "worker"))
    parser.add_argument("--reload", action="store_true", help="start the web server again when a file changes")
    wanted = parser.parse_args(arguments)
    try:
        startup.check()
        errortext.log_uncaught()
        supervisor = web(reload=wanted.reload) if wanted.role == "web" else worker()
        if supervisor is None:
            return 0
        # Only now: a start that fails must not take the file from the process that is running.
        with pidfile(os.environ.get("PIDFILE", "")):
            return supervisor.run()
    except startup.StartError as error:
        say(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
