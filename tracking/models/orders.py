"""What can be booked, at which price, and what was booked."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from tracking.models.people import Customer
from tracking.statuses import REFUNDABLE_STATES, OrderState


class Service(models.Model):
    """A way to send parcels. Days are working days; measures are the most that one parcel may have."""

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=200)
    days_min = models.PositiveSmallIntegerField()
    days_max = models.PositiveSmallIntegerField()
    max_weight_kg = models.DecimalField(max_digits=7, decimal_places=2)
    max_length_cm = models.DecimalField(max_digits=6, decimal_places=1)
    max_parcels = models.PositiveSmallIntegerField(default=10)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(days_min__lte=F("days_max")), name="service_days_in_order"),
        ]

    def __str__(self) -> str:
        return self.code


class Tariff(models.Model):
    """The price of one parcel up to a weight, to one country.

    `postal_prefix` makes a dearer zone inside it, such as islands: the longest prefix that fits counts, empty fits all.
    """

    service = models.ForeignKey(Service, models.PROTECT, related_name="tariffs")
    country = models.CharField(max_length=2)
    postal_prefix = models.CharField(max_length=8, blank=True)
    up_to_kg = models.DecimalField(max_digits=7, decimal_places=2)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["service", "country", "postal_prefix", "up_to_kg"], name="tariff_once_per_step"
            ),
            models.CheckConstraint(condition=Q(price__gt=0) & Q(up_to_kg__gt=0), name="tariff_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.country}{self.postal_prefix} {self.up_to_kg} kg"


class Order(models.Model):
    """A delivery that a customer booked and owns. `price` is what was paid, `refunded` what went back of it."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    reference = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=12, choices=OrderState.choices, default=OrderState.BOOKED)
    service = models.ForeignKey(Service, models.PROTECT, related_name="orders")
    price = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3, default="EUR")
    refunded = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal("0.00"))
    from_name = models.CharField(max_length=120)
    from_street = models.CharField(max_length=120)
    from_city = models.CharField(max_length=80)
    from_postal_code = models.CharField(max_length=12)
    from_country = models.CharField(max_length=2)
    to_name = models.CharField(max_length=120)
    to_street = models.CharField(max_length=120)
    to_city = models.CharField(max_length=80)
    to_postal_code = models.CharField(max_length=12)
    to_country = models.CharField(max_length=2)
    booked_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    # The request that booked it, where a request did: booking twice for one request is impossible.
    call_id = models.UUIDField(null=True, blank=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="order_state_known"),
            models.CheckConstraint(condition=Q(price__gte=0), name="order_price_not_negative"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0) & Q(refunded__lte=F("price")), name="order_refunded_within_price"
            ),
        ]
        indexes = [models.Index(fields=["customer", "-booked_at"], name="order_of_customer")]

    def __str__(self) -> str:
        return self.reference

    @property
    def refundable(self) -> Decimal:
        """What can still be paid back now; zero while the order is on its way."""
        if self.state not in REFUNDABLE_STATES:
            return Decimal("0.00")
        return self.price - self.refunded
