"""What the database lets tools and the application do, as data: tables, columns and whose rows. Pure.

A tool that needs another table or column gets a line here; `manage.py setup_roles` brings the database to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.dbroles import CUSTOMER_SETTING

# A scalar subquery is worked out once a statement, not once a row. No customer, or an empty one, is nobody.
ME = f"(SELECT nullif(current_setting('{CUSTOMER_SETTING}', true), '')::bigint)"
MY_USER = f"(SELECT c.user_id FROM tracking_customer c WHERE c.id = {ME})"  # noqa: S608 - text of ours alone
# Subqueries on other tables obey the policies of those tables: what is not visible does not exist here either.
PACKAGE_IS_MINE = "EXISTS (SELECT FROM tracking_package p WHERE p.id = package_id)"
ORDER_IS_MINE = "EXISTS (SELECT FROM tracking_order o WHERE o.id = order_id)"
ADDRESS_IS_MINE = "EXISTS (SELECT FROM account_emailaddress a WHERE a.id = email_address_id)"


@dataclass(frozen=True, slots=True)
class Rule:
    """One table. rows: which ones a tool may see, change or delete (empty: all of them, nobody's data).

    read, write: the columns that tools_ro and tools_rw may SELECT; ALL or a tuple of names, empty for none.
    update: the columns that tools_rw may change. insert: what a row that it adds must fulfil (empty: it adds none).
    """

    table: str
    rows: str
    read: tuple[str, ...]
    write: tuple[str, ...]
    update: tuple[str, ...] = ()
    insert: str = ""
    delete: bool = False


ALL = ("*",)
NONE: tuple[str, ...] = ()
PROFILE = ("name", "phone", "email", "street", "city", "postal_code", "country", "updated_at")
WISHES = ("street", "city", "postal_code", "delivery_date", "safe_place", "hold_at_depot", "estimated_delivery")

RULES = (
    Rule("tracking_service", "", ALL, ALL),
    Rule("tracking_tariff", "", ALL, ALL),
    Rule("tracking_customer", f"id = {ME}", ALL, ALL, update=PROFILE),
    Rule(
        "tracking_order",
        f"customer_id = {ME}",
        ALL,
        ALL,
        update=("state", "refunded", "cancelled_at", "cancel_reason"),
        insert=f"customer_id = {ME}",
    ),
    Rule(
        "tracking_package",
        f"booker_id = {ME} OR recipient_id = {ME}",
        ALL,
        ALL,
        update=(*WISHES, "status", "reason"),
        insert=f"booker_id = {ME} AND (recipient_id IS NULL OR recipient_id = {ME}) AND {ORDER_IS_MINE}",
    ),
    Rule("tracking_trackingevent", PACKAGE_IS_MINE, ALL, ALL, insert=PACKAGE_IS_MINE),
    Rule("tracking_refund", f"customer_id = {ME}", ALL, ALL, insert=f"customer_id = {ME} AND {ORDER_IS_MINE}"),
    Rule("tracking_problemreport", f"customer_id = {ME}", ALL, ALL, insert=f"customer_id = {ME} AND {PACKAGE_IS_MINE}"),
    Rule("tracking_callback", f"customer_id = {ME}", ALL, ALL, insert=f"customer_id = {ME}"),
    Rule("tools_toolcall", f"customer_id = {ME}", ALL, NONE),
    # Routes under way that carry a package of theirs, with all stops: how many come before, and where the truck is.
    Rule("tracking_stop", "route_id IN (SELECT tools_routes())", ALL, NONE),
    Rule("tracking_route", "id IN (SELECT tools_routes())", ALL, NONE),
    Rule("tracking_truck", "id IN (SELECT r.truck_id FROM tracking_route r)", ALL, NONE),
    Rule("tracking_geoping", "truck_id IN (SELECT r.truck_id FROM tracking_route r)", ALL, NONE),
    # The sign-in's address follows the profile's; nothing else of a sign-in can be seen or changed.
    Rule("auth_user", f"id = {MY_USER}", NONE, ("id",), update=("email",)),
    Rule(
        "account_emailaddress",
        f"user_id = {MY_USER}",
        NONE,
        ALL,
        insert=f"user_id = {MY_USER} AND NOT verified",
        delete=True,
    ),
    Rule("account_emailconfirmation", ADDRESS_IS_MINE, NONE, ("id", "email_address_id"), delete=True),
)
PROTECTED = tuple(rule for rule in RULES if rule.rows)

# A policy on stops cannot ask the table of stops; this asks it with the owner's rights, and for nothing but numbers.
ROUTES_FUNCTION = "tools_routes"
ROUTES_BODY = (
    "SELECT s.route_id FROM {schema}.tracking_package p JOIN {schema}.tracking_stop s ON s.id = p.stop_id"
    " JOIN {schema}.tracking_route r ON r.id = s.route_id AND r.state = 'active'"
    " WHERE p.booker_id = {me} OR p.recipient_id = {me}"
)

# The application adds to these and never changes them, whatever else it may do.
APPEND_ONLY = frozenset({"tools_auditentry", "tools_auditseal", "tools_auditanchor"})
# Written by `make migrate` alone.
LOOK_ONLY = frozenset({"django_migrations"})


def application_rights(table: str) -> tuple[str, ...]:
    """What the role of DATABASE_URL may do with one of our tables."""
    if table in LOOK_ONLY:
        return ("SELECT",)
    if table in APPEND_ONLY:
        return ("INSERT", "SELECT")
    return ("DELETE", "INSERT", "SELECT", "UPDATE")


@dataclass(frozen=True, slots=True)
class Policy:
    """One row-level-security policy. `roles` None: the application's own and the owner of the tables."""

    table: str
    name: str
    command: str
    roles: tuple[str, ...] | None
    using: str = ""
    check: str = ""


def policies_of(rule: Rule) -> list[Policy]:
    roles = tuple(role for role, columns in (("tools_ro", rule.read), ("tools_rw", rule.write)) if columns)
    made = [
        Policy(rule.table, "application", "ALL", None, using="true", check="true"),
        Policy(rule.table, "tools_see", "SELECT", roles, using=rule.rows),
    ]
    if rule.update:
        made.append(Policy(rule.table, "tools_change", "UPDATE", ("tools_rw",), using=rule.rows, check=rule.rows))
    if rule.insert:
        made.append(Policy(rule.table, "tools_add", "INSERT", ("tools_rw",), check=rule.insert))
    if rule.delete:
        made.append(Policy(rule.table, "tools_remove", "DELETE", ("tools_rw",), using=rule.rows))
    return made


POLICIES = tuple(policy for rule in PROTECTED for policy in policies_of(rule))


def tool_rights(role: str) -> set[tuple[str, str, str]]:
    """(table, right, column) of everything that `role` may do; column `*` where it is the whole table."""
    rights: set[tuple[str, str, str]] = set()
    for rule in RULES:
        columns = rule.read if role == "tools_ro" else rule.write
        rights |= {(rule.table, "SELECT", column) for column in columns}
        if role == "tools_rw":
            rights |= {(rule.table, "UPDATE", column) for column in rule.update}
            rights |= {(rule.table, "INSERT", "*")} if rule.insert else set()
            rights |= {(rule.table, "DELETE", "*")} if rule.delete else set()
    return rights
