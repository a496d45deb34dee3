"""The queue of requests that wait for staff, and read-only views of calls, effects and the audit trail.

Nothing is ever decided here but through the review page: no list editing, no bulk decisions, no deletion.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from tools import review
from tools.lineage import BADGE, BADGE_UNASKED, warnings_of
from tools.models import Approval, AuditEntry, Decision, Effect, Notice, ToolCall
from tools.provenance import FROM_DATA
from tools.states import State
from tools.textview import visible
from tracking.models import Customer

MOST_DIGITS = 18  # of a key, so that it fits the database's integers
OPEN = (State.AWAITING_APPROVAL, State.NEEDS_RECONCILIATION)


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Records that nobody edits by hand, superusers included."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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


@admin.register(Approval)
class ApprovalAdmin(ReadOnly):
    """The queue, oldest first."""

    list_display = ("request", "who", "tool", "state", "approvals", "age", "time_left")
    list_display_links = None
    list_filter = (StateFilter, SourceFilter, ToolFilter, AgeFilter, CustomerFilter)
    search_fields = ("call__customer__name", "call__customer__email", "call__record", "call__summary")
    search_help_text = "Customer's name or e-mail, or the record, e.g. ORD-1001"
    ordering = ("created_at",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        approved = Count("call__decisions", filter=Q(call__decisions__decision="approve", call__decisions__void=False))
        rows: QuerySet[Approval] = super().get_queryset(request)
        return rows.select_related("call__customer").annotate(have=approved)

    def get_urls(self) -> list[URLPattern]:
        address = path("<uuid:call_id>/review/", self.admin_site.admin_view(self.review), name="tools_approval_review")
        return [address, *super().get_urls()]

    def review(self, request: HttpRequest, call_id: UUID) -> HttpResponse:
        return review.page(request, call_id=call_id, chrome=self.admin_site.each_context(request))

    @admin.display(description="request")
    def request(self, approval: Approval) -> str:
        address = reverse("admin:tools_approval_review", args=[approval.call_id])
        link = format_html('<a href="{}">{}</a>', address, visible(approval.call.summary))
        if not warnings_of(call=approval.call):
            return link
        badge = BADGE if FROM_DATA in approval.call.provenance["flags"] else BADGE_UNASKED
        return format_html('{} <span class="risk-tag flag">{}</span>', link, badge)

    @admin.display(description="customer", ordering="call__customer__name")
    def who(self, approval: Approval) -> str:
        address = reverse("admin:tools_approval_changelist")
        customer = approval.call.customer
        return format_html('<a href="{}?customer={}">{}</a>', address, customer.pk, visible(customer.name))

    @admin.display(ordering="call__tool")
    def tool(self, approval: Approval) -> str:
        return approval.call.tool

    @admin.display(ordering="call__state")
    def state(self, approval: Approval) -> str:
        state = State(approval.call.state)
        return format_html('<span class="state state-{}">{}</span>', state.value, state.label)

    @admin.display(description="approvals")
    def approvals(self, approval: Any) -> str:
        return f"{approval.have} of {approval.need}"

    @admin.display(description="waiting", ordering="created_at")
    def age(self, approval: Approval) -> str:
        return timesince(approval.created_at, depth=1)

    @admin.display(description="time left", ordering="call__expires_at")
    def time_left(self, approval: Approval) -> str:
        expires = approval.call.expires_at
        if approval.call.state not in OPEN or expires is None:
            return "-"
        return timesince(timezone.now(), expires, depth=1) if expires > timezone.now() else "expired"


@admin.register(ToolCall)
class ToolCallAdmin(ReadOnly):
    list_display = ("id", "tool", "who", "state", "created_at", "ended_at")
    list_filter = ("effect", "state", "tool")
    search_fields = ("id", "customer__name", "customer__email", "record")
    list_select_related = ("customer",)
    date_hierarchy = "created_at"
    show_full_result_count = False
    ordering = ("-created_at",)
    # What others wrote is shown through `visible`; the talk before a request belongs to its review page.
    exclude = ("customer", "label", "summary", "arguments", "changes", "preconditions", "reason", "excerpt", "record")
    readonly_fields = ("who", "about", "what", "asked", "before_after", "facts", "why")

    @admin.display(description="customer", ordering="customer__name")
    def who(self, call: ToolCall) -> str:
        return visible(call.customer.name)

    @admin.display(description="record")
    def about(self, call: ToolCall) -> str:
        return visible(call.record)

    @admin.display(description="summary")
    def what(self, call: ToolCall) -> str:
        return visible(call.summary or call.label)

    @admin.display(description="arguments")
    def asked(self, call: ToolCall) -> str:
        return visible(json.dumps(call.arguments, ensure_ascii=False))

    @admin.display(description="changes")
    def before_after(self, call: ToolCall) -> str:
        return visible(json.dumps(call.changes, ensure_ascii=False))

    @admin.display(description="preconditions")
    def facts(self, call: ToolCall) -> str:
        return visible(json.dumps(call.preconditions, ensure_ascii=False))

    @admin.display(description="reason")
    def why(self, call: ToolCall) -> str:
        return visible(call.reason)


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    list_display = ("call", "decision", "reviewer", "decided_at", "void")
    list_select_related = ("call", "reviewer")
    ordering = ("-decided_at",)
    exclude = ("reason",)
    readonly_fields = ("why",)

    @admin.display(description="reason")
    def why(self, decision: Decision) -> str:
        return visible(decision.reason)


@admin.register(Effect)
class EffectAdmin(ReadOnly):
    list_display = ("call", "tool", "record", "made_at")
    list_select_related = ("call",)
    search_fields = ("record",)
    ordering = ("-made_at",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("at", "event", "actor", "call_id", "outcome")
    list_filter = ("event",)
    search_fields = ("call_id", "actor")
    show_full_result_count = False
    ordering = ("-pk",)


@admin.register(Notice)
class NoticeAdmin(ReadOnly):
    list_display = ("kind", "call", "created_at", "sent_at", "tries")
    list_filter = ("kind",)
    list_select_related = ("call",)
    ordering = ("-created_at",)
