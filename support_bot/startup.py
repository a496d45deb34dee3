"""What must hold before a process of the product starts. What does not is one line for the operator, no traceback."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass

import django
import structlog
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from support_bot.env import ConfigError
from support_bot.postgres_floor import too_old
from tools.dbroles import in_force
from tools.roles_check import findings
from tools.roles_setup import find_place

log = structlog.get_logger(__name__)

DATABASE_WAIT_S = 30.0


class StartError(Exception):
    """The process must not start. The text is one line that says what to do."""


@dataclass(frozen=True)
class Limits:
    """What the supervisor needs of the settings."""

    host: str
    port: int
    drain_s: float
    ws_max_bytes: int
    redis_url: str

    @property
    def address(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"


def check() -> None:
    """Load the settings, run Django's checks, and see that the database answers and has its tables.

    Raises StartError with one line.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")
    try:
        django.setup()
    except ConfigError as error:
        raise StartError(str(error)) from None
    _wait_for_database()
    _require_fixed_postgres()
    serious = [found for found in checks.run_checks(databases=["default"]) if found.is_serious()]
    if serious:
        raise StartError("; ".join(_one_line(found) for found in serious))
    _require_migrations()
    _require_roles()
    _leave_database()


def _leave_database() -> None:
    """No connection, and no thread of a pool: what is forked from here must share neither."""
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL only


def limits() -> Limits:
    return Limits(
        host=settings.HOST,
        port=settings.PORT,
        drain_s=settings.DRAIN_S,
        ws_max_bytes=settings.WS_MAX_BYTES,
        redis_url=settings.REDIS_URL,
    )


def require_free_port(wanted: Limits) -> None:
    family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((wanted.host, wanted.port))
        except OSError as error:
            other = f"PORT={wanted.port + 1 if wanted.port < 65535 else 8000}"
            reason = error.strerror or error
            raise StartError(f"cannot listen on {wanted.address}: {reason}. Choose another port: {other}") from None


def _wait_for_database() -> None:
    """A server that is just starting gets half a minute; a wrong password or name is told at once."""
    deadline = time.monotonic() + DATABASE_WAIT_S
    while True:
        try:
            connection.ensure_connection()
        except (DatabaseError, OSError) as error:
            refused = not isinstance(error, OperationalError) or _is_final(str(error))
            if refused or time.monotonic() > deadline:
                reason = " ".join(str(error).split())
                raise StartError(f"DATABASE_URL: the database does not let us in: {reason}") from None
            time.sleep(0.5)
        else:
            return


def _is_final(reason: str) -> bool:
    return any(part in reason for part in ("authentication failed", "does not exist", "unable to open", "no password"))


def _require_fixed_postgres() -> None:
    """The database's own walls must stand: outside DEMO and DEBUG no server with known holes in them will do."""
    if connection.vendor != "postgresql":
        return
    found = too_old(number=connection.pg_version)  # type: ignore[attr-defined]  # PostgreSQL only
    if found is None:
        return
    if not settings.RELAXED:
        raise StartError(f"DATABASE_URL: {found}")
    log.warning("postgres.too_old", advice=f"{found}; outside DEMO and DEBUG nothing starts on it")


def _require_migrations() -> None:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise StartError(f"the database lacks {len(missing)} migration(s): run `make migrate`")


def _require_roles() -> None:
    """On PostgreSQL the database itself keeps tools and us to our rights, or nothing starts.

    DEMO and DEBUG may do without the roles, and with one superuser for everything; roles that are there must be right.
    """
    place = find_place() if connection.vendor == "postgresql" else None
    if place is None:
        return
    found = findings(place)
    if settings.RELAXED and not in_force():
        log.warning("dbroles.not_in_force", advice="run `make migrate`; until then only our own checks bind tools")
        return
    wrong = [one.text for one in found if one.part != "application" or not settings.RELAXED]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise StartError(
            f"DATABASE_URL: the database does not keep us to our rights: {'; '.join(wrong[:3])}{more}."
            " `manage.py check_roles` says everything, `make migrate` repairs what it may"
        )


def _one_line(found: checks.CheckMessage) -> str:
    return " ".join(f"{found.msg} {found.hint or ''}".split())
