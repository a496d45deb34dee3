"""A model that breaks and heals on command, two web servers that share it, and customers who go on asking."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler
from typing import Any

import psycopg

from tests.model_server import Answer, Hang, ModelServer, Status, Wire, text
from tests.processes import Running
from tests.safety.hostile import status
from tests.wire import Browser, Frame, Socket

WELL = "I am well again."
SEES = "ABCD-1337"


def hang_up(http: BaseHTTPRequestHandler, model: str) -> None:
    """Not a byte: for connections that were kept from better days."""
    http.connection.shutdown(socket.SHUT_RDWR)


ILLNESSES: dict[str, Callable[[], Answer]] = {
    "refuses": lambda: Wire(hang_up),
    "500": lambda: Status(500),
    "429 for an hour": lambda: status(429, Retry_After="3600"),
    "hangs": Hang,
}


class Patient:
    """The models of one server, by name; `ill[name]` is what is wrong with one. asked: when, and for which model."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str]] = []
        self.ill: dict[str, str] = {}
        # Instead of the usual answer to a model that is well.
        self.well: Callable[[dict[str, Any]], Answer] = lambda body: text(WELL)
        self.server = ModelServer()
        self.server.always = self._answer
        self.server.__enter__()
        self.url, self.port = self.server.url, self.server.port
        self._is_away = False

    def _answer(self, body: dict[str, Any]) -> Answer:
        name = str(body["model"])
        self.asked.append((time.monotonic(), name))
        return ILLNESSES[self.ill[name]]() if name in self.ill else self.well(body)

    def fall_ill(self, name: str, illness: str) -> None:
        self.ill[name] = illness
        if illness == "refuses":
            self.server.__exit__()
            self._is_away = True

    def heal(self) -> None:
        if self._is_away:
            self.server = ModelServer(self.port)
            self.server.always = self._answer
            self.server.__enter__()
            self._is_away = False
        self.ill.clear()
        self.well = lambda body: text(WELL)

    def times(self, name: str) -> list[float]:
        return [at for at, asked in list(self.asked) if asked == name]

    def close(self) -> None:
        if not self._is_away:
            self.server.__exit__()


@dataclass
class Told:
    """What became of one message: its turn's end, how long that took, and the frames in between."""

    end: Frame
    took_s: float
    frames: list[Frame]

    @property
    def code(self) -> str:
        return self.end["error"]["code"] if self.end["error"] else self.end["state"]

    @property
    def text(self) -> str:
        return "\n".join(f["text"] for f in self.frames if f["type"] == "message" and f["author"] != "customer")

    @property
    def notices(self) -> list[str]:
        return [frame["code"] for frame in self.frames if frame["type"] == "notice"]


@dataclass
class Town:
    """web: two servers with one model; with_spare: one with a fallback. Customers sit at all of them."""

    patient: Patient
    database_url: str
    flush: Callable[[], object]
    web: list[Running] = field(default_factory=list)
    with_spare: list[Running] = field(default_factory=list)
    browsers: list[Browser] = field(default_factory=list)
    _known: dict[tuple[str, int], Browser] = field(default_factory=dict)

    def crowd(self, webs: list[Running], count: int) -> list[Socket]:
        """So many customers, spread over these servers; the same ones every time."""
        return [self.browser(webs[number % len(webs)], number).sockets[0] for number in range(count)]

    def browser(self, web: Running, number: int) -> Browser:
        if (web.url, number) not in self._known:
            self.person(f"load-{len(self._known) + 1:04d}", web)  # nobody sits at two servers
            self._known[web.url, number] = self.browsers[-1]
        return self._known[web.url, number]

    @cached_property
    def alice(self) -> Socket:
        """Who receives the package SEES."""
        return self.person("alice", self.web[0])

    def person(self, name: str, web: Running) -> Socket:
        self.browsers.append(Browser(web.url).sign_in(name))
        return self.browsers[-1].socket()

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as session:
            cursor = session.execute(query.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def reset(self) -> None:
        """All is well again, and nobody remembers that it was not (within the second that a process believes)."""
        self.patient.heal()
        self.sql("DELETE FROM chat_breaker")

    def row(self, model: str) -> tuple[str, str]:
        """State and window of a breaker."""
        found = self.sql('SELECT state, "window" FROM chat_breaker WHERE model = %s', f"openai:{model}")
        return (str(found[0][0]), str(found[0][1])) if found else ("closed", "")

    def tries(self, model: str) -> int:
        """Failed requests to a model as the servers count them: who refuses a connection cannot."""
        return self._logged("llm.failed", model)

    def probes(self, model: str) -> int:
        return self._logged("breaker.probe", model)

    def _logged(self, event: str, model: str) -> int:
        lines = [line for web in (*self.web, *self.with_spare) for line in web.output().splitlines()]
        return sum(f'"event": "{event}"' in line and f'"model": "openai:{model}"' in line for line in lines)

    def leave(self) -> None:
        for browser in self.browsers:
            browser.close()


def ask(person: Socket, text: str = "Hello?", *, within: float = 90.0) -> Told:
    start, begun = len(person.frames), time.monotonic()
    turn_id = person.until(type="message", client_msg_id=person.say(text), within=within)["turn_id"]
    end = person.until_turn_ends(turn_id, within=within)
    return Told(end=end, took_s=time.monotonic() - begun, frames=person.frames[start:])


def all_ask(people: list[Socket]) -> list[Told]:
    """Everybody at once."""
    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(ask, people))


def go_on_asking(
    people: list[Socket], until: Callable[[list[Told]], bool], *, pause_s: float = 0.0, within: float = 900.0
) -> list[Told]:
    """Everybody again and again; what all of them were told."""
    told: list[Told] = []
    begun = time.monotonic()
    while not until(told):
        assert time.monotonic() < begun + within, told[-3:]
        told += all_ask(people)
        time.sleep(pause_s)
    return told
