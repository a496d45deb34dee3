"""The demo's people: two customers, two reviewers, one who may only look, and one superuser."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

from tracking.factories import CustomerFactory, UserFactory
from tracking.models import Customer

REVIEWERS = "Reviewers"
OBSERVERS = "Observers"
# What staff may look at; the admin shows nothing else to them.
SEEN_APPS = ("tracking", "tools", "chat")
WORKING = ("change_conversation", "change_problemreport", "change_callback")
CUSTOMERS = {
    "alice": {
        "name": "Alice Example",
        "phone": "+493023125001",
        "street": "Lindenallee 12",
        "city": "Berlin",
        "postal_code": "10115",
        "country": "DE",
    },
    "bob": {
        "name": "Bob Example",
        "phone": "+493023125002",
        "street": "Hafenstrasse 7",
        "city": "Hamburg",
        "postal_code": "20457",
        "country": "DE",
    },
    "root": {
        "name": "Root Example",
        "phone": "+493023125003",
        "street": "Marktplatz 1",
        "city": "Leipzig",
        "postal_code": "04109",
        "country": "DE",
    },
}
STAFF = {"rita": REVIEWERS, "ravi": REVIEWERS, "sam": OBSERVERS}


def add_people() -> dict[str, Customer]:
    """Everybody, with verified addresses; returns the customers by user name."""
    groups = add_groups()
    customers = {name: _customer(name) for name in CUSTOMERS}
    for name, group in STAFF.items():
        user = _user(name, is_staff=True)
        user.groups.add(groups[group])
    return customers


def add_groups() -> dict[str, Group]:
    """Both groups, with every permission to look; reviewers also decide, answer customers and close their reports."""
    seeing = Permission.objects.filter(content_type__app_label__in=SEEN_APPS, codename__startswith="view_")
    working = Permission.objects.filter(content_type__app_label__in=SEEN_APPS, codename__in=WORKING)
    deciding = Permission.objects.filter(pk=_decide_approval().pk)
    reviewers, _ = Group.objects.get_or_create(name=REVIEWERS)
    reviewers.permissions.add(*(seeing | working | deciding))
    observers, _ = Group.objects.get_or_create(name=OBSERVERS)
    observers.permissions.add(*seeing)
    return {REVIEWERS: reviewers, OBSERVERS: observers}


def _decide_approval() -> Permission:
    """`tools.decide_approval`. It belongs to an app above this one, so it is found by name."""
    content_type, _ = ContentType.objects.get_or_create(app_label="tools", model="approval")
    permission, _ = Permission.objects.get_or_create(
        content_type=content_type,
        codename="decide_approval",
        defaults={"name": "Can approve or decline requests"},
    )
    return permission


def _user(name: str, *, is_staff: bool = False, is_superuser: bool = False) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        user = UserFactory.create(username=name, is_staff=is_staff, is_superuser=is_superuser)
    if not EmailAddress.objects.filter(Q(user=user) | Q(email=user.email)).exists():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def _customer(name: str) -> Customer:
    is_root = name == "root"
    known = Customer.objects.filter(user__username=name).first()
    user = _user(name, is_staff=is_root, is_superuser=is_root)
    if known is not None:
        return known
    customer: Customer = CustomerFactory.create(user=user, **CUSTOMERS[name])
    return customer
