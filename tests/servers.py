"""Throw-away PostgreSQL and Redis on free ports; `python -m tests.servers -- pytest …` runs a command beside them.

All of it lives in a temporary folder and ends with the command, also on Ctrl-C. It never touches other servers.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit, urlunsplit

START_S = 20.0
STOP_S = 10.0
PR_SET_PDEATHSIG = 1
PORTS = range(20_000, 32_000)
# The role of DATABASE_URL in the throw-away cluster; `migrate` makes it.
APPLICATION = "app"
# Durability is worth nothing here and costs most of the time of a test.
POSTGRES_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "jit": "off",
    "log_min_messages": "warning",
}


class ServerError(Exception):
    """A server is not installed or did not start. The text says which and what to do."""


def free_port() -> int:
    """One below those that the system gives to connections: a server that restarts finds its own still free."""
    for port in secrets.SystemRandom().sample(PORTS, 1000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise ServerError(f"no free port between {PORTS.start} and {PORTS.stop}")


def binary(name: str, *, package: str) -> str:
    """The newest PostgreSQL of Debian's folders first: its programs are not in PATH there."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]), reverse=True)
    path = str(found[0]) if found else shutil.which(name)
    if path is None:
        raise ServerError(f"{name} is not installed: apt-get install {package}")
    return path


def die_with_parent(signum: int) -> Callable[[], None]:
    """For `preexec_fn`: even a kill -9 of the test run leaves no server behind (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def request() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)

    return request


def as_application(url: str) -> str:
    """The same database, as the role that web and worker sign in as: no superuser, and owner of nothing."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{APPLICATION}@{parts.hostname}:{parts.port}"))


def _stop(process: subprocess.Popen[bytes], signum: int) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signum)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_S)


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, name: str) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ServerError(f"{name} did not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def port_answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Redis:
    """One redis-server without persistence. `start` after `stop` keeps the port, as a restarted server would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.folder / f"redis-{self.port}.log"
        command = [binary("redis-server", package="redis-server"), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        _wait_until(lambda: port_answers(self.port), self.process, log, "redis-server")

    def stop(self) -> None:
        if self.process is not None:
            _stop(self.process, signal.SIGKILL)


class Postgres:
    """One PostgreSQL cluster with the superuser `postgres`, no passwords, on loopback only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "postgres"
        self.log = folder / "postgres.log"
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        self.process: subprocess.Popen[bytes] | None = None
        # initdb and postgres refuse to run as root.
        self.user = "postgres" if os.getuid() == 0 else None

    def create(self) -> None:
        self.folder.mkdir()
        if self.user is not None:
            try:
                owner = pwd.getpwnam(self.user)
            except KeyError:
                raise ServerError("there is no user postgres: apt-get install postgresql") from None
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        command = [binary("initdb", package="postgresql"), "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8"]
        done = subprocess.run(
            [*command, "--locale=C.UTF-8", "-D", str(self.folder)],
            capture_output=True,
            text=True,
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            cwd=self.folder,
            check=False,
        )
        if done.returncode:
            raise ServerError(f"initdb failed: {done.stderr.strip()}")

    def start(self) -> None:
        options = {**POSTGRES_OPTIONS, "unix_socket_directories": str(self.folder), "port": str(self.port)}
        command = [binary("postgres", package="postgresql"), "-D", str(self.folder)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=output,
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGQUIT),
            )
        ready = [binary("pg_isready", package="postgresql"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        _wait_until(lambda: subprocess.run(ready, check=False).returncode == 0, self.process, self.log, "postgres")

    def stop(self) -> None:
        if self.process is not None:
            _stop(self.process, signal.SIGINT)


@dataclass(frozen=True)
class Servers:
    postgres: Postgres
    redis: Redis

    def environment(self) -> dict[str, str]:
        return {"TEST_DATABASE_URL": self.postgres.url, "TEST_REDIS_URL": self.redis.url}


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="support_bot-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # user postgres must be able to reach its own folder below
        started = Servers(Postgres(folder), Redis(folder))
        try:
            started.redis.start()
            started.postgres.create()
            started.postgres.start()
            yield started
        finally:
            started.postgres.stop()
            started.redis.stop()


def _run(command: list[str], environment: dict[str, str]) -> int:
    """The command's exit code. Ctrl-C reaches it through the terminal; a SIGTERM to us is handed on."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, preexec_fn=die_with_parent(signal.SIGKILL))

    def hand_on(signum: int, _: FrameType | None) -> None:
        process.send_signal(signum)

    signal.signal(signal.SIGTERM, hand_on)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return process.wait()


def main(arguments: list[str]) -> int:
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print("usage: python -m tests.servers -- command …", file=sys.stderr)
        return 2
    try:
        with servers() as started:
            return _run(command, started.environment())
    except ServerError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
