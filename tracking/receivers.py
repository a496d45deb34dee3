"""Makes a customer for everybody who signs up, inside the same transaction as the user. It never changes one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models.signals import post_save
from django.dispatch import receiver

from tracking.models import Customer


@receiver(post_save, sender=settings.AUTH_USER_MODEL, dispatch_uid="tracking.make_customer")
def make_customer(instance: User, *, created: bool, raw: bool, **kwargs: Any) -> None:
    """Staff get none: who works here is a customer only where someone decided so. `raw` is a fixture being loaded."""
    if not created or raw or instance.is_staff:
        return
    name = instance.get_full_name() or instance.get_username()
    Customer.objects.create(user=instance, name=name, email=instance.email)
