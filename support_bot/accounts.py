"""How accounts differ from allauth's defaults: limits, who must verify first, what a reset needs, where links point."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.forms import ResetPasswordForm as AnyAddressForm
from allauth.account.forms import SignupForm as NewAccountForm
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from support_bot import mailing
from support_bot.clients import request_address
from support_bot.pages import too_many
from tools.keyed import holds, prove
from tools.reauthentication import proved_lately

# A browser in which somebody has signed in to this account before keeps a limit of its own, so that a stranger's wrong
# passwords do not lock its owner out.
KNOWN_BROWSER_S = 180 * 86400
LOCKED_S = 300
KNOWN_BROWSER = "known browser"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Limits count the visitor's address, not the proxy's; mails carry our own address; and see the methods."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return request_address(request=request)

    def is_safe_url(self, url: str) -> bool:
        """An address that cannot be read at all is none to go to either."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_login_stages(self) -> list[str]:
        ours = f"{__name__}.{VerifyAfterSignUp.__name__}"
        theirs = f"{EmailVerificationStage.__module__}.{EmailVerificationStage.__name__}"
        return [ours if stage == theirs else stage for stage in super().get_login_stages()]

    def is_reauthentication_required(self, *, app: str, **_: Any) -> bool:
        """A sign-in of a moment ago is proof enough."""
        return not proved_lately(request=self.request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Out of the request: how long the mail server takes would tell whether an account exists."""
        context = mailing.with_our_address(context | {"email": email, "request": self.request})
        mailing.post(self.render_mail(template_prefix, email, context))

    # --- limits -------------------------------------------------------------------------------------------------

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except Exception as error:
            if getattr(error, "code", "") != "too_many_login_attempts":
                raise
            raise ImmediateHttpResponse(too_many(request, wait=LOCKED_S)) from None

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        login = str(credentials.get("email") or credentials.get("username") or "").lower()
        return f"{_known_browser(request, login)}:{login}"

    def post_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **given)
        logins = {user.get_username().lower(), user.email.lower()}
        names = sorted(prove(purpose=KNOWN_BROWSER, text=login) for login in logins)
        value = signing.dumps([uuid4().hex, *names], salt=settings.KNOWN_BROWSER_COOKIE)
        response.set_cookie(
            settings.KNOWN_BROWSER_COOKIE,
            value,
            max_age=KNOWN_BROWSER_S,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
        return response


def _known_browser(request: HttpRequest, login: str) -> str:
    """The name of this browser where somebody has signed in with this login in it before, else nothing."""
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE, "")
    try:
        name, *logins = signing.loads(cookie, salt=settings.KNOWN_BROWSER_COOKIE, max_age=KNOWN_BROWSER_S)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    mine = any(holds(proof=str(known), purpose=KNOWN_BROWSER, text=login.lower()) for known in logins)
    return str(name) if mine else ""


class VerifyAfterSignUp(EmailVerificationStage):  # type: ignore[misc]  # allauth carries no types
    """Only who has just signed up must open the link before the first sign-in; others never get locked out by it."""

    def handle(self) -> Any:
        user = self.login.user
        if user is not None and (user.last_login or not EmailAddress.objects.filter(user_id=user.pk).exists()):
            return None, True
        return super().handle()


class Backend(AuthenticationBackend):  # type: ignore[misc]  # as above
    """One hash for each account that a login names, and one where it names none: time tells nothing."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        named: dict[int, Any] = {}
        for login in {str(credentials[name]) for name in ("username", "email") if credentials.get(name)}:
            users = filter_users_by_email(login, prefer_verified=True, for_login=True)
            named |= {user.pk: user for user in [*users, get_user_by_username(login)] if user is not None}
        password = credentials["password"]
        return next((user for user in named.values() if self._check_password(user, password)), None)


class SignupForm(NewAccountForm):  # type: ignore[misc]  # as above
    """An address that has an account already takes as long as a new one: a password is hashed for it too."""

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)


class ResetPasswordForm(AnyAddressForm):  # type: ignore[misc]  # as above
    """A link to a new password goes to an address that its owner has confirmed, to no other."""

    def clean_email(self) -> str:
        email: str = super().clean_email()
        confirmed = EmailAddress.objects.filter(email__iexact=email, verified=True).values_list("user_id", flat=True)
        self.users: list[User] = [user for user in self.users if user.pk in set(confirmed)]
        return email


# --- pages --------------------------------------------------------------------------------------------------------


@require_safe
@login_required
def email(request: HttpRequest) -> HttpResponse:
    """The customer's addresses, to look at. A change goes through the chat alone, where the old address agrees first.

    It stands in the place of allauth's own page, which would let whoever holds a session add an address, remove the old
    one and have the password reset sent to the new.
    """
    addresses = EmailAddress.objects.filter(user_id=request.user.pk).order_by("-primary", "email")
    return render(request, "account/email.html", {"addresses": addresses})


@require_POST
@login_required
def confirm_email(request: HttpRequest) -> HttpResponse:
    """Send the link that confirms the address in use to that address. Nothing else can be asked for here."""
    mine = EmailAddress.objects.filter(user_id=request.user.pk, primary=True, verified=False).first()
    if mine is not None:
        send_verification_email_to_address(request, mine)
    return redirect("account_email")
