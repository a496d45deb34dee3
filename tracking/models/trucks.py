"""Trucks, the routes they drive, the stops of a route and where a truck was seen.

A stop holds a town and a position, never a street: other customers' addresses stay with their packages.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class RouteState(models.TextChoices):
    PLANNED = "planned", "planned"
    ACTIVE = "active", "under way"
    DONE = "done", "finished"


class StopKind(models.TextChoices):
    DEPOT = "depot"
    PICKUP = "pickup"
    DELIVERY = "delivery"


class Truck(models.Model):
    """`unit` is the number painted on it, such as TRK-01."""

    unit = models.CharField(max_length=20, unique=True)
    plate = models.CharField(max_length=16, blank=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.unit


class Route(models.Model):
    """One truck's way through one day."""

    truck = models.ForeignKey(Truck, models.PROTECT, related_name="routes")
    date = models.DateField()
    state = models.CharField(max_length=8, choices=RouteState.choices, default=RouteState.PLANNED)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["truck", "date"], name="route_once_a_day"),
            # Where is the truck now? has one answer.
            models.UniqueConstraint(
                fields=["truck"], condition=Q(state=RouteState.ACTIVE), name="route_one_active_per_truck"
            ),
            models.CheckConstraint(condition=Q(state__in=RouteState.values), name="route_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.truck_id} on {self.date}"


class Stop(models.Model):
    """A planned window, the present estimate, and what happened. A stop is done when the truck has departed."""

    route = models.ForeignKey(Route, models.CASCADE, related_name="stops")
    sequence = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8, choices=StopKind.choices, default=StopKind.DELIVERY)
    city = models.CharField(max_length=80)
    latitude = models.DecimalField(max_digits=9, decimal_places=6)
    longitude = models.DecimalField(max_digits=9, decimal_places=6)
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    eta = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    departed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["route", "sequence"], name="stop_sequence_once"),
            models.CheckConstraint(condition=Q(kind__in=StopKind.values), name="stop_kind_known"),
            models.CheckConstraint(condition=Q(window_start__lte=F("window_end")), name="stop_window_in_order"),
            models.CheckConstraint(
                condition=Q(departed_at=None) | Q(arrived_at__lte=F("departed_at")), name="stop_departs_after_arrival"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.city}"


class GeoPing(models.Model):
    """Where a truck said it was. `recorded_at` is the truck's clock, `received_at` ours."""

    truck = models.ForeignKey(Truck, models.CASCADE, related_name="pings")
    latitude = models.DecimalField(max_digits=9, decimal_places=6)
    longitude = models.DecimalField(max_digits=9, decimal_places=6)
    recorded_at = models.DateTimeField()
    received_at = models.DateTimeField()
    speed_kmh = models.PositiveSmallIntegerField(null=True, blank=True)
    heading = models.PositiveSmallIntegerField(null=True, blank=True)
    accuracy_m = models.PositiveIntegerField(null=True, blank=True)
    source = models.CharField(max_length=32, default="telematics")

    class Meta:
        constraints = [
            # Also the index of "the latest of this truck".
            models.UniqueConstraint(fields=["truck", "recorded_at"], name="ping_once_per_moment"),
            models.CheckConstraint(
                condition=Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="ping_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.latitude} {self.longitude}"
