"""Whether a customer's words ask for a change of this kind, or plainly for something else. A hint, never a gate."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Beginnings of words in English, German and Spanish. A tool without a line here is never found unasked.
WISHES: dict[str, str] = {
    "update_profile": "chang updat new correct wrong mov married address phone number e-?mail name profil ander änder"
    " aender neu umgezog telefon adress cambi actualiz nuev direcc correo",
    "change_delivery": "chang deliver dat day anoth tomorrow later earlier leav safe depot hold pick resched redirect"
    " address neighbo änder liefer zustell ablag nachbar abhol termin morgen cambi entreg fech vecin recog",
    "cancel_order": "cancel stop want longer storn abbestell nicht anul",
    "request_refund": "refund money back reimburs pay paid erstatt geld zurück zurueck reembols dinero devol",
    "report_problem": "brok damag miss wrong never arriv lost stol problem complain report empty kaputt beschädig fehl"
    " verlor falsch beschwer dañ dan falt rot perd queja reclam",
    "schedule_callback": "call phon ring speak talk person human anruf rückruf telefon sprech llam habl",
    "create_order": "send ship book order deliver parcel packag versend schick buch bestell envi reserv mand",
}
# What customers say who want to know something, and who only greet or thank.
_QUESTIONS = (
    "where when what who how track status arriv late hello hi hey thank good wo wann wer wie hallo guten danke sendung"
    " donde dónde cuando cuándo quien quién hola gracias estado"
)
LAST = 6  # messages that count: a wish may be older than the `yes` that follows it


def asks_for_something_else(*, tool: str, messages: Sequence[str]) -> bool:
    """True where the last messages hold a question or a greeting and no word that could mean this change."""
    if tool not in WISHES:
        return False
    said = " ".join(messages[-LAST:])
    return not _begins(WISHES[tool], said) and _begins(_QUESTIONS, said)


def _begins(words: str, text: str) -> bool:
    return re.search(rf"(?<!\w)(?:{'|'.join(words.split())})", text, re.IGNORECASE) is not None
