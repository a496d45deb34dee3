"""Whether a session still stands for its customer: asked at the handshake, for every frame, step and tool call.

The user a socket was opened with is a snapshot; the rows decide.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import F, Value
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from support_bot.sessions import has_ended
from tracking.models import Customer

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Authority:
    """A live session, whose it is, and a fingerprint of the rights of that account."""

    session_key: str
    user_id: int
    customer: Customer
    rights: str


class Mandate(Protocol):
    """What was begun in a session: it goes on while the session stands and the account's rights are as they were."""

    @property
    def session_key(self) -> str: ...

    @property
    def rights(self) -> str: ...


def find_authority(*, session_key: str) -> Authority | None:
    """The customer of a session, or None where it ended, the account is disabled or its password changed."""
    return find_authorities(session_keys=[session_key]).get(session_key)


def find_authorities(*, session_keys: Iterable[str]) -> dict[str, Authority]:
    """As find_authority for many, in three statements; keys of sessions that stand for nobody are missing."""
    rows = Session.objects.filter(session_key__in=set(session_keys), expire_date__gt=timezone.now())
    store = SessionStore()
    sessions = {row.session_key: store.decode(row.session_data) for row in rows}
    wanted = {str(data.get(SESSION_KEY, "")) for data in sessions.values()}
    found = Customer.objects.select_related("user").filter(user_id__in=[int(pk) for pk in wanted if pk.isdecimal()])
    customers = {str(customer.user_id): customer for customer in found}
    rights = rights_of(users=[customer.user for customer in customers.values() if customer.user is not None])
    standing = {}
    for key, data in sessions.items():
        customer = customers.get(str(data.get(SESSION_KEY, "")))
        if customer is not None and customer.user is not None and _stands(customer.user, data):
            pk = customer.user.pk
            standing[key] = Authority(session_key=key, user_id=pk, customer=customer, rights=rights[pk])
    return standing


def _stands(user: User, data: dict[str, Any]) -> bool:
    if not user.is_active or data.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    # A session made before SECRET_KEY changed stands too; the next page that is asked for brings it to the new key.
    known = str(data.get(HASH_SESSION_KEY, ""))
    if not any(constant_time_compare(known, made) for made in _auth_hashes(user)):
        return False
    return not has_ended(data=data, user=user)


def _auth_hashes(user: User) -> list[str]:
    return [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]


def rights_of(*, users: Iterable[User]) -> dict[int, str]:
    """A fingerprint of what each account may do (flags, groups, permissions of its own and of its groups), by id."""
    flags = {user.pk: (user.is_active, user.is_staff, user.is_superuser) for user in users}
    if not flags:
        return {}
    groups = Group.objects.filter(user__in=flags).values_list(Value("group"), F("user__pk"), F("pk"))
    own = Permission.objects.filter(user__in=flags).values_list(Value("own"), F("user__pk"), F("pk"))
    through = Permission.objects.filter(group__user__in=flags).values_list(
        Value("through"), F("group__user__pk"), F("pk")
    )
    held: dict[int, list[tuple[str, int]]] = {pk: [] for pk in flags}
    for kind, user_id, pk in groups.order_by().union(own.order_by(), through.order_by()):
        held[user_id].append((kind, pk))
    return {pk: _digest(json.dumps([flags[pk], sorted(held[pk])])) for pk in flags}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def name_of(*, session_key: str) -> str:
    """What processes call a session among themselves: its key is a secret and goes through no broker."""
    return _digest(session_key)


def stands(*, mandate: Mandate, customer_id: int) -> bool:
    """Whether what was begun under this mandate may go on for this customer."""
    return 0 in still_standing(mandates={0: (mandate, customer_id)})


def still_standing(*, mandates: Mapping[Key, tuple[Mandate, int]]) -> set[Key]:
    """Those that may go on, of many (mandate, customer id)."""
    keys = {mandate.session_key for mandate, _ in mandates.values()} - {""}
    found = find_authorities(session_keys=keys) if keys else {}
    standing = set()
    for name, (mandate, customer_id) in mandates.items():
        holder = found.get(mandate.session_key) if mandate.session_key else of_account(customer_id=customer_id)
        same = holder is not None and holder.customer.pk == customer_id
        if same and holder is not None and constant_time_compare(holder.rights, mandate.rights):
            standing.add(name)
    return standing


def of_account(*, customer_id: int) -> Authority | None:
    """The authority of an active account, for talk without a browser session (the terminal)."""
    customer = Customer.objects.select_related("user").filter(pk=customer_id, user__is_active=True).first()
    if customer is None or customer.user is None:
        return None
    user = customer.user
    return Authority(session_key="", user_id=user.pk, customer=customer, rights=rights_of(users=[user])[user.pk])
