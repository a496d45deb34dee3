"""Approved refunds in the database of a run: `python -m tests.faults.refunds 60` prints their call ids.

One for each of the customers that `seed_demo --customers` made; nobody is woken, the sweep finds them.
"""

from __future__ import annotations

import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - needs the settings

from tests.tools.steps import approved  # noqa: E402
from tracking.models import Customer, Order  # noqa: E402


def main(count: int) -> None:
    rita = User.objects.get(username="rita")
    customers = Customer.objects.filter(user__username__startswith="load-").order_by("pk")[:count]
    for number, customer in enumerate(customers):
        order = Order.objects.filter(customer=customer, state="delivered").earliest("pk")
        amount = f"{1 + number % 20}.{number % 100:02}"
        call = approved(
            customer, rita, "request_refund", order_id=order.reference, amount=amount, reason=f"late {number}"
        )
        print(call.pk, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
