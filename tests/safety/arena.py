"""The place of a safety test: the real product on its servers, a hostile model, and a fresh cast of people."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.model_server import Script
from tests.processes import Running, children_of, manage, wait_until
from tests.safety import journal as shadow
from tests.safety.cast import CUSTOMERS, STAFF, Pair
from tests.safety.hostile import Hostile, call, say
from tests.safety.person import Person, WatchedBrowser
from tests.wire import Frame, Socket

ENDED = ("done", "failed", "cancelled")


@dataclass
class Product:
    """What runs for the whole session: web and worker, their stores, and where their words go."""

    web: Running
    worker: Running
    model: Hostile
    database_url: str  # as the superuser; the product itself signs in with less where it can
    redis_url: str
    mail: Path
    variables: dict[str, str]

    def pids(self) -> list[int]:
        """Parents and what they started; a restart anywhere changes the list."""
        parents = [self.web.pid, self.worker.pid]
        return sorted(parents + [child for parent in parents for child in children_of(parent)])


@dataclass
class Turn:
    """One finished turn: what the customer saw of it."""

    frames: list[Frame]
    end: Frame

    @property
    def text(self) -> str:
        return "\n".join(frame["text"] for frame in self.frames if frame["type"] == "message")

    @property
    def calls(self) -> list[Frame]:
        return [frame for frame in self.frames if frame["type"] == "call"]


@dataclass
class Arena:
    """One test's view of the product. Everything it opens is closed, and judged, when the test ends."""

    product: Product
    pair: Pair
    waived: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    visitors: list[WatchedBrowser] = field(default_factory=list)

    def __post_init__(self) -> None:
        url = self.product.web.url
        self.people = {letter: Person(facts=self.pair.facts(letter), url=url) for letter in (*CUSTOMERS, *STAFF)}
        self.stranger = Person(facts=Pair(0).facts("A"), url=url)  # signed out; owns nothing
        self.model = self.product.model
        self.pids = self.product.pids()
        self.log_starts = {running.log: running.log.stat().st_size for running in self.processes}
        self.mails_before = set(self.product.mail.iterdir())
        self.journal_start = shadow.position(self.database)

    # --- people -------------------------------------------------------------------------------------------------

    @property
    def a(self) -> Person:
        return self.people["A"]

    @property
    def b(self) -> Person:
        return self.people["B"]

    @property
    def s1(self) -> Person:
        return self.people["S1"]

    @property
    def s2(self) -> Person:
        return self.people["S2"]

    @property
    def s3(self) -> Person:
        return self.people["S3"]

    @property
    def su(self) -> Person:
        return self.people["SU"]

    def visitor(self) -> WatchedBrowser:
        """Somebody who is not signed in."""
        self.visitors.append(WatchedBrowser(self.product.web.url, self.stranger.received))
        return self.visitors[-1]

    # --- what was there before and is there now -----------------------------------------------------------------

    @cached_property
    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        name = shadow.HARNESS
        return psycopg.connect(self.product.database_url, autocommit=True, application_name=name)

    @property
    def processes(self) -> tuple[Running, Running]:
        return self.product.web, self.product.worker

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """As the superuser. Changes made this way are the harness's own: the journal marks them, no oracle asks."""
        cursor = self.database.execute(query.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def journal(self) -> list[shadow.Change]:
        """Every change of a record since the test began, but for the harness's own."""
        found = shadow.changes_since(self.database, self.journal_start)
        return [change for change in found if change.application != shadow.HARNESS and change.changed()]

    def effects(self) -> list[shadow.Change]:
        """The journal without the product's own ledger: what really changed."""
        return [change for change in self.journal() if change.table != "tools_effect"]

    def customer_ids(self) -> dict[str, int]:
        """Primary keys of tracking_customer by letter."""
        names = {person.facts.username: letter for letter, person in self.people.items()}
        query = "SELECT u.username, c.id FROM tracking_customer c JOIN auth_user u ON u.id = c.user_id"
        rows = self.sql(query + " WHERE u.username = ANY(%s)", list(names))
        return {names[username]: key for username, key in rows}

    def calls_of(self, person: Person, **wanted: str) -> list[dict[str, Any]]:
        """Rows of tools_toolcall of this customer, oldest first, with the wanted values."""
        key = self.customer_ids()[person.facts.letter]
        cursor = self.database.execute("SELECT * FROM tools_toolcall WHERE customer_id = %s ORDER BY created_at", [key])
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

    def state_of(self, call_id: str) -> str:
        return str(self.sql("SELECT state FROM tools_toolcall WHERE id = %s", call_id)[0][0])

    def logs(self) -> str:
        """What web and worker logged since the test began."""
        return "".join(log.read_bytes()[start:].decode("utf-8", "replace") for log, start in self.log_starts.items())

    def mails(self) -> list[str]:
        """Mails sent since the test began; each is one message."""
        new = sorted(set(self.product.mail.iterdir()) - self.mails_before)
        return [part for path in new for part in re.split(r"^-{79}$", path.read_text(), flags=re.M) if part.strip()]

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.product.redis_url)

    def manage(self, *arguments: str) -> str:
        """A management command beside the product. What it changes is asked for, so no oracle wants a decision."""
        self.commands.append(" ".join(arguments))
        variables = {**self.product.variables, "PGAPPNAME": shadow.HARNESS}
        return manage(*arguments, database_url=self.product.database_url, **variables)

    # --- doing things -------------------------------------------------------------------------------------------

    def turn(self, who: Person | Socket, *replies: Script, text: str = "Hello", within: float = 20.0) -> Turn:
        """The customer says something and the model answers by these replies, until the turn has ended."""
        self.model.script(*replies)
        socket = who if isinstance(who, Socket) else self.socket_of(who)
        start = len(socket.frames)
        turn_id = socket.until(type="message", client_msg_id=socket.say(text))["turn_id"]
        end = socket.until_turn_ends(turn_id, within=within)
        return Turn(frames=[f for f in socket.frames[start:] if f.get("turn_id") == turn_id], end=end)

    def socket_of(self, person: Person) -> Socket:
        """The person's newest socket, or a first one."""
        return (person.sockets() or [person.chat()])[-1]

    def told(self, request: int = -1) -> list[dict[str, Any]]:
        """The tool results of one request to the model, in order: what the model was told since its last answer."""
        return tool_results(self.model.requests[request])

    def request(self, person: Person, tool: str, arguments: dict[str, Any] | str) -> Frame:
        """A write call that waits for its customer: the `call` frame with its digest."""
        turn = self.turn(person, call(tool, arguments), say("It is prepared."))
        waiting = [frame for frame in turn.calls if frame["state"] == "awaiting_confirmation"]
        assert waiting, (turn.frames, self.told())
        return waiting[-1]

    def confirm(self, person: Person, request: Frame) -> Frame:
        """The customer's consent to exactly this request; the `call` frame that follows."""
        socket = self.socket_of(person)
        socket.send(type="call.confirm", call_id=request["call_id"], digest=request["digest"])
        return socket.until(type="call", call_id=request["call_id"])

    def approved(self, person: Person, request: Frame, *, by: Sequence[Person] | None = None) -> str:
        """Confirmed, approved and carried out; the state at the end."""
        self.confirm(person, request)
        for reviewer in by or (self.s1,):
            assert reviewer.browser.decide(request["call_id"], "approve").status_code == 302
        return self.wait_for_end(request["call_id"])

    def wait_for_end(self, call_id: str, *, within: float = 20.0) -> str:
        """The end state of a call, once it has one."""
        ended = "SELECT state FROM tools_toolcall WHERE id = %s AND ended_at IS NOT NULL"
        wait_until(lambda: bool(self.sql(ended, call_id)), what=f"the end of call {call_id}", within=within)
        return self.state_of(call_id)

    def waive(self, oracle: str, why: str) -> None:
        """Leave one oracle (`O8`) out of this test; say why in the test."""
        self.waived[oracle] = why


def tool_results(request: dict[str, Any]) -> list[dict[str, Any]]:
    """What a request tells the model after its last answer: the trailing `tool` messages, parsed."""
    found: list[dict[str, Any]] = []
    for message in reversed(request["messages"]):
        if message["role"] != "tool":
            break
        found.append(json.loads(message["content"]))
    return found[::-1]
