"""Compares what the database really lets tools and the application do with the rules, and says every difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.db import connection

from tools.dbroles import ROLES
from tools.roles_rules import (
    POLICIES,
    PROTECTED,
    ROUTES_FUNCTION,
    application_rights,
    tool_rights,
)
from tools.roles_sql import POLICY_AS_STORED, Place, routes_body, rules_without_table, source_of

TABLE_RIGHTS = ["DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"]
COLUMN_RIGHTS = ["INSERT", "REFERENCES", "SELECT", "UPDATE"]


@dataclass(frozen=True, slots=True)
class Finding:
    """cluster: the roles themselves; database: rights and policies, which set-up repairs; application: whom
    DATABASE_URL signs in as, which only its owner can change."""

    part: Literal["cluster", "database", "application"]
    text: str


def findings(place: Place) -> list[Finding]:
    """Everything that is not as the rules say; empty where all is well."""
    known = _role_names()
    found = _roles(place, known)
    if set(ROLES) <= known:
        found += _tool_rights(place) + _strangers(place) + _row_security(place) + _policies(place) + _function(place)
    if place.application in known:
        found += _application(place)
    return found


def _rows(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))
        return list(cursor.fetchall())


def _role_names() -> set[str]:
    return {name for (name,) in _rows("SELECT rolname FROM pg_catalog.pg_roles")}


# --- the roles --------------------------------------------------------------------------------------------------


def _roles(place: Place, known: set[str]) -> list[Finding]:
    wanted = {*ROLES, place.application}
    found = [Finding("cluster", f"there is no role {name}") for name in sorted(wanted - known)]
    flags = _rows(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin"
        " FROM pg_catalog.pg_roles WHERE rolname = ANY(%s) ORDER BY rolname",
        list(ROLES),
    )
    names = ("is superuser", "bypasses row-level security", "may create roles", "may create databases")
    for role, *values, may_sign_in in flags:
        found += [Finding("cluster", f"{role} {name}") for name, value in zip(names, values, strict=True) if value]
        if may_sign_in:  # whoever tries the roles out in a demo may sign in as one
            found.append(Finding("application" if settings.RELAXED else "cluster", f"{role} may sign in"))
    for role, other in _rows(
        "SELECT m.member::regrole::text, m.roleid::regrole::text FROM pg_catalog.pg_auth_members m"
        " JOIN pg_catalog.pg_roles r ON r.oid = m.member WHERE r.rolname = ANY(%s)",
        list(ROLES),
    ):
        found.append(Finding("cluster", f"{role} is a member of {other}"))
    for role in ROLES:
        if {role, place.application} <= known and not _may_drop(place.application, role):
            found.append(Finding("cluster", f"{place.application} may not drop into {role}"))
    return found


def _may_drop(application: str, role: str) -> bool:
    # PostgreSQL 16 tells apart who may become a role and who has its rights without becoming it.
    pg16 = connection.pg_version >= 160000  # type: ignore[attr-defined]  # PostgreSQL only
    ((may,),) = _rows("SELECT pg_has_role(%s, %s, %s)", application, role, "SET" if pg16 else "MEMBER")
    return bool(may)


# --- what tools may do ------------------------------------------------------------------------------------------


def _tool_rights(place: Place) -> list[Finding]:
    found = [Finding("database", f"there is no table {table}") for table in rules_without_table(place)]
    there = set(place.tables)
    for role in ROLES:
        wanted = {right for right in tool_rights(role) if right[0] in there}
        actual = _actual_rights(place, role)
        found += [Finding("database", f"{role} may {_words(right)}") for right in sorted(actual - wanted)]
        found += [Finding("database", f"{role} may not {_words(right)}") for right in sorted(wanted - actual)]
    if _rows("SELECT 1 WHERE has_schema_privilege(%s, %s, 'CREATE')", ROLES[0], place.schema):
        found.append(Finding("database", f"everybody may create tables in schema {place.schema}"))
    return found


def _words(right: tuple[str, str, str]) -> str:
    table, what, column = right
    return f"{what} {table}" if column == "*" else f"{what} {table}.{column}"


def _actual_rights(place: Place, role: str) -> set[tuple[str, str, str]]:
    """What holds in effect, whichever grant it comes from."""
    rows = _rows(
        """
        WITH ours AS (SELECT c.oid, c.relname FROM pg_catalog.pg_class c
            WHERE c.relnamespace = %s::regnamespace AND c.relname = ANY(%s))
        SELECT relname, priv, '*' FROM ours, unnest(%s::text[]) priv WHERE has_table_privilege(%s, oid, priv)
        UNION ALL
        SELECT relname, priv, attname FROM ours JOIN pg_catalog.pg_attribute a ON a.attrelid = oid
            AND a.attnum > 0 AND NOT a.attisdropped, unnest(%s::text[]) priv
        WHERE has_column_privilege(%s, oid, attnum, priv) AND NOT has_table_privilege(%s, oid, priv)
        """,
        place.schema,
        list(place.tables),
        TABLE_RIGHTS,
        role,
        COLUMN_RIGHTS,
        role,
        role,
    )
    return {(table, right, column) for table, right, column in rows}


def _strangers(place: Place) -> list[Finding]:
    """Rights that somebody gave a tools' role on what is not ours at all."""
    rows = _rows(
        """
        SELECT DISTINCT a.grantee::regrole::text, a.privilege_type, c.oid::regclass::text
        FROM pg_catalog.pg_class c CROSS JOIN aclexplode(c.relacl) a
        WHERE a.grantee IN (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ANY(%s))
          AND NOT (c.relnamespace = %s::regnamespace AND c.relname = ANY(%s))
        """,
        list(ROLES),
        place.schema,
        list(place.tables),
    )
    return [
        Finding("application", f"{role} may {right} {table}, which is no table of ours") for role, right, table in rows
    ]


def _row_security(place: Place) -> list[Finding]:
    rows = _rows(
        "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_catalog.pg_class"
        " WHERE relnamespace = %s::regnamespace AND relname = ANY(%s) ORDER BY relname",
        place.schema,
        [rule.table for rule in PROTECTED],
    )
    off = [Finding("database", f"row-level security of {table} is off") for table, on, _ in rows if not on]
    return off + [
        Finding("database", f"row-level security of {table} is not forced") for table, _, on in rows if not on
    ]


def _policies(place: Place) -> list[Finding]:
    """Ours and no others: each as it was made, for whom it was made."""
    rows = _rows(
        f"""
        SELECT c.relname, p.polname, obj_description(p.oid, 'pg_policy'), {POLICY_AS_STORED},
            ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles r WHERE r.oid = ANY(p.polroles)),
            0 = ANY(p.polroles)
        FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
        WHERE c.relnamespace = %s::regnamespace AND c.relname = ANY(%s)
        """,  # noqa: S608 - a constant of ours
        place.schema,
        [rule.table for rule in PROTECTED],
    )
    actual = {(table, name): rest for table, name, *rest in rows}
    wanted = {(policy.table, policy.name): policy for policy in POLICIES if policy.table in place.tables}
    found = [
        Finding("database", f"policy {name} of {table} is none of ours")
        for table, name in sorted(actual.keys() - wanted)
    ]
    for key, policy in wanted.items():
        what = f"policy {policy.name} of {policy.table}"
        if key not in actual:
            found.append(Finding("database", f"{what} is missing"))
            continue
        comment, stored, roles, everybody = actual[key]
        if comment != f"{source_of(policy)} {stored}":
            found.append(Finding("database", f"{what} is not as it was made"))
        if everybody or not _for_whom(place, policy.roles, set(roles)):
            found.append(Finding("database", f"{what} is for other roles than it should be"))
    return found


def _for_whom(place: Place, wanted: tuple[str, ...] | None, actual: set[str]) -> bool:
    if wanted is None:
        return {place.application, place.owner} <= actual and not actual & set(ROLES)
    return actual == set(wanted)


def _function(place: Place) -> list[Finding]:
    rows = _rows(
        "SELECT prosrc, prosecdef, proconfig FROM pg_catalog.pg_proc"
        " WHERE proname = %s AND pronamespace = %s::regnamespace",
        ROUTES_FUNCTION,
        place.schema,
    )
    if rows == [(routes_body(place), True, ["search_path=pg_catalog, pg_temp"])]:
        return []
    return [Finding("database", f"function {ROUTES_FUNCTION} is missing or not as it was made")]


# --- whom DATABASE_URL signs in as ------------------------------------------------------------------------------


def _application(place: Place) -> list[Finding]:
    name = place.application
    ((superuser, bypasses, roles, databases, owns, makes_tables, makes_schemas),) = _rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, pg_has_role(rolname, %s, 'MEMBER'),"
        " has_schema_privilege(rolname, %s, 'CREATE'), has_database_privilege(rolname, current_database(), 'CREATE')"
        " FROM pg_catalog.pg_roles WHERE rolname = %s",
        place.owner,
        place.schema,
        name,
    )
    if superuser:
        return [Finding("application", f"{name} is superuser")]
    if owns:
        return [Finding("application", f"{name} owns the tables or may become their owner, {place.owner}")]
    said = (
        (bypasses, "bypasses row-level security"),
        (roles, "may create roles"),
        (databases, "may create databases"),
        (makes_tables, f"may create tables in schema {place.schema}"),
        (makes_schemas, "may create schemas"),
    )
    return [Finding("application", f"{name} {text}") for true, text in said if true] + _application_rights(place)


def _application_rights(place: Place) -> list[Finding]:
    actual = _actual_rights(place, place.application)
    wanted = {(table, right, "*") for table in place.tables for right in application_rights(table)}
    name = place.application
    found = [Finding("database", f"{name} may {_words(right)}") for right in sorted(actual - wanted)]
    return found + [Finding("database", f"{name} may not {_words(right)}") for right in sorted(wanted - actual)]
