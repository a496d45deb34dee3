"""Says what the records say where an answer claims more: one system line, and nothing of the answer is changed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog

from support_bot.chat.claims import claims_in
from support_bot.chat.sources import told_in
from tools.answers import STATE_TEXTS
from tools.evidence import ANY, is_borne_out, requests_of
from tools.models import ToolCall
from tools.states import OPEN_WRITE_STATES

log = structlog.get_logger(__name__)

NONE_SUCH: dict[str, str] = {
    "request_refund": "No refund has been requested here, and none was made.",
    "cancel_order": "No cancellation has been requested here, and no order was cancelled.",
    "change_delivery": "No change of a delivery has been requested here, and none was made.",
    "update_profile": "No change of your profile has been requested here, and none was made.",
    "create_order": "No delivery has been booked here.",
    "report_problem": "No problem has been reported here.",
    "schedule_callback": "No call back has been scheduled here.",
    ANY: "No change has been requested here, and none was made.",
}
# Words of the three languages for what staff do before anything is carried out.
_AGREED = ("approv", "genehmigt", "bewilligt", "freigegeben", "aprobad", "autoriz", "authori")
MOST = 3


@dataclass(frozen=True, slots=True)
class Correction:
    """The line, and the calls that it tells of."""

    text: str
    call_ids: tuple[str, ...]


def correction_of(*, text: str, customer_id: int, conversation_id: UUID) -> Correction | None:
    """None where the answer claims nothing, or nothing that the records do not bear out."""
    claims = claims_in(text)
    if not claims:
        return None
    calls = requests_of(customer_id=customer_id, conversation_id=conversation_id)
    told = told_in(conversation_id=conversation_id)
    false = [
        claim
        for claim in claims
        if not is_borne_out(
            kind=claim.kind,
            agreed=any(word in claim.sentence.casefold() for word in _AGREED),
            sentence=claim.sentence,
            conversation_id=conversation_id,
            calls=calls,
            told=told,
        )
    ]
    if not false:
        return None
    here = [call for call in calls if call.conversation_id == conversation_id]
    kinds = list(dict.fromkeys(claim.kind for claim in false))
    if len(kinds) > 1 and ANY in kinds:
        kinds.remove(ANY)  # "your refund was paid. Done!" is one thing
    log.info("turn.claim_not_borne_out", conversation_id=str(conversation_id), kinds=kinds)
    lines = dict.fromkeys(_line(kind, here) for kind in kinds[:MOST])
    found = [call for kind in kinds[:MOST] if (call := _newest(kind, here))]
    return Correction(
        text=f"Our records say: {' '.join(lines)}", call_ids=tuple(dict.fromkeys(str(call.pk) for call in found))
    )


def _newest(kind: str, here: list[ToolCall]) -> ToolCall | None:
    """The request that the claim is about: an open one before an ended one."""
    same = [call for call in here if kind in (ANY, call.tool)]
    return next((call for call in same if call.state in OPEN_WRITE_STATES), same[0] if same else None)


def _line(kind: str, here: list[ToolCall]) -> str:
    call = _newest(kind, here)
    if call is None:
        return NONE_SUCH[kind]
    what = call.summary.rstrip(".")
    if call.state in OPEN_WRITE_STATES:
        return f"Nothing has been changed yet. {what}: {STATE_TEXTS[call.state]}."
    return f"{what}: {STATE_TEXTS[call.state]}."
