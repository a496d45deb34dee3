"""A short trail to attack, and how somebody with all rights in the database does it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tools import audit
from tools.auditcheck import Broken, verify


def write(count: int, *, event: str = "probe.done") -> None:
    for number in range(count):
        audit.record(event=event, actor=audit.user_actor(7), outcome="fine", now=timezone.now(), number=number)


def force(sql: str, *values: Any) -> None:
    """As a superuser of the database: past the triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql, values)
            cursor.execute("SET LOCAL session_replication_role = origin")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'tools_audit%%'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(sql, values)
        for _, made in triggers:
            cursor.execute(made)


def restart_ids() -> None:
    """As if no entry had ever been written; ids that other tests were given stay given out otherwise."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tools_auditentry ALTER COLUMN id RESTART")


def broken(**given: Any) -> str:
    with pytest.raises(Broken) as caught:
        verify(**given)
    return str(caught.value)


def all_broken(**given: Any) -> list[str]:
    with pytest.raises(Broken) as caught:
        verify(**given)
    return caught.value.problems
