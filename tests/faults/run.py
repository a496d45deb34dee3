"""One part of a run: starts everything, lets the crowd work while processes die, waits until all is settled, judges."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.judge import judge
from tests.faults.killer import Killer
from tests.faults.people import Crowd
from tests.faults.plan import IN_WEB, Kill
from tests.faults.product import Product
from tests.faults.report import Part, part_of
from tests.faults.wishes import ForgetfulGateway, WishModel
from tests.processes import manage

LEAST = 20
# What was counted a moment ago may be less by now.
MARGIN = 4
# So many are approved at once: a web server that starts again must not let the number fall below LEAST.
TARGET = 36
SETTLED_WITHIN_S = 120.0
PAIRS = 100
GAUGE_S = 0.04


def run_part(
    plan: Sequence[Kill], *, database_url: str, redis_url: str, folder: Path, say: Callable[[str], None], **options: Any
) -> Part:
    """Carries out these kills. options: further fields of Product, such as pace_s."""
    with WishModel() as model, ForgetfulGateway() as gateway:
        product = Product(
            database_url=database_url,
            redis_url=redis_url,
            folder=folder,
            model_url=model.url,
            gateway=gateway,
            **options,
        )
        product.prepare(PAIRS)
        crowd = Crowd(product=product, model=model, pairs=PAIRS, target=TARGET)
        try:
            product.ensure()
            product.wait_until_ready()
            return _kill_and_judge(plan, product, crowd, say)
        finally:
            crowd.stop()
            product.stop()


def _kill_and_judge(plan: Sequence[Kill], product: Product, crowd: Crowd, say: Callable[[str], None]) -> Part:
    killers = [
        Killer(
            plan=[one for one in plan if (one.point in IN_WEB) == web],
            product=product,
            crowd=crowd,
            least=LEAST + MARGIN,
            say=say,
        )
        for web in (True, False)
    ]
    failures = []
    with product.sql() as session:
        crowd.start()
        for killer in killers:
            killer.start()
        told = 0
        while any(killer.is_alive() for killer in killers) and not any(killer.failed for killer in killers):
            _look_after(product, crowd, session)
            count = sum(len(killer.done) for killer in killers)
            if count >= told + 10:
                say(f"  {count} of {len(plan)} kills, {crowd.gauge}")
                told = count
        crowd.resting.set()
        failures += [killer.failed for killer in killers if killer.failed]
        failures += _settle(product, crowd, session)
        done = [one for killer in killers for one in killer.done]
        outages = [one.at for one in done if one.whom != "child" and one.kill.point not in IN_WEB]
        verdict = judge(session, seen=crowd.seen, outside=product.paid(), outages=outages)
    failures += _audit(product)
    return part_of(done, verdict, failures=failures, reconnects=crowd.seen.reconnects)


def _look_after(product: Product, crowd: Crowd, session: psycopg.Connection) -> None:
    product.ensure()
    crowd.gauge.read(session)
    crowd.gauge.todo = crowd.gauge.todo[:60]
    time.sleep(GAUGE_S)


def _settle(product: Product, crowd: Crowd, session: psycopg.Connection) -> list[str]:
    """Nobody asks any more: what is on its way comes to its end."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while crowd.gauge.in_flight or crowd.gauge.turns:
        if time.monotonic() > deadline:
            return [
                f"not settled after {SETTLED_WITHIN_S:g} s: {crowd.gauge.in_flight} calls, {crowd.gauge.turns} turns"
            ]
        _look_after(product, crowd, session)
    return []


def _audit(product: Product) -> list[str]:
    try:
        said = manage("verify_audit", database_url=product.database_url)
    except AssertionError as error:
        return [f"the audit: {str(error)[:500]}"]
    return [] if said.startswith("ok: ") else [f"the audit: {said[:500]}"]


def to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
