"""A notice as a model reads it: our own words as they are, what a notice repeats of others as a quotation, cut.

A reason is staff's, a summary holds what a model or a customer wrote, and an outcome tells records that others filled.
"""

from __future__ import annotations

import json
from typing import Any

from support_bot.chat.outcomes import REASON
from tools.answers import STATE_TEXTS
from tools.masking import mask_personal
from tools.result_types import clean

# As long as every other quotation that a model gets.
MOST = 200
LONGEST = 2000


def notice_text(*, text: str, data: dict[str, Any] | None) -> str:
    """`data` is the message's own: it tells which notices hold words that are not ours."""
    of = data or {}
    if of.get("type") == "call_outcome":
        told, apart, reason = text.partition(REASON)
        why = f" Their reason follows. {_quoted(reason, 'staff')}" if apart else ""
        return f"A request: {STATE_TEXTS.get(of['state'], 'ended')}. {_quoted(told, 'record')}{why}"
    if of.get("type") == "record_state" and of.get("calls"):  # without a request it holds our own words alone
        return f"About what you said before. {_quoted(text, 'record')}"
    return mask_personal(text, hint=True)


def _quoted(text: str, writer: str) -> str:
    kept = clean(mask_personal(clean(text, length=LONGEST), hint=True), length=MOST)
    return json.dumps({"untrusted_text": kept, "written_by": writer}, ensure_ascii=False)
