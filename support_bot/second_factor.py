"""A second factor for staff: outside the demo no page of the admin opens without one that was used in this session."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

GetResponse = Callable[[HttpRequest], HttpResponse]

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# Pages of the admin that staff need without it.
FREE = ("login", "logout", "jsi18n")


class SecondFactor:
    """Middleware: staff in the admin are sent to set up a second factor, or to prove the one that they have."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        # By address, not by name: a page of ours among the admin's is a page of the admin.
        if not settings.STAFF_NEED_SECOND_FACTOR or match is None or not match.route.startswith("admin/"):
            return None
        user = request.user
        if match.url_name in FREE or not isinstance(user, User) or not user.is_active or not user.is_staff:
            return None
        kinds = set(Authenticator.objects.filter(user=user, type__in=FACTORS).values_list("type", flat=True))
        if not kinds:
            return HttpResponseRedirect(reverse("mfa_index"))
        if used_in_session(request):
            return None
        page = "mfa_reauthenticate" if Authenticator.Type.TOTP in kinds else "mfa_reauthenticate_webauthn"
        return HttpResponseRedirect(f"{reverse(page)}?{urlencode({'next': request.get_full_path()})}")


def used_in_session(request: HttpRequest) -> bool:
    return any(proof.get("method") == "mfa" for proof in get_authentication_records(request, request.user))


@receiver(authenticator_added, dispatch_uid="support_bot.count_set_up_as_use")
def count_set_up_as_use(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    """Who sets one up has just shown that they hold it."""
    if authenticator.type in FACTORS:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=str(authenticator.type))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth carries no types
    """Keeps the secrets of authenticator apps encrypted, and names us the same whatever host was asked for."""

    def get_totp_issuer(self) -> str:
        return settings.SITE_NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        if settings.RELAXED:
            entity: dict[str, str] = super().get_public_key_credential_rp_entity()
            return entity | {"name": settings.SITE_NAME}
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": settings.SITE_NAME}

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"{__name__}:{key}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
