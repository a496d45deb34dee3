"""Accounts in the admin: no address is changed past the flow that asks its owner, no factor is added by hand."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest

from tracking.look_only import LookOnly
from tracking.models import Customer


class AccountAdmin(UserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """A customer's address and user name belong to the customer; those of staff without a record are set here."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        if obj is not None and Customer.objects.filter(user_id=obj.pk).exists():
            return (*fields, "email", "username")
        return fields


class EmailAddressAdmin(LookOnly):
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    search_fields = ("email", "user__username")


class FactorAdmin(LookOnly):
    """Superusers may take away a factor that was lost; its owner then sets up a new one. Its secret is never shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(getattr(request.user, "is_superuser", False))


def register() -> None:
    """In the place of what the apps themselves registered."""
    for model in (User, EmailAddress, Authenticator):
        admin.site.unregister(model)
    admin.site.register(User, AccountAdmin)
    admin.site.register(EmailAddress, EmailAddressAdmin)
    admin.site.register(Authenticator, FactorAdmin)
