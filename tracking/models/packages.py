"""Packages and the news about them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tracking.models.orders import Order
from tracking.models.people import Customer
from tracking.models.trucks import Stop
from tracking.statuses import PackageStatus, Reason

OWN_CARRIER = "own"


class Package(models.Model):
    """One parcel.

    number: what we know it by, upper case. Carriers use numbers again after some time, so a package is told apart by
    carrier, number and when it was first seen. carrier_number: the number at a partner carrier, where there is one.
    booker: who sends it. recipient: who gets it, where that person has an account; delivery changes are theirs then.
    sender_note: free text of the booker that another person reads: untrusted.
    stop: where a truck of ours hands it over; null while it is on none.
    """

    number = models.CharField(max_length=40, db_index=True)
    carrier = models.CharField(max_length=32, default=OWN_CARRIER)
    carrier_number = models.CharField(max_length=40, blank=True)
    first_seen = models.DateTimeField()
    order = models.ForeignKey(Order, models.PROTECT, related_name="packages", null=True, blank=True)
    booker = models.ForeignKey(Customer, models.PROTECT, related_name="sent_packages")
    recipient = models.ForeignKey(Customer, models.PROTECT, related_name="received_packages", null=True, blank=True)
    status = models.CharField(max_length=20, choices=PackageStatus.choices, default=PackageStatus.PENDING)
    reason = models.CharField(max_length=40, choices=Reason.choices, blank=True)
    estimated_delivery = models.DateTimeField(null=True, blank=True)
    original_eta = models.DateTimeField(null=True, blank=True)
    stop = models.ForeignKey(Stop, models.SET_NULL, related_name="packages", null=True, blank=True)

    recipient_name = models.CharField(max_length=120)
    street = models.CharField(max_length=120)
    city = models.CharField(max_length=80)
    postal_code = models.CharField(max_length=12)
    country = models.CharField(max_length=2)
    delivery_date = models.DateField(null=True, blank=True)
    safe_place = models.CharField(max_length=120, blank=True)
    hold_at_depot = models.BooleanField(default=False)
    sender_note = models.CharField(max_length=500, blank=True)

    weight_kg = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    length_cm = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    width_cm = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    height_cm = models.DecimalField(max_digits=6, decimal_places=1, null=True, blank=True)
    contents = models.CharField(max_length=120, blank=True)

    delivered_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.CharField(max_length=120, blank=True)
    delivered_place = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["carrier", "number", "first_seen"], name="package_once_per_period"),
            models.CheckConstraint(condition=Q(status__in=PackageStatus.values), name="package_status_known"),
            models.CheckConstraint(condition=Q(reason__in=["", *Reason.values]), name="package_reason_known"),
            models.CheckConstraint(
                condition=~Q(status=PackageStatus.DELIVERED) | Q(delivered_at__isnull=False),
                name="package_delivered_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["booker", "-first_seen"], name="package_of_booker"),
            models.Index(fields=["recipient", "-first_seen"], name="package_of_recipient"),
            models.Index(fields=["carrier_number"], condition=~Q(carrier_number=""), name="package_carrier_number"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def owner_id(self) -> int:
        """Whose delivery this is to change: the recipient's where they have an account, else the booker's."""
        return self.recipient_id if self.recipient_id is not None else self.booker_id


class TrackingEvent(models.Model):
    """One piece of news, kept for good even where it came late or changed nothing.

    code and description are the carrier's own; `sequence` orders events of the same second.
    """

    package = models.ForeignKey(Package, models.CASCADE, related_name="events")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    sequence = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=32, default=OWN_CARRIER)
    dedupe_key = models.CharField(max_length=80)
    code = models.CharField(max_length=32, blank=True)
    description = models.CharField(max_length=300)
    status = models.CharField(max_length=20, choices=PackageStatus.choices)
    reason = models.CharField(max_length=40, choices=Reason.choices, blank=True)
    place = models.CharField(max_length=120, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "dedupe_key"], name="event_once"),
            models.CheckConstraint(condition=Q(status__in=PackageStatus.values), name="event_status_known"),
            models.CheckConstraint(condition=Q(reason__in=["", *Reason.values]), name="event_reason_known"),
        ]
        indexes = [models.Index(fields=["package", "-occurred_at", "-sequence"], name="event_newest_of_package")]

    def __str__(self) -> str:
        return f"{self.status} {self.occurred_at:%Y-%m-%d %H:%M}"
