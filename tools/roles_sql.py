"""Writes the SQL of the database roles: what the administrator of the cluster runs, and what the tables' owner runs.

Every statement may be run again. Names come from our own rules or are quoted; nothing else is put into the text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import sql

from tools.dbroles import READ_ONLY, ROLES
from tools.roles_rules import (
    ME,
    POLICIES,
    PROTECTED,
    ROUTES_BODY,
    ROUTES_FUNCTION,
    RULES,
    Policy,
    application_rights,
    tool_rights,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rules are to hold. tables: all of ours that exist; application: the role of DATABASE_URL."""

    schema: str
    owner: str
    application: str
    tables: tuple[str, ...]


def identifier(name: str) -> str:
    return sql.Identifier(name).as_string(None)


def literal(text: str) -> str:
    return sql.Literal(text).as_string(None)


# --- the cluster's part: needs CREATEROLE -----------------------------------------------------------------------


def cluster_statements(place: Place, *, password: str | None = None) -> list[str]:
    """The roles and who may drop into them. password: already hashed, for an application's role that is to be made."""
    statements = [statement for role in ROLES for statement in (_make_role(role), _unprivileged(role))]
    statements.append(_make_application(place.application, password))
    statements += [_let_drop(place.application, role) for role in ROLES]
    return statements


def _make_role(role: str) -> str:
    # Another database of the cluster may make it at this moment.
    return (
        f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN NOINHERIT;"
        " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )


def _unprivileged(role: str) -> str:
    """Takes back what such a role must not have. Says nothing where all is well: not everybody may say it."""
    return f"""DO $$ DECLARE found record; BEGIN
  SELECT * INTO found FROM pg_catalog.pg_roles WHERE rolname = '{role}';
  IF found.rolsuper THEN ALTER ROLE {role} NOSUPERUSER; END IF;
  IF found.rolbypassrls THEN ALTER ROLE {role} NOBYPASSRLS; END IF;
  IF found.rolcreaterole OR found.rolcreatedb OR found.rolcanlogin THEN
    ALTER ROLE {role} NOLOGIN NOCREATEROLE NOCREATEDB; END IF;
  FOR found IN SELECT m.roleid::regrole AS name FROM pg_catalog.pg_auth_members m WHERE m.member = '{role}'::regrole
  LOOP EXECUTE format('REVOKE %s FROM {role}', found.name); END LOOP;
END $$"""  # noqa: S608 - names of ours, or quoted


def _make_application(name: str, password: str | None) -> str:
    login = f"LOGIN PASSWORD {literal(password)}" if password else "LOGIN"
    create = f"CREATE ROLE {identifier(name)} {login} NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {literal(name)})"
        f" THEN {create}; END IF; END $$"
    )


def _let_drop(application: str, role: str) -> str:
    """Membership without inheritance where PostgreSQL knows that (16): what the role may do counts only in the role."""
    return f"""DO $$ BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE {literal(f"GRANT {role} TO {identifier(application)} WITH INHERIT FALSE, SET TRUE")};
  ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members
      WHERE roleid = '{role}'::regrole AND member = {literal(identifier(application))}::regrole)
    AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = {literal(application)}) THEN
    GRANT {role} TO {identifier(application)};
  END IF; END $$"""  # noqa: S608 - names of ours, or quoted


# --- the database's part: needs the tables' owner ---------------------------------------------------------------


def database_statements(place: Place) -> list[str]:
    """Rights, row-level security and policies of one database."""
    there = set(place.tables)
    statements = [f"GRANT USAGE ON SCHEMA {identifier(place.schema)} TO {', '.join(ROLES)}"]
    statements += _take_back(place)
    statements += _routes_function(place)
    for role in ROLES:
        statements += _grants(place, role)
    for rule in PROTECTED:
        if rule.table in there:
            name = _qualified(place, rule.table)
            statements += [
                f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
                f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
            ]
            statements.append(_drop_policies(place, rule.table))
    for policy in POLICIES:
        if policy.table in there:
            statements += _make_policy(place, policy)
    if place.application != place.owner:
        statements += _application_grants(place)
    return statements


def _qualified(place: Place, name: str) -> str:
    return f"{identifier(place.schema)}.{identifier(name)}"


def _take_back(place: Place) -> list[str]:
    """Everybody's and the tools' rights on every table of ours; new tables give them none."""
    names = ", ".join(_qualified(place, table) for table in place.tables)
    schema = identifier(place.schema)
    return [
        f"REVOKE ALL ON {names} FROM PUBLIC, {', '.join(ROLES)}",
        f"DO $$ BEGIN IF pg_catalog.has_schema_privilege('{READ_ONLY}', {literal(place.schema)}, 'CREATE')"
        f" THEN REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {', '.join(ROLES)}; END IF; END $$",
        # Everybody may make temporary tables unless told otherwise, and only the database's owner may say so. A copy
        # of a database forgets it, so `check_roles` does not insist.
        "DO $$ BEGIN IF (SELECT pg_catalog.pg_has_role(datdba, 'USAGE') FROM pg_catalog.pg_database"
        " WHERE datname = current_database()) THEN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC',"
        " current_database()); END IF; END $$",
    ]


def _routes_function(place: Place) -> list[str]:
    name = f"{_qualified(place, ROUTES_FUNCTION)}()"
    return [
        f"CREATE OR REPLACE FUNCTION {name} RETURNS SETOF bigint LANGUAGE sql STABLE ROWS 20 SECURITY DEFINER"
        f" SET search_path = pg_catalog, pg_temp AS {literal(routes_body(place))}",
        f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {name} TO {READ_ONLY}",
    ]


def routes_body(place: Place) -> str:
    return ROUTES_BODY.format(schema=identifier(place.schema), me=ME)


def _grants(place: Place, role: str) -> Iterable[str]:
    there = set(place.tables)
    by_right: dict[tuple[str, str], list[str]] = {}
    for table, right, column in sorted(tool_rights(role)):
        by_right.setdefault((table, right), []).append(column)
    for (table, right), columns in by_right.items():
        if table in there:
            which = "" if columns == ["*"] else f" ({', '.join(identifier(column) for column in columns)})"
            yield f"GRANT {right}{which} ON {_qualified(place, table)} TO {role}"


def _drop_policies(place: Place, table: str) -> str:
    """All of them: a policy that is not ours could only let more through."""
    name = literal(_qualified(place, table))
    return f"""DO $$ DECLARE found record; BEGIN
  FOR found IN SELECT polname FROM pg_catalog.pg_policy WHERE polrelid = {name}::regclass
  LOOP EXECUTE format('DROP POLICY %I ON %s', found.polname, {name}); END LOOP;
END $$"""  # noqa: S608 - names of ours, or quoted


def _make_policy(place: Place, policy: Policy) -> list[str]:
    """The policy, and as its comment what it was made of and what the database made of that: `check_roles` compares."""
    table = _qualified(place, policy.table)
    roles = policy.roles or tuple(identifier(name) for name in sorted({place.application, place.owner}))
    using = f" USING ({policy.using})" if policy.using else ""
    check = f" WITH CHECK ({policy.check})" if policy.check else ""
    return [
        f"CREATE POLICY {policy.name} ON {table} FOR {policy.command} TO {', '.join(roles)}{using}{check}",
        f"""DO $$ BEGIN EXECUTE format('COMMENT ON POLICY {policy.name} ON {table} IS %L', {literal(source_of(policy))}
  || ' ' || (SELECT {POLICY_AS_STORED} FROM pg_catalog.pg_policy
     WHERE polrelid = {literal(table)}::regclass AND polname = '{policy.name}')); END $$""",  # noqa: S608 - names of ours, or quoted
    ]


POLICY_AS_STORED = (
    "md5(concat_ws('|', polcmd, polpermissive, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)))"
)


def source_of(policy: Policy) -> str:
    parts = (policy.command, policy.using, policy.check)
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _application_grants(place: Place) -> list[str]:
    application = identifier(place.application)
    statements = [f"GRANT USAGE ON SCHEMA {identifier(place.schema)} TO {application}"]
    by_rights: dict[tuple[str, ...], list[str]] = {}
    for table in place.tables:
        by_rights.setdefault(application_rights(table), []).append(_qualified(place, table))
    for rights, names in by_rights.items():
        statements.append(f"REVOKE ALL ON {', '.join(names)} FROM {application}")
        statements.append(f"GRANT {', '.join(rights)} ON {', '.join(names)} TO {application}")
    return statements


def script(place: Place) -> str:
    """Everything as text for psql."""
    lines = [
        "-- For the administrator of the cluster (CREATEROLE):",
        *(f"{statement};" for statement in cluster_statements(place)),
        "-- For the owner of the tables; also done by every `make migrate` once the roles are there:",
        "BEGIN;",
        *(f"{statement};" for statement in database_statements(place)),
        "COMMIT;",
    ]
    return "\n".join(lines) + "\n"


def rules_without_table(place: Place) -> list[str]:
    return sorted({rule.table for rule in RULES} - set(place.tables))
