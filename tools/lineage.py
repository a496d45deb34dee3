"""Shows staff where each argument of a request came from, in words; what it rests on is worked out in provenance.py."""

from __future__ import annotations

from dataclasses import dataclass

from tools.models import ToolCall
from tools.provenance import FROM_DATA, UNASKED, leaves
from tools.textview import visible

SOURCES: dict[str, str] = {
    "customer": "typed by the customer",
    "record": "from a record",
    "untrusted": "from text that others wrote",
    "model": "made by the model",
}
NOT_KNOWN = "not known"
BADGE = "From data, not from customer"
BADGE_UNASKED = "Not asked for in words"
WARNINGS: dict[str, str] = {
    FROM_DATA: "From data, not from customer: this request may come from a text that somebody else wrote, such as"
    " a sender’s note or a carrier’s message. Ask the customer before you approve it.",
    UNASKED: "Nobody asked for this in words: the customer’s last messages are about something else.",
}


@dataclass(frozen=True, slots=True)
class ShownArgument:
    """One value of the canonical arguments, with nothing invisible, and where it was first seen."""

    name: str
    value: str
    source: str
    words: str


def shown_arguments(*, call: ToolCall) -> list[ShownArgument]:
    """Every single value; what others wrote comes first."""
    sources = call.provenance.get("sources", {})
    shown = [
        ShownArgument(
            name=visible(path),
            value=visible(_plainly(value)),
            source=sources.get(path, ""),
            words=SOURCES.get(sources.get(path, ""), NOT_KNOWN),
        )
        for path, value in leaves(call.arguments)
    ]
    return sorted(shown, key=lambda argument: (argument.source != "untrusted", argument.name))


def _plainly(value: object) -> object:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def warnings_of(*, call: ToolCall) -> list[str]:
    """What a reviewer has to know before anything else."""
    return [WARNINGS[flag] for flag in call.provenance.get("flags", []) if flag in WARNINGS]
