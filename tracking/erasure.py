"""Takes one person out of the records of the business. What the law keeps stays, and says no more of whom.

What belongs to the other party of a delivery stays theirs. Every step may be repeated.
"""

from __future__ import annotations

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CASCADE, Case, ProtectedError, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from tracking.models import Callback, Customer, Order, Package, ProblemReport, Refund, TrackingEvent
from tracking.statuses import FINAL_STATUSES, OrderState, PackageStatus

ERASED = "(erased)"

# Country, dates, amounts, references and states stay: they name nobody.
ORDER_BLANK = dict.fromkeys(
    [f"{side}_{field}" for side in ("from", "to") for field in ("name", "street", "city", "postal_code")]
    + ["cancel_reason"],
    "",
)
DELIVERY_BLANK = dict.fromkeys(
    ["recipient_name", "street", "city", "postal_code", "safe_place", "signed_by", "delivered_place"], ""
)
SENDER_BLANK = {"sender_note": "", "contents": ""}
PROFILE_BLANK = dict.fromkeys(
    ["phone", "email", "street", "city", "postal_code", "country", "legal_hold_reason"], ""
) | {"name": ERASED}


def under_way(*, customer: Customer) -> int:
    """Deliveries that have not come to their end: without an address they will not arrive."""
    orders = Order.objects.filter(customer=customer)
    return (
        orders.exclude(state__in=[OrderState.DELIVERED, OrderState.CANCELLED]).count()
        + Package.objects.filter(recipient=customer).exclude(status__in=FINAL_STATUSES).count()
    )


def erase_records(*, customer: Customer, now: datetime) -> dict[str, int]:
    """Blank what names the person or was written by them. Returns how many rows of each kind there are."""
    sent = Package.objects.filter(booker=customer)
    alone = sent.filter(Q(recipient=None) | Q(recipient=customer))
    received = Package.objects.filter(recipient=customer).exclude(booker=customer)
    blank_news(events=TrackingEvent.objects.filter(package__in=alone))
    blank_news(events=TrackingEvent.objects.filter(package__in=received))
    return {
        "orders": Order.objects.filter(customer=customer).update(**ORDER_BLANK),
        "refunds": Refund.objects.filter(customer=customer).update(reason=""),
        "problem reports": ProblemReport.objects.filter(customer=customer).update(description=""),
        "callbacks": Callback.objects.filter(customer=customer).update(
            phone="", topic="", done_at=Coalesce("done_at", Value(now))
        ),
        "packages": alone.update(**DELIVERY_BLANK, **SENDER_BLANK)
        + sent.exclude(recipient=None).exclude(recipient=customer).update(**SENDER_BLANK)
        # The delivery is the sender's alone from now on.
        + received.update(**DELIVERY_BLANK, recipient=None),
    }


def blank_news(*, events: QuerySet[TrackingEvent]) -> None:
    """The course of a delivery stays; a carrier's own words ("left with the neighbour") and places do not."""
    words = Case(*(When(status=status, then=Value(status.label)) for status in PackageStatus), default=Value(""))
    events.update(description=words, place="", latitude=None, longitude=None)


def block_sign_in(*, user: User) -> None:
    """Nobody signs in with this account any more; its name stays until the end, so that the erasure can go on."""
    User.objects.filter(pk=user.pk).update(is_active=False)


def erase_profile(*, customer: Customer) -> None:
    """The last step: the profile is blank, and the account with its addresses and second factors is gone."""
    with transaction.atomic():
        user = customer.user
        Customer.objects.filter(pk=customer.pk).update(user=None, **PROFILE_BLANK)
        _blank_log(Customer, [customer.pk])
        if user is not None:
            _blank_log(User, [user.pk])
            _delete_account(user)


def _blank_log(model: type[Customer] | type[User], keys: list[int]) -> None:
    """The admin's own log names what it tells of in words."""
    kind = ContentType.objects.get_for_model(model)
    about = LogEntry.objects.filter(content_type=kind, object_id__in=list(map(str, keys)))
    about.update(object_repr=ERASED, change_message="")


def _delete_account(user: User) -> None:
    try:
        with transaction.atomic():
            user.delete()
    except ProtectedError:
        # Somebody who worked here once: what they decided must keep saying that one person decided it.
        _delete_what_names(user)
        user.username, user.email, user.first_name, user.last_name = f"erased-{user.pk}", "", "", ""
        user.is_active = user.is_staff = user.is_superuser = False
        user.set_unusable_password()
        user.groups.clear()
        user.user_permissions.clear()
        user.save()


def _delete_what_names(user: User) -> None:
    """Addresses, second factors and whatever else goes with an account, but not the log of what it did."""
    for relation in User._meta.related_objects:
        if relation.on_delete is CASCADE and relation.related_model is not LogEntry:
            relation.related_model._default_manager.filter(**{relation.field.name: user}).delete()
