"""One real product for all safety tests of a process, a fresh cast for each, and the oracles after each."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis

from tests.environment import process_environment
from tests.processes import ROOT, Running, Stack, manage
from tests.safety import journal
from tests.safety.arena import Arena, Product
from tests.safety.cast import CUSTOMERS, DATABASE_PASSWORD, REDIS_PASSWORD, SECRETS, Pair
from tests.safety.endurance import Endurance, bystanders_of
from tests.safety.hostile import Hostile
from tests.safety.oracles import judge
from tests.safety.person import Person
from tests.safety.records import records
from tests.servers import APPLICATION, Redis

# Pairs of the pool that are made at once: at the start, and again whenever all are used.
BATCH = 100
# What a test would wait for is short; what only gets in the way of many people on one address is off.
VARIABLES = {
    "LLM_MODEL": "openai:scripted",
    "LLM_FIRST_TOKEN_TIMEOUT_S": "2",
    "LLM_IDLE_TIMEOUT_S": "2",
    "TURN_TIMEOUT_S": "10",
    "BREAKER_FAILURES": "11",  # never: many tests share the model that they break
    "SWEEP_S": "1",
    "RATE_HANDSHAKES": "off",
    "RATE_LOGIN": "off",
    "RATE_MESSAGES": "off",
    "RATE_TOOL_CALLS": "off",
    "RATE_TRACK": "off",
    "DAILY_TOKENS": "off",
    **SECRETS,
}


def with_login(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}"))


@pytest.fixture(scope="package")
def _product(postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder: Path = tmp_path_factory.mktemp("safety")
    mail = folder / "mail"
    mail.mkdir()
    store = Redis(folder)
    store.start()
    with redis.Redis.from_url(store.url) as session:
        session.config_set("requirepass", REDIS_PASSWORD)
    database_url = postgres_database()
    seed(database_url, first=1)
    with psycopg.connect(database_url) as connection:
        journal.install(connection)
    redis_url = store.url.replace("redis://", f"redis://:{REDIS_PASSWORD}@")
    stack = Stack(folder=folder, database_url=app_url(database_url), redis_url=redis_url)
    try:
        with Hostile() as model:
            variables = {**VARIABLES, "OPENAI_BASE_URL": model.url, "EMAIL_URL": f"file://{mail}"}
            web = stack.web(**variables)
            worker = stack.worker(**variables)
            yield Product(
                web=web,
                worker=worker,
                model=model,
                database_url=database_url,
                redis_url=redis_url,
                mail=mail,
                variables=variables,
            )
            # O7 for the whole session: what all tests together did is one chain, and it holds.
            assert manage("verify_audit", database_url=database_url, **variables).startswith("ok: ")
    finally:
        stack.stop()
        store.stop()
    for running in (web, worker):  # to its last word
        records(running.log.read_bytes())


def seed(database_url: str, *, first: int) -> None:
    """A batch of the pool, by a process with the product's own secrets: its sessions must be that product's."""
    variables = {**SECRETS, "DATABASE_URL": database_url, "REDIS_URL": "", "PGAPPNAME": journal.HARNESS}
    done = subprocess.run(
        [sys.executable, "-m", "tests.safety.seeding", str(first), str(BATCH)],
        cwd=ROOT,
        env=process_environment(os.environ, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def app_url(database_url: str) -> str:
    """How web and worker sign in to the database."""
    return with_login(database_url, APPLICATION, DATABASE_PASSWORD)


@pytest.fixture(scope="package")
def _pairs(_product: Product) -> Iterator[Pair]:
    return pairs(_product.database_url)


def pairs(database_url: str) -> Iterator[Pair]:
    """Every pair once. The first batch is there; another follows when one is used up."""
    for number in itertools.count(1):
        if number > BATCH and number % BATCH == 1:
            seed(database_url, first=number)
        yield Pair(number)


@pytest.fixture
def endurance(_product: Product, _pairs: Iterator[Pair]) -> Callable[..., Endurance]:
    """`endurance(web)` looks at a web server before something is done; its `problems()` are asked for afterwards."""

    def look(web: Running, *others: Running) -> Endurance:
        bystanders = bystanders_of(next(_pairs), url=web.url, model=_product.model)
        made = Endurance(web, *others, bystanders=bystanders)
        _product.model.clear()  # the test begins with an empty script and no requests
        return made

    return look


@pytest.fixture
def beside(_product: Product, tmp_path: Path) -> Iterator[Stack]:
    """More servers on the product's database and Redis, with variables of their own."""
    made = Stack(folder=tmp_path, database_url=app_url(_product.database_url), redis_url=_product.redis_url)
    yield made
    made.stop()


@pytest.fixture(scope="package")
def roomy(_product: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Another web server of the product, with room for any number of requests."""
    where = {"database_url": app_url(_product.database_url), "redis_url": _product.redis_url}
    stack = Stack(folder=tmp_path_factory.mktemp("roomy"), **where)
    room = {"PENDING_PER_CONVERSATION": "100000", "PENDING_PER_DAY": "100000"}
    yield stack.web(**{**_product.variables, **room})
    stack.stop()


@pytest.fixture
def crowd(_pairs: Iterator[Pair]) -> Iterator[Callable[[Running, int], list[Person]]]:
    """`crowd(web, 50)`: so many customers more, at home at this web server."""
    came: list[Person] = []

    def come(web: Running, count: int) -> list[Person]:
        everybody = (Person(facts=pair.facts(letter), url=web.url) for pair in _pairs for letter in CUSTOMERS)
        new = list(itertools.islice(everybody, count))
        came.extend(new)
        return new

    yield come
    for person in came:
        person.leave()


@pytest.fixture
def steady(request: pytest.FixtureRequest, _product: Product, endurance: Callable[..., Endurance]) -> Endurance | None:
    """For the full-size cases the oracle O6 looks at memory and at a bystander's answers too."""
    is_long = request.node.get_closest_marker("long") is not None
    return endurance(_product.web, _product.worker) if is_long else None


@pytest.fixture
def arena(
    _product: Product,
    _pairs: Iterator[Pair],
    steady: Endurance | None,
    record_property: Callable[[str, object], None],
) -> Iterator[Arena]:
    """The product with two fresh customers, a reviewer or two and a model that does as it is told."""
    made = Arena(product=_product, pair=next(_pairs))
    try:
        yield made
        problems = judge(made)
        if steady is not None and "O6" not in made.waived:
            problems += steady.problems()
            record_property("measured", f"O6 {steady.measured}")
        assert not problems, "\n".join(problems)
        _product.model.check()
    finally:
        for person in made.people.values():
            person.leave()
        for browser in made.visitors:
            browser.close()
        made.database.close()
        _product.model.clear()
