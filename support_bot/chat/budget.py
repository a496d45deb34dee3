"""What the models may cost in a day, for a customer, for an address and for all together, in tokens.

Each request is a row before it is asked and is settled when its end is known, however it ends. The sums lie in the
database alone, so that no restart and no flush of Redis gives anybody a new day.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from support_bot.chat.models import ModelCall
from support_bot.chat.prompt import CHARS_PER_TOKEN, TOKENS_PER_MESSAGE, content_of
from support_bot.chat.turn_rows import Claimed
from support_bot.llm.base import LLMError, Prompt, ToolCallRequest, ToolSpec, Usage
from tracking.models import Customer

# What an answer is taken to cost while nobody knows yet.
ANSWER_TOKENS = 500
# A server that reports less than one token for so many of our estimated ones miscounts or lies: no text packs so well.
MOST_PACKED = 4


class Spent(Exception):
    """The day's tokens of this customer, of their address or of everybody are used up."""


@dataclass(slots=True)
class Meter:
    """One request while it runs. heard: bytes of the answer so far; billed: the provider may charge for it."""

    entry: int | None
    asked: int
    heard: int = 0
    usage: Usage = field(default_factory=Usage)
    billed: bool = True

    def hear(self, text: str) -> None:
        self.heard += len(text.encode("utf-8", "replace"))

    def done(self, calls: tuple[ToolCallRequest, ...], usage: Usage) -> None:
        for call in calls:
            self.hear(call.name + call.arguments)
        self.usage = usage

    def failed(self, error: LLMError) -> None:
        """A request that was refused or never arrived costs nothing; an answer that broke off costs what came."""
        self.heard += error.received
        self.billed = error.began or self.heard > 0


def begin(*, turn: Claimed, prompt: Prompt, now: datetime, is_free: bool) -> Meter:
    """Put a request on the account of its customer. Raises Spent where the day's tokens are used up.

    The customer is locked: however many turns of theirs run at once, each sees what the others may cost.
    """
    asked = prompt_tokens(prompt)
    if is_free:
        return Meter(entry=None, asked=asked)
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).only("pk").get(pk=turn.customer_id)
        _check(turn, now)
        entry = ModelCall.objects.create(
            customer_id=turn.customer_id,
            turn_id=turn.turn_id,
            origin=turn.origin,
            input_tokens=asked,
            output_tokens=ANSWER_TOKENS,
            created_at=now,
        )
    return Meter(entry=entry.pk, asked=asked)


def settle(*, meter: Meter) -> None:
    """Write down what it cost: as the provider counted it, else by the bytes that went there and back.

    Its count is believed down to a quarter of what those bytes cost about, so that no server makes the day endless.
    """
    if meter.entry is None:
        return
    usage = meter.usage
    tokens = (_believed(usage.input_tokens, meter.asked), _believed(usage.output_tokens, _tokens_of(meter.heard)))
    asked, heard = tokens if meter.billed else (0, 0)
    ModelCall.objects.filter(pk=meter.entry).update(input_tokens=asked, output_tokens=heard, settled=True)


def _believed(reported: int, estimated: int) -> int:
    return max(reported, -(-estimated // MOST_PACKED)) if reported > 0 else estimated


def _check(turn: Claimed, now: datetime) -> None:
    today = ModelCall.objects.filter(created_at__gte=_midnight(now))
    if turn.resumed:
        # What the process that died had asked for stays on the account; but for it alone the same step asked again is
        # not refused.
        today = today.exclude(turn_id=turn.turn_id, settled=False)
    own, times = settings.DAILY_TOKENS, settings.PER_ADDRESS
    customer_id, origin = turn.customer_id, turn.origin
    limits: list[tuple[int | None, QuerySet[ModelCall]]] = [
        (own, today.filter(customer_id=customer_id)),
        (own * times if own and times and origin else None, today.filter(origin=origin)),
        (settings.DAILY_TOKENS_TOTAL, today),
    ]
    if any(limit is not None and _sum(calls) >= limit for limit, calls in limits):
        raise Spent


def _midnight(now: datetime) -> datetime:
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def _sum(calls: QuerySet[ModelCall]) -> int:
    found: int | None = calls.aggregate(tokens=Sum(F("input_tokens") + F("output_tokens")))["tokens"]
    return found or 0


# --- estimates --------------------------------------------------------------------------------------------------


def _tokens_of(size: int) -> int:
    return -(-size // CHARS_PER_TOKEN)


def prompt_tokens(prompt: Prompt) -> int:
    """About what a prompt costs, by its bytes: text in any script is counted on the dear side."""
    size = len(prompt.system.encode()) + sum(len(content_of(m).encode("utf-8", "replace")) for m in prompt.messages)
    return _tokens_of(size) + TOKENS_PER_MESSAGE * (len(prompt.messages) + 1) + _tool_tokens(prompt.tools)


_known_tools: tuple[tuple[ToolSpec, ...], int] = ((), 0)


def _tool_tokens(tools: tuple[ToolSpec, ...]) -> int:
    """Counted once as long as the same tuple comes in."""
    global _known_tools
    if _known_tools[0] is not tools:
        size = sum(len(t.name) + len(t.description) + len(json.dumps(t.parameters)) for t in tools)
        _known_tools = (tools, _tokens_of(size))
    return _known_tools[1]
