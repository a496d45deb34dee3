"""Defects on purpose, named in TOOL_MODULES by a test: selectors and services that forgot whose records they touch."""

from __future__ import annotations

from typing import Any

from tracking import selectors, services
from tracking.errors import NotFound
from tracking.models import Customer, Order, Package


def all_packages(*, customer: Customer) -> Any:
    return Package.objects.all()


def any_order(*, customer: Customer, reference: str, lock: bool = False) -> Order:
    orders = Order.objects.select_related("service").filter(reference__iexact=reference.replace(" ", ""))
    found = (orders.select_for_update(of=("self",), no_key=True) if lock else orders).first()
    if found is None:
        raise NotFound("order")
    return found


def everybodys_profile(*, customer: Customer, change: services.ProfileChange) -> Customer:
    Customer.objects.update(**change.given())
    customer.refresh_from_db()
    return customer


selectors.visible_packages = all_packages
selectors.find_order = any_order
services.change_profile = everybodys_profile
