"""What customers asked for after the booking. Each row belongs to one request; its call_id makes it unrepeatable."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tracking.models.orders import Order
from tracking.models.packages import Package
from tracking.models.people import Customer


class Problem(models.TextChoices):
    DAMAGED = "damaged", "damaged"
    MISSING_ITEMS = "missing_items", "missing items"
    NOT_RECEIVED = "not_received", "not received"
    WRONG_ITEM = "wrong_item", "wrong item"
    OTHER = "other", "other"


class Refund(models.Model):
    """Money that went back. The sum of an order's refunds is the order's `refunded`."""

    call_id = models.UUIDField(unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="refunds")
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="refund_positive")]
        indexes = [models.Index(fields=["customer", "-created_at"], name="refund_of_customer")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class ProblemReport(models.Model):
    """Something is wrong with a package; staff look into it and close it."""

    call_id = models.UUIDField(unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="problem_reports")
    package = models.ForeignKey(Package, models.PROTECT, related_name="problem_reports")
    problem = models.CharField(max_length=16, choices=Problem.choices)
    description = models.CharField(max_length=1000)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(problem__in=Problem.values), name="problem_known")]
        indexes = [models.Index(fields=["created_at"], condition=Q(closed_at=None), name="problem_open")]

    def __str__(self) -> str:
        return self.problem


class Callback(models.Model):
    """A customer wants to be called. Done when staff have called."""

    call_id = models.UUIDField(unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="callbacks")
    at = models.DateTimeField()
    phone = models.CharField(max_length=16)
    topic = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["at"], condition=Q(done_at=None), name="callback_open")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
