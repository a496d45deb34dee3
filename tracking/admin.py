"""What staff see of the business. They look; changes come through requests, so no record or money is edited here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from tracking.look_only import LookOnly
from tracking.models import (
    Callback,
    Customer,
    GeoPing,
    Order,
    Package,
    ProblemReport,
    Refund,
    Route,
    Service,
    Stop,
    Tariff,
    TrackingEvent,
    Truck,
)
from tracking.signals import legal_hold_changed


class CloseOnly(LookOnly):
    """Staff with the right to change say when they are done with a row; nothing else of it can be changed."""

    closing_field: ClassVar[str]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields if field.name not in ("id", self.closing_field)]


class LookOnlyRows(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    """Related rows below a record."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PackageRows(LookOnlyRows):
    model = Package
    fields = ("number", "status", "reason", "estimated_delivery", "delivered_at")


class EventRows(LookOnlyRows):
    model = TrackingEvent
    fields = ("occurred_at", "status", "reason", "description", "place", "source", "code")
    ordering = ("-occurred_at", "-sequence")


class RefundRows(LookOnlyRows):
    model = Refund
    fields = ("created_at", "amount", "currency", "reason", "call_id")


class StopRows(LookOnlyRows):
    model = Stop
    fields = ("sequence", "kind", "city", "window_start", "window_end", "eta", "arrived_at", "departed_at")
    ordering = ("sequence",)


class TariffRows(LookOnlyRows):
    model = Tariff
    fields = ("country", "postal_prefix", "up_to_kg", "price", "currency")
    ordering = ("country", "postal_prefix", "up_to_kg")


@admin.register(Customer)
class CustomerAdmin(LookOnly):
    """A superuser may put a customer on legal hold, with the reason; that alone can be changed."""

    list_display = ("name", "email", "phone", "city", "country", "created_at")
    list_filter = ("country", "legal_hold")
    search_fields = ("name", "email", "phone", "user__username")
    ordering = ("name", "pk")
    changed_here = ("legal_hold", "legal_hold_reason")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff and request.user.is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields if field.name not in ("id", *self.changed_here)]

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        obj.save(update_fields=[*self.changed_here, "updated_at"])
        if "legal_hold" in form.changed_data:
            legal_hold_changed.send(sender=Customer, customer=obj, user=request.user)


@admin.register(Order)
class OrderAdmin(LookOnly):
    list_display = ("reference", "customer", "state", "service", "price", "refunded", "currency", "booked_at")
    list_filter = ("state", "service")
    list_select_related = ("customer", "service")
    search_fields = ("reference", "customer__name", "customer__email")
    ordering = ("-booked_at",)
    inlines = (PackageRows, RefundRows)


@admin.register(Package)
class PackageAdmin(LookOnly):
    """The page of a package is its timeline."""

    list_display = ("number", "status", "reason", "booker", "recipient", "city", "estimated_delivery")
    list_filter = ("status", "reason", "carrier")
    list_select_related = ("booker", "recipient")
    search_fields = ("number", "carrier_number", "order__reference", "booker__name", "recipient__name")
    ordering = ("-first_seen",)
    inlines = (EventRows,)


@admin.register(Truck)
class TruckAdmin(LookOnly):
    list_display = ("unit", "plate", "active")
    list_filter = ("active",)
    search_fields = ("unit", "plate")
    ordering = ("unit",)


@admin.register(Route)
class RouteAdmin(LookOnly):
    list_display = ("truck", "date", "state")
    list_filter = ("state", "date")
    list_select_related = ("truck",)
    search_fields = ("truck__unit",)
    ordering = ("-date", "truck__unit")
    inlines = (StopRows,)


@admin.register(GeoPing)
class GeoPingAdmin(LookOnly):
    list_display = ("truck", "recorded_at", "latitude", "longitude", "speed_kmh")
    list_filter = ("truck",)
    list_select_related = ("truck",)
    ordering = ("-recorded_at",)


@admin.register(Service)
class ServiceAdmin(LookOnly):
    list_display = ("code", "name", "days_min", "days_max", "max_weight_kg", "active")
    list_filter = ("active",)
    ordering = ("code",)
    inlines = (TariffRows,)


@admin.register(Refund)
class RefundAdmin(LookOnly):
    list_display = ("order", "customer", "amount", "currency", "created_at", "call_id")
    list_select_related = ("order", "customer")
    search_fields = ("order__reference", "customer__name", "call_id")
    ordering = ("-created_at",)


@admin.register(ProblemReport)
class ProblemReportAdmin(CloseOnly):
    closing_field = "closed_at"
    list_display = ("package", "problem", "customer", "created_at", "closed_at")
    list_filter = (("closed_at", admin.EmptyFieldListFilter), "problem")
    list_select_related = ("package", "customer")
    search_fields = ("package__number", "customer__name")
    ordering = ("-created_at",)


@admin.register(Callback)
class CallbackAdmin(CloseOnly):
    closing_field = "done_at"
    list_display = ("at", "customer", "phone", "topic", "done_at")
    list_filter = (("done_at", admin.EmptyFieldListFilter),)
    list_select_related = ("customer",)
    search_fields = ("customer__name", "phone", "topic")
    ordering = ("at",)
