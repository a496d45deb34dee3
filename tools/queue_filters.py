"""By what the queue of requests can be narrowed down: state, source, tool, age and customer. They only read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tools import review
from tools.states import State
from tools.textview import visible
from tracking.models import Customer

MOST_DIGITS = 18  # of a key, so that it fits the database's integers
OPEN = (State.AWAITING_APPROVAL, State.NEEDS_RECONCILIATION)


class StateFilter(admin.SimpleListFilter):
    """What waits for a decision, unless another state (or one call) is asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All"), *((str(s.value), s.label) for s in State if s != State.RUNNING)]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": "Waiting for a decision",
        }
        for value, title in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all" or (self.value() is None and "call_id" in request.GET):
            return queryset
        if self.value() is None:
            return queryset.filter(call__state__in=OPEN)
        return queryset.filter(call__state=self.value())


class AgeFilter(admin.SimpleListFilter):
    title = "age"
    parameter_name = "age"
    HOURS = {"1": "Older than 1 hour", "8": "Older than 8 hours", "20": "Older than 20 hours"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.HOURS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in self.HOURS:
            return queryset
        return queryset.filter(created_at__lt=timezone.now() - timedelta(hours=int(str(self.value()))))


class ToolFilter(admin.SimpleListFilter):
    title = "tool"
    parameter_name = "tool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(definition.name, definition.name) for definition in review.write_tools()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(call__tool=self.value()) if self.value() else queryset


class CustomerFilter(admin.SimpleListFilter):
    """One customer's requests; chosen by a click on the name, since a list of all customers would be no filter."""

    title = "customer"
    parameter_name = "customer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        if not chosen.isdecimal() or len(chosen) > MOST_DIGITS:
            return []
        return [(chosen, visible(name)) for name in Customer.objects.filter(pk=chosen).values_list("name", flat=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(call__customer_id=self.value()) if self.value() else queryset


class SourceFilter(admin.SimpleListFilter):
    """Requests that rest on something else than the customer's words and our records."""

    title = "where it came from"
    parameter_name = "flagged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Flagged"), ("no", "Not flagged")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        flagged = Q(call__provenance__flagged=True)
        if self.value() == "yes":
            return queryset.filter(flagged)
        return queryset.exclude(flagged) if self.value() == "no" else queryset
