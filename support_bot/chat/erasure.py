"""Erases a customer: the talk is gone, requests and records keep what the law asks for and name nobody.

Small steps in an order that survives being killed anywhere: the account is blocked first and forgotten last, so the
same command can always be given again. What was erased once is not there the second time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction

from support_bot.chat import broadcast
from support_bot.chat.models import Conversation, Event, ModelCall, Turn
from support_bot.chat.quotes import Shared, erase_quotes, shared_by
from support_bot.chat.runner import runner
from tools import customers
from tools import erasure as requests
from tools.moves import database_now
from tracking import erasure as records
from tracking.models import Customer

SIGNED_OUT = 4401
# Seconds: a running turn hears within this that it is over, wherever it runs.
STOP_S = 3.0
SESSIONS_AT_ONCE = 2000


class Kept(Exception):
    """Nothing was erased. The text says why, and what to do."""


def check_may_go(*, customer: Customer) -> User:
    """The account behind the customer. Raises Kept."""
    if customer.legal_hold:
        raise Kept("This customer is on legal hold; nothing was erased. A superuser can lift the hold in the admin.")
    if customer.user is None:
        raise Kept("This customer was erased before.")
    if customer.user.is_staff or customer.user.is_superuser:
        raise Kept("This account works here; nothing was erased. Take its staff rights away first.")
    try:
        requests.check_settled(customer=customer)
    except requests.NotNow as error:
        raise Kept(str(error)) from error
    return customer.user


def what_goes(*, customer: Customer) -> dict[str, int]:
    """What an erasure would meet, by name."""
    return {
        "conversations": Conversation.objects.filter(customer=customer).count(),
        "messages and other events": Event.objects.filter(conversation__customer=customer).count(),
        "open requests (they end)": requests.open_calls(customer=customer).count(),
        "deliveries under way (they lose their address)": records.under_way(customer=customer),
    }


def erase(*, customer: Customer, tell: Callable[[str], None]) -> None:
    """All of it. `tell` is given a line after each step. Raises Kept before anything has changed."""
    user = check_may_go(customer=customer)
    now = database_now()
    records.block_sign_in(user=user)
    customers.record(event="customer.erased", outcome="begun", customer=customer)
    tell(f"account blocked, {end_sessions(user=user)} sessions ended")
    _stop_talk(customer)
    tell(f"{requests.end_open_calls(customer=customer, now=now)} open requests ended")
    tell(f"{delete_conversations(customer=customer)} conversations deleted")
    tell(f"{sum(requests.blank_all_calls(customer=customer))} requests and look-ups blanked")
    # First of the others' talk: of what is blank nobody knows any more who was told of it.
    shared = shared_by(customer=customer)
    told = erase_quotes(shared=shared)
    kept = records.erase_records(customer=customer, now=now)
    told += erase_quotes(shared=shared)
    tell(f"{told} answers to other parties of their deliveries blanked")
    tell("kept without names: " + ", ".join(f"{count} {kind}" for kind, count in kept.items()))
    _forget(customer, user, now, shared)
    tell("account and profile erased")


def _forget(customer: Customer, user: User, now: datetime, shared: Shared) -> None:
    """The last commit. What came in while the steps before it ran goes with it; a hold since then keeps the rest."""
    with transaction.atomic():
        fresh = Customer.objects.select_for_update(of=("self",)).select_related("user").get(pk=customer.pk)
        if fresh.legal_hold:
            raise Kept("The customer was put on legal hold meanwhile; the profile was kept.")
        end_sessions(user=user)
        requests.end_open_calls(customer=fresh, now=now)
        delete_conversations(customer=fresh)
        sum(requests.blank_all_calls(customer=fresh))
        records.erase_records(customer=fresh, now=now)
        records.erase_profile(customer=fresh)
        customers.record(event="customer.erased", outcome="erased", customer=fresh)
    erase_quotes(shared=shared)


# --- sessions ---------------------------------------------------------------------------------------------------


def sessions_of(*, user: User) -> Iterator[tuple[dict[str, Any], datetime]]:
    """(data, end) of every session of this account, the oldest end first."""
    for session in Session.objects.order_by("expire_date").iterator(chunk_size=SESSIONS_AT_ONCE):
        data = SessionStore().decode(session.session_data)
        if _is_signed_in(data, user):
            yield data, session.expire_date


def end_sessions(*, user: User) -> int:
    """Delete every session that is this account's or holds its name or address; only a look inside says which."""
    mine = list(_sessions_about(user))
    Session.objects.filter(pk__in=mine).delete()
    return len(mine)


def _sessions_about(user: User) -> Iterator[str]:
    words = {word.casefold() for word in (user.email, user.username) if word}
    for session in Session.objects.order_by("pk").iterator(chunk_size=SESSIONS_AT_ONCE):
        data = SessionStore().decode(session.session_data)
        if _is_signed_in(data, user) or _holds(data, words):
            yield session.pk


def _is_signed_in(data: dict[str, Any], user: User) -> bool:
    return str(data.get(SESSION_KEY, "")) == str(user.pk)


def _holds(value: object, words: set[str]) -> bool:
    if isinstance(value, dict):
        return any(_holds(inner, words) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(inner, words) for inner in value)
    return isinstance(value, str) and value.casefold() in words


# --- the talk ---------------------------------------------------------------------------------------------------


def _stop_talk(customer: Customer) -> None:
    """Close the sockets and stop the running turns, in whatever process they are."""
    for conversation_id in Conversation.objects.filter(customer=customer).values_list("pk", flat=True):
        broadcast.close_sockets(conversation_id=conversation_id, code=SIGNED_OUT)
    running = Turn.objects.filter(conversation__customer=customer, state=Turn.State.RUNNING)
    for turn_id, conversation_id in running.values_list("pk", "conversation_id"):
        async_to_sync(runner.cancel)(turn_id, conversation_id=conversation_id)
    deadline = time.monotonic() + STOP_S
    while running.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def delete_conversations(*, customer: Customer) -> int:
    """One transaction each. A turn that still runs finds its row gone and writes nothing more."""
    mine = list(Conversation.objects.filter(customer=customer).order_by("pk").values_list("pk", flat=True))
    for conversation_id in mine:
        delete_conversation(conversation_id=conversation_id)
    # What the models cost stays; from where they were asked does not.
    ModelCall.objects.filter(customer=customer).exclude(origin="").update(origin="")
    return len(mine)


def delete_conversation(*, conversation_id: UUID) -> None:
    """With its events, turns, steps and feedback; locked in the order in which everybody locks: turns come first."""
    with transaction.atomic():
        list(Turn.objects.select_for_update().filter(conversation=conversation_id).values_list("pk", flat=True))
        list(Conversation.objects.select_for_update().filter(pk=conversation_id).values_list("pk", flat=True))
        Conversation.objects.filter(pk=conversation_id).delete()
