"""Builds the patterns of a language's phrases: the shapes of a clause that says by itself that something is done."""

from __future__ import annotations

import re

from support_bot.chat.claim_phrases import ANY, HEADLINES, Phrases

# From a noun to its verb: "refund of 24.90 EUR for the parcel". Each is sought from every noun, so it is short.
_MORE = r"(?: (?:of|for|to|on|über|von|vom|für|zu|zum|zur|de|del|por|para|a|al) [^,;]{1,40}?)?"
# What only we can do to an order or a delivery: the verb alone says what was done.
DEEDS_OF_OURS = frozenset({"request_refund", "cancel_order", "change_delivery"})
_END = r"[^\w:]*$"
# "no. 991", "(R-991)": a number of a record or of a payment.
_NUMBER = r"(?: ?\(?(?:no\.? ?|nr\.? ?|n[º°]\.? ?|id:? ?|number |nummer |número )?(?:[a-z]{1,4}-)?\d[\w.-]{0,20}\)?)?"
# What may follow a state: "(id 991)", "(Anna)", ", id 991".
_NOTE = r"(?:[^\w():]{0,4}\([^()]{1,40}\)|,? (?:id|no\.?|nr\.?|n[º°]|ref\.?)[: ]{1,2}[\w-]{1,20})?"
_STATES = r"(?: ?(?:status|state|stand|estado))?"
_PARTS = r" ?(?::|=|\||->|[-\u2013\u2014\u2192])? ?"


def words(alternatives: str) -> re.Pattern[str]:
    return re.compile(_whole(alternatives))


def told(phrases: Phrases, kind: str) -> re.Pattern[str]:
    """What says it wherever it stands in a clause, or as a clause of its own."""
    adverbs, before, tails = _around(phrases)
    deeds, done, did = phrases.deeds[kind], phrases.alone[kind], phrases.did
    ways = [
        _whole(rf"(?:{deeds}){_MORE} (?:{phrases.came_about})"),
        rf"^(?:{phrases.own})(?:{deeds}){_MORE}{adverbs} (?:{phrases.came_about_alone}){tails}{_END}",
        _whole(rf"(?:{phrases.achieved}){adverbs} (?:{phrases.infinitives[kind]})"),
        rf"(?<!\w)(?:{phrases.as_done}) (?:[^,;]{{1,40}}? )??(?:as |als |como |por )?(?:{done}){tails}{_END}",
        _whole(rf"(?:{phrases.active}) (?:{did}) (?:(?:{phrases.articles}) ){{0,2}}(?:{deeds})"),
    ]
    if kind in DEEDS_OF_OURS:
        ways.append(_whole(rf"(?:{phrases.active}) (?:{done})"))
    if kind in phrases.told:
        ways.append(phrases.told[kind])
    if kind == ANY:
        ways.append(_whole(rf"(?:{phrases.active}) (?:{did}|{done}|{phrases.did_it}) (?:{phrases.it})"))
        ways.append(rf"^{before}(?:{phrases.it}){adverbs} (?:{done}|{phrases.did_it}){tails}{_END}")
    if kind in HEADLINES:
        subject = rf"(?:{phrases.subjects[kind]})(?!\w)"
        ways.append(rf"^(?:{phrases.own}){subject}(?: {subject})?{adverbs} (?:{phrases.done[kind]})(?!\w|\s*:)")
    return re.compile("|".join(f"(?:{way})" for way in ways))


def labelled(phrases: Phrases, kind: str) -> re.Pattern[str]:
    """What is a whole line of a name and its state, as in a table: "Refund 991: completed", "ORD-1002 - cancelled"."""
    if kind not in HEADLINES | {ANY}:
        return re.compile(r"(?!)")
    adverbs, _, tails = _around(phrases)
    of_deed = rf"{phrases.came_about_alone}|{phrases.alone[kind]}|{phrases.done[kind]}"
    names = (
        (rf"(?:{phrases.deeds[kind]})", of_deed),
        (rf"(?:{phrases.subjects[kind]})(?: (?:{phrases.subjects[kind]}))?", phrases.done[kind]),
    )
    ways = [
        rf"(?:{phrases.own}){name}{_NUMBER}{_MORE}{_NUMBER}{_STATES}{_PARTS}{adverbs} ?(?:{done}){tails}{_NOTE}{_END}"
        for name, done in names
    ]
    return re.compile(rf"^\W*(?:{'|'.join(ways)})")


def alone(phrases: Phrases, kind: str) -> re.Pattern[str]:
    """What is a whole clause without a subject: "Cancelled, as you asked". In a list it may be a record's state."""
    _, before, tails = _around(phrases)
    return re.compile(rf"^{before}(?:{phrases.alone[kind]}){tails}{_NOTE}{_END}")


def _around(phrases: Phrases) -> tuple[str, str, str]:
    """Adverbs within a clause, those before it, and what may follow. Only so many, or the time would not be linear."""
    adverbs, tails = phrases.adverbs, phrases.tails
    return rf"(?: (?:{adverbs})){{0,4}}?", rf"(?:(?:{adverbs}) ){{0,4}}?", rf"(?: (?:{tails})){{0,3}}"


def _whole(alternatives: str) -> str:
    return rf"(?<!\w)(?:{alternatives})(?!\w)"
