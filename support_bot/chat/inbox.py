"""Takes what a customer sends into the log: committed before it is acknowledged, once however often it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from support_bot.chat import frames, log
from support_bot.chat.authority import Mandate
from support_bot.chat.models import Conversation, Event, Feedback, Turn
from support_bot.chat.protocol import FeedbackFrame, FrameError, UserMessage
from tools.cards import hide_cards
from tools.invisible import shows_nothing
from tools.masking import mask_cards
from tools.ratelimit import seconds_to_wait_for
from tracking.models import Customer


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored message: its number, and whether a turn now waits for it."""

    seq: int
    turn_waits: bool


def open_conversation(*, customer: Customer, now: datetime) -> Conversation:
    return Conversation.objects.create(customer=customer, created_at=now)


def current_conversation(*, customer: Customer, now: datetime) -> Conversation:
    """The customer's newest conversation, or a first one."""
    newest = Conversation.objects.filter(customer=customer).order_by("-created_at").first()
    return newest or open_conversation(customer=customer, now=now)


def find_conversation(*, customer: Customer, conversation_id: UUID) -> Conversation | None:
    """This customer's conversation of that id; None where there is none or it is somebody else's."""
    return Conversation.objects.filter(pk=conversation_id, customer=customer).first()


def accept_message(
    *, conversation: Conversation, customer_id: int, frame: UserMessage, mandate: Mandate, origin: str = ""
) -> Accepted:
    """Store a message and queue its turn, which holds `mandate`. Raises FrameError; then nothing was stored.

    origin: stands for the address it came from, for the limits of an address.
    """
    _check_text(frame)
    frame = frame.model_copy(update={"text": hide_cards(customer_id=customer_id, text=frame.text)})
    if (seq := _known(conversation, frame)) is not None:
        return Accepted(seq=seq, turn_waits=False)
    wait = seconds_to_wait_for(name="messages", customer_id=customer_id, origin=origin)
    if wait is not None:
        raise FrameError(
            "rate_limited",
            f"That was quick. Please wait {wait} seconds.",
            retryable=True,
            retry_after=wait,
            client_msg_id=str(frame.client_msg_id),
        )
    try:
        with transaction.atomic():
            return _store(conversation, frame, mandate, origin)
    except IntegrityError:
        # The same message came over two sockets at once; the other one stored it.
        if (seq := _known(conversation, frame)) is None:
            raise
        return Accepted(seq=seq, turn_waits=False)


def _check_text(frame: UserMessage) -> None:
    client_msg_id = str(frame.client_msg_id)
    if shows_nothing(frame.text):
        raise FrameError("empty", "The message is empty.", client_msg_id=client_msg_id)
    if len(frame.text) > settings.MAX_MESSAGE_CHARS:
        most = settings.MAX_MESSAGE_CHARS
        raise FrameError("too_long", f"A message may have {most} characters at most.", client_msg_id=client_msg_id)


def _known(conversation: Conversation, frame: UserMessage) -> int | None:
    """The number under which this message is stored already. Raises FrameError where its id stands for another text."""
    rows = Event.objects.filter(conversation=conversation, client_msg_id=frame.client_msg_id)
    known = rows.values_list("seq", "payload").first()
    if known is None:
        return None
    seq, payload = known
    if payload["text"] != frame.text:
        raise FrameError("conflict", "This id was used for another message.", client_msg_id=str(frame.client_msg_id))
    return int(seq)


def _store(conversation: Conversation, frame: UserMessage, mandate: Mandate, origin: str) -> Accepted:
    # Locked from here on: the queue's length and the mode cannot change before this message has its number.
    mode = Conversation.objects.select_for_update(no_key=True).values_list("mode", flat=True).get(pk=conversation.pk)
    now = timezone.now()
    turn_id = uuid4() if mode == Conversation.Mode.BOT else None
    if turn_id is not None:
        waiting = Turn.objects.filter(conversation=conversation, state=Turn.State.WAITING).count()
        if waiting >= settings.TURN_QUEUE:
            raise FrameError(
                "busy",
                "Several messages are waiting already. Please wait for an answer.",
                retryable=True,
                client_msg_id=str(frame.client_msg_id),
            )
    message = frames.message(
        author="customer", text=frame.text, created_at=now, turn_id=turn_id, client_msg_id=frame.client_msg_id
    )
    seq: int = log.append(conversation_id=conversation.pk, frames=[message], now=now)[0]["seq"]
    if turn_id is not None:
        Turn.objects.create(
            id=turn_id,
            conversation=conversation,
            message_seq=seq,
            session_key=mandate.session_key,
            rights=mandate.rights,
            origin=origin,
            created_at=now,
        )
    return Accepted(seq=seq, turn_waits=turn_id is not None)


def accept_feedback(*, conversation: Conversation, frame: FeedbackFrame) -> int:
    """Keep a rating of an assistant message; the newest counts. Raises FrameError `not_found`."""
    rows = Event.objects.filter(conversation=conversation, seq=frame.seq, type="message", author="assistant")
    if not rows.exists():
        raise FrameError("not_found", "There is no answer of that number.")
    Feedback.objects.update_or_create(
        conversation=conversation,
        seq=frame.seq,
        defaults={
            "rating": frame.rating,
            "comment": mask_cards(frame.comment or "")[:1000],
            "created_at": timezone.now(),
        },
    )
    return frame.seq
