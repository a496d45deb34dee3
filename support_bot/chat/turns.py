"""One turn: ask the model, commit its step, let the gateway answer its calls, ask again, end once and honestly.

Knows no sockets: what is live goes through a LiveTurn, what is durable through turn_rows. Any process can run it, and
take it up after another one that died: from the last committed step, as if it had made the steps before itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from time import monotonic
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from support_bot.chat import authority, budget, prompt, turn_rows
from support_bot.chat.attempt import Stopped, go_on
from support_bot.chat.database import in_thread
from support_bot.chat.fallback import SORRY, SPENT, records_answer
from support_bot.chat.handoff import wants_person
from support_bot.chat.live import LiveTurn
from support_bot.chat.model_call import ask
from support_bot.chat.turn_rows import Claimed, Ending, NoMandate, TurnLost
from support_bot.llm.base import LLMError, Prompt, ToolSpec
from tools import gateway, origin
from tools.context import ToolContext

log = structlog.get_logger(__name__)

NOTES = {
    "timeout": "This took too long, so I stopped. Please ask again, perhaps in smaller parts.",
    "too_many_steps": "I could not finish this. Please say it in other words, or ask for a person.",
    "interrupted": "My answer was interrupted. Please ask again.",
    "not_permitted": "This conversation was stopped because the sign-in it began with has ended.",
    "internal": "Something went wrong on our side. Please ask again; if it stays, ask for a person.",
}
NO_ANSWER = "I have no answer to that. Could you say it in other words? You can also ask for a person."
# Two steps in a row with nothing but calls that cannot be understood: the model does not learn from the errors.
BAD_STEPS = 2
BAD_CODES = frozenset({"invalid_json", "invalid_arguments", "unknown_tool"})


@dataclass(slots=True)
class _Progress:
    """What the loop carries from step to step."""

    deadline: float
    number: int = 0
    bad_steps: int = 0
    specs: tuple[ToolSpec, ...] = field(default_factory=tuple)


@lru_cache(maxsize=1)
def tool_specs() -> tuple[ToolSpec, ...]:
    """The tools as the model is given them: made once, the same object every time."""
    return tuple(ToolSpec(**spec) for spec in gateway.tool_specs())


async def run_turn(*, turn: Claimed, live: LiveTurn) -> None:
    """Run a claimed turn to its end. Never raises; when the turn was lost to another process it leaves no trace."""
    origin.bind_turn(turn_id=str(turn.turn_id), session=turn.session_key)
    await live.begin()
    try:
        ending = await _ending_of(turn, live)
        await live.close()
        await in_thread(turn_rows.end_turn)(turn_id=turn.turn_id, fence=turn.fence, ending=ending)
    except TurnLost:
        log.warning("turn.lost", turn_id=str(turn.turn_id), fence=turn.fence)
    except Exception as error:
        # The database is away: the lease runs out, and whoever looks first then goes on with the turn.
        log.error("turn.not_ended", turn_id=str(turn.turn_id), error=type(error).__name__, exc_info=error)
    finally:
        await live.close()


async def _ending_of(turn: Claimed, live: LiveTurn) -> Ending:
    try:
        await _steps(turn, live)
        data = {"type": "handoff_offer"} if wants_person(turn.text) else None
        return Ending(state="done", text=live.text if live.text.strip() else NO_ANSWER, data=data)
    except Stopped as stopped:
        if stopped.state == "cancelled":
            return Ending(state="cancelled", text=live.text)
        # Who was waiting longer because a process died did not ask for too much.
        error = "interrupted" if turn.resumed and stopped.error == "timeout" else stopped.error
        return Ending(state="failed", text=live.text, error=error, note=NOTES[error])
    except budget.Spent:
        return await _without_model(turn, live, "budget_exhausted", SPENT)
    except LLMError as error:
        log.warning("turn.model_unavailable", turn_id=str(turn.turn_id), error=type(error).__name__, detail=str(error))
        return await _without_model(turn, live, "model_unavailable", SORRY)
    except NoMandate:
        return Ending(state="failed", text=live.text, error="not_permitted", note=NOTES["not_permitted"])
    except (TurnLost, OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.error("turn.failed", turn_id=str(turn.turn_id), error=type(error).__name__, exc_info=error)
        return Ending(state="failed", text=live.text, error="internal", note=NOTES["internal"])


async def _without_model(turn: Claimed, live: LiveTurn, error: str, sorry: str) -> Ending:
    """The honest end of a turn that has no model: why, what the records say of a named number, and the form."""
    found = await in_thread(_records_answer)(turn)
    note = " ".join([sorry, *found])
    return Ending(state="failed", text=live.text, error=error, note=note, note_data={"type": "tracking_form"})


def _records_answer(turn: Claimed) -> list[str]:
    """Whatever goes wrong with the look-ups, the customer is told that there is no model."""
    try:
        return records_answer(conversation_id=turn.conversation_id, turn_id=turn.turn_id, text=turn.text)
    except Exception as error:
        log.error("turn.fallback_failed", turn_id=str(turn.turn_id), error=type(error).__name__, exc_info=error)
        return []


async def _steps(turn: Claimed, live: LiveTurn) -> None:
    progress = _Progress(deadline=monotonic() + turn.seconds, specs=tool_specs())
    if turn.resumed and not await _take_up(turn, live, progress):
        return
    while True:
        _check_time(progress.deadline)
        progress.number += 1
        asked = await in_thread(_prepare)(turn, progress.specs)
        ctx, full_prompt = asked
        before = len(live.text)
        done = await ask(full_prompt, live, progress.deadline)
        said = live.text[before:].lstrip("\n")
        admitted = await in_thread(turn_rows.commit_step)(
            turn=turn,
            ctx=ctx,
            number=progress.number,
            text=said,
            calls=done.calls,
            usage=done.usage,
            run=progress.number < settings.TURN_MAX_STEPS,
        )
        if not await _answer_calls(turn, ctx, live, progress, admitted):
            return


async def _take_up(turn: Claimed, live: LiveTurn, progress: _Progress) -> bool:
    """Go through what is committed of a turn that another process began. True where the model is to be asked again."""
    steps = await in_thread(turn_rows.committed_steps)(turn_id=turn.turn_id)
    log.info("turn.resumed", turn_id=str(turn.turn_id), fence=turn.fence, steps=len(steps))
    await live.take_up("\n\n".join(step.text for step in steps if step.text))
    if turn.stop_asked:
        live.cancel()
    go_on(live)
    ctx = await in_thread(_context)(turn)
    for step in steps:
        progress.number = step.number
        if not await _answer_calls(turn, ctx, live, progress, step.admitted):
            return False
    return True


def _check_time(deadline: float) -> None:
    """Nothing is begun in a turn whose time is over, or that has killed every process which ran it."""
    if monotonic() >= deadline:
        raise Stopped("failed", "timeout")


def _context(turn: Claimed) -> ToolContext:
    """In whose name the turn's next calls are made. Raises NoMandate where its session has ended."""
    customer = turn_rows.customer_of(conversation_id=turn.conversation_id)
    if not authority.stands(mandate=turn, customer_id=customer.pk):
        raise NoMandate
    now = timezone.localtime()
    return ToolContext(customer=customer, conversation_id=turn.conversation_id, turn_id=turn.turn_id, now=now)


def _prepare(turn: Claimed, specs: tuple[ToolSpec, ...]) -> tuple[ToolContext, Prompt]:
    """Authority and history for the next step, in one go. Raises NoMandate."""
    ctx = _context(turn)
    built = prompt.build_prompt(
        conversation_id=turn.conversation_id,
        turn_id=turn.turn_id,
        message_seq=turn.message_seq,
        first_name=ctx.customer.name.split(" ")[0],
        now=ctx.now,
        tools=specs,
    )
    return ctx, built


# --- its calls --------------------------------------------------------------------------------------------------


async def _answer_calls(
    turn: Claimed, ctx: ToolContext, live: LiveTurn, progress: _Progress, admitted: Sequence[gateway.Admitted]
) -> bool:
    """Answer the calls of a committed step. True where the model is to be asked again."""
    if not admitted:
        return False
    if progress.number >= settings.TURN_MAX_STEPS:
        raise Stopped("failed", "too_many_steps")
    if any(answer.told is None for answer in admitted):
        told = await _run_reads(ctx, admitted, progress.deadline)
        await in_thread(turn_rows.record_told)(turn=turn, number=progress.number, told=told)
    only_bad = all(answer.error_code in BAD_CODES for answer in admitted)
    progress.bad_steps = progress.bad_steps + 1 if only_bad else 0
    if progress.bad_steps >= BAD_STEPS:
        raise Stopped("failed", "too_many_steps")
    go_on(live)
    return True


async def _run_reads(ctx: ToolContext, admitted: Sequence[gateway.Admitted], deadline: float) -> list[dict[str, Any]]:
    """Run what waits to be run, side by side where the database serves several; answers keep the model's order.

    The turn waits no longer than its own time: a thread cannot be ended, so a tool that hangs is left to itself.
    """
    _check_time(deadline)
    run = in_thread(_run_one)
    try:
        async with asyncio.timeout(max(0.0, deadline - monotonic())):
            if connection.vendor == "postgresql":
                return list(await asyncio.gather(*(run(ctx, answer) for answer in admitted)))
            return [await run(ctx, answer) for answer in admitted]
    except TimeoutError:
        raise Stopped("failed", "timeout") from None


def _run_one(ctx: ToolContext, answer: gateway.Admitted) -> dict[str, Any]:
    if answer.told is not None:
        return answer.told
    return gateway.run_call(ctx=ctx, admitted=answer)
