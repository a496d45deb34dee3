"""Below the application: the database gives a tool one customer's rows, also where the code above it asks for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.processes import Stack, manage
from tests.safety.arena import Arena, tool_results
from tests.safety.hostile import call, fanout, say
from tests.servers import as_application
from tests.wire import Browser
from tools.dbroles import CUSTOMER_SETTING, READ_ONLY, READ_WRITE
from tools.roles_rules import APPEND_ONLY, PROTECTED

MODULES = "tools.read_tools,tools.write_tools,tests.safety.planted"
OWN = ("tracking_customer", "tracking_order", "tracking_package", "tracking_trackingevent", "tools_toolcall")
CLOSED = (
    "auth_user", "django_session", "account_emailaddress", "tools_auditentry", "tools_decision", "tools_approval",
    "tools_effect", "tools_notice", "chat_conversation", "chat_event", "chat_turn",
)  # fmt: skip


def as_tool(arena: Arena, role: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A session that is this role from the start, as one that signed in with its password would be."""
    session = psycopg.connect(arena.product.database_url, autocommit=True)
    session.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(role)))
    return session


# --- AZ-06 ----------------------------------------------------------------------------------------------------------


def test_az_06_a_tool_without_a_customer_sees_nobody(arena: Arena):
    arena.turn(arena.a, call("list_my_orders"), say("These."))
    with as_tool(arena, READ_ONLY) as session:
        for rule in PROTECTED:
            if rule.read:
                count = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(rule.table))
                assert session.execute(count).fetchone() == (0,), rule.table
                if rule.table in OWN:
                    assert arena.database.execute(count).fetchone() != (0,)


def test_az_06_a_tool_of_one_customer_sees_no_other(arena: Arena):
    arena.request(arena.b, "cancel_order", {"order_id": arena.b.facts.orders[1]})
    arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    me = arena.customer_ids()["A"]
    with as_tool(arena, READ_ONLY) as session:
        session.execute("SELECT set_config(%s, %s, false)", [CUSTOMER_SETTING, str(me)])
        for table in OWN:
            rows = session.execute(
                sql.SQL("SELECT to_jsonb(t)::text FROM {} t").format(sql.Identifier(table))
            ).fetchall()
            assert rows, table
            assert not [row for (row,) in rows if arena.b.facts.code in row.lower()], table


@pytest.mark.parametrize("role", [READ_ONLY, READ_WRITE])
def test_az_06_a_tool_can_reach_for_nothing_else(arena: Arena, role: str):
    # A writing tool may look at the address that it replaces, of its own customer; no more than that.
    closed = set(CLOSED) - ({"account_emailaddress"} if role == READ_WRITE else set())
    statements = [f"SELECT * FROM {table}" for table in sorted(closed)]
    statements += [
        "CREATE TABLE made (x int)", "DROP TABLE tracking_order", "TRUNCATE tracking_order",
        "DELETE FROM tracking_order",
        "ALTER TABLE tracking_order DISABLE ROW LEVEL SECURITY", "DROP POLICY tools_see ON tracking_order",
        "UPDATE tracking_order SET price = 0", "UPDATE auth_user SET is_superuser = true",
        "INSERT INTO tracking_customer (name) VALUES ('x')", "UPDATE tools_toolcall SET state = 'approved'",
        "SET ROLE postgres", "SET ROLE app",
        f"SET ROLE {READ_ONLY if role == READ_WRITE else READ_WRITE}", "COPY tracking_order TO PROGRAM 'true'",
        "SELECT pg_read_file('PG_VERSION')", "CREATE ROLE made", "GRANT tools_rw TO tools_ro",
    ]  # fmt: skip
    if role == READ_ONLY:
        statements += ["UPDATE tracking_customer SET city = 'x'", "INSERT INTO tracking_callback DEFAULT VALUES"]
    with as_tool(arena, role) as session:
        for statement in statements:
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidGrantOperation)):
                session.execute(statement.encode())
    assert arena.effects() == []


def test_az_06_the_application_changes_no_audit_and_no_table(arena: Arena):
    arena.turn(arena.a, call("list_my_orders"), say("These."))
    with psycopg.connect(as_application(arena.product.database_url), autocommit=True) as session:
        statements = [f"{verb} {table}" for table in APPEND_ONLY for verb in ("TRUNCATE", "DELETE FROM", "DROP TABLE")]
        statements += ["UPDATE tools_auditentry SET outcome = 'x'", "UPDATE tools_auditseal SET hash = ''"]
        statements += [
            "CREATE TABLE made (x int)",
            "CREATE SCHEMA made",
            "TRUNCATE tracking_order",
            "SET ROLE postgres",
        ]
        statements += ["ALTER TABLE tracking_order NO FORCE ROW LEVEL SECURITY", "SELECT * FROM journal.change"]
        for statement in statements:  # refused by the rights already, not by the triggers behind them
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"^(permission denied|must be owner)"):
                session.execute(statement.encode())


def test_az_06_forgotten_filters_give_nothing_and_change_nothing(stack: Stack, database_url: str, model_server: Any):
    """The real product with defects planted below its tools, asked by a model for what is Bob's."""
    variables = {"TOOL_MODULES": MODULES, "LLM_MODEL": "openai:scripted", "OPENAI_BASE_URL": model_server.url}
    web, _ = stack.web(**variables), stack.worker(SWEEP_S="1", **variables)
    reads = [
        ("check_package", {"package_id": "WXYZ-2001"}),
        ("get_order", {"order_id": "ORD-2001"}),
        ("cancel_order", {"order_id": "ORD-2001"}),
        ("request_refund", {"order_id": "ORD-2001", "amount": "1.00", "reason": "x"}),
        ("check_package", {"package_id": "ABCD-1337"}),
    ]
    model_server.script(fanout(*reads), say("So."), call("update_profile", {"city": "Potsdam"}), say("Please confirm."))
    alice, rita = Browser(web.url).sign_in("alice"), Browser(web.url).sign_in("rita")
    chat = alice.socket()

    chat.ask("Where are all the packages?")
    told = tool_results(model_server.requests[-1])
    chat.ask("I moved to Potsdam")
    waiting = [frame for frame in chat.durable() if frame.get("state") == "awaiting_confirmation"][-1]
    chat.send(type="call.confirm", call_id=waiting["call_id"], digest=waiting["digest"])
    chat.until(type="call", state="awaiting_approval")
    assert rita.decide(waiting["call_id"], "approve").status_code == 302
    chat.until(type="call", state="succeeded")

    assert [answer["ok"] or answer["error"]["code"] for answer in told] == [*["not_found"] * 4, True]
    with psycopg.connect(database_url) as rows:
        moved = "SELECT email FROM tracking_customer WHERE city = 'Potsdam'"
        assert rows.execute(moved).fetchall() == [("alice@example.com",)]
    alice.close()
    rita.close()


def test_az_06_a_right_too_many_is_told_by_the_command(database_url: str, tmp_path: Path):
    with psycopg.connect(database_url, autocommit=True) as session:
        session.execute("GRANT SELECT ON auth_user TO tools_ro")

    with pytest.raises(AssertionError, match="tools_ro may SELECT auth_user"):
        manage("check_roles", database_url=as_application(database_url))
