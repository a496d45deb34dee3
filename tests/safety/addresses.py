"""Every address that the product answers, read from its own list of patterns and filled with rows that are there.

A part that nobody fills raises Unfilled: who adds an address says in its tests what stands there.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

Sql = Callable[..., list[tuple[Any, ...]]]
# `admin:tools_toolcall_change`: the model whose page it is; the pages without a name come behind those that have one.
_OF_MODEL = re.compile(r"admin:([a-z]+_[a-z]+)_(?:change|delete|history|password_change)")
_PART = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


class Unfilled(Exception):
    """Nobody said what stands in this part of an address."""


@dataclass(frozen=True, slots=True)
class Address:
    """`name` as `reverse` takes it, or the whole pattern where it has none."""

    name: str
    path: str


def patterns(found: Iterable[Any] = (), before: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    """(name, pattern) of every address, in the order in which they are tried."""
    for one in found or get_resolver().url_patterns:
        whole = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from patterns(one.url_patterns, whole, f"{space}{one.namespace}:" if one.namespace else space)
        elif isinstance(one, URLPattern):
            yield (f"{space}{one.name}" if one.name else whole), whole


def addresses(fill: Mapping[str, Mapping[str, str]], rows: Sql) -> list[Address]:
    """All of them. fill: name -> its parts; pages of the admin are filled with the newest row of their model."""
    found, model = [], ""
    for name, pattern in patterns():
        if match := _OF_MODEL.fullmatch(name):
            model = match[1].replace("_", ".")
        parts = fill.get(name) or (_newest(model, rows) if re.search(r"<path:object_id>/|<id>", pattern) else {})
        path = _PART.sub(lambda part: _filled(part, parts, name), re.sub(r"[\^$]", "", pattern))  # noqa: B023
        found.append(Address(name, f"/{path}"))
    return found


def _filled(part: re.Match[str], parts: Mapping[str, str], name: str) -> str:
    key = part[1] or part[2]
    if key not in parts:
        raise Unfilled(f"{name}: what is {key!r}? Say it where the addresses of the test are filled.")
    return parts[key]


def _newest(model: str, rows: Sql) -> Mapping[str, str]:
    key = str(rows(f"SELECT {_key(apps.get_model(model))} FROM {_table(apps.get_model(model))} ORDER BY 1 DESC")[0][0])
    return {"object_id": key, "id": key}


# --- rows -------------------------------------------------------------------------------------------------------------


def add_missing_rows(rows: Sql) -> None:
    """One row of every model that the admin shows and the database has none of."""
    for model in admin.site._registry:
        if not rows(f"SELECT 1 FROM {_table(model)} LIMIT 1"):
            add_row(rows, model)


def add_row(rows: Sql, model: type[models.Model], **given: Any) -> str:
    """Its key. What is not given is the first choice, the default, another's key or simply something."""
    values = {
        field.column: given.get(field.attname, given.get(field.name, _something(field, rows)))
        for field in model._meta.concrete_fields
        if field.name in given or field.attname in given or not (field.null or isinstance(field, models.AutoField))
    }
    columns, marks = ", ".join(f'"{name}"' for name in values), ", ".join(["%s"] * len(values))
    made = rows(f"INSERT INTO {_table(model)} ({columns}) VALUES ({marks}) RETURNING {_key(model)}", *values.values())
    return str(made[0][0])


def _something(field: Any, rows: Sql) -> Any:
    if field.remote_field is not None:
        return rows(f"SELECT {_key(field.related_model)} FROM {_table(field.related_model)} ORDER BY 1 DESC")[0][0]
    if field.has_default():
        value = field.get_default()
        return json.dumps(value) if isinstance(field, models.JSONField) else value
    if field.choices:
        return field.choices[0][0]
    plain: dict[str, Any] = {
        "DateTimeField": datetime.now(UTC), "DateField": datetime.now(UTC).date(), "UUIDField": uuid.uuid4(),
        "BinaryField": b"x" * 32, "BooleanField": False, "JSONField": "{}",
    }  # fmt: skip
    kind = field.get_internal_type()
    return plain.get(kind, "1" if kind in ("CharField", "TextField", "EmailField") else 1)


def _table(model: Any) -> str:
    return f'"{model._meta.db_table}"'


def _key(model: Any) -> str:
    return f'"{model._meta.pk.column}"'


# --- what is there ----------------------------------------------------------------------------------------------------

# What reading a page may write: sessions that are used, and that something was refused.
_MAY_CHANGE = {"django_session", "tools_auditentry", "tools_auditseal", "tools_auditanchor", "tools_heartbeat"}


def fingerprints(rows: Sql) -> dict[str, str]:
    """Table -> what stands in it, of everything that no look at a page may change."""
    tables = [name for (name,) in rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    query = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \"{}\" t"
    return {table: str(rows(query.format(table))[0][0]) for table in tables if table not in _MAY_CHANGE}
