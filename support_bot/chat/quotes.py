"""Takes an erased person out of the talk of others: what look-ups told there of deliveries that both had a part in.

The other party keeps their talk. What the model was told of such a delivery goes, and where the sender's note was
repeated word for word it is left out; what somebody said of it in other words cannot be found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from support_bot.chat.models import Event, Step, Turn
from tools.models import ToolCall
from tracking.models import Customer, Package

LEFT_OUT = "[erased]"
GONE = {"ok": True, "result": {"erased": "What this said went with the account of a person whom it told of."}}
# A shorter note is a word that everybody uses.
SHORTEST = 6
AT_ONCE = 200


@dataclass(slots=True)
class Shared:
    """Deliveries with two parties: their numbers, who the others are, and what the erased person wrote to them."""

    numbers: set[str] = field(default_factory=set)
    others: set[int] = field(default_factory=set)
    notes: set[str] = field(default_factory=set)


def shared_by(*, customer: Customer) -> Shared:
    """To be asked before the records are erased: then they no longer tell who received what."""
    shared = Shared()
    mine = Package.objects.filter(Q(booker=customer) | Q(recipient=customer), recipient__isnull=False)
    rows = mine.exclude(booker=F("recipient")).values_list("number", "booker_id", "recipient_id", "sender_note")
    for number, booker, recipient, note in rows.iterator():
        shared.numbers.add(number)
        shared.others |= {booker, recipient} - {customer.pk}
        if booker == customer.pk:
            shared.notes.add(note)
    return shared


def erase_quotes(*, shared: Shared) -> int:
    """Returns how many answers of look-ups were blanked. May be repeated: what was told meanwhile goes too."""
    found = 0
    for other in sorted(shared.others):
        steps = Step.objects.filter(turn__conversation__customer_id=other).order_by("pk")
        quoting: list[tuple[int, UUID]] = []
        notes: dict[UUID, set[str]] = {}
        rows = steps.values_list("pk", "turn__conversation_id", "turn_id", "calls")
        for step_id, conversation_id, turn_id, calls in rows.iterator(chunk_size=AT_ONCE):
            if told := [call["told"] for call in calls if _tells_of(call.get("told"), shared.numbers)]:
                quoting.append((step_id, turn_id))
                # The note may have been another one when it was looked up.
                notes.setdefault(conversation_id, set(shared.notes)).update(*map(_notes_in, told))
        # While the answers still stand, an erasure that was killed finds its way here again.
        for conversation_id, words in notes.items():
            _leave_out(conversation_id, _long(words))
        found += sum(_blank_step(step_id, turn_id, shared.numbers) for step_id, turn_id in quoting)
    return found


def _tells_of(told: dict[str, Any] | None, numbers: set[str]) -> bool:
    if told is None or told == GONE:
        return False
    return any(value in numbers for value in _texts(told))


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _notes_in(told: dict[str, Any]) -> set[str]:
    result = told.get("result") or {}
    note = result.get("sender_note") if isinstance(result, dict) else None
    return {str(note["untrusted_text"])} if note else set()


def _long(notes: set[str]) -> list[str]:
    return sorted((note for note in notes if len(note) >= SHORTEST), key=len, reverse=True)


def _blank_step(step_id: int, turn_id: UUID, numbers: set[str]) -> int:
    with transaction.atomic():
        # Whoever runs the turn holds its row when it writes a step.
        list(Turn.objects.select_for_update().filter(pk=turn_id).values_list("pk", flat=True))
        step = Step.objects.filter(pk=step_id).first()
        if step is None:
            return 0
        quoting = [call for call in step.calls if _tells_of(call.get("told"), numbers)]
        for call in quoting:
            call["told"] = GONE
        step.save(update_fields=["calls"])
    return len(quoting)


def _leave_out(conversation_id: UUID, notes: list[str]) -> None:
    """Where a note stands word for word: in answers, in what was shown of a look-up, and before reviewers."""
    if not notes:
        return
    with transaction.atomic():
        list(Turn.objects.select_for_update().filter(conversation_id=conversation_id).values_list("pk", flat=True))
        for event in Event.objects.filter(conversation_id=conversation_id).iterator(chunk_size=AT_ONCE):
            if (kept := _without(event.payload, notes)) != event.payload:
                Event.objects.filter(pk=event.pk).update(payload=kept)
        for step in Step.objects.filter(turn__conversation_id=conversation_id).iterator(chunk_size=AT_ONCE):
            text, calls = _without(step.text, notes), _without(step.calls, notes)
            if (text, calls) != (step.text, step.calls):
                Step.objects.filter(pk=step.pk).update(text=text, calls=calls)
        for call in ToolCall.objects.filter(conversation_id=conversation_id).iterator(chunk_size=AT_ONCE):
            words = {"excerpt": call.excerpt} | ({"summary": call.summary} if call.effect == "read" else {})
            if (left := _without(words, notes)) != words:
                ToolCall.objects.filter(pk=call.pk).update(**left)


def _without(value: Any, notes: list[str]) -> Any:
    if isinstance(value, str):
        for note in notes:
            value = value.replace(note, LEFT_OUT).replace(json.dumps(note)[1:-1], LEFT_OUT)
        return value
    if isinstance(value, dict):
        return {name: _without(part, notes) for name, part in value.items()}
    return [_without(part, notes) for part in value] if isinstance(value, list) else value
