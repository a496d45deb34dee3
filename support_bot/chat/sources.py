"""What was said and told in a conversation before a model asked for a change, sorted by who wrote it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from support_bot.chat.models import Event, Step
from tools.gateway import is_read
from tools.provenance import Sources, values_of
from tracking.models import Customer

# What is looked at: more than a prompt holds, and no more than takes a moment to search.
MOST = 400
MOST_CHARS = 200_000
PROFILE = ("name", "phone", "email", "street", "city", "postal_code", "country")


def sources_of(*, conversation_id: UUID, message_seq: int, customer: Customer) -> Sources:
    """Everything up to the message that the turn answers, and what the turn itself was told."""
    said = _said(conversation_id, message_seq)
    trusted = [value for field in PROFILE if (value := str(getattr(customer, field)))] + said["staff"]
    untrusted = list(said["system"])  # they repeat reasons and names that others wrote
    for name, told in told_in(conversation_id=conversation_id):
        if not told.get("ok"):
            trusted.append(str(told["error"]["message"]))  # `field` may be a word of the model
        elif is_read(name):  # the answer to a request repeats the model's own words: no source
            plain, quoted = values_of(told["result"])
            trusted += plain
            untrusted += quoted
    trusted, untrusted = _newest(trusted), _newest(untrusted)
    today = timezone.localdate()
    return Sources(typed=tuple(said["customer"]), trusted=tuple(trusted), untrusted=tuple(untrusted), today=today)


def _said(conversation_id: UUID, message_seq: int) -> dict[str, list[str]]:
    rows = Event.objects.filter(conversation_id=conversation_id, type="message", seq__lte=message_seq).order_by("-seq")
    said: dict[str, list[str]] = {"customer": [], "staff": [], "system": [], "assistant": []}
    for author, payload in rows.values_list("author", "payload")[:MOST]:
        said[author].append(str(payload["text"]))
    return {author: _newest(texts)[::-1] for author, texts in said.items()}


def _newest(texts: list[str]) -> list[str]:
    """Each text once, from the first on, as far as MOST_CHARS go."""
    kept, left = [], MOST_CHARS
    for text in dict.fromkeys(texts):
        left -= len(text) + 1
        if left < 0:
            break
        kept.append(text)
    return kept


def told_in(*, conversation_id: UUID) -> list[tuple[str, dict[str, Any]]]:
    """(tool, answer) of every call of a conversation that was answered, newest step first."""
    steps = Step.objects.filter(turn__conversation_id=conversation_id).order_by("-turn__message_seq", "-number")
    calls = [call for kept in steps.values_list("calls", flat=True)[:MOST] for call in kept]
    return [(call["name"], call["told"]) for call in calls if call["told"]]
