"""The parent of `make serve` and `make worker`: starts children, restarts the dead and the deaf, stops all.

It serves no request and runs no task itself, so that nothing a customer sends can take it down.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import runpy
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType

import structlog
from django.conf import settings

from support_bot import errortext, preload, startup
from support_bot.lifeline import call_process, die_with_parent
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
STOPPING = (signal.SIGTERM, signal.SIGINT)
WATCH = "watch"
PROCESSES = multiprocessing.get_context("fork")


class Child:
    """One program, started again after its end with a growing delay.

    A fork of the supervisor, which has loaded the code and holds neither threads nor connections: so it is there at
    once, and shares the memory.
    """

    def __init__(self, name: str, program: Callable[[], object], *, parting: int = signal.SIGKILL) -> None:
        # `parting` is what the kernel sends it when we die: SIGTERM for a program that has children of its own to end.
        self.name = name
        self._begin = partial(_become, name, program, os.getpid(), int(parting))
        self._process: BaseProcess | None = None
        self._started_at = 0.0
        self._failures = 0
        self._start_at = 0.0

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._process = PROCESSES.Process(target=self._begin)
        # A signal for the child must not be taken by what it still has of us.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)

    def revive(self) -> None:
        """Start it again where it has ended, once its delay has passed. To be called every POLL_S."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self.start()
            return
        code = self._process.exitcode
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
        if self._process is not None and self._process.exitcode is None and self._process.pid:
            os.kill(self._process.pid, signum)

    def wait(self, *, until: float) -> None:
        """Waits until the monotonic time `until`, then kills."""
        if self._process is None:
            return
        self._process.join(max(0.0, until - time.monotonic()))
        if self._process.exitcode is None:
            log.warning("child.killed", child=self.name, reason="it did not stop in time")
            self._process.kill()
            self._process.join()


def _become(name: str, program: Callable[[], object], parent: int, parting: int) -> None:
    """The beginning of a child: tied to its parent, with signals of its own, under its name in `ps -o comm`."""
    die_with_parent(parent=parent, signum=parting)
    call_process(name)
    for signum, handler in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        if getattr(signal.getsignal(signum), "__func__", None) is Supervisor._stop_soon:  # not a profiler's
            signal.signal(signum, handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    try:
        program()
    except Exception:
        sys.excepthook(*sys.exc_info())
        sys.exit(1)


def run_anew(name: str, *arguments: str) -> None:
    """The same as a program of its own: for one that starts itself again when the code changes."""
    os.execv(sys.executable, [sys.executable, "-m", name, *arguments])  # noqa: S606 - fixed commands, no shell


def run_module(name: str, *arguments: str) -> None:
    """As `python -m name arguments…`."""
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


class Supervisor:
    """Keeps the children running until SIGTERM or SIGINT, then lets them drain."""

    def __init__(self, children: Sequence[Child], *, deafness: Deafness, drain_s: float) -> None:
        self._children = children
        self._drain_s = drain_s
        self._stopping = False
        # The probe waits for sockets and databases: beside, so that a dead child never waits for it.
        self._found, tell = PROCESSES.Pipe(duplex=False)
        self._watch = Child(WATCH, partial(deafness.watch, tell=tell.send))

    def run(self) -> int:
        for signum in STOPPING:
            signal.signal(signum, self._stop_soon)
        # What is there now is everybody's: without this the first collection of each child would copy it.
        gc.freeze()
        try:
            for child in (*self._children, self._watch):
                child.start()
            while not self._stopping:
                if self._found.poll():
                    reason = self._found.recv()
                    log.error("children.killed", reason=reason, children=[child.name for child in self._children])
                    self._send_all(signal.SIGKILL)
                for child in (*self._children, self._watch):
                    child.revive()
                time.sleep(POLL_S)
        finally:
            self._stop()
        return 0

    def _stop_soon(self, _signum: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _stop(self) -> None:
        self._watch.send(signal.SIGKILL)
        self._send_all(signal.SIGTERM)
        until = time.monotonic() + self._drain_s + KILL_AFTER_DRAIN_S
        for child in (*self._children, self._watch):
            child.wait(until=until)

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
    if not reload:
        return [Child("web", partial(run_module, *web_command(limits)))]
    folders = ["support_bot", "tools", "tracking", "templates"]
    command = [*web_command(limits), "--reload", *(part for folder in folders for part in ("--reload-dir", folder))]
    return [Child("web", partial(run_anew, *command), parting=signal.SIGTERM)]


def web_command(limits: startup.Limits) -> list[str]:
    command = ["uvicorn", "support_bot.asgi:application", "--host", limits.host, "--port", str(limits.port)]
    command += ["--ws-max-size", str(limits.ws_max_bytes), "--ws-per-message-deflate", "false"]
    command += ["--ws", "support_bot.ws_protocol:SocketProtocol"]
    # h11 refuses headers without an end; the faster parser takes any number of them.
    command += ["--http", "h11", "--h11-max-incomplete-event-size", "65536"]
    command += ["--timeout-graceful-shutdown", str(max(1, round(limits.drain_s)))]
    # Our own edge reads X-Forwarded-*, from TRUSTED_PROXIES alone; uvicorn would believe any local program.
    command += ["--no-server-header", "--no-access-log", "--no-proxy-headers"]
    # An empty logging configuration: the server's lines go through ours, one JSON record each.
    return [*command, "--log-config", str(Path(__file__).with_name("uvicorn_log.json"))]


def worker_children() -> list[Child]:
    return [Child(name, partial(run_module, *command)) for name, command in worker_commands().items()]


def worker_commands() -> dict[str, list[str]]:
    """Turns and effects have slots of their own: hung turns must not keep approved calls waiting."""
    celery = ["celery", "--quiet", "-A", "support_bot"]
    quiet = ["--concurrency", CONCURRENCY, "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    commands = {
        queue: [*celery, "worker", "-Q", queue, "-n", node_name(queue), "--pool", pool, *quiet]
        for queue, pool in QUEUES.items()
    }
    # The schedule is fixed, so nothing has to be kept in a file.
    commands["beat"] = [*celery, "beat", "--scheduler", "celery.beat:Scheduler", "--pidfile", "", "--loglevel", "INFO"]
    return commands


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
        # On macOS what a provider's SDK asks the system for must not be asked before a fork.
        if sys.platform == "linux" and not wanted.reload:
            preload.load(wanted.role)
        # Only now: a start that fails must not take the file from the process that is running.
        with pidfile(os.environ.get("PIDFILE", "")):
            return supervisor.run()
    except startup.StartError as error:
        say(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
