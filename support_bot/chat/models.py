"""What was said: conversations, their append-only event log, turns and the committed steps of each turn."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from tracking.models import Customer


class Conversation(models.Model):
    """One customer's talk. `last_seq` is the number of the newest event; its row lock orders all writers."""

    class Mode(models.TextChoices):
        BOT = "bot"
        WAITING = "waiting"
        WITH_STAFF = "with_staff"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="conversations")
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.BOT)
    last_seq = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["customer", "-created_at"], name="conversation_of_customer"),
            models.Index(fields=["mode", "created_at"], condition=~Q(mode="bot"), name="conversation_for_staff"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Event(models.Model):
    """One durable frame of the wire, numbered 1, 2, 3 … in its conversation.

    Never deleted singly, and changed by the erasure of a person alone.

    payload: the whole frame as it is sent, `seq` included.
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=12)
    author = models.CharField(max_length=12, blank=True)
    turn_id = models.UUIDField(null=True)
    call_id = models.UUIDField(null=True)
    client_msg_id = models.UUIDField(null=True)
    payload = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="event_one_per_seq"),
            models.UniqueConstraint(
                fields=["conversation", "client_msg_id"],
                condition=Q(client_msg_id__isnull=False),
                name="event_once_per_client_message",
            ),
        ]
        indexes = [models.Index(fields=["call_id", "-seq"], condition=Q(call_id__isnull=False), name="event_of_call")]

    def __str__(self) -> str:
        return f"{self.type} {self.seq}"


class Turn(models.Model):
    """The work on one customer message. `lease_until` and `fence` say which process holds it while it runs.

    session_key, rights: the session that sent the message and what its account was allowed then. When the session ends
    or the rights change, the turn may go no further. origin: stands for the address it was sent from, in limits alone.
    fence: grows with every claim, so it also counts the processes that had it. started_at: its first claim, from which
    its time runs, whoever holds it. stop_asked: its customer pressed stop; whoever holds it ends it.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="turns")
    message_seq = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    error = models.CharField(max_length=24, blank=True)
    session_key = models.CharField(max_length=64, blank=True)
    rights = models.CharField(max_length=64, blank=True)
    origin = models.CharField(max_length=32, blank=True, default="", db_default="")
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    stop_asked = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # One turn at a time in a conversation, whatever processes believe.
            models.UniqueConstraint(fields=["conversation"], condition=Q(state="running"), name="turn_one_running")
        ]
        indexes = [
            models.Index(
                fields=["conversation", "message_seq"], condition=Q(state__in=["waiting", "running"]), name="turn_open"
            ),
            models.Index(fields=["lease_until"], condition=Q(state="running"), name="turn_lease"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Step(models.Model):
    """One answer of the model, committed before its tools run.

    calls: list of {id, name, arguments, call_id, told}: the provider's id and raw text, our call, and the JSON object
    the model was answered with (null until there is one).
    """

    turn = models.ForeignKey(Turn, models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    calls = models.JSONField(default=list)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["turn", "number"], name="step_one_per_number")]

    def __str__(self) -> str:
        return f"{self.turn_id} {self.number}"


class ModelCall(models.Model):
    """One request to a model and what it cost: written before it is asked, so that no end of it is free.

    settled: the numbers are final. Until then they are what such a request costs about.
    """

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="model_calls")
    turn_id = models.UUIDField()
    origin = models.CharField(max_length=32, blank=True)
    input_tokens = models.PositiveIntegerField()
    output_tokens = models.PositiveIntegerField()
    settled = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer", "created_at"], name="modelcall_of_customer"),
            models.Index(fields=["origin", "created_at"], condition=~Q(origin=""), name="modelcall_of_origin"),
        ]

    def __str__(self) -> str:
        return f"{self.turn_id} {self.input_tokens + self.output_tokens}"


class Breaker(models.Model):
    """How a model has been lately, for all processes. Without a row all is well. The rules are in breaker_rules.py.

    state, window, epoch: see breaker_rules.Circuit. tried_at: when it opened or was last asked since; the next probe
    may be made BREAKER_PROBE_S later. reason: the kind of the last failure that counted.
    """

    class State(models.TextChoices):
        CLOSED = "closed"
        OPEN = "open"
        HALF_OPEN = "half_open"

    model = models.TextField(primary_key=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.CLOSED)
    window = models.CharField(max_length=20, blank=True)
    epoch = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField()
    tried_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.model


class Feedback(models.Model):
    """What the customer thought of one answer; the newest rating counts."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="feedback")
    seq = models.PositiveIntegerField()
    rating = models.CharField(max_length=4, choices=[("up", "up"), ("down", "down")])
    comment = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "seq"], name="feedback_one_per_answer")]
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"{self.rating} {self.seq}"
