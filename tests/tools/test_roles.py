"""`setup_roles` and `check_roles`: every way in which the database can differ from the rules is said and repaired."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection, transaction

from tools.roles_check import findings
from tools.roles_rules import APPEND_ONLY, LOOK_ONLY, RULES
from tools.roles_setup import find_place, set_up
from tools.roles_sql import Place, cluster_statements, database_statements

pytestmark = [pytest.mark.servers, pytest.mark.django_db]

# Roles belong to the cluster, which the processes of a run share.
APP = f"app_of_test_{os.getpid()}"


def without_process(text: str) -> str:
    """The name of a case, the same in every process."""
    return text.replace(APP, "app")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def texts(place: Place) -> list[str]:
    return [found.text for found in findings(place)]


def bring_to_rules(place: Place) -> None:
    run(";".join(cluster_statements(place) + database_statements(place)))


@pytest.fixture
def place() -> Place:
    """The test database with an application's role of its own; all of it is undone with the test's transaction."""
    found = find_place()
    assert found is not None
    made = replace(found, application=APP)
    bring_to_rules(made)
    assert findings(made) == []
    return made


# --- what is not as the rules say -----------------------------------------------------------------------------------

DRIFT = {
    "GRANT UPDATE ON tracking_order TO tools_ro": "tools_ro may UPDATE tracking_order",
    "GRANT UPDATE (price) ON tracking_order TO tools_rw": "tools_rw may UPDATE tracking_order.price",
    "GRANT SELECT ON auth_user TO tools_ro": "tools_ro may SELECT auth_user",
    "GRANT SELECT (password) ON auth_user TO tools_rw": "tools_rw may SELECT auth_user.password",
    "GRANT SELECT ON django_session TO PUBLIC": "tools_ro may SELECT django_session",
    "GRANT TRUNCATE ON tracking_refund TO tools_rw": "tools_rw may TRUNCATE tracking_refund",
    "REVOKE SELECT ON tracking_stop FROM tools_ro": "tools_ro may not SELECT tracking_stop",
    "GRANT CREATE ON SCHEMA public TO PUBLIC": "everybody may create tables in schema public",
    "ALTER TABLE tracking_order DISABLE ROW LEVEL SECURITY": "row-level security of tracking_order is off",
    "ALTER TABLE tracking_order NO FORCE ROW LEVEL SECURITY": "row-level security of tracking_order is not forced",
    "DROP POLICY tools_see ON tracking_customer": "policy tools_see of tracking_customer is missing",
    "DROP POLICY application ON tools_toolcall": "policy application of tools_toolcall is missing",
    "ALTER POLICY tools_see ON tracking_customer USING (true)": "policy tools_see of tracking_customer is not as",
    "ALTER POLICY tools_see ON tracking_refund TO PUBLIC": "policy tools_see of tracking_refund is for other roles",
    "ALTER POLICY application ON tracking_refund TO postgres, tools_ro": "policy application of tracking_refund is for",
    "CREATE POLICY more ON tracking_package USING (true)": "policy more of tracking_package is none of ours",
    "DROP FUNCTION tools_routes() CASCADE": "function tools_routes is missing",
    "ALTER FUNCTION tools_routes() RESET ALL": "function tools_routes is missing or not as it was made",
    f"GRANT UPDATE ON tools_auditentry TO {APP}": f"{APP} may UPDATE tools_auditentry",
    f"GRANT DELETE ON tools_auditentry TO {APP}": f"{APP} may DELETE tools_auditentry",
    f"GRANT UPDATE (outcome) ON tools_auditentry TO {APP}": f"{APP} may UPDATE tools_auditentry.outcome",
    f"GRANT TRUNCATE ON tracking_order TO {APP}": f"{APP} may TRUNCATE tracking_order",
    f"REVOKE INSERT ON chat_event FROM {APP}": f"{APP} may not INSERT chat_event",
    f"REVOKE tools_rw FROM {APP}": f"{APP} may not drop into tools_rw",
    "GRANT pg_read_all_data TO tools_ro": "tools_ro is a member of pg_read_all_data",
}


@pytest.mark.parametrize("statement", DRIFT, ids=without_process)
def test_a_difference_is_said_and_repaired(place: Place, statement: str, settings: Any):
    settings.DATABASE_URL = f"postgres://{APP}@127.0.0.1/x"

    run(statement)

    assert any(text.startswith(DRIFT[statement]) for text in texts(place)), texts(place)
    with pytest.raises(CommandError, match=DRIFT[statement].replace(".", r"\.")):
        call_command("check_roles")
    assert set_up() is True
    assert texts(place) == []
    assert set_up() is False


@pytest.mark.parametrize(
    ("attribute", "said"),
    [
        ("SUPERUSER", "is superuser"),
        ("BYPASSRLS", "bypasses row-level security"),
        ("CREATEROLE", "may create roles"),
        ("CREATEDB", "may create databases"),
    ],
)
def test_an_application_with_an_administrators_rights_is_said(place: Place, attribute: str, said: str):
    run(f"ALTER ROLE {APP} {attribute}")

    assert texts(place) == [f"{APP} {said}"]


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"ALTER TABLE tracking_customer OWNER TO {APP}", "owns the tables"),
        (f"GRANT CREATE ON SCHEMA public TO {APP}", "may create tables in schema public"),
        (f"GRANT CREATE ON DATABASE {{database}} TO {APP}", "may create schemas"),
    ],
    ids=without_process,
)
def test_an_application_that_may_make_or_change_tables_is_said(place: Place, statement: str, said: str):
    run(statement.format(database=connection.settings_dict["NAME"]))

    now = find_place()
    assert now is not None
    assert any(said in text for text in texts(replace(now, application=APP)))


def test_what_only_an_administrator_can_change_counts_outside_of_the_demo(
    place: Place, settings: Any, capsys: pytest.CaptureFixture
):
    settings.DATABASE_URL = f"postgres://{APP}@127.0.0.1/x"
    run(f"ALTER ROLE {APP} CREATEDB")

    call_command("check_roles")
    assert capsys.readouterr().out.splitlines()[0] == f"allowed in DEMO and DEBUG only: {APP} may create databases"
    settings.RELAXED = False
    with pytest.raises(CommandError, match="may create databases"):
        call_command("check_roles")


def test_a_tools_role_that_may_sign_in_counts_outside_of_the_demo(place: Place, settings: Any):
    settings.DATABASE_URL = f"postgres://{APP}@127.0.0.1/x"
    run("ALTER ROLE tools_ro LOGIN")

    call_command("check_roles")
    assert set_up() is False
    settings.RELAXED = False
    with pytest.raises(CommandError, match="tools_ro may sign in"):
        call_command("check_roles")
    assert set_up() is True
    assert texts(place) == []


def test_the_rules_name_only_tables_and_columns_that_are_there(place: Place):
    with connection.cursor() as cursor:
        for rule in RULES:
            assert rule.table in place.tables
            there = {column.name for column in connection.introspection.get_table_description(cursor, rule.table)}
            assert {*rule.read, *rule.write, *rule.update} - {"*"} <= there
    assert set(place.tables) >= APPEND_ONLY | LOOK_ONLY


def test_setting_up_twice_makes_the_same_of_it(place: Place):
    for _ in range(2):
        bring_to_rules(place)
        assert findings(place) == []


def test_names_are_quoted(place: Place):
    odd = replace(place, application="odd \"name' of %s a role")

    bring_to_rules(odd)

    assert findings(odd) == []


def test_an_application_may_do_its_work_and_no_more(place: Place):
    run(f"SET LOCAL ROLE {APP}")
    run("SELECT count(*) FROM tracking_customer")
    run("UPDATE tracking_order SET refunded = refunded")
    run(
        "INSERT INTO tools_auditentry (at, event, actor, digest, outcome, details)"
        " SELECT now(), 'x', 'x', '', 'x', '{}' WHERE false"
    )
    for statement in (
        "UPDATE tools_auditentry SET outcome = 'x'",
        "DELETE FROM tools_auditentry",
        "TRUNCATE tools_auditentry",
        "TRUNCATE tracking_order",
        "CREATE TABLE made (x int)",
        "DROP TABLE tracking_order",
        "ALTER TABLE tracking_order DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tools_see ON tracking_order",
        "DELETE FROM django_migrations",
    ):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
            run(statement)


@pytest.mark.parametrize("role", ["tools_ro", "tools_rw"])
def test_a_tool_makes_no_table_not_even_for_a_moment(place: Place, role: str):
    run(f"SET LOCAL ROLE {role}")

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        run("CREATE TEMPORARY TABLE made (x int)")
    run("RESET ROLE")
