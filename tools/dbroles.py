"""Lets tools work with fewer rights than the application: as database roles that reach one customer's rows alone.

A tool drops into its role for a transaction or a part of one, and the role always ends with that part. SQLite has no
roles; there this module only opens the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal

from django.conf import settings
from django.db import connection, transaction

READ_ONLY: Literal["tools_ro"] = "tools_ro"
READ_WRITE: Literal["tools_rw"] = "tools_rw"
ROLES = (READ_ONLY, READ_WRITE)
# Whose rows the policies let through; without it, none.
CUSTOMER_SETTING = "support_bot.customer_id"

PREPARED = """
    SELECT count(*) FROM pg_catalog.pg_roles
    WHERE rolname = ANY(%s)
      AND pg_catalog.pg_has_role(oid, 'MEMBER')
      AND pg_catalog.has_table_privilege(oid, pg_catalog.to_regclass('tracking_customer'), 'SELECT')
"""


@contextmanager
def acting_as(
    *, role: Literal["tools_ro", "tools_rw"], customer_id: int, timeout_s: float | None = None
) -> Iterator[None]:
    """A transaction, or a savepoint of the running one, with the rights of `role` on this customer's rows.

    timeout_s: the longest that one statement may take. An error undoes what was written in here, and the role with it.
    """
    inner = connection.in_atomic_block
    with transaction.atomic():
        dropped = in_force()
        _set(_settings(role if dropped else None, customer_id, timeout_s))
        yield
        if dropped and inner:
            # At the end of a transaction or of an undone savepoint the settings end by themselves.
            _set({"role": "none", CUSTOMER_SETTING: ""})


@contextmanager
def as_application() -> Iterator[None]:
    """Inside `acting_as`: the application's own rights for a question whose answer must come from all rows."""
    if not in_force():
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role'), set_config('role', 'none', true)")
        before = cursor.fetchone()[0]
    yield
    _set({"role": before})


def in_force() -> bool:
    """Whether tools drop into roles. Only DEMO and DEBUG may do without; elsewhere a tool without its role fails."""
    if connection.vendor != "postgresql":
        return False
    return not settings.RELAXED or _prepared(str(connection.settings_dict["NAME"]))


@lru_cache(maxsize=8)
def _prepared(database: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(PREPARED, [list(ROLES)])
        found: int = cursor.fetchone()[0]
    return found == len(ROLES)


def _settings(role: str | None, customer_id: int, timeout_s: float | None) -> dict[str, str]:
    """In the order in which they are set: the role last, since it may set nothing that the application may not."""
    wanted: dict[str, str] = {}
    if timeout_s is not None and connection.vendor == "postgresql":
        wanted["statement_timeout"] = str(max(1, int(timeout_s * 1000)))  # 0 would mean no limit at all
    if role is not None:
        wanted[CUSTOMER_SETTING] = str(customer_id)
        if role == READ_ONLY:
            wanted["transaction_read_only"] = "on"
        wanted["role"] = role
    return wanted


def _set(wanted: dict[str, str]) -> None:
    """All of it in one statement: one round trip however many settings."""
    if not wanted:
        return
    calls = ", ".join(["set_config(%s, %s, true)"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", [part for pair in wanted.items() for part in pair])
