"""Roles as an administrator meets them: `migrate`, `setup_roles`, and a start that asks whether all is well."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from os import environ
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.conftest import with_database
from tests.environment import process_environment
from tests.processes import ROOT
from tests.servers import die_with_parent

pytestmark = pytest.mark.servers

PRODUCTION = {
    "DEMO": "false",
    "SECRET_KEY": "s" * 50,
    "ALLOWED_HOSTS": "support.example.com",
    "ALLOWED_ORIGINS": "https://support.example.com",
    "EMAIL_URL": "console:",
}
START = "from support_bot import startup; startup.check()"


def begin(*arguments: str, url: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=process_environment(environ, DATABASE_URL=url, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent(15),
    )


def run(*arguments: str, url: str, **variables: str) -> tuple[int, str]:
    """Exit code and everything that was said."""
    process = begin(*arguments, url=url, **variables)
    try:
        said, _ = process.communicate(timeout=60)
    finally:
        process.terminate()  # a server that should not have started takes its children along
    return process.returncode, said


def manage(*arguments: str, url: str, **variables: str) -> tuple[int, str]:
    return run("manage.py", *arguments, url=url, **variables)


def administer(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as session:
        for statement in statements:
            session.execute(statement.encode())


@pytest.fixture
def owned(postgres_url: str) -> Iterator[Callable[..., str]]:
    """`owned("CREATEROLE")`: the address of an empty database that belongs to a new role with these attributes."""
    names: list[str] = []

    def make(attributes: str = "") -> str:
        name = f"owner_{uuid.uuid4().hex[:10]}"
        names.append(name)
        administer(postgres_url, f"CREATE ROLE {name} LOGIN {attributes}", f"CREATE DATABASE {name} OWNER {name}")
        parts = urlsplit(with_database(postgres_url, name))
        return urlunsplit(parts._replace(netloc=f"{name}@{parts.hostname}:{parts.port}"))

    yield make
    for name in names:
        administer(postgres_url, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}")


@pytest.fixture
def new_application(postgres_url: str) -> Iterator[Callable[[str], str]]:
    """`new_application(url)`: the address with a role of its own that nobody has made yet."""
    name = f"app_{uuid.uuid4().hex[:10]}"

    def make(url: str) -> str:
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{name}:p%27w@{parts.hostname}:{parts.port}"))

    yield make
    administer(postgres_url, f"DROP ROLE IF EXISTS {name}")


# --- migrate and setup_roles ----------------------------------------------------------------------------------------


def test_an_owner_who_may_create_roles_needs_nobody_else(
    owned: Callable[..., str], new_application: Callable[[str], str], postgres_url: str
):
    owner = owned("CREATEROLE")
    web = new_application(owner)
    # Other databases of the cluster have the roles already; whoever may create roles may grant them.
    try:
        made = manage("migrate", "--verbosity", "0", url=web, MIGRATE_DATABASE_URL=owner, **PRODUCTION)
        assert made == (0, "")
        code, said = manage("check_roles", url=web, **PRODUCTION)
        assert (code, said[:4]) == (0, "ok: ")
        # What the owner writes and reads itself is not lost behind the policies.
        assert manage("seed_demo", url=owner)[0] == 0
        with psycopg.connect(owner) as session:
            assert session.execute("SELECT count(*) > 0 FROM tracking_customer").fetchone() == (True,)
        with psycopg.connect(postgres_url) as session:
            kept = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"
            ((password,),) = session.execute(kept, [urlsplit(web).username]).fetchall()
        assert password.startswith("SCRAM-SHA-256$")
    finally:
        administer(
            with_database(postgres_url, urlsplit(owner).path[1:]), f"DROP OWNED BY {urlsplit(web).username} CASCADE"
        )


def test_an_owner_who_may_not_is_given_the_sql(
    owned: Callable[..., str], new_application: Callable[[str], str], postgres_url: str
):
    owner = owned()
    web = new_application(owner)
    inside = with_database(postgres_url, urlsplit(owner).path[1:])
    variables = {"MIGRATE_DATABASE_URL": owner, **PRODUCTION}

    code, said = manage("migrate", "--verbosity", "0", url=web, **variables)

    assert code == 1
    assert "GRANT SELECT ON" in said
    assert "Let an administrator of PostgreSQL run the SQL above" in said
    assert "Traceback" not in said
    assert "p'w" not in said
    code, script = manage("setup_roles", "--sql", url=web, **variables)
    assert code == 0
    try:
        administer(inside, script)
        assert manage("check_roles", url=web, **PRODUCTION)[0] == 0
    finally:
        administer(inside, f"DROP OWNED BY {urlsplit(web).username} CASCADE")


@pytest.mark.long
def test_the_demo_goes_on_without_roles_and_says_so(owned: Callable[..., str]):
    owner = owned()

    code, said = manage("migrate", "--verbosity", "0", url=owner)

    assert code == 0
    assert "dbroles.not_set_up" in said
    code, said = run("-c", START, url=owner)
    assert code == 0
    assert "dbroles.not_in_force" in said


@pytest.mark.long
def test_many_at_once_set_up_one_cluster(
    postgres_database: Callable[[], str], new_application: Callable[[str], str], postgres_url: str
):
    urls = [postgres_database(), postgres_database()]
    name = urlsplit(new_application(urls[0])).username
    for url in urls:
        administer(url, "DROP POLICY tools_see ON tracking_order", "REVOKE ALL ON tracking_package FROM tools_ro")

    processes = [
        begin("manage.py", "setup_roles", url=new_application(url), MIGRATE_DATABASE_URL=url)
        for url in urls
        for _ in range(2)
    ]

    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    for url in urls:
        administer(url, f"DROP OWNED BY {name} CASCADE")


# --- the start ------------------------------------------------------------------------------------------------------


def test_production_starts_as_the_application(app_database_url: str):
    assert run("-c", START, url=app_database_url, **PRODUCTION) == (0, "")


def test_production_does_not_start_as_a_superuser(database_url: str):
    code, said = run("-m", "support_bot.supervise", "web", url=database_url, **PRODUCTION)

    assert code == 2
    (line,) = said.splitlines()
    assert line.startswith(
        "supervise: DATABASE_URL: the database does not keep us to our rights: postgres is superuser"
    )


@pytest.mark.parametrize("demo", ["true", "false"])
@pytest.mark.parametrize("process", ["web", "worker"])
def test_nothing_starts_where_a_tool_may_do_too_much(database_url: str, app_database_url: str, demo: str, process: str):
    administer(database_url, "GRANT UPDATE ON tracking_order TO tools_ro")

    where = {**PRODUCTION, "DEMO": demo}
    code, said = run("-m", "support_bot.supervise", process, url=app_database_url, **where)

    assert code == 2
    (line,) = said.splitlines()
    assert "tools_ro may UPDATE tracking_order" in line
    assert "make migrate" in line


def test_the_demo_starts_as_a_superuser_with_the_roles_in_force(database_url: str):
    assert run("-c", START, url=database_url) == (0, "")


def test_the_database_of_a_demo_file_has_no_roles(sqlite_url: str):
    for command in ("setup_roles", "check_roles"):
        code, said = manage(command, url=sqlite_url)
        assert (code, said) == (0, "SQLite has no roles: there the application's own checks stand alone.\n")
