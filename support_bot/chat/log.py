"""The append-only event log of a conversation: numbers without a gap, in one transaction with what they tell of.

A frame is always read whole: SQLite gives a text such as "80331" back as a number where only that key is asked for.
After the commit the frames go to the open sockets as a hint; whoever misses it reads the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from support_bot.chat import broadcast
from support_bot.chat.frames import Frame
from support_bot.chat.models import Conversation, Event


def append(*, conversation_id: UUID, frames: Sequence[Frame], now: datetime) -> list[Frame]:
    """Number the frames, store them, and tell the sockets after the commit. Returns them with their `seq`."""
    with transaction.atomic():
        first = _take_numbers(conversation_id, len(frames)) - len(frames) + 1
        numbered = [{**frame, "seq": seq} for seq, frame in enumerate(frames, start=first)]
        Event.objects.bulk_create([_event(conversation_id, frame, now) for frame in numbered])
        transaction.on_commit(lambda: broadcast.tell(conversation_id=conversation_id, frames=numbered))
    return numbered


def _take_numbers(conversation_id: UUID, count: int) -> int:
    """The new last number. The row stays locked until the commit, so a number that is seen is never skipped."""
    table = Conversation._meta.db_table
    key = Conversation._meta.get_field("id").get_db_prep_value(conversation_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET last_seq = last_seq + %s WHERE id = %s RETURNING last_seq",  # noqa: S608  # our name
            [count, key],
        )
        row = cursor.fetchone()
    if row is None:
        raise Conversation.DoesNotExist(str(conversation_id))
    last: int = row[0]
    return last


def _event(conversation_id: UUID, frame: dict[str, Any], now: datetime) -> Event:
    return Event(
        conversation_id=conversation_id,
        seq=frame["seq"],
        type=frame["type"],
        author=frame.get("author", ""),
        turn_id=frame.get("turn_id"),
        call_id=frame.get("call_id"),
        client_msg_id=frame.get("client_msg_id"),
        payload=frame,
        created_at=now,
    )


def read_after(*, conversation_id: UUID, after_seq: int, limit: int = 500) -> list[Frame]:
    """The frames after a number, in order, at most `limit`."""
    rows = Event.objects.filter(conversation_id=conversation_id, seq__gt=after_seq).order_by("seq")
    return list(rows.values_list("payload", flat=True)[:limit])


def latest_of_call(*, conversation_id: UUID, call_id: UUID) -> Frame | None:
    rows = Event.objects.filter(conversation_id=conversation_id, call_id=call_id, type="call").order_by("-seq")
    return rows.values_list("payload", flat=True).first()


def message_text(*, conversation_id: UUID, seq: int) -> str:
    payload: Frame = Event.objects.values_list("payload", flat=True).get(conversation_id=conversation_id, seq=seq)
    return str(payload["text"])


def last_seq(*, conversation_id: UUID) -> int:
    return Conversation.objects.values_list("last_seq", flat=True).get(pk=conversation_id)


def last_seqs(*, conversation_ids: Iterable[UUID]) -> dict[UUID, int]:
    return dict(Conversation.objects.filter(pk__in=conversation_ids).values_list("pk", "last_seq"))


def last_messages(*, conversation_id: UUID, limit: int) -> list[dict[str, Any]]:
    """The newest messages, oldest first, as {author, text, created_at}."""
    rows = Event.objects.filter(conversation_id=conversation_id, type="message").order_by("-seq")
    found = rows.values_list("author", "payload", "created_at")[:limit]
    return [{"author": author, "text": payload["text"], "created_at": at} for author, payload, at in found][::-1]
