"""FT-05, FT-06, FT-07: stores that are flushed, killed, restarted and flap, and a worker that hears no more."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.faults.judge import Verdict
from tests.faults.stores import PAIRS, Cluster, Town, town
from tests.processes import Stack, children_of, is_running, name_of, wait_until
from tests.safety.cast import Facts, Pair
from tests.servers import Redis
from tests.wire import Browser

SEED = 20261121
pytestmark = pytest.mark.servers
BYSTANDER = Pair(PAIRS + 1).facts("A")
SPENT = """
    INSERT INTO chat_modelcall (customer_id, turn_id, origin, input_tokens, output_tokens, settled, created_at)
    SELECT c.id, gen_random_uuid(), '', 300000, 0, true, now() FROM tracking_customer c
    JOIN auth_user u ON u.id = c.user_id WHERE u.username = %s"""
HEARD = "SELECT count(*) FROM tools_heartbeat WHERE at > to_timestamp(%s) AND name LIKE %s"


def is_whole(verdict: Verdict) -> None:
    """Nothing lost, repeated, late, half done or told otherwise than it is."""
    assert (verdict.lost, verdict.duplicated, verdict.late) == (set(), set(), set())
    assert (verdict.lost_acks, verdict.double_answers, verdict.problems) == (0, 0, [])


def enough(place: Town) -> None:
    """So much was carried out that it proves something; also long after the store is back."""
    done = "SELECT count(*) FROM tools_toolcall WHERE state = 'succeeded' AND effect = 'write'"
    before = place.count(done)
    place.wait_for(lambda: place.count(done) >= max(20, before + 5), what="calls carried out", within=90)


def signed_in(place: Town, facts: Facts) -> Browser:
    browser = Browser(place.product.web.url)
    browser.http.cookies.set("sessionid", facts.session_key, domain="127.0.0.1")
    return browser


# --- Redis ------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_ft_05_redis_is_flushed_killed_and_comes_back_empty(
    postgres_database: Callable[[], str],
    redis_server: Redis,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
):
    """No ack lost, approved calls done, sockets resumed, logins and spent budgets as before, with nobody's help."""
    extra = {"DAILY_TOKENS": "200000"}
    with town(database_url=postgres_database(), redis_url=redis_server.url, folder=tmp_path, **extra) as place:
        bystander, reviewer = signed_in(place, BYSTANDER), place.product.reviewer(PAIRS + 1)
        with place.product.sql() as session:
            session.execute(SPENT, [BYSTANDER.username])
        place.wait_for(lambda: place.crowd.gauge.in_flight > 0, what="calls in flight", within=60)

        subprocess.run(["redis-cli", "-u", redis_server.url, "FLUSHALL"], check=True, capture_output=True)
        place.work(2)
        redis_server.stop()
        away(place, bystander, reviewer)
        place.work(1)
        redis_server.start()
        place.work(1)
        place.flap(redis_server.stop, redis_server.start, times=3)
        back_at = time.time()
        for queue in ("effects", "turns"):
            beats = partial(place.count, HEARD, back_at, f"{queue}.%")
            place.wait_for(lambda: beats() > 0, what=f"a beat of {queue}", within=60)  # noqa: B023 - awaited here
        consuming = time.time() - back_at
        enough(place)

        assert bystander.get("/chat/").status_code == 302
        assert reviewer.get("/admin/").status_code == 200
        assert spent(bystander) == "budget_exhausted"
        verdict = place.settle()
        place.wait_for(place.is_ready, what="200 from /readyz", within=60)
        bystander.close()
        reviewer.close()
    is_whole(verdict)
    slowest = max(call["ended_at"] - call["approved_at"] for call in verdict.calls.values() if call["approved_at"])
    record_property(
        "measured",
        f"FT-05 Redis flushed, killed, flapping: {len(verdict.calls)} calls, 0 lost, 0 repeated; both queues heard"
        f" again after {consuming:.1f} s, slowest approved call {slowest:.1f} s",
    )


def away(place: Town, bystander: Browser, reviewer: Browser) -> None:
    """While Redis is away: said so within seconds, and people stay signed in."""
    began = time.monotonic()
    status, body = place.ready()
    assert (status, body["database"], body["broker"]) == (503, True, False)
    assert time.monotonic() - began < 5
    front = reviewer.get("/admin/")
    assert front.status_code == 200
    assert "Approved" in front.text
    assert "What is approved is carried out when it is back" in front.text
    assert bystander.get("/chat/").status_code == 302


def spent(browser: Browser) -> str:
    """The error of a turn of somebody whose day's tokens are used up."""
    socket = browser.socket()
    said = socket.say("Where is my parcel?")
    turn_id = socket.until(type="message", client_msg_id=said)["turn_id"]
    return str(socket.until_turn_ends(turn_id)["error"]["code"])


# --- PostgreSQL -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_ft_07_postgresql_is_killed_and_restarted(
    redis_server: Redis, tmp_path: Path, record_property: Callable[[str, object], None]
):
    kill_database(redis_server, tmp_path, 4, record_property)


@pytest.mark.long
def test_ft_07_postgresql_is_killed_and_restarted_fifty_times(
    redis_server: Redis, tmp_path: Path, record_property: Callable[[str, object], None]
):
    kill_database(redis_server, tmp_path, 50, record_property)


def kill_database(
    redis_server: Redis, folder: Path, times: int, record_property: Callable[[str, object], None]
) -> None:
    """No ack without its row, nothing half done, ready within 30 s of its return, and an audit that holds."""
    dice = random.Random(SEED)
    cluster = Cluster()
    slowest, done = 0.0, []
    try:
        with town(database_url=cluster.prepare(), redis_url=redis_server.url, folder=folder) as place:
            for _ in range(times):
                place.wait_for(lambda: place.crowd.gauge.in_flight > 3, what="calls in flight", within=60)
                done.append(cluster.go_down(dice))
                if len(done) == 1:
                    says_so(place)
                time.sleep(dice.uniform(0.0, 3.0))
                cluster.come_up()
                slowest = max(slowest, place.wait_for(place.is_ready, what="200 from /readyz", within=30))
            enough(place)
            verdict = place.settle()
            audit = place.audit()
    finally:
        cluster.stop()
    is_whole(verdict)
    assert audit.startswith("ok: ")
    record_property(
        "measured",
        f"FT-07 seed {SEED}, PostgreSQL down {times} times ({', '.join(sorted(set(done)))}):"
        f" {len(verdict.calls)} calls,"
        f" 0 acks lost, 0 half applied; ready after {slowest:.1f} s at most",
    )


def says_so(place: Town) -> None:
    """While the database is away: /readyz in seconds, and pages that say it without a traceback."""
    began = time.monotonic()
    status, body = place.ready()
    assert (status, body["database"], body["broker"]) == (503, False, True)
    assert time.monotonic() - began < 5
    browser = signed_in(place, BYSTANDER)
    answer = browser.get("/admin/")
    browser.close()
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "The database is away" in answer.text


# --- a worker that hears no more --------------------------------------------------------------------------------


@pytest.mark.parametrize("queue", ["turns", pytest.param("effects", marks=pytest.mark.long)])
def test_ft_06_a_deaf_worker_is_noticed_and_started_again(stack: Stack, database_url: str, queue: str):
    """It lives and answers nothing: its process stands still. Nobody but its supervisor does anything about it."""
    worker = stack.worker(HEARTBEAT_S="0.5")
    with psycopg.connect(database_url, autocommit=True) as session:

        def beat() -> object:
            row = session.execute("SELECT max(at) FROM tools_heartbeat WHERE name LIKE %s", [f"{queue}.%"]).fetchone()
            return row[0] if row else None

        wait_until(lambda: beat() is not None, what="a first heartbeat", within=30)
        (deaf,) = [pid for pid in children_of(worker.pid) if name_of(pid) == queue]
        os.kill(deaf, signal.SIGSTOP)
        silent = beat()
        wait_until(lambda: not is_running(deaf), what="the end of the deaf one", within=40)
        wait_until(lambda: beat() != silent, what="a heartbeat of another one", within=60)

    assert f'"reason": "the worker hears no task for {9 * 0.5:g} s"' in worker.output()
    assert worker.process.poll() is None
