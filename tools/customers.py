"""Writes into the audit trail what the people who run the installation did about a customer, by a command."""

from __future__ import annotations

from tools import audit
from tools.moves import database_now
from tracking.models import Customer

# What a command does is done by whoever runs the installation.
OPERATOR = "operator"


def record(*, event: str, outcome: str, customer: Customer) -> None:
    audit.record(event=event, actor=OPERATOR, outcome=outcome, now=database_now(), customer=customer.pk)
