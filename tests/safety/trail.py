"""The audit trail as the safety tests look at it: its entries since a moment, and attacks on copies of its tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.environment import process_environment
from tests.processes import ROOT, wait_until
from tests.safety.arena import Arena

TOLD_OF = ("tools_toolcall", "tools_decision", "tools_effect")
TABLES = ("tools_auditentry", "tools_auditseal", "tools_auditanchor")
COLUMNS = "id, at, event, actor, customer_id, call_id, digest, outcome, details, request_id, address"
# One process for many questions; every line that it reads is a set of options of verify_audit.
ASK = """
import json, sys, django
django.setup()
from django.core.management import CommandError, call_command
from io import StringIO
for line in sys.stdin:
    out = StringIO()
    try:
        call_command("verify_audit", *json.loads(line), stdout=out, stderr=out)
        print(json.dumps([0, out.getvalue()]), flush=True)
    except CommandError as error:
        print(json.dumps([1, str(error)]), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of tools_auditentry."""

    id: int
    at: Any
    event: str
    actor: str
    customer_id: int | None
    call_id: Any
    digest: str
    outcome: str
    details: dict[str, Any]
    request_id: str
    address: str


def newest(arena: Arena) -> int:
    return int(arena.sql("SELECT coalesce(max(id), 0) FROM tools_auditentry")[0][0])


def entries(arena: Arena, *, after: int) -> list[Entry]:
    rows = arena.sql(f"SELECT {COLUMNS} FROM tools_auditentry WHERE id > %s ORDER BY id", after)
    return [Entry(*row) for row in rows]


def wait_until_sealed(arena: Arena) -> None:
    query = (
        "SELECT count(*) FROM tools_auditentry e"
        " WHERE NOT EXISTS (SELECT 1 FROM tools_auditseal s WHERE s.entry_id = e.id)"
    )
    wait_until(lambda: arena.sql(query)[0][0] == 0, what="the seals of all entries", within=30)


class Copy:
    """The trail and what it tells of as they are now, in a schema of their own; `attack` changes them as a superuser
    may."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.schema = f"attack_{uuid4().hex[:8]}"
        arena.sql(f"CREATE SCHEMA {self.schema}")
        separator = "&" if "?" in arena.product.database_url else "?"
        url = f"{arena.product.database_url}{separator}options=-c%20search_path%3D{self.schema}%2Cpublic"
        variables = {**arena.product.variables, "DATABASE_URL": url, "REDIS_URL": ""}
        self.process = subprocess.Popen(
            [sys.executable, "-c", ASK],
            cwd=ROOT,
            env={**process_environment(os.environ, **variables), "DJANGO_SETTINGS_MODULE": "support_bot.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def renew(self) -> None:
        """Everything as in the real tables at one moment; with their constraints, without their triggers."""
        steps = ["BEGIN ISOLATION LEVEL REPEATABLE READ"]
        for table in (*TOLD_OF, *TABLES):
            steps.append(f"DROP TABLE IF EXISTS {self.schema}.{table}")
            steps.append(f"CREATE TABLE {self.schema}.{table} (LIKE public.{table} INCLUDING ALL)")
            steps.append(f"INSERT INTO {self.schema}.{table} SELECT * FROM public.{table}")
        self.arena.sql("; ".join((*steps, "COMMIT")))

    def attack(self, *statements: str) -> None:
        for statement in statements:
            self.arena.sql(f"SET search_path = {self.schema}; {statement}; SET search_path = public")

    def verdict(self, *options: str) -> tuple[int, str]:
        """(exit code, what verify_audit says)."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(options) + "\n")
        self.process.stdin.flush()
        code, said = json.loads(self.process.stdout.readline())
        return code, said

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.arena.sql(f"DROP SCHEMA {self.schema} CASCADE")
