"""P13 and FT-14: a real worker, a payment service that does its work and does not say so, at most one payment each."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.effect_gateway import CUTS, DROPS, HANGS_AFTER, EffectGateway, Mood, Request, says
from tests.environment import process_environment
from tests.processes import ROOT, Stack, manage, wait_until
from tests.servers import Redis, as_application

SEED = 20261121
TRIES = 3
VARIABLES = {
    "EFFECT_TIMEOUT_S": "0.5",
    "EFFECT_TRIES": str(TRIES),
    "CALL_LEASE_S": "2",
    "SWEEP_S": "1",
}
# What a first answer may be like, and how often. All of them but the last two have paid.
FIRST = [DROPS] * 80 + [says(500, applies=True)] * 6 + [says(409, applies=True)] * 4 + [says(503)] * 5 + [CUTS] * 5


class Moods:
    """By rule, so that each key meets its own: a poisoned one, and for the others a first answer that says nothing."""

    def __init__(self, *, hangs: int = 0) -> None:
        self.random = random.Random(SEED)
        self.seen: Counter[tuple[str, str]] = Counter()
        self.poisoned = ""
        self.hangs = hangs

    def __call__(self, request: Request) -> Mood | None:
        self.seen[request.method, request.key] += 1
        if request.key == self.poisoned:
            return says(500) if request.method == "POST" else None
        if self.seen[request.method, request.key] > 1:
            return None
        if request.method == "GET":
            return CUTS if self.random.random() < 0.2 else None
        self.hangs -= 1
        return HANGS_AFTER if self.hangs >= 0 else self.random.choice(FIRST)


@contextmanager
def paying(folder: Path, database_url: str, redis_url: str, moods: Moods, **variables: str) -> Iterator[EffectGateway]:
    """A worker and a gateway with these moods."""
    stack = Stack(folder=folder, database_url=as_application(database_url), redis_url=redis_url)
    with EffectGateway() as gateway:
        gateway.by_rule = moods
        try:
            stack.worker(EFFECT_GATEWAY_URL=gateway.url, **VARIABLES, **variables)
            yield gateway
        finally:
            stack.stop()


def refunds(database_url: str, count: int) -> list[str]:
    """The call ids of so many approved refunds, each of a customer and an order of its own."""
    manage("seed_demo", "--customers", str(count), database_url=as_application(database_url))
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.refunds", str(count)],
        cwd=ROOT,
        env=process_environment(
            {}, DATABASE_URL=as_application(database_url), DJANGO_SETTINGS_MODULE="support_bot.settings"
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = [line for line in done.stdout.splitlines() if len(line) == 36]
    assert len(found) == count
    return found


def states(session: psycopg.Connection, calls: list[str]) -> Counter[str]:
    rows = session.execute("SELECT state FROM tools_toolcall WHERE id = ANY(%s::uuid[])", [calls]).fetchall()
    return Counter(row[0] for row in rows)


def assert_books_equal(session: psycopg.Connection, gateway: EffectGateway) -> None:
    """To the cent and to the order: what the gateway paid, refunds, orders and ledger."""
    booked = session.execute(
        "SELECT r.call_id::text, o.reference, r.amount, r.currency FROM tracking_refund r"
        " JOIN tracking_order o ON o.id = r.order_id"
        " WHERE r.call_id IN (SELECT id FROM tools_toolcall WHERE tool = 'request_refund')"
    ).fetchall()
    paid = [(key, body["order"], Decimal(body["amount"]), body["currency"]) for key, body in gateway.payments]
    assert Counter(paid) == Counter(booked)
    assert max(Counter(key for key, _ in gateway.payments).values()) == 1
    ledger = session.execute("SELECT call_id::text FROM tools_effect WHERE tool = 'request_refund'").fetchall()
    assert sorted(row[0] for row in ledger) == sorted(gateway.paid)
    unequal = session.execute(
        "SELECT o.reference FROM tracking_order o JOIN tracking_refund r ON r.order_id = o.id"
        " GROUP BY o.id HAVING o.refunded <> sum(r.amount)"
    ).fetchall()
    assert unequal == []


@pytest.fixture
def outside(tmp_path: Path, database_url: str, redis_server: Redis) -> Callable[..., Any]:
    return lambda moods, **variables: paying(tmp_path, database_url, redis_server.url, moods, **variables)


def pay_all(
    outside: Callable[..., Any],
    database_url: str,
    *,
    count: int,
    moods: Moods,
    within: float,
    tell: Callable[..., None],
) -> None:
    calls = refunds(database_url, count)
    moods.poisoned = calls[0]
    began = time.monotonic()
    with outside(moods) as gateway, psycopg.connect(database_url, autocommit=True) as session:
        ended = ("succeeded", "failed", "needs_reconciliation")
        wait_until(
            lambda: sum(states(session, calls)[state] for state in ended) == count and not unsettled(session),
            what=f"{count} refunds that ended",
            within=within,
        )
        tell("measured", f"{count - 1} unanswered refunds settled in {time.monotonic() - began:.0f} s, seed {SEED}")

        assert states(session, calls) == {"succeeded": count - 1, "failed": 1}
        assert_books_equal(session, gateway)
        assert len(gateway.payments) == count - 1
        assert len(gateway.posts(moods.poisoned)) == TRIES
        assert moods.poisoned not in gateway.paid
        # Whatever was sent twice was asked for in between, and not known.
        assert all(asked_between(gateway, key) for key in calls)


def unsettled(session: psycopg.Connection) -> bool:
    row = session.execute("SELECT count(*) FROM tools_toolcall WHERE state = 'needs_reconciliation'").fetchone()
    return row is not None and row[0] > 0


def asked_between(gateway: EffectGateway, key: str) -> bool:
    methods = [request.method for request in gateway.requests if request.key == key]
    return "POST POST" not in " ".join(methods)


@pytest.mark.servers
def test_ft_14_p_13_refunds_whose_answers_are_lost_are_paid_once_and_a_poisoned_one_keeps_nobody(
    outside: Callable[..., Any], database_url: str, record_property: Callable[..., None]
):
    pay_all(outside, database_url, count=41, moods=Moods(hangs=1), within=120, tell=record_property)


@pytest.mark.long
@pytest.mark.servers
def test_p_13_a_thousand_refunds_whose_answers_are_lost_are_paid_once_and_booked(
    outside: Callable[..., Any], database_url: str, record_property: Callable[..., None]
):
    pay_all(outside, database_url, count=1001, moods=Moods(hangs=20), within=900, tell=record_property)
