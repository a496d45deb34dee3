"""The only way from a model's answer to a tool: record, allowlist, parse, validate, authorise, rate limit, route.

Whatever a model asks for gets an answer for its call id; a refusal at any step is recorded too. A read is run by
`run_call`; a write becomes a request that waits for the customer and staff and is never run here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from tools import audit
from tools.asked import asked_for
from tools.canonical import digest_of, parse_arguments
from tools.context import ToolContext
from tools.errors import NotFound, NotPermitted, RateLimited, ToolError, TooManyCalls, Unavailable
from tools.execution import run_read, tool_error
from tools.models import ToolCall
from tools.moves import LostRace, database_now, move_call
from tools.provenance import NOTHING_KNOWN, Sources
from tools.ratelimit import hit, seconds_to_wait
from tools.registry import REGISTRY, ToolDefinition, find_tool
from tools.requests import lock_open_requests, request_call
from tools.signals import call_changed
from tools.states import OPEN_WRITE_STATES, State
from tools.strictjson import MAX_BYTES

log = structlog.get_logger(__name__)

# The third identical read in a turn gets no new answer.
SAME_READS = 2
NAME_CHARS = 64


@dataclass(frozen=True, slots=True)
class RawCall:
    """What a model asked for, unparsed and untrusted."""

    name: str
    arguments: str


@dataclass(slots=True)
class Admitted:
    """One call after admission: `told` is the answer for the model, or None where `run_call` has yet to make it."""

    call: ToolCall
    told: dict[str, Any] | None
    error_code: str = ""


def tool_specs() -> list[dict[str, Any]]:
    """Name, description and strict JSON Schema of every tool, in a stable order: what a model is given."""
    return [
        {"name": name, "description": REGISTRY[name].description, "parameters": REGISTRY[name].schema}
        for name in sorted(REGISTRY)
    ]


def admit_step(
    *,
    ctx: ToolContext,
    requests: Sequence[RawCall],
    excerpt: list[dict[str, Any]],
    sources: Sources = NOTHING_KNOWN,
) -> list[Admitted]:
    """Admit the calls of one model step, in order. Call it in the transaction that commits the step.

    excerpt: the last messages of the conversation as {author, text, created_at}, frozen for the reviewer of a write.
    sources: what was said and told in the conversation, to tell where the arguments of a write come from.
    """
    most = settings.MAX_TOOL_CALLS_PER_STEP
    if any(_is_write(request.name) for request in requests[:most]):
        lock_open_requests(customer=ctx.customer)
    admitted = [_admit(ctx, request, excerpt, sources) for request in requests[:most]]
    refused = TooManyCalls(f"At most {most} calls are run in one step; this one was not.")
    return admitted + _refuse_all(ctx, requests[most:], refused)


def refuse_step(*, ctx: ToolContext, requests: Sequence[RawCall], error: ToolError | None = None) -> list[Admitted]:
    """Record calls of a step that is not run: for `error`, or because it comes too late in its turn."""
    late = TooManyCalls("The turn has used all its steps; this call was not run.")
    return _refuse_all(ctx, requests, error or late)


def admitted_before(*, answers: Sequence[tuple[UUID, dict[str, Any] | None]]) -> list[Admitted]:
    """The calls of a committed step, as (call id, what the model was told), for the process that goes on with it."""
    calls = ToolCall.objects.in_bulk([pk for pk, _ in answers])
    return [
        Admitted(call=calls[pk], told=told, error_code=calls[pk].reason if calls[pk].state == State.REFUSED else "")
        for pk, told in answers
    ]


def run_call(*, ctx: ToolContext, admitted: Admitted) -> dict[str, Any]:
    """Run an admitted read and record its end. Returns what the model is told; never raises for a tool's failure.

    Again, where the process that ran it died before it could tell the model: then its end is on record already.
    """
    call = admitted.call
    definition = find_tool(name=call.tool)
    try:
        result = run_read(ctx=ctx, definition=definition, arguments=call.arguments)
        told, state, reason = succeeded(result), State.SUCCEEDED, ""
        # The customer reads what was found from the record, whatever the model makes of it.
        call.summary = definition.finding_of(result)[:500] or call.summary
    except ToolError as error:
        told = failed(error)
        state, reason = State.FAILED, error.code
    try:
        _end_read(call, state, reason)
    except LostRace:
        log.info("call.ended_elsewhere", call_id=str(call.pk))  # its turn was lost, or has ended meanwhile
    return told


def _end_read(call: ToolCall, state: State, reason: str) -> None:
    if call.state != State.RUNNING:
        return
    now = database_now()
    if reason != NotFound.code:
        move_call(call=call, to=state, actor=audit.MODEL, now=now, reason=reason, summary=call.summary)
        return
    with transaction.atomic():
        move_call(call=call, to=state, actor=audit.MODEL, now=now, reason=reason)
        _note_denied([call], now, [{"tool": call.tool}])


def end_reads(*, turn_id: UUID) -> None:
    """Record the end of reads that a turn leaves behind: its process died, or its time was over."""
    for call in ToolCall.objects.filter(turn_id=turn_id, effect="read", state=State.RUNNING):
        try:
            move_call(call=call, to=State.FAILED, actor=audit.CLOCK, now=database_now(), reason=Unavailable.code)
        except LostRace:
            continue  # it came to its end at this moment


def succeeded(result: dict[str, Any]) -> dict[str, Any]:
    return {"ok": True, "result": result}


def failed(error: ToolError) -> dict[str, Any]:
    return {"ok": False, "error": error.as_dict()}


def requested(call: ToolCall) -> dict[str, Any]:
    """A write's first answer: nothing has been done."""
    return {
        "ok": True,
        "status": call.state,
        "reference": str(call.pk),
        "note": "not done yet",
        "summary": call.summary,
        "staff_decide": call.need > 0,
    }


def _admit(ctx: ToolContext, request: RawCall, excerpt: list[dict[str, Any]], sources: Sources) -> Admitted:
    arguments: dict[str, Any] = {}
    try:
        definition = find_tool(name=request.name)
        arguments = parse_arguments(definition=definition, raw=request.arguments)
        _authorise(ctx, definition)
        _check_rate(ctx, definition)
        if definition.effect == "write":
            return _admit_write(ctx, definition, arguments, excerpt, sources)
        return _admit_read(ctx, definition, arguments)
    except ToolError as error:
        return _refuse_all(ctx, [request], error, arguments=arguments)[0]


def _is_write(name: str) -> bool:
    return name in REGISTRY and REGISTRY[name].effect == "write"


def is_read(name: str) -> bool:
    """Whether a tool of this name only looks."""
    return name in REGISTRY and REGISTRY[name].effect == "read"


def _authorise(ctx: ToolContext, definition: ToolDefinition) -> None:
    user = ctx.customer.user
    if user is None or not user.is_active:
        raise NotPermitted("This account may not use tools.")
    if definition.permission is not None and not user.has_perm(definition.permission):
        raise NotPermitted("This account may not use this tool.")


def _check_rate(ctx: ToolContext, definition: ToolDefinition) -> None:
    wait = seconds_to_wait(name="tool_calls", key=ctx.customer.pk)
    if wait is None and definition.rate is not None:
        wait = hit(rate=definition.rate, name=definition.name, key=str(ctx.customer.pk))
    if wait is not None:
        raise RateLimited(f"Too many calls; the next one is possible in {wait} seconds.")


def _admit_read(ctx: ToolContext, definition: ToolDefinition, arguments: dict[str, Any]) -> Admitted:
    digest = digest_of(tool=definition.name, customer_id=ctx.customer.pk, arguments=arguments)
    if ctx.turn_id is not None:
        same = ToolCall.objects.filter(turn_id=ctx.turn_id, digest=digest).exclude(state=State.REFUSED)
        if same.count() >= SAME_READS:
            raise TooManyCalls("This was asked twice in this turn already, with these arguments.")
    now = database_now()
    label = definition.label_for(arguments)[:200]
    call = ToolCall.objects.create(
        customer=ctx.customer,
        conversation_id=ctx.conversation_id,
        turn_id=ctx.turn_id,
        tool=definition.name,
        label=label,
        summary=label,
        state=State.RUNNING,
        arguments=arguments,
        digest=digest,
        created_at=now,
    )
    audit.record(event="call.running", actor=audit.MODEL, outcome="running", now=now, call=call, tool=call.tool)
    call_changed.send(sender=ToolCall, call=call, sentence=None)
    return Admitted(call=call, told=None)


def _admit_write(
    ctx: ToolContext,
    definition: ToolDefinition,
    arguments: dict[str, Any],
    excerpt: list[dict[str, Any]],
    sources: Sources,
) -> Admitted:
    try:
        with transaction.atomic():
            call = request_call(ctx=ctx, definition=definition, arguments=arguments, excerpt=excerpt, sources=sources)
    except Exception as error:  # also a defect of a plan: one call's failure is no other call's
        raise tool_error(error, definition) from error
    return Admitted(call=call, told=requested(call))


def _refuse_all(
    ctx: ToolContext, requests: Sequence[RawCall], error: ToolError, *, arguments: dict[str, Any] | None = None
) -> list[Admitted]:
    """Rows and audit entries of refused calls, in two statements however many a model asked for."""
    now = database_now()
    calls = [
        ToolCall(
            customer=ctx.customer,
            conversation_id=ctx.conversation_id,
            turn_id=ctx.turn_id,
            tool=printable_name(request.name),
            effect="write" if _is_write(request.name) else "read",
            state=State.REFUSED,
            arguments=arguments or {},
            reason=error.code,
            created_at=now,
            ended_at=now,
        )
        for request in requests
    ]
    if not calls:
        return []
    ToolCall.objects.bulk_create(calls, batch_size=500)
    asked = [asked_for(name=request.name, arguments=request.arguments) for request in requests]
    audit.record_all(event="tool.rejected", actor=audit.MODEL, outcome=error.code, now=now, calls=calls, details=asked)
    if error.code == NotFound.code:
        _note_denied(calls, now, asked)
    told = failed(error)
    return [Admitted(call=call, told=told, error_code=error.code) for call in calls]


def _note_denied(calls: list[ToolCall], now: datetime, asked: list[dict[str, Any]]) -> None:
    """A record was asked for that this customer may not have: another's or nobody's. Which of the two, nobody asks."""
    audit.record_all(
        event="authz.denied", actor=audit.MODEL, outcome=NotFound.code, now=now, calls=calls, details=asked
    )


def printable_name(name: str) -> str:
    """A name a model made up, cut and made harmless for the record, the audit and the log."""
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in name[:NAME_CHARS])


def kept_arguments(raw: str) -> str:
    """What the history keeps of raw arguments: no more than any call that was taken can have."""
    return raw[:MAX_BYTES]


def open_requests(*, customer_id: int, conversation_id: UUID) -> list[ToolCall]:
    """The customer's requests of a conversation that have not ended, oldest first."""
    rows = ToolCall.objects.filter(customer_id=customer_id, conversation_id=conversation_id, effect="write")
    return list(rows.filter(state__in=OPEN_WRITE_STATES).order_by("created_at"))
