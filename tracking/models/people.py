"""Who books and receives deliveries."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Customer(models.Model):
    """The profile behind a sign-in. `phone` is E.164, `country` ISO 3166 alpha-2; empty means not given yet.

    `email` is where news goes; services keep it in step with the sign-in's address. `user` is null once the person was
    erased and only the records that the law keeps remain. `legal_hold`: nothing of this person is erased or purged.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="customer", null=True, blank=True
    )
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=16, blank=True)
    email = models.EmailField(blank=True, db_index=True)
    street = models.CharField(max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    postal_code = models.CharField(max_length=12, blank=True)
    country = models.CharField(max_length=2, blank=True)
    legal_hold = models.BooleanField(default=False, db_default=False)
    legal_hold_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        """How to address them: the first word of the name."""
        return (self.name.split() or [""])[0]
