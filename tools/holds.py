"""Writes into the audit trail who put a customer on legal hold, or took it off. It never changes a customer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.dispatch import receiver

from tools import audit
from tools.moves import database_now
from tracking.models import Customer
from tracking.signals import legal_hold_changed


@receiver(legal_hold_changed)
def record_hold(sender: type[Customer], *, customer: Customer, user: User, **_: Any) -> None:
    audit.record(
        event="customer.legal_hold",
        actor=audit.user_actor(user.pk),
        outcome="held" if customer.legal_hold else "released",
        now=database_now(),
        customer=customer.pk,
    )
