"""The shadow journal: triggers that copy every change of a record into a schema the product cannot see or touch.

It is the judge of effects; the product's own ledger is only a witness. The functions run as the superuser who made
them (SECURITY DEFINER), so no right of the product's role and no defect of its code changes what is written here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

# table -> columns whose change counts; None: any change of the row.
WATCHED: dict[str, str | None] = {
    "tracking_customer": None,
    "tracking_order": None,
    "tracking_package": None,
    "tracking_refund": None,
    "tracking_problemreport": None,
    "tracking_callback": None,
    "tools_effect": None,
    "auth_user": "email",
}
HARNESS = "safety-harness"

SETUP = """
CREATE SCHEMA journal;
REVOKE ALL ON SCHEMA journal FROM PUBLIC;
CREATE TABLE journal.change (
    id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(), txid bigint NOT NULL,
    application text, of_table text NOT NULL, op text NOT NULL, before jsonb, after jsonb
);
CREATE FUNCTION journal.copy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO journal.change (txid, application, of_table, op, before, after) VALUES (
        txid_current(), current_setting('application_name', true), TG_TABLE_NAME, TG_OP,
        CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END);
    RETURN NULL;
END $$;
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One row before and after. `application`: who said they were connected; the harness names itself."""

    id: int
    txid: int
    application: str
    table: str
    op: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @property
    def row(self) -> dict[str, Any]:
        return self.after or self.before or {}

    def changed(self) -> set[str]:
        """The columns with another value than before; all of them for a new or deleted row."""
        old, new = self.before or {}, self.after or {}
        return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}

    def __str__(self) -> str:
        return f"{self.op} {self.table} {self.row.get('id') or self.row.get('call_id')} {sorted(self.changed())}"


def install(session: psycopg.Connection) -> None:
    session.execute(SETUP.encode())
    for table, column in WATCHED.items():
        update = f"UPDATE OF {column}" if column else "UPDATE"
        session.execute(
            f"CREATE TRIGGER zz_journal AFTER INSERT OR {update} OR DELETE ON public.{table}"
            " FOR EACH ROW EXECUTE FUNCTION journal.copy()".encode()
        )


def position(session: psycopg.Connection) -> int:
    row = session.execute("SELECT coalesce(max(id), 0) FROM journal.change").fetchone()
    return int(row[0]) if row else 0


def changes_since(session: psycopg.Connection, start: int) -> list[Change]:
    """Oldest first; new accounts of auth_user are no change of an address."""
    query = "SELECT id, txid, application, of_table, op, before, after FROM journal.change WHERE id > %s ORDER BY id"
    found = [Change(*row) for row in session.execute(query, [start]).fetchall()]
    return [change for change in found if change.table != "auth_user" or change.op != "INSERT"]
