"""Says what the records say where an answer claims more: one system line, and nothing of the answer is changed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog

from support_bot.chat.claims import Claim, claims_in
from support_bot.chat.sources import told_in
from tools.answers import STATE_TEXTS
from tools.evidence import ANY, is_borne_out, names_in, requests_of
from tools.models import ToolCall
from tools.record_evidence import facts_of, records_bear_out, references_in
from tools.states import OPEN_WRITE_STATES, WAITING_STATES

log = structlog.get_logger(__name__)

# What is known without a look at other records: that this conversation holds no such request.
NONE_SUCH: dict[str, str] = {
    "request_refund": "No refund has been requested in this chat.",
    "cancel_order": "No cancellation has been requested in this chat.",
    "change_delivery": "No change of a delivery has been requested in this chat.",
    "update_profile": "No change of your profile has been requested in this chat.",
    "create_order": "No booking of a delivery has been requested in this chat.",
    "report_problem": "No problem has been reported in this chat.",
    "schedule_callback": "No call back has been requested in this chat.",
    ANY: "No change has been requested in this chat.",
}
# Words of the three languages for what staff do before anything is carried out.
_AGREED = ("approv", "genehmigt", "bewilligt", "freigegeben", "aprobad", "autoriz", "authori")
_OF_A_RECORD = frozenset({"cancel_order", "request_refund"})
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
    left = [
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
    false = _not_of_records(left, customer_id=customer_id, text=text)
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


def _not_of_records(claims: list[Claim], *, customer_id: int, text: str) -> list[Claim]:
    """Those that the records which they name do not bear out; "it was cancelled" is about what the answer names."""
    of_each = [references_in(claim.sentence) for claim in claims]
    of_all = references_in(text)
    named = list(dict.fromkeys(reference for some in (*of_each, of_all) for reference in some))
    facts = facts_of(customer_id=customer_id, references=named) if claims and named else {}
    return [
        claim
        for claim, own in zip(claims, of_each, strict=True)
        if not records_bear_out(
            kind=claim.kind,
            references=own or (of_all if claim.kind in _OF_A_RECORD else ()),
            amounts=names_in(claim.sentence, kind=claim.kind).amounts,
            facts=facts,
        )
    ]


def _newest(kind: str, here: list[ToolCall]) -> ToolCall | None:
    """The request that the claim is about: an open one before an ended one."""
    same = [call for call in here if kind in (ANY, call.tool)]
    return next((call for call in same if call.state in OPEN_WRITE_STATES), same[0] if same else None)


def _line(kind: str, here: list[ToolCall]) -> str:
    call = _newest(kind, here)
    if call is None:
        return NONE_SUCH[kind]
    waits = "not done yet, " if call.state in WAITING_STATES else ""
    return f"{call.summary.rstrip('.')}: {waits}{STATE_TEXTS[call.state]}."
