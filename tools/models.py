"""Every request a model made, who agreed to it, what it did, and the trail of all of that.

Rows are moved by tools/moves.py alone; nothing here holds logic.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from tools.states import OPEN_WRITE_STATES, State
from tracking.models import Customer


class ToolCall(models.Model):
    """One call a model asked for. `id` is our call_id, the reference that the model and the customer see.

    arguments: canonical (parsed, validated, normalised); the raw text stays in the turn's step.
    digest: SHA-256 over tool, customer and canonical arguments: what consent and approval are bound to.
    version: grows with every move; a reviewer's form carries the one they saw.
    fence: grows with every claim by a worker; an effect is made only under the newest.
    sent_at: when its effect was last handed to what lies outside of our database. It is committed before that is done,
    so from then on the effect may have been made there. asks: how often the outcome was asked for since nothing more
    is sent.
    excerpt: what was said before the request, frozen for the reviewer.
    provenance: what tools/provenance.py found: `sources` (argument -> customer, record, untrusted or model), `flags`
    and whether it is `flagged` for the reviewer.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="calls")
    conversation_id = models.UUIDField(null=True, db_index=True)
    turn_id = models.UUIDField(null=True, db_index=True)
    tool = models.CharField(max_length=64)
    effect = models.CharField(max_length=5, choices=[("read", "read"), ("write", "write")], default="read")
    label = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=24, choices=State.choices)
    arguments = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    record = models.CharField(max_length=120, blank=True)
    summary = models.CharField(max_length=500, blank=True)
    changes = models.JSONField(default=list)
    preconditions = models.JSONField(default=dict)
    verify_at = models.EmailField(blank=True)
    need = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)
    excerpt = models.JSONField(default=list)
    provenance = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    fence = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    asks = models.PositiveSmallIntegerField(default=0, db_default=0)
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="toolcall_state_known"),
            # One open request for identical arguments, whatever races there are.
            models.UniqueConstraint(
                fields=["customer", "digest"],
                condition=Q(effect="write", state__in=sorted(OPEN_WRITE_STATES)),
                name="toolcall_one_open_per_digest",
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-created_at"], name="toolcall_of_customer"),
            models.Index(
                fields=["state", "expires_at"],
                condition=Q(effect="write", state__in=sorted(OPEN_WRITE_STATES)),
                name="toolcall_open_writes",
            ),
            # What failed on our side is told on the queue's page.
            models.Index(fields=["ended_at"], condition=Q(effect="write", state="failed"), name="toolcall_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.id}"


class Approval(models.Model):
    """A call that staff decide on. Its key is the call's, so that a review page has the address of the request."""

    call = models.OneToOneField(ToolCall, models.PROTECT, primary_key=True, related_name="approval")
    need = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(db_index=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("decide_approval", "Can approve or decline requests")]

    def __str__(self) -> str:
        return str(self.call_id)


class Decision(models.Model):
    """What one reviewer decided, about exactly which arguments. Never changed; a reviewer decides once per round."""

    call = models.ForeignKey(ToolCall, models.PROTECT, related_name="decisions")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="decisions")
    decision = models.CharField(
        max_length=16,
        choices=[(d, d) for d in ("approve", "decline", "mark_succeeded", "mark_failed")],
    )
    reason = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    void = models.BooleanField(default=False)  # the reviewer lost the right before it took effect
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call", "reviewer"],
                condition=Q(void=False, decision__in=["approve", "decline"]),
                name="decision_once_per_reviewer",
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.call_id}"


class Effect(models.Model):
    """The ledger: one row per effect, written in the effect's transaction. Its key makes a second one impossible."""

    call = models.OneToOneField(ToolCall, models.PROTECT, primary_key=True, related_name="effect_row")
    tool = models.CharField(max_length=64)
    record = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    fence = models.PositiveIntegerField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.tool} {self.call_id}"


class AuditEntry(models.Model):
    """Who did what, when, to which call, with which digest and outcome. Append-only; ids, never personal values.

    request_id: of the page request, the socket's frame, the turn, the task or the command; the logs carry the same.
    address: a keyed hash of the client's address: the same address can be found again, not read.
    mac: a keyed proof of the whole row, with a number used once, so that no row can be written, changed or copied
    without the key. Seals prove the order of the rows and that none is missing.
    """

    at = models.DateTimeField()
    event = models.CharField(max_length=48)
    actor = models.CharField(max_length=80)  # customer:<id> | user:<id> | worker | clock | model | ...
    customer_id = models.BigIntegerField(null=True)  # whose call it is; no foreign key, the trail outlives the customer
    call_id = models.UUIDField(null=True, db_index=True)
    digest = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=48)
    details = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=32, blank=True)
    mac = models.CharField(max_length=80, unique=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["at"], name="auditentry_at"),
            models.Index(fields=["event", "id"], name="auditentry_event"),
            models.Index(fields=["actor", "id"], name="auditentry_actor"),
            models.Index(fields=["request_id"], name="auditentry_request"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.outcome}"


class AuditSeal(models.Model):
    """One link of the chain over the audit entries, in the order in which they were sealed. Append-only.

    hash: keyed, over the link before, this one's place and time, and the entry's whole row.
    """

    position = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)  # no foreign key: a seal outlives an entry that somebody removed
    sealed_at = models.DateTimeField()
    prev = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.position} {self.hash[:12]}"


class AuditAnchor(models.Model):
    """How far the chain had come at a time; the log carries the same, so that a cut end shows. Append-only."""

    at = models.DateTimeField()
    position = models.BigIntegerField()
    entry_id = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.position}:{self.hash[:12]}"


class Notice(models.Model):
    """A mail to be sent, committed with the change it tells of. The worker writes and sends it; the sweep retries."""

    call = models.ForeignKey(ToolCall, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=24, choices=[(k, k) for k in ("verify_change", "contact_changed")])
    to = models.EmailField()
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()  # when the sweep sends it, if nobody has until then
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(sent_at=None), name="notice_unsent")]

    def __str__(self) -> str:
        return f"{self.kind} {self.call_id}"


class Heartbeat(models.Model):
    """The last time a worker carried out a task that came through the broker: proof that it hears, not only lives."""

    name = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
