"""What the customer is told when no model can be reached: honest, and with the records' own answer to a number."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from support_bot.chat.turn_rows import customer_of
from tools import gateway
from tools.context import ToolContext
from tools.models import ToolCall
from tools.states import State

SORRY = "The assistant cannot be reached at the moment. You can look up a package below, or ask for a person."
SPENT = (
    "Today's share of the assistant is used up. Until tomorrow you can look up a package below, or ask for a person."
)
# Anything that could be a tracking number: letters and digits with at least four digits, dashes allowed.
_NUMBER = re.compile(r"(?<![\w-])(?=(?:[A-Z-]*\d){4})[A-Z0-9][A-Z0-9-]{5,33}(?![\w-])", re.ASCII | re.IGNORECASE)
MOST = 3


def records_answer(*, conversation_id: UUID, turn_id: UUID, text: str) -> list[str]:
    """A sentence for each number named, or else for what the model had found before it went away.

    Look-ups go through the gateway like a model's: same rights, recorded.
    """
    named = [match.group().upper() for match in _NUMBER.finditer(text)] or _found_in(turn_id)
    numbers = list(dict.fromkeys(named))[:MOST]
    ctx = ToolContext(
        customer=customer_of(conversation_id=conversation_id), conversation_id=None, turn_id=None, now=timezone.now()
    )
    return [answer for number in numbers if (answer := _look_up(ctx, number))]


def _found_in(turn_id: UUID) -> list[str]:
    """The packages that the turn itself has looked up."""
    looks = ToolCall.objects.filter(turn_id=turn_id, tool="check_package", state=State.SUCCEEDED)
    return [
        str(arguments["package_id"]) for arguments in looks.order_by("created_at").values_list("arguments", flat=True)
    ]


def _look_up(ctx: ToolContext, number: str) -> str | None:
    request = gateway.RawCall(name="check_package", arguments=f'{{"package_id":"{number}"}}')
    with transaction.atomic():
        admitted = gateway.admit_step(ctx=ctx, requests=[request], excerpt=[])[0]
    told: dict[str, Any] = admitted.told or gateway.run_call(ctx=ctx, admitted=admitted)
    if not told["ok"]:
        return None
    package = told["result"]
    return f"Package {package['package_id']}: {package['status_text'].rstrip('.')}."
