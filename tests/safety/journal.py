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
CREATE TABLE journal.decider (
    decision_id bigint, moment text, may boolean NOT NULL, PRIMARY KEY (decision_id, moment)
);
CREATE FUNCTION journal.keep_decider() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO journal.decider
        SELECT d.id, TG_ARGV[0], u.is_active AND u.is_staff AND (u.is_superuser OR EXISTS (
            SELECT 1 FROM public.auth_permission p JOIN public.django_content_type t ON t.id = p.content_type_id
            WHERE t.app_label = 'tools' AND p.codename = 'decide_approval' AND (
                EXISTS (SELECT 1 FROM public.auth_user_user_permissions own
                    WHERE own.user_id = u.id AND own.permission_id = p.id)
                OR EXISTS (SELECT 1 FROM public.auth_user_groups g JOIN public.auth_group_permissions held
                    ON held.group_id = g.group_id WHERE g.user_id = u.id AND held.permission_id = p.id))))
        FROM public.tools_decision d JOIN public.auth_user u ON u.id = d.reviewer_id
        WHERE d.call_id = NEW.call_id AND NOT d.void
            AND (TG_TABLE_NAME <> 'tools_decision' OR d.id = (to_jsonb(NEW) ->> 'id')::bigint)
        ON CONFLICT (decision_id, moment) DO UPDATE SET may = EXCLUDED.may;
    RETURN NULL;
END $$;
"""
# Whether who decided held the right, as it was at two moments: table -> (moment, the column whose change counts).
MOMENTS = {"tools_decision": ("was decided", "reviewer_id"), "tools_effect": ("was carried out", "call_id")}


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
    for table, (moment, column) in MOMENTS.items():
        session.execute(
            f"CREATE TRIGGER zz_decider AFTER INSERT OR UPDATE OF {column} ON public.{table}"
            f" FOR EACH ROW EXECUTE FUNCTION journal.keep_decider('{moment}')".encode()
        )


def position(session: psycopg.Connection) -> int:
    row = session.execute("SELECT coalesce(max(id), 0) FROM journal.change").fetchone()
    return int(row[0]) if row else 0


def changes_since(session: psycopg.Connection, start: int) -> list[Change]:
    """Oldest first; new accounts of auth_user are no change of an address."""
    query = "SELECT id, txid, application, of_table, op, before, after FROM journal.change WHERE id > %s ORDER BY id"
    found = [Change(*row) for row in session.execute(query, [start]).fetchall()]
    return [change for change in found if change.table != "auth_user" or change.op != "INSERT"]
