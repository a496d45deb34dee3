"""Brings the database to the rules: roles, rights, row-level security. Safe to run again and by several at once."""

from __future__ import annotations

import random
import time
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from psycopg import errors

from tools.roles_check import Finding, findings
from tools.roles_rules import LOOK_ONLY
from tools.roles_sql import Place, cluster_statements, database_statements, rules_without_table, script

log = structlog.get_logger(__name__)

# One at a time in a database; between the databases of a cluster, which share the roles, one tries again.
LOCK = 0x5B0755
TRIES = 20
RACES = (
    errors.DuplicateObject,
    errors.UniqueViolation,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.SerializationFailure,
    errors.InternalError_,  # "tuple concurrently updated"
)


class NotSetUp(Exception):
    """The roles could not be brought to the rules. `sql`: what somebody with more rights has to run, if that helps."""

    def __init__(self, message: str, *, sql: str = "") -> None:
        super().__init__(message)
        self.sql = sql


def find_place() -> Place | None:
    """Where the rules are to hold: as this connection sees it. None before the tables are there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nspname, pg_get_userbyid(c.relowner), current_user FROM pg_catalog.pg_class c"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('tracking_customer')"
        )
        row = cursor.fetchone()
    if row is None:
        return None
    schema, owner, current = row
    ours = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) | LOOK_ONLY
    application = unquote(urlsplit(settings.DATABASE_URL).username or "") or current
    return Place(schema=schema, owner=owner, application=application, tables=tuple(sorted(ours)))


def set_up() -> bool:
    """False where everything was right already: then no table is locked. Raises NotSetUp."""
    place = find_place()
    if place is None:
        raise NotSetUp("there are no tables yet: run `make migrate`")
    wrong = repairable(findings(place))
    if not wrong:
        return False
    for tried in range(1, TRIES + 1):
        try:
            _apply(place, wrong)
            break
        except DatabaseError as error:
            if isinstance(error.__cause__, errors.InsufficientPrivilege):
                reason = " ".join(str(error).split())
                raise NotSetUp(
                    f"{connection.settings_dict['USER'] or 'this role'} may not set up the database roles ({reason})",
                    sql=script(place),
                ) from error
            if not isinstance(error.__cause__, RACES) or tried == TRIES:
                raise
            time.sleep(random.uniform(0.02, 0.1) * tried)
    left = repairable(findings(place))
    if left:
        raise NotSetUp("; ".join(found.text for found in left))
    return True


def repairable(found: list[Finding]) -> list[Finding]:
    return [one for one in found if one.part != "application"]


def _apply(place: Place, wrong: list[Finding]) -> None:
    statements = database_statements(place)
    if any(found.part == "cluster" for found in wrong):
        statements = cluster_statements(place, password=_hashed_password()) + statements
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(";\n".join(statements))


def _hashed_password() -> str | None:
    """Of DATABASE_URL, as the server stores it: the password itself never stands in a statement or a server's log."""
    parts = urlsplit(settings.DATABASE_URL)
    if not parts.password:
        return None
    connection.ensure_connection()
    pgconn = connection.connection.pgconn
    user = unquote(parts.username or "").encode()
    hashed: bytes = pgconn.encrypt_password(unquote(parts.password).encode(), user, b"scram-sha-256")
    return hashed.decode()


def after_migrate(sender: Any, *, using: str, **kwargs: Any) -> None:
    """Every `migrate` on PostgreSQL leaves the roles right; only DEMO and DEBUG go on where it may not make them.

    A flush sends this signal too, without a plan; it changes no table, so there is nothing to do.
    """
    if "plan" not in kwargs or using != connection.alias or connection.vendor != "postgresql":
        return
    place = find_place()
    if place is None or rules_without_table(place):
        return  # one application alone was migrated: there is nothing to keep yet
    try:
        set_up()
    except NotSetUp as error:
        if not settings.RELAXED:
            raise CommandError(told(error)) from None
        log.warning("dbroles.not_set_up", reason=str(error))


def told(error: NotSetUp) -> str:
    """For the terminal: what is wrong, what to do, and the SQL where somebody else has to run it."""
    if not error.sql:
        return f"The database roles are not right: {error}"
    advice = (
        "Let an administrator of PostgreSQL run the SQL above in this database (`manage.py setup_roles --sql` prints it"
        " alone), then run `make migrate` again; or give the role of MIGRATE_DATABASE_URL the right CREATEROLE."
    )
    return f"{error.sql}\n{error}.\n{advice}"
