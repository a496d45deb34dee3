"""How staff look through the audit trail: newest first, found by exact values of an index, never counted whole."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tools.models import AuditEntry

MOST_ROWS = 10_000
MOST_CHARS = 80
FAMILIES = ("account", "audit", "auth", "authz", "call", "customer", "data", "group", "socket", "staff", "tool")
_ACTOR = re.compile(r"(user|customer):[0-9]{1,18}|model|worker|clock|sealer|operator|anonymous")
_EVENT = re.compile(r"[a-z_]{1,20}\.[a-z_]{1,30}")


class NewestRows(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Pages through the newest rows; what is older is reached by a date or a search."""

    @cached_property
    def count(self) -> int:
        # A slice of the list that does not order anything: the database stops counting there.
        rows = cast("QuerySet[Any]", self.object_list)  # what a changelist pages through
        return rows.order_by()[:MOST_ROWS].count()


class FamilyFilter(admin.SimpleListFilter):
    """By the first word of the event. A list of all events there are would read the whole table."""

    title = "what about"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(family, family) for family in FAMILIES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(event__startswith=f"{self.value()}.") if self.value() in FAMILIES else queryset


def search(queryset: QuerySet[AuditEntry], text: str) -> QuerySet[AuditEntry]:
    """By call id, actor, event, or else request id: exactly."""
    text = text.strip()[:MOST_CHARS]
    if not text:
        return queryset
    if _ACTOR.fullmatch(text):
        return queryset.filter(actor=text)
    if _EVENT.fullmatch(text):
        return queryset.filter(event=text)
    try:
        wanted = UUID(text)
    except ValueError:
        return queryset.filter(request_id=text)
    # A turn's id is the request id of what the turn did; a request id may read like any uuid.
    return queryset.filter(Q(call_id=wanted) | Q(request_id__in=(str(wanted), wanted.hex)))
