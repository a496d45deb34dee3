"""A run in which the stores fail and the processes do not: Redis flushed or gone, PostgreSQL killed or restarted."""

from __future__ import annotations

import random
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psycopg

from tests.faults.chats import BROKEN, Chat, Interrupted
from tests.faults.judge import Verdict, judge
from tests.faults.people import Crowd
from tests.faults.product import Product
from tests.faults.run import SETTLED_WITHIN_S
from tests.faults.wishes import ForgetfulGateway, WishModel
from tests.processes import manage, wait_until
from tests.safety.cast import Facts
from tests.servers import Postgres, ServerError
from tests.wire import Browser

PAIRS = 60
TARGET = 12
# What people may be told while a store is away, besides a broken line: that it did not work, and nothing was taken.
HONEST = re.compile(r"was answered internal: |approving \S+ was answered 50[03]$")


class PatientChat(Chat):
    """A page that could not be shown for a moment is asked for again."""

    def _connect(self) -> None:
        try:
            super()._connect()
        except AssertionError as error:
            raise ConnectionError from error


@dataclass
class Premises(Product):
    """The product, which sees reviewers off at the end."""

    came: list[Browser] = field(default_factory=list)

    def reviewer(self, number: int) -> Browser:
        self.came.append(super().reviewer(number))
        return self.came[-1]

    def stop(self) -> None:
        for browser in self.came:
            browser.close()
        super().stop()


class PatientCrowd(Crowd):
    """The same people, who look for the next customer again when the database comes back."""

    def _talk(self) -> None:
        while not self.stopping.is_set():
            if self.resting.is_set() or self.gauge.waiting >= TARGET:
                time.sleep(0.05)
                continue
            try:
                with self.product.sql() as session:
                    facts = self._next_customer(session)
            except psycopg.Error:
                time.sleep(0.1)
                continue
            self._one_wish(facts)

    def _one_wish(self, facts: Facts) -> None:
        chat = PatientChat(url=self.product.web.url, facts=facts, seen=self.seen, stopping=self.stopping)
        try:
            for call in chat.ask(self.model.prepare(facts)):
                chat.confirm(call)
        except Interrupted:
            return
        except Exception as error:
            self.seen.problems.append(f"{facts.tag}: {type(error).__name__} {error}")
        finally:
            chat.leave()

    def _review(self, number: int) -> None:
        try:
            super()._review(number)
        except Exception as error:
            self.seen.problems.append(f"reviewer {number} went home: {type(error).__name__}")


@dataclass
class Town:
    """The product under load, and what a test asks of it."""

    product: Product
    crowd: PatientCrowd

    def look(self) -> bool:
        """Brings the gauge up to date; False where the database is away."""
        try:
            with self.product.sql() as session:
                self.crowd.gauge.read(session)
        except psycopg.Error:
            return False
        return True

    def work(self, seconds: float) -> None:
        """Lets everybody go on for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            time.sleep(0.05)

    def flap(self, down: Callable[[], None], up: Callable[[], None], *, times: int) -> None:
        """A store comes and goes. By this thread: a server ends with the thread that started it."""
        for _ in range(times):
            down()
            self.work(0.3)
            up()
            self.work(0.3)

    def wait_for(self, happened: Callable[[], bool], *, what: str, within: float) -> float:
        """Seconds until it happened, with everybody going on."""
        began = time.monotonic()

        def seen() -> bool:
            self.look()
            return happened()

        wait_until(seen, what=what, within=within)
        return time.monotonic() - began

    def count(self, query: str, *values: object) -> int:
        with self.product.sql() as session:
            row = session.execute(query.encode(), values or None).fetchone()
        return int(row[0]) if row else 0

    def ready(self) -> tuple[int, dict[str, Any]]:
        """The answer of /readyz, and that it came in time."""
        answer = httpx2.get(f"{self.product.web.url}/readyz", trust_env=False, timeout=8)
        return answer.status_code, answer.json()

    def is_ready(self) -> bool:
        try:
            return self.ready()[0] == 200
        except BROKEN:
            return False

    def settle(self) -> Verdict:
        """Nobody asks any more; what is on its way comes to its end, and is judged."""
        self.crowd.resting.set()
        gauge = self.crowd.gauge
        self.wait_for(
            lambda: self.look() and not gauge.in_flight and not gauge.turns, what="the end", within=SETTLED_WITHIN_S
        )
        self.crowd.stop()
        self.crowd.seen.problems[:] = [one for one in self.crowd.seen.problems if not HONEST.search(one)]
        with self.product.sql() as session:
            return judge(session, seen=self.crowd.seen, outside=self.product.paid())

    def audit(self) -> str:
        return manage("verify_audit", database_url=self.product.database_url)


@contextmanager
def town(*, database_url: str, redis_url: str, folder: Path, **extra: str) -> Iterator[Town]:
    """Web, worker, gateway, model and a crowd at work."""
    with WishModel() as model, ForgetfulGateway() as gateway:
        product = Premises(
            database_url=database_url,
            redis_url=redis_url,
            folder=folder,
            model_url=model.url,
            gateway=gateway,
            pace_s=0.05,
            extra=extra,
        )
        product.prepare(PAIRS + 1)
        crowd = PatientCrowd(product=product, model=model, pairs=PAIRS, target=TARGET)
        made = Town(product=product, crowd=crowd)
        try:
            product.ensure()
            product.wait_until_ready()
            crowd.start()
            try:
                yield made
            finally:
                crowd.stop()
        finally:
            product.stop()


class Cluster:
    """A PostgreSQL of the test's own that is killed and restarted. What it says is committed is written."""

    def __init__(self) -> None:
        # Not below pytest's folder, which user postgres may not enter.
        self.folder = tempfile.TemporaryDirectory(prefix="support_bot-", ignore_cleanup_errors=True)
        folder = Path(self.folder.name)
        folder.chmod(0o755)
        self.server = Postgres(folder)
        self.server.create()
        self.server.start()

    def prepare(self) -> str:
        """A database with the tables and the demo's people, as the superuser."""
        with psycopg.connect(self.server.url, autocommit=True) as session:
            session.execute("CREATE DATABASE stores")
            session.execute("ALTER DATABASE stores SET synchronous_commit = on")
        url = self.server.url.rpartition("/")[0] + "/stores"
        manage("migrate", "--verbosity", "0", database_url=url.replace("postgres@", "app@"), MIGRATE_DATABASE_URL=url)
        manage("seed_demo", database_url=url.replace("postgres@", "app@"))
        return url

    def go_down(self, dice: random.Random) -> str:
        """Killed, or shut down the fast way; the name of what was done."""
        how = dice.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGQUIT, signal.SIGINT])
        process = self.server.process
        assert process is not None
        process.send_signal(how)
        process.wait(20)
        return how.name

    def come_up(self) -> None:
        """As an operator would: again, while what is left of the killed one still holds its memory."""
        deadline = time.monotonic() + 20
        while True:
            try:
                self.server.start()
            except ServerError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        self.server.stop()
        self.folder.cleanup()
