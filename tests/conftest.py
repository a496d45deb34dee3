"""What every test may use: async tests, throw-away servers, real processes, a scripted model server, Chromium."""

from __future__ import annotations

import fcntl
import inspect
import os
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

from tests.chromium import chromium, chromium_path
from tests.chromium import server as chromium_server
from tests.model_server import ModelServer
from tests.people import alice, bob, ravi, rita, sam  # noqa: F401 - fixtures for every test
from tests.processes import Stack, manage
from tests.safety.production import _production, production  # noqa: F401 - fixtures
from tests.servers import Redis, as_application
from tests.sharing import Scheduler, turn_of
from tests.wire import Browser

NEED_SERVERS = "needs PostgreSQL and Redis: make test, or python -m tests.servers -- pytest …"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs `async def` tests so that the ORM sees the test's transaction (pytest-asyncio would leak rows)."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    async_to_sync(pyfuncitem.obj)(**arguments)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Half characters, which tests log on purpose, cannot be handed from one process of the run to the other."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    return report


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduler:
    return Scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    missing = pytest.mark.skip(reason=NEED_SERVERS)
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"postgres_url", "redis_url", "redis_server", "stack"}:
            item.add_marker("servers")
        if item.get_closest_marker("servers") and not os.environ.get("TEST_DATABASE_URL"):
            item.add_marker(missing)
        if item.get_closest_marker("browser") and chromium_path() is None:
            item.add_marker(pytest.mark.skip(reason="needs Chromium: apt-get install chromium"))
    yield
    items.sort(key=turn_of)  # after Django's plugin had its own order


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("browser"):
        chromium_server()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests measured, `record_property("measured", …)`, stands below the results of every run."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    for report in reports:
        if getattr(report, "when", None) == "teardown":  # by then all of it is known
            for name, text in report.user_properties:
                if name == "measured":
                    terminalreporter.write_line(f"measured: {text}")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Ends what is left in the test database before Django drops it: threads of consumers keep their connections."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL only


@pytest.fixture(scope="session", autouse=True)
def _flush_past_append_only_triggers() -> Iterator[None]:
    """The flush of `transaction=True` tests empties all tables; the audit's own triggers rightly refuse that."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def flush_without_triggers(operations: BaseDatabaseOperations, sql_list: list[str]) -> None:
        before, after = [], []
        if operations.connection.vendor == "postgresql":
            before = ["SET LOCAL session_replication_role = replica;"]
        else:
            with operations.connection.cursor() as cursor:
                cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
                triggers = cursor.fetchall()
            before = [f"DROP TRIGGER {name}" for name, _ in triggers]
            after = [made for _, made in triggers]
        flush(operations, [*before, *sql_list, *after])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", flush_without_triggers)
        yield


# --- servers and databases for real processes -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The throw-away cluster, as its superuser."""
    return os.environ["TEST_DATABASE_URL"]


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The shared throw-away Redis. A test that stops its Redis takes `redis_server`."""
    return os.environ["TEST_REDIS_URL"]


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """A Redis of the test's own, already started."""
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _administer(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(statement.encode())


@pytest.fixture(scope="session")
def _postgres_template(postgres_url: str) -> str:
    """A migrated and seeded database, made once for all processes of a run; a copy takes a tenth of a second."""
    name, draft = "template_demo", "template_draft"
    with psycopg.connect(postgres_url, autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(1)")  # until this connection ends: the others wait for the first
        if session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            session.execute(f"CREATE DATABASE {draft}".encode())
            url = with_database(postgres_url, draft)
            manage("migrate", "--verbosity", "0", database_url=as_application(url), MIGRATE_DATABASE_URL=url)
            manage("seed_demo", database_url=as_application(url))
            session.execute(f"ALTER DATABASE {draft} RENAME TO {name}".encode())
    return name


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str, _postgres_template: str) -> Iterator[Callable[[], str]]:
    """Makes PostgreSQL databases with the demo people and records; dropped at the end of the session."""
    made: list[str] = []

    def make() -> str:
        made.append(f"stack_{uuid.uuid4().hex[:12]}")
        _administer(postgres_url, f"CREATE DATABASE {made[-1]} TEMPLATE {_postgres_template}")
        return with_database(postgres_url, made[-1])

    yield make
    for name in made:
        _administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres_database: Callable[[], str]) -> str:
    """A PostgreSQL database of the test's own with the demo people and records, as the superuser."""
    return postgres_database()


@pytest.fixture
def app_database_url(database_url: str) -> str:
    """The database of `database_url`, as web and worker sign in to it."""
    return as_application(database_url)


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as a file."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # of all processes of the run
    path, draft = folder / "template.sqlite3", folder / "draft.sqlite3"
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            manage("migrate", "--verbosity", "0", database_url=f"sqlite:///{draft}")
            manage("seed_demo", database_url=f"sqlite:///{draft}")
            draft.rename(path)
    return path


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """An SQLite file of the test's own with the demo people and records, as `make demo` has it."""
    path = tmp_path / "demo.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


# --- real processes ---------------------------------------------------------------------------------------------------


@pytest.fixture
def stack(tmp_path: Path, app_database_url: str, redis_server: Redis) -> Iterator[Stack]:
    """PostgreSQL and Redis: `stack.web(LLM_MODEL=…)` and `stack.worker()` start separate real processes."""
    made = Stack(folder=tmp_path, database_url=app_database_url, redis_url=redis_server.url)
    yield made
    made.stop()


@pytest.fixture
def demo_stack(tmp_path: Path, sqlite_url: str) -> Iterator[Stack]:
    """SQLite and no Redis, as `make demo`: `demo_stack.web()` is the one process, with the worker inside."""
    made = Stack(folder=tmp_path, database_url=sqlite_url, redis_url="")
    yield made
    made.stop()


@pytest.fixture
def sign_in() -> Iterator[Callable[[str, str], Browser]]:
    """`sign_in(url, "alice")` is a person at a running product; everybody leaves at the end of the test."""
    people: list[Browser] = []

    def enter(url: str, name: str) -> Browser:
        people.append(Browser(url))
        return people[-1].sign_in(name)

    yield enter
    for person in people:
        person.close()


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    """A scripted OpenAI-compatible server; fails the test when script and requests do not fit."""
    with ModelServer() as server:
        yield server
        server.check()


@pytest.fixture(name="chromium")
def _chromium() -> object:
    """`async with chromium() as browser:` in an async test marked `browser`."""
    return chromium
