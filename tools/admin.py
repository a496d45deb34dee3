"""The queue of requests that wait for staff, and read-only views of calls, effects and the audit trail.

Nothing is ever decided here but through the review page: no list editing, no bulk decisions, no deletion.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Count, F, IntegerField, OrderBy, OuterRef, Q, QuerySet, Subquery, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from tools import audit_view, queue_export, review
from tools.lineage import BADGE, BADGE_UNASKED, warnings_of
from tools.models import Approval, AuditAnchor, AuditEntry, Decision, Effect, Notice, ToolCall
from tools.provenance import FROM_DATA
from tools.queue_filters import OPEN, AgeFilter, CustomerFilter, SourceFilter, StateFilter, ToolFilter
from tools.states import State
from tools.textview import visible
from tracking.look_only import LookOnly
from tracking.models import Customer


@admin.register(Approval)
class ApprovalAdmin(LookOnly):
    """The queue: everybody's first request, oldest first, then everybody's second …, so that nobody fills a page."""

    list_display = ("request", "who", "tool", "state", "approvals", "age", "time_left")
    list_display_links = None
    list_filter = (StateFilter, SourceFilter, ToolFilter, AgeFilter, CustomerFilter)
    search_fields = ("call__customer__name", "call__customer__email", "call__record", "call__summary")
    search_help_text = "Customer's name or e-mail, or the record, e.g. ORD-1001"
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        # For each row that is shown, not for all that wait: they may be a hundred thousand.
        approved = Decision.objects.filter(call=OuterRef("pk"), decision="approve", void=False).order_by()
        have = Subquery(approved.values("call").annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        rows: QuerySet[Approval] = super().get_queryset(request)
        return rows.select_related("call__customer").annotate(have=Coalesce(have, 0))

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What nobody knows the outcome of; then by the place among the customer's own of those that are listed."""
        unknown = Case(When(call__state=State.NEEDS_RECONCILIATION, then=0), default=1)
        place = Window(RowNumber(), partition_by=F("call__customer_id"), order_by=("created_at", "pk"))
        return [OrderBy(unknown), OrderBy(place), "created_at"]

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("<uuid:call_id>/review/", self.admin_site.admin_view(self.review), name="tools_approval_review"),
            path("export/", self.admin_site.admin_view(self.export), name="tools_approval_export"),
        ]
        return [*own, *super().get_urls()]

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """The list as it is narrowed down, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            rows = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseBadRequest("There is no such filter.", content_type="text/plain")
        return queue_export.response(request, rows=rows)

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


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@admin.register(ToolCall)
class ToolCallAdmin(LookOnly):
    list_display = ("id", "tool", "who", "state", "created_at", "ended_at")
    list_filter = ("effect", "state", "tool")
    search_fields = ("record",)  # and what get_search_results adds
    search_help_text = "A call_id, the record, e.g. ORD-1001, or the customer's name or e-mail"
    list_select_related = ("customer",)
    date_hierarchy = "created_at"
    show_full_result_count = False
    ordering = ("-created_at",)
    # What others wrote is shown through `visible`; the talk before a request belongs to its review page.
    exclude = ("customer", "label", "summary", "arguments", "changes", "preconditions", "reason", "excerpt", "record")
    readonly_fields = ("who", "about", "what", "asked", "before_after", "facts", "why")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ToolCall], search_term: str
    ) -> tuple[QuerySet[ToolCall], bool]:
        """One call by its id; else each word in the record, or in a customer: those are few beside their calls."""
        words = search_term.split()
        if len(words) == 1 and (call_id := _uuid(words[0])):
            return queryset.filter(pk=call_id), False
        for word in words:
            people = Customer.objects.filter(Q(name__icontains=word) | Q(email__icontains=word))
            queryset = queryset.filter(Q(record__icontains=word) | Q(customer__in=people.values("pk")))
        return queryset, False

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
class DecisionAdmin(LookOnly):
    list_display = ("call", "decision", "reviewer", "decided_at", "void")
    list_select_related = ("call", "reviewer")
    ordering = ("-decided_at",)
    exclude = ("reason",)
    readonly_fields = ("why",)

    @admin.display(description="reason")
    def why(self, decision: Decision) -> str:
        return visible(decision.reason)


@admin.register(Effect)
class EffectAdmin(LookOnly):
    list_display = ("call", "tool", "record", "made_at")
    list_select_related = ("call",)
    search_fields = ("record",)
    ordering = ("-made_at",)


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnly):
    list_display = ("at", "event", "actor", "call_id", "outcome", "request_id")
    list_filter = (audit_view.FamilyFilter, "at")
    search_fields = ("call_id",)  # says that there is a search; what it does stands in audit_view
    search_help_text = "A call id, request id, actor (user:7) or event (call.approved), exactly"
    show_full_result_count = False
    paginator = audit_view.NewestRows
    sortable_by = ()
    ordering = ("-pk",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        return audit_view.search(queryset, search_term), False


@admin.register(AuditAnchor)
class AuditAnchorAdmin(LookOnly):
    """What to keep elsewhere: `verify_audit --anchor POSITION:HASH` compares."""

    list_display = ("at", "position", "hash")
    sortable_by = ()
    ordering = ("-pk",)


@admin.register(Notice)
class NoticeAdmin(LookOnly):
    list_display = ("kind", "call", "created_at", "sent_at", "tries")
    list_filter = ("kind",)
    list_select_related = ("call",)
    ordering = ("-created_at",)
