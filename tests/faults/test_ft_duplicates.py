"""FT-04: one task many times, redelivered while it runs, to several workers, and to one that slept past its lease."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from celery import Celery

from tests.faults import tokens
from tests.faults.chats import Chat, Seen
from tests.faults.judge import judge
from tests.faults.product import Product
from tests.faults.wishes import WishModel
from tests.processes import wait_until
from tests.safety.cast import Pair
from tests.servers import Redis

pytestmark = pytest.mark.servers
COPIES = 50
# An effect takes this long, and the broker hands out again what was not acknowledged after VISIBILITY_S.
PACE_S = 2.5
VISIBILITY_S = 1
STATE = "SELECT state, fence, ended_at IS NOT NULL FROM tools_toolcall WHERE id = %s"


class Place:
    """The product with several workers, and customers who want one thing each."""

    def __init__(self, product: Product, model: WishModel, session: psycopg.Connection, redis_url: str) -> None:
        self.product, self.model, self.session = product, model, session
        self.broker = Celery(broker=redis_url)
        self.seen = Seen()
        self.pairs = iter(range(1, 100))

    def confirmed(self, tool: str) -> str:
        """A call that its customer agreed to just now; for these tools that is all it needs."""
        facts = Pair(next(self.pairs)).facts("A")
        chat = Chat(url=self.product.web.url, facts=facts, seen=self.seen, stopping=threading.Event())
        try:
            call = next(call for call in chat.ask(self.model.prepare(facts)) if call["tool"] == tool)
            chat.confirm(call)
        finally:
            chat.leave()
        return str(call["call_id"])

    def send_again(self, call_id: str, *, times: int) -> None:
        for _ in range(times):
            self.broker.send_task("tools.tasks.execute", args=[call_id], queue="effects")

    def state(self, call_id: str) -> tuple[str, int, bool]:
        row = self.session.execute(STATE.encode(), [call_id]).fetchone()
        assert row is not None
        return row

    def wait_for_end(self, call_id: str) -> None:
        wait_until(lambda: self.state(call_id)[2], what=f"the end of {call_id}", within=30)

    def begun(self, call_id: str) -> int:
        """How many tasks of this call any worker began."""
        return tokens.counted(self.product.orders, call_id=call_id)

    def troubles(self, call_id: str) -> list[str]:
        """What workers logged about the call that does not belong to a quiet day."""
        logs = [path.read_text(encoding="utf-8", errors="replace") for path in self.product.folder.glob("*.log")]
        lines = [line for log in logs for line in log.splitlines() if call_id in line]
        return [event for line in lines for event in ("call.effect_error", "call.lease_lost") if f'"{event}"' in line]

    def verdict(self) -> list[str]:
        found = judge(self.session, seen=self.seen, outside=None)
        return [*found.lost, *found.duplicated, *found.problems]


@pytest.fixture(scope="module")
def place(postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("duplicates")
    store = Redis(folder)
    store.start()
    extra = {"FAULTS_VISIBILITY_S": str(VISIBILITY_S), "CALL_LEASE_S": "4"}
    with WishModel() as model:
        product = Product(
            database_url=postgres_database(),
            redis_url=store.url,
            folder=folder,
            model_url=model.url,
            pace_s=PACE_S,
            more_places=6,  # eight with those of the first
            extra=extra,
        )
        product.prepare(20)
        try:
            product.ensure()
            product.wait_until_ready()
            with product.sql() as session:
                yield Place(product, model, session, store.url)
        finally:
            product.stop()
            store.stop()


def test_ft_04_one_task_fifty_times_and_redelivered_while_it_runs_is_one_effect(place: Place):
    call_id = place.confirmed("report_problem")
    place.send_again(call_id, times=COPIES)

    place.wait_for_end(call_id)
    wait_until(lambda: place.begun(call_id) > COPIES + 1, what="more tasks than were sent")

    assert place.state(call_id)[:2] == ("succeeded", 1)
    assert place.verdict() == []


@pytest.mark.parametrize("point", ["K4", pytest.param("K5", marks=pytest.mark.long)])
def test_ft_04_a_worker_that_slept_past_its_lease_makes_no_second_effect(place: Place, point: str):
    folder = place.product.orders
    tokens.arm(folder, point=point, whom=tokens.PAUSE, skip=0)
    call_id = place.confirmed("schedule_callback")
    asleep = somebody_at(folder, point)

    try:
        if point == "K4":  # nothing is locked: another worker does it under the next fence
            place.wait_for_end(call_id)
        else:  # the effect is made and locked, and only its commit is missing: nobody else may begin
            wait_until(lambda: lease_is_over(place, call_id), what="the end of the lease", within=20)
            place.send_again(call_id, times=5)
    finally:
        os.kill(asleep.pid, signal.SIGCONT)
    place.wait_for_end(call_id)
    if point == "K4":
        wait_until(lambda: bool(place.troubles(call_id)), what="the sleeper's word", within=10)

    assert place.state(call_id)[:2] == ("succeeded", 2 if point == "K4" else 1)
    # Unique keys and preconditions would stop a second effect as well; it must not even be tried.
    assert place.troubles(call_id) == (["call.lease_lost"] if point == "K4" else [])
    assert place.verdict() == []


def somebody_at(folder: Path, point: str) -> tokens.Death:
    found: list[tokens.Death] = []

    def there() -> bool:
        if told := tokens.death_at(folder, point=point):
            found.append(told)
        return bool(found)

    wait_until(there, what=f"somebody at {point}", within=20)
    tokens.disarm(folder, point=point)
    return found[0]


def lease_is_over(place: Place, call_id: str) -> bool:
    query = b"SELECT lease_until < clock_timestamp() FROM tools_toolcall WHERE id = %s"
    row = place.session.execute(query, [call_id]).fetchone()
    return bool(row and row[0])
