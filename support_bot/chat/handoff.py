"""When a person takes over: the customer asks, staff answer, staff hand back. While they do, the model is silent."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from support_bot.chat import frames, log
from support_bot.chat.models import Conversation, Event

TEXTS = {
    "waiting": "You asked for a person. Someone from our staff will answer here; the assistant is silent until then.",
    "with_staff": "A person from our staff has taken over this conversation.",
    "closed": "Our staff handed the conversation back to the assistant.",
}
_PERSON = re.compile(
    r"\b(humans?|persons?|people|agents?|representatives?|operators?|employees?|managers?|supervisors?"
    r"|staff( members?)?|(some|any)(one|body)( real)?|real (human|person|one)|colleagues?|your (support )?team"
    r"|customer (service|support|care)|live (chat|support|agent)|support team)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(talk|speak|chat|connect|transfer|escalate|put me|hand me|get me|give me|let me have|i want an?|i need an?"
    r"|is there an?|are there)\b",
    re.IGNORECASE,
)
_SHORT = 40  # characters: in a message this short the word alone is the wish


def wants_person(text: str) -> bool:
    """Whether a customer's words ask for a person. It only offers a button, so a wrong guess costs nothing."""
    return bool(_PERSON.search(text)) and (len(text) <= _SHORT or bool(_ASKS.search(text)))


def request_person(*, conversation_id: UUID) -> int | None:
    """Put the conversation before staff. Returns None, or, where it was done already, the number of that message."""
    return _switch(conversation_id, Conversation.Mode.BOT, Conversation.Mode.WAITING, "waiting")


def staff_message(*, conversation_id: UUID, text: str) -> None:
    """A person's answer; the first one takes the conversation over."""
    with transaction.atomic():
        _switch(conversation_id, Conversation.Mode.WAITING, Conversation.Mode.WITH_STAFF, "with_staff")
        now = timezone.now()
        message = frames.message(author="staff", text=text, created_at=now)
        log.append(conversation_id=conversation_id, frames=[message], now=now)


def hand_back(*, conversation_id: UUID) -> None:
    """The assistant answers again from the next message on."""
    with transaction.atomic():
        for mode in (Conversation.Mode.WAITING, Conversation.Mode.WITH_STAFF):
            _switch(conversation_id, mode, Conversation.Mode.BOT, "closed")


def _switch(conversation_id: UUID, old: str, new: str, state: str) -> int | None:
    with transaction.atomic():
        if not Conversation.objects.filter(pk=conversation_id, mode=old).update(mode=new):
            return _latest(conversation_id)
        now = timezone.now()
        data: dict[str, Any] = {"type": "handoff", "state": state}
        message = frames.message(author="system", text=TEXTS[state], created_at=now, data=data)
        log.append(conversation_id=conversation_id, frames=[message], now=now)
    return None


def _latest(conversation_id: UUID) -> int | None:
    rows = Event.objects.filter(conversation_id=conversation_id, author="system", payload__data__type="handoff")
    return rows.order_by("-seq").values_list("seq", flat=True).first()
