"""Below the application: what the database itself refuses to a tool, whatever the code above it forgot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction
from psycopg import sql

from support_bot.chat.models import Conversation
from tests.processes import ROOT
from tests.tools.direct import applied, context, parsed, planned, read
from tools.dbroles import CUSTOMER_SETTING, READ_ONLY, READ_WRITE, ROLES, acting_as, as_application, in_force
from tools.errors import Internal, NotFound, NotPossible
from tools.execution import run_read
from tools.plan import Outcome, Plan
from tools.registry import always, tool
from tools.results import ServiceList
from tools.roles_rules import PROTECTED, RULES
from tracking import errors, selectors
from tracking.factories import OrderFactory, PackageFactory
from tracking.models import Customer, Order, Package
from tracking.statuses import OrderState

pytestmark = [pytest.mark.servers, pytest.mark.django_db]

NOBODY = 0


@pytest.fixture(autouse=True)
def _records(alice: Customer, bob: Customer) -> None:
    for customer, letter, digit in ((alice, "A", 1), (bob, "B", 2)):
        order = OrderFactory.create(customer=customer, reference=f"ORD-900{digit}", state=OrderState.BOOKED)
        PackageFactory.create(booker=customer, recipient=None, number=f"TEST-900{letter}", order=order)


def who_and_for_whom() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT current_user, coalesce(current_setting('{CUSTOMER_SETTING}', true), '')")
        found: tuple[str, str] = cursor.fetchone()
    return found


def run(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


@contextmanager
def denied(reason: str = "permission denied") -> Iterator[None]:
    with pytest.raises(DatabaseError, match=reason), transaction.atomic():
        yield


def in_database(table: str) -> str:
    return sql.Identifier(table).as_string(None)


# --- planted defects ------------------------------------------------------------------------------------------------


def test_the_roles_are_in_force_here():
    assert in_force()


def test_a_selector_without_its_filter_still_finds_nothing(
    alice: Customer, bob: Customer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(selectors, "visible_packages", lambda customer: Package.objects.all())

    assert read(alice, "check_package", package_id="TEST-900A")["package_id"] == "TEST-900A"
    with pytest.raises(NotFound):
        read(alice, "check_package", package_id="TEST-900B")
    assert {package["package_id"] for package in read(alice, "list_my_packages")["packages"]} == {"TEST-900A"}
    with pytest.raises(errors.NotFound):
        planned(alice, "change_delivery", package_id="TEST-900B", safe_place="garage")
    with pytest.raises(errors.NotFound):
        applied(alice, "report_problem", package_id="TEST-900B", problem="other", description="x")


def test_a_read_tool_that_lists_everybody_lists_one(alice: Customer, bob: Customer, registry: dict):
    seen: dict[str, list[str]] = {}

    @tool(effect="read", label="x")
    def list_everything(ctx: Any) -> ServiceList:
        """A defect."""
        seen["customers"] = [row.email for row in Customer.objects.all()]
        seen["orders"] = [row.reference for row in Order.objects.all()]
        return ServiceList(services=[])

    definition, arguments = parsed("list_everything")
    run_read(ctx=context(alice), definition=definition, arguments=arguments)

    assert seen == {"customers": [alice.email], "orders": ["ORD-9001"]}
    assert Order.objects.count() == 2


def write_tool(apply: Any) -> None:
    def load(ctx: Any, *, lock: bool, **_: Any) -> Customer:
        return ctx.customer

    @tool(effect="write", label="x", approval=always, load=load, apply=apply)
    def break_things(ctx: Any, record: Customer, *, note: str | None = None) -> Plan:
        """A defect."""
        return Plan(record="x", summary="x", changes=())


def test_a_write_tool_without_its_filter_changes_one_customers_rows(alice: Customer, bob: Customer, registry: dict):
    def everybody(ctx: Any, record: Customer, *, call_id: Any, note: str | None = None) -> Outcome:
        Customer.objects.update(city="Nowhere")
        Package.objects.update(safe_place="with the neighbour")
        Order.objects.update(state=OrderState.CANCELLED)
        return Outcome(sentence="x", record="x")

    write_tool(everybody)
    before = (bob.city, *Package.objects.values_list("safe_place", flat=True).filter(booker=bob))

    applied(alice, "break_things")

    bob.refresh_from_db()
    assert (bob.city, *Package.objects.values_list("safe_place", flat=True).filter(booker=bob)) == before
    assert Order.objects.get(customer=bob).state == OrderState.BOOKED
    assert Package.objects.get(booker=alice).safe_place == "with the neighbour"
    assert Customer.objects.get(pk=alice.pk).city == "Nowhere"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tracking_customer SET user_id = NULL",
        "UPDATE tracking_order SET price = 0",
        "UPDATE tracking_order SET customer_id = {me}",
        "UPDATE tracking_package SET booker_id = {me}",
        "UPDATE tracking_package SET sender_note = 'x'",
        "UPDATE auth_user SET is_superuser = true",
        "UPDATE auth_user SET password = 'x'",
        "UPDATE tools_toolcall SET state = 'approved'",
        "DELETE FROM tracking_order",
        "DELETE FROM tracking_customer",
        "TRUNCATE tracking_refund",
        "SELECT password FROM auth_user",
        "SELECT key FROM account_emailconfirmation",
        "SELECT * FROM django_session",
        "SELECT * FROM tools_auditentry",
        "INSERT INTO tools_effect VALUES (gen_random_uuid())",
        "INSERT INTO tracking_customer (name) VALUES ('x')",
        "CREATE TABLE made (x int)",
        "ALTER TABLE tracking_order DISABLE ROW LEVEL SECURITY",
    ],
)
def test_a_writing_tool_may_change_no_other_column_or_table(alice: Customer, statement: str):
    with denied("permission denied|must be owner"), acting_as(role=READ_WRITE, customer_id=alice.pk):
        run(statement.format(me=alice.pk))


@pytest.mark.parametrize("owner", ["alice", "bob"])
def test_a_writing_tool_adds_rows_for_its_customer_alone(owner: str, alice: Customer, bob: Customer):
    theirs = {"alice": alice, "bob": bob}[owner]
    order = Order.objects.get(customer=theirs)
    package = Package.objects.get(booker=theirs)
    rows = [
        f"tracking_callback (call_id, customer_id, at, phone, topic, created_at)"
        f" VALUES (gen_random_uuid(), {theirs.pk}, now(), '', '', now())",
        f"tracking_problemreport (call_id, customer_id, package_id, problem, description, created_at)"
        f" VALUES (gen_random_uuid(), {alice.pk}, {package.pk}, 'other', '', now())",
        f"tracking_refund (call_id, customer_id, order_id, amount, currency, reason, created_at)"
        f" VALUES (gen_random_uuid(), {alice.pk}, {order.pk}, 1, 'EUR', '', now())",
        f"tracking_trackingevent (package_id, occurred_at, received_at, sequence, source, dedupe_key, code,"
        f" description, status, reason, place)"
        f" VALUES ({package.pk}, now(), now(), 0, '', 'x', '', '', 'pending', '', '')",
        f"account_emailaddress (user_id, email, verified, \"primary\") VALUES ({theirs.user_id}, 'x@example.com',"
        f" {owner == 'bob'}, false)",
    ]
    for row in rows:
        if owner == "bob":
            with denied("row-level security"), acting_as(role=READ_WRITE, customer_id=alice.pk):
                run(f"INSERT INTO {row}")
        else:
            with acting_as(role=READ_WRITE, customer_id=alice.pk):
                run(f"INSERT INTO {row}")


def test_a_tool_marks_no_address_as_verified(alice: Customer):
    with denied("row-level security"), acting_as(role=READ_WRITE, customer_id=alice.pk):
        run(
            'INSERT INTO account_emailaddress (user_id, email, verified, "primary")'
            f" VALUES ({alice.user_id}, 'x@example.com', true, false)"
        )


# --- without a customer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("setting", ["never set", "", str(NOBODY)])
def test_without_a_customer_there_are_no_rows(postgres_url: str, database_url: str, role: str, setting: str):
    tables = [(r.table, r.read if role == READ_ONLY else r.write) for r in PROTECTED]
    with psycopg.connect(database_url) as session:
        assert session.execute("SELECT FROM tracking_stop").fetchall()
        if setting != "never set":
            session.execute("SELECT set_config(%s, %s, true)", [CUSTOMER_SETTING, setting])
        session.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        for table, columns in tables:
            if columns:
                wanted = sql.SQL("*") if columns == ("*",) else sql.Identifier(columns[0])
                query = sql.SQL("SELECT {} FROM {}").format(wanted, sql.Identifier(table))
                assert session.execute(query).fetchall() == [], table


def test_a_customer_that_is_no_number_is_an_error(alice: Customer):
    nonsense: Any = "1 OR 1=1"
    with denied("invalid input syntax"), acting_as(role=READ_ONLY, customer_id=nonsense):
        run("SELECT id FROM tracking_order")


def test_every_table_of_the_product_that_has_no_rule_is_closed_to_tools():
    ruled = {rule.table for rule in RULES}
    for table in connection.introspection.table_names():
        for role in ROLES:
            if table not in ruled:
                for statement in (f"SELECT FROM {in_database(table)}", f"DELETE FROM {in_database(table)}"):
                    with denied(), acting_as(role=READ_WRITE, customer_id=1):
                        run(f"SET LOCAL ROLE {role}")
                        run(statement)


def test_the_tools_roles_can_become_nobody_else(database_url: str):
    with psycopg.connect(database_url, autocommit=True) as session:
        for role in ROLES:
            session.execute(sql.SQL("SET SESSION AUTHORIZATION {}").format(sql.Identifier(role)))
            for other in ("postgres", "app", *ROLES):
                if other != role:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        session.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(other)))
            session.execute("RESET SESSION AUTHORIZATION")


# --- the role ends with its part ------------------------------------------------------------------------------------


def test_a_tool_has_its_role_and_nobody_after_it(alice: Customer, registry: dict):
    seen: list[tuple[str, str]] = []

    @tool(effect="read", label="x")
    def look(ctx: Any) -> ServiceList:
        """x"""
        seen.append(who_and_for_whom())
        return ServiceList(services=[])

    definition, arguments = parsed("look")
    before = who_and_for_whom()
    run_read(ctx=context(alice), definition=definition, arguments=arguments)

    assert seen == [(READ_ONLY, str(alice.pk))]
    assert who_and_for_whom() == before == ("postgres", "")
    Conversation.objects.create(customer=alice, created_at=context(alice).now)  # and it may write again


def fail_by(kind: str) -> None:
    if kind == "python":
        raise ValueError
    if kind == "tool":
        raise NotPossible("x")
    run("SELECT nonsense")


@pytest.mark.parametrize("broken", ["python", "database", "tool"])
def test_the_role_ends_with_an_error_too(alice: Customer, broken: str):
    def change_and_fail() -> None:
        with acting_as(role=READ_WRITE, customer_id=alice.pk):
            Customer.objects.filter(pk=alice.pk).update(city="Undone")
            fail_by(broken)

    with pytest.raises((ValueError, ProgrammingError, NotPossible)):
        change_and_fail()

    assert who_and_for_whom() == ("postgres", "")
    assert Customer.objects.get(pk=alice.pk).city != "Undone"


@pytest.mark.django_db(transaction=True)
def test_nothing_stays_on_a_connection_of_the_pool(alice: Customer):
    for _ in range(3):
        with acting_as(role=READ_ONLY, customer_id=alice.pk, timeout_s=1):
            assert who_and_for_whom() == (READ_ONLY, str(alice.pk))
        assert who_and_for_whom() == ("postgres", "")
        assert run("SHOW transaction_read_only") == [("off",)]
        assert run("SHOW statement_timeout") == [("10s",)]


def test_a_read_tool_writes_nothing_even_where_it_might(alice: Customer, registry: dict):
    @tool(effect="read", label="x")
    def write_a_bit(ctx: Any) -> ServiceList:
        """A defect."""
        Customer.objects.filter(pk=ctx.customer.pk).update(city="Nowhere")
        return ServiceList(services=[])

    definition, arguments = parsed("write_a_bit")
    with pytest.raises(Internal):
        run_read(ctx=context(alice), definition=definition, arguments=arguments)
    with denied("read-only transaction"), acting_as(role=READ_ONLY, customer_id=alice.pk):
        run("RESET ROLE")
        run("DELETE FROM tracking_callback")


def test_one_question_may_be_asked_of_all_rows(alice: Customer, bob: Customer):
    with acting_as(role=READ_WRITE, customer_id=alice.pk):
        with as_application():
            assert Customer.objects.filter(email=bob.email).exists()
        assert who_and_for_whom() == (READ_WRITE, str(alice.pk))
        assert not Customer.objects.filter(email=bob.email).exists()


def test_one_place_alone_asks_as_the_application():
    """A tool that steps out of its role is bound by nothing below it: a second place needs a reason as good."""
    modules = [*(ROOT / "tools").rglob("*.py"), *(ROOT / "tracking").rglob("*.py")]
    asking = {path.name for path in modules if "as_application(" in path.read_text()}
    assert asking == {"dbroles.py", "writes_profile.py"}


def test_as_application_changes_nothing_outside_of_a_role(alice: Customer):
    with as_application():
        assert who_and_for_whom() == ("postgres", "")
    assert who_and_for_whom() == ("postgres", "")


def test_a_role_costs_a_plan_two_statements_and_a_read_none(alice: Customer, django_assert_num_queries: Any):
    with django_assert_num_queries(5) as plan:  # a savepoint, the role, the order, the end of the role, the release
        planned(alice, "cancel_order", order_id="ORD-9001")
    assert sum("set_config" in query["sql"] for query in plan.captured_queries) == 2


@pytest.mark.django_db(transaction=True)
def test_a_read_pays_for_its_role_with_the_statement_that_limits_it(alice: Customer, django_assert_num_queries: Any):
    counted = django_assert_num_queries(4)  # BEGIN, role and limits, the question, COMMIT
    with counted as statements, acting_as(role=READ_ONLY, customer_id=alice.pk, timeout_s=1):
        run("SELECT 1")
    assert sum("set_config" in query["sql"] for query in statements.captured_queries) == 1
