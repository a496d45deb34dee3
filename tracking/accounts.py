"""Finds the person whom a command names. For the people who run the product; no page and no tool asks here."""

from __future__ import annotations

from django.db.models import Q

from tracking.models import Customer


class NoSuchCustomer(Exception):
    """Nobody, or more than one person, goes by that name. The text says what to do next."""


def customer_named(*, name: str) -> Customer:
    """By user name, or else by e-mail address, with the user loaded. Raises NoSuchCustomer."""
    people = Customer.objects.select_related("user").filter(user__isnull=False)
    found = list(people.filter(user__username=name)[:1])
    if not found and "@" in name:
        same = Q(user__email__iexact=name) | Q(email__iexact=name) | Q(user__emailaddress__email__iexact=name)
        found = list(people.filter(same).distinct()[:2])
    if not found:
        raise NoSuchCustomer("No customer has this user name or e-mail address; one that was erased has neither.")
    if len(found) > 1:
        raise NoSuchCustomer("Several customers have this e-mail address; give the user name instead.")
    return found[0]
