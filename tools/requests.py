"""Makes a request out of a model's write call: planned, frozen and hashed, within the caps. It changes no record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from tools import audit
from tools.canonical import digest_of, load_arguments
from tools.context import ToolContext
from tools.dbroles import READ_ONLY, READ_WRITE, acting_as
from tools.errors import NotPossible, RateLimited
from tools.models import ToolCall
from tools.moves import LostRace, database_now, move_call
from tools.outside import in_flight
from tools.plan import Plan
from tools.provenance import NOTHING_KNOWN, Sources, provenance_of, worse_of
from tools.registry import ToolDefinition
from tools.signals import call_changed
from tools.states import OPEN_WRITE_STATES, WAITING_STATES, State
from tracking.models import Customer

log = structlog.get_logger(__name__)

# How many messages before the request a reviewer gets to see, as they were then.
EXCERPT_MESSAGES = 8


def plan_call(
    *, ctx: ToolContext, definition: ToolDefinition, arguments: dict[str, Any], lock: bool = False
) -> tuple[Any, Plan, dict[str, Any]]:
    """(record, plan, typed arguments) against the rows as they are now. Raises ToolError or tracking's errors.

    A record can be locked only by who may change it; a plan alone is made with the right to look.
    """
    typed = load_arguments(definition=definition, arguments=arguments)
    with acting_as(role=READ_WRITE if lock else READ_ONLY, customer_id=ctx.customer.pk):
        record = definition.load(ctx, lock=lock, **typed)
        plan: Plan = definition.function(ctx, record, **typed)
    return record, plan, typed


def approvals_needed(*, ctx: ToolContext, definition: ToolDefinition, typed: dict[str, Any]) -> int:
    """0, 1 or 2 reviewers. A rule that fails or answers nonsense asks for two: never fewer than intended."""
    try:
        need = definition.approval(ctx, **typed)
    except Exception:
        log.exception("approval.rule_failed", tool=definition.name)
        return 2
    return need if type(need) is int and need in (0, 1) else 2


def request_call(
    *,
    ctx: ToolContext,
    definition: ToolDefinition,
    arguments: dict[str, Any],
    excerpt: list[dict[str, Any]],
    sources: Sources = NOTHING_KNOWN,
) -> ToolCall:
    """The open request for these arguments: a new one, or the same one where it stands already.

    Raises NotPossible, RateLimited (a cap is reached) or tracking's errors; then there is no row.
    """
    digest = digest_of(tool=definition.name, customer_id=ctx.customer.pk, arguments=arguments)
    origin = provenance_of(tool=definition.name, arguments=arguments, sources=sources)
    with transaction.atomic():
        lock_open_requests(customer=ctx.customer)
        now = database_now()
        open_calls = ToolCall.objects.filter(customer=ctx.customer, effect="write", state__in=OPEN_WRITE_STATES)
        same = open_calls.filter(digest=digest).first()
        if same is not None:
            if same.state not in WAITING_STATES or (same.expires_at and same.expires_at > now):
                _note_worse_sources(same, origin, now)
                _show_here(ctx, same)
                return same
            move_call(call=same, to=State.EXPIRED, actor=audit.CLOCK, now=now)
        _, plan, typed = plan_call(ctx=ctx, definition=definition, arguments=arguments)
        if definition.outside is not None and in_flight(record=plan.record):
            raise NotPossible("An earlier request for the same thing was begun, and how it ended is not known yet.")
        older = list(_superseded_by(open_calls, definition, plan))
        _check_caps(ctx, now, besides=[call.pk for call in older])
        for call in older:
            _supersede(call, now)
        need = approvals_needed(ctx=ctx, definition=definition, typed=typed)
        call = _new_call(ctx, definition, arguments, digest, plan, now, need=need, excerpt=excerpt, origin=origin)
        audit.record(
            event=audit.REQUESTED,
            actor=audit.MODEL,
            outcome=call.state,
            now=now,
            call=call,
            tool=call.tool,
            need=need,
            flags=origin["flags"],
        )
        call_changed.send(sender=ToolCall, call=call, sentence=None)
    return call


def _new_call(
    ctx: ToolContext,
    definition: ToolDefinition,
    arguments: dict[str, Any],
    digest: str,
    plan: Plan,
    now: datetime,
    *,
    need: int,
    excerpt: list[dict[str, Any]],
    origin: dict[str, Any],
) -> ToolCall:
    return ToolCall.objects.create(
        customer=ctx.customer,
        conversation_id=ctx.conversation_id,
        turn_id=ctx.turn_id,
        tool=definition.name,
        effect="write",
        label=definition.label_for(arguments)[:200],
        state=State.AWAITING_CONFIRMATION,
        arguments=arguments,
        digest=digest,
        record=plan.record,
        summary=plan.summary,
        changes=plan.changes_as_json(),
        preconditions=plan.preconditions,
        verify_at=plan.verify_at or "",
        need=need,
        excerpt=excerpt[-EXCERPT_MESSAGES:],
        provenance=origin,
        created_at=now,
        expires_at=now + timedelta(seconds=settings.CONFIRM_TTL_S),
    )


def _show_here(ctx: ToolContext, call: ToolCall) -> None:
    """Asked again in another conversation: its card is shown there too, or the customer could not confirm it there."""
    if ctx.conversation_id is not None and call.conversation_id != ctx.conversation_id:
        call_changed.send(sender=ToolCall, call=call, sentence=None, also_in=ctx.conversation_id)


def _note_worse_sources(call: ToolCall, origin: dict[str, Any], now: Any) -> None:
    """The same request again, of something worse than the first time: reviewers are to see the worse."""
    worse = worse_of(first=call.provenance, again=origin)
    if worse == call.provenance:
        return
    news = sorted(set(worse["flags"]) - set(call.provenance.get("flags", [])))
    call.provenance = worse
    call.save(update_fields=["provenance"])
    if news:
        audit.record(event="call.flagged", actor=audit.MODEL, outcome=call.state, now=now, call=call, flags=news)


def lock_open_requests(*, customer: Customer) -> None:
    """Hold the customer and their open requests until the transaction ends, in the order in which everybody takes them.

    So two tabs cannot pass a cap or make the same request twice. A step that holds writes calls it before its first
    event is written: customer, then calls, then the conversation is the order that cannot deadlock.
    """
    Customer.objects.select_for_update(no_key=True).only("pk").get(pk=customer.pk)
    mine = ToolCall.objects.filter(customer=customer, effect="write", state__in=OPEN_WRITE_STATES)
    list(mine.select_for_update().order_by("pk").values_list("pk", flat=True))


def _superseded_by(open_calls: Any, definition: ToolDefinition, plan: Plan) -> Any:
    if not definition.supersedes:
        return []
    return open_calls.filter(tool=definition.name, record=plan.record, state__in=WAITING_STATES)


def _supersede(call: ToolCall, now: Any) -> None:
    try:
        move_call(call=call, to=State.SUPERSEDED, actor=audit.MODEL, now=now, reason="A newer request replaced it.")
    except LostRace:
        # It began to be carried out this moment: both stand, and the newer one is checked against what it did.
        raise NotPossible("An earlier request for the same thing is being carried out at this moment.") from None


def _check_caps(ctx: ToolContext, now: Any, *, besides: list[Any]) -> None:
    writes = ToolCall.objects.filter(customer=ctx.customer, effect="write").exclude(pk__in=besides)
    waiting = writes.filter(conversation_id=ctx.conversation_id, state__in=WAITING_STATES, expires_at__gt=now)
    if waiting.count() >= settings.PENDING_PER_CONVERSATION:
        raise RateLimited(
            f"{settings.PENDING_PER_CONVERSATION} requests of this conversation are waiting already.",
            next_step="Tell the customer to confirm or withdraw one of them first.",
        )
    # What the gateway refused never became a request; everything else of the last day counts, replaced ones too.
    made = ToolCall.objects.filter(customer=ctx.customer, effect="write").exclude(digest="")
    today = made.filter(created_at__gt=now - timedelta(days=1)).exclude(state=State.REFUSED)
    if today.count() >= settings.PENDING_PER_DAY:
        raise RateLimited(
            f"{settings.PENDING_PER_DAY} requests were made in the last 24 hours, which is the limit.",
            next_step="Tell the customer to try tomorrow or offer a person.",
        )
