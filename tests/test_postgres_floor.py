"""Which PostgreSQL the product starts on: the numbers, then a real start against servers that call themselves older."""

from __future__ import annotations

import re
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from os import environ
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import yaml

from support_bot.postgres_floor import too_old
from tests.environment import process_environment
from tests.processes import ROOT

START = "from support_bot import startup; startup.check(); print('started')"
PRODUCTION = {
    "DEMO": "false",
    "SECRET_KEY": "s" * 50,
    "ALLOWED_HOSTS": "support.example.com",
    "ALLOWED_ORIGINS": "https://support.example.com",
    "EMAIL_URL": "console:",
}
TOLD_VERSION = re.compile(rb"S....server_version\0[^\0]*\0", re.DOTALL)


@pytest.mark.parametrize("number", [150014, 150018, 160010, 160015, 170006, 170011, 180000, 180004, 190000, 300000])
def test_new_enough(number: int):
    assert too_old(number=number) is None


@pytest.mark.parametrize(
    ("number", "runs", "upgrade"),
    [
        (150013, "15.13", "15.14 or newer"),
        (150000, "15.0", "15.14 or newer"),
        (160009, "16.9", "16.10 or newer"),
        (170005, "17.5", "17.6 or newer"),
        (140023, "14.23", "one of 15.14, 16.10, 17.6 or newer"),
        (130099, "13.99", "one of 15.14, 16.10, 17.6 or newer"),
    ],
)
def test_too_old(number: int, runs: str, upgrade: str):
    said = too_old(number=number)

    assert said is not None
    assert said.startswith(f"PostgreSQL {runs} ")
    assert said.endswith(f": upgrade it to {upgrade}")


@pytest.mark.servers
def test_the_servers_of_these_tests_are_new_enough(postgres_url: str):
    with psycopg.connect(postgres_url) as session:
        assert too_old(number=session.info.server_version) is None


def test_the_image_of_the_deployment_is_new_enough():
    images = {name: told["image"] for name, told in _services().items() if "build" not in told}

    major, minor = images["postgres"].removeprefix("postgres:").split(".")
    assert too_old(number=int(major) * 10000 + int(minor)) is None
    # A tag that moves by itself would be a server nobody has chosen.
    assert [image for image in images.values() if not re.fullmatch(r"[a-z]+(:\d+)(\.\d+){1,2}", image)] == []


def _services() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


# --- a real start -----------------------------------------------------------------------------------------------------


class Disguise(socketserver.ThreadingTCPServer):
    """Hands everything on between the product and PostgreSQL, but for the version that the server tells of itself."""

    daemon_threads = True

    def __init__(self, server: tuple[str, int], version: str) -> None:
        told = b"server_version\0" + version.encode() + b"\0"
        message = b"S" + (len(told) + 4).to_bytes(4, "big") + told

        class Line(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(server) as behind:
                    back = threading.Thread(target=_carry, args=(behind, self.request, message), daemon=True)
                    back.start()
                    _carry(self.request, behind, None)
                    back.join()

        super().__init__(("127.0.0.1", 0), Line)


def _carry(source: socket.socket, target: socket.socket, message: bytes | None) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(TOLD_VERSION.sub(lambda _: message, data) if message is not None else data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def disguised(app_database_url: str) -> Iterator[Callable[[str], str]]:
    """`disguised("15.13")`: the address of the test's database on a server that says it is this version."""
    lines: list[Disguise] = []
    parts = urlsplit(app_database_url)

    def make(version: str) -> str:
        lines.append(Disguise((parts.hostname or "", parts.port or 5432), version))
        threading.Thread(target=lines[-1].serve_forever, daemon=True).start()
        port = lines[-1].server_address[1]
        return urlunsplit(parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}"))

    yield make
    for line in lines:
        line.shutdown()
        line.server_close()


def run(*arguments: str, url: str, **variables: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=process_environment(environ, DATABASE_URL=url, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.servers
def test_nothing_starts_on_a_server_with_known_holes(disguised: Callable[[str], str]):
    code, said = run("-m", "support_bot.supervise", "worker", url=disguised("15.13"), **PRODUCTION)

    assert code == 2
    assert said.splitlines() == [
        "supervise: DATABASE_URL: PostgreSQL 15.13 has known holes in row-level security: upgrade it to 15.14 or newer"
    ]


@pytest.mark.servers
def test_the_floor_itself_will_do(disguised: Callable[[str], str]):
    assert run("-c", START, url=disguised("15.14"), **PRODUCTION) == (0, "started\n")


@pytest.mark.servers
def test_the_demo_only_warns(disguised: Callable[[str], str]):
    code, said = run("-c", START, url=disguised("15.13"), DEMO="true")

    assert code == 0
    assert "PostgreSQL 15.13 has known holes" in said
    assert said.endswith("started\n")
