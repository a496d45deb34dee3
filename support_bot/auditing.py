"""Tells the audit trail what happens to accounts and rights, and which pages were refused to whom."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from allauth.account import signals as account_signals
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tools import audit, auditcap
from tools.keyed import stand_in

GetResponse = Callable[[HttpRequest], HttpResponse]

_request: ContextVar[HttpRequest | None] = ContextVar("audited_request", default=None)
# A person at the server's console, or the product itself.
CONSOLE = "operator"
RIGHTS = ("is_active", "is_staff", "is_superuser")


class AuditedRequest:
    """Middleware: binds the request for the signals below, and records that a page was refused (403)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            response = self.get_response(request)
            if response.status_code == 403:
                _refused(request)
        finally:
            _request.reset(token)
        return response


def _refused(request: HttpRequest) -> None:
    match = getattr(request, "resolver_match", None)
    view = match.view_name if match else "unknown"
    auditcap.record_refusal(
        event="authz.denied", actor=_actor(), outcome="refused", now=timezone.now(), page=view, method=_method(request)
    )


def _method(request: HttpRequest) -> str:
    return request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"


def _actor() -> str:
    """Who is doing this: the signed-in user of the request, nobody in particular, or the console."""
    request = _request.get()
    if request is None:
        return CONSOLE
    key = getattr(getattr(request, "user", None), "pk", None)
    return audit.user_actor(key) if key is not None else audit.ANYBODY


def _record(event: str, outcome: str, *, actor: str | None = None, **details: Any) -> None:
    audit.record(event=event, actor=actor or _actor(), outcome=outcome, now=timezone.now(), **details)


# --- signing in and out -----------------------------------------------------------------------------------------


@receiver(user_logged_in, dispatch_uid="audit")
def _signed_in(sender: Any, request: HttpRequest | None, user: User, **_: Any) -> None:
    key = getattr(getattr(request, "session", None), "session_key", None) or ""
    session = stand_in(purpose="session", value=key)
    _record("auth.signed_in", "signed_in", actor=audit.user_actor(user.pk), session=session)


@receiver(user_logged_out, dispatch_uid="audit")
def _signed_out(sender: Any, user: User | None, **_: Any) -> None:
    if user is not None:
        _record("auth.signed_out", "signed_out", actor=audit.user_actor(user.pk))


@receiver(user_login_failed, dispatch_uid="audit")
def _sign_in_failed(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    typed = next((str(credentials[name]) for name in ("username", "email", "login") if credentials.get(name)), "")
    auditcap.record_refusal(
        event="auth.sign_in_failed",
        actor=audit.ANYBODY,
        outcome="failed",
        now=timezone.now(),
        name=stand_in(purpose="name", value=typed.strip().casefold()),
    )


@receiver(account_signals.authentication_step_completed, dispatch_uid="audit")
def _proved(sender: Any, user: User, method: str, **told: Any) -> None:
    if told.get("reauthenticated"):
        _record("auth.reauthenticated", method, actor=audit.user_actor(user.pk))
    elif method == "mfa":
        _record("auth.second_factor", str(told.get("type", "used")), actor=audit.user_actor(user.pk))


@receiver(account_signals.user_signed_up, dispatch_uid="audit")
def _signed_up(sender: Any, user: User, **_: Any) -> None:
    _record("auth.signed_up", "signed_up", actor=audit.user_actor(user.pk))


@receiver(account_signals.password_reset, dispatch_uid="audit reset")
@receiver(account_signals.password_changed, dispatch_uid="audit changed")
@receiver(account_signals.password_set, dispatch_uid="audit set")
def _password(sender: Any, user: User, **_: Any) -> None:
    _record("auth.password_changed", "changed", user=user.pk)


@receiver(account_signals.email_added, dispatch_uid="audit added")
@receiver(account_signals.email_removed, dispatch_uid="audit removed")
@receiver(account_signals.email_changed, dispatch_uid="audit changed")
def _email(sender: Any, user: User, **_: Any) -> None:
    _record("auth.email_changed", "changed", user=user.pk)


# --- rights -----------------------------------------------------------------------------------------------------


@receiver(pre_save, sender=User, dispatch_uid="audit")
def _account_changed(sender: Any, instance: User, update_fields: Any = None, raw: bool = False, **_: Any) -> None:
    """Rights and passwords set past the account pages, e.g. in the admin."""
    watched = [name for name in (*RIGHTS, "password") if update_fields is None or name in update_fields]
    if instance._state.adding or raw or not watched:
        return
    before = User.objects.filter(pk=instance.pk).values(*watched).first()
    if before is None:
        return
    changed = [name for name in watched if before[name] != getattr(instance, name)]
    rights = [f"{name}:{getattr(instance, name)}" for name in changed if name in RIGHTS]
    if rights:
        _record("staff.rights_changed", "changed", user=instance.pk, changed=rights)
    elif changed and update_fields is None:
        _record("auth.password_set", "set", user=instance.pk)


@receiver(post_save, sender=User, dispatch_uid="audit")
def _account_made(sender: Any, instance: User, created: bool = False, raw: bool = False, **_: Any) -> None:
    """An account that is born with rights."""
    rights = [f"{name}:True" for name in ("is_staff", "is_superuser") if getattr(instance, name)]
    if created and rights and not raw:
        _record("staff.rights_changed", "created", user=instance.pk, changed=rights)


@receiver(m2m_changed, sender=User.groups.through, dispatch_uid="audit groups")
@receiver(m2m_changed, sender=User.user_permissions.through, dispatch_uid="audit permissions")
def _membership(sender: Any, instance: Any, action: str, pk_set: set[int] | None, reverse: bool, **_: Any) -> None:
    if not action.startswith("post_") or (not pk_set and action != "post_clear"):
        return
    what = "groups" if sender is User.groups.through else "permissions"
    side = what if reverse else "user"
    _record(
        "staff.rights_changed",
        action.removeprefix("post_"),
        **{side: instance.pk, "what": what, "ids": sorted(pk_set or ())},
    )


@receiver(m2m_changed, sender=Group.permissions.through, dispatch_uid="audit group")
def _group_changed(sender: Any, instance: Any, action: str, pk_set: set[int] | None, **_: Any) -> None:
    if action.startswith("post_") and (pk_set or action == "post_clear"):
        outcome = action.removeprefix("post_")
        _record("group.rights_changed", outcome, group=instance.pk, ids=sorted(pk_set or ()))


@receiver(post_delete, sender=User, dispatch_uid="audit")
def _account_removed(sender: Any, instance: User, **_: Any) -> None:
    _record("account.removed", "removed", user=instance.pk)
