"""Whether a customer's words ask for a change of this kind, or plainly for something else. A hint, never a gate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
# What others write who want one of these done: few words, since notes and carriers speak of deliveries all day.
_PUSHES: dict[str, str] = {
    "update_profile": "profil",
    "change_delivery": "resched redirect reroute depot umleit redirig",
    "cancel_order": "cancel storn abbestell anul",
    "request_refund": "refund reimburs erstatt reembols",
    "report_problem": "complain report(?!ed) reklam reclam",
    "schedule_callback": "call-?back call_back rückruf",
}
# What customers say who want to know something, and who only greet or thank.
_QUESTIONS = (
    "where when what who how track status arriv late hello hi hey thank good wo wann wer wie hallo guten danke sendung"
    " donde dónde cuando cuándo quien quién hola gracias estado"
)
LAST = 6  # messages that count: a wish may be older than the `yes` that follows it
_SENTENCE = re.compile(r"(?:[^.!?\n¿]|\.(?=\w))+[.!?]*")
# From such a word on a sentence asks: "tell me when it is delivered" wants no delivery. "How do I" is a wish.
_ASKING = re.compile(
    r"(?<!\w)(?:where|when|what|which|who|whose|why|whether|(?<=\w )if|how (?:long|late|far|many|much|is|are|was|come)"
    r"|wo|woher|wohin|wann|warum|wieso|weshalb|welche\w*|ob|wieviel|dónde|donde|cuándo|cuando|qué|quién|quien|por qué"
    r"|cuál|cuánto)(?!\w)",
    re.IGNORECASE,
)
# A question by its first word, where it ends as one. "Are you able", "is it possible" and "can you" ask for something.
_VERB_FIRST = re.compile(
    r"\W*(?:(?:and|but|so|ok|okay|hi|hello|hey|und|aber|hallo|y|pero|hola)\W+)?"
    r"(?!are you able|is it possible|is there (?:a|any) way|do i (?:need|have) to|do you offer|ist es möglich"
    r"|es posible)"
    r"(?:is|are|was|were|has|have|had|did|does|do|will|ist|sind|war|hat|haben|wird|wurde|está|ha|fue|es|será)(?!\w)",
    re.IGNORECASE,
)
_POLITE = re.compile(
    r"(?<!\w)(?:please|(?:can|could|would|will) you|bitte|kannst|könn\w+|por favor|puede\w*)(?!\w)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_NUMBER = re.compile(r"\b[A-Za-z]{2,5}[ -]?\d{3,}\b")
_YES = re.compile(
    r"\W*(?:yes|yeah|yep|ok|okay|sure|please do|do it|go ahead|correct|right|ja|jawohl|gerne|mach das|sí|si|vale|claro"
    r"|hazlo|adelante)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the customer's last messages say of a change.

    wishes: their words but for questions. for_it: a word of them may mean it. for_other: they hold a question, a
    greeting or nothing but numbers, and no such word. agrees: the last one says yes to what the assistant wrote.
    """

    wishes: tuple[str, ...]
    for_it: bool
    for_other: bool
    agrees: bool


def asked_for(*, tool: str, messages: Sequence[str]) -> Asked:
    """Of a tool that nothing is known of, it is neither."""
    last = list(messages[-LAST:])
    wishes: list[str] = []
    asks = False
    for sentence in (sentence for said in last for sentence in _SENTENCE.findall(said)):
        found, whole = _wishes_in(sentence)
        wishes += found
        asks = asks or not whole
    asks = asks or any(_begins(_QUESTIONS, said) or not _WORD.search(_NUMBER.sub("", said)) for said in last)
    known = tool in WISHES and bool(last)
    for_it = known and any(_begins(WISHES[tool], wish) for wish in wishes)
    agrees = bool(last and _YES.match(last[-1]))
    return Asked(wishes=tuple(wishes), for_it=for_it, for_other=known and asks and not for_it, agrees=agrees)


def pushes_for(*, tool: str, text: str) -> bool:
    """Whether text of others names the tool as a program would, or asks for what it does in a word of few meanings."""
    return names_tool(tool=tool, text=text) or (tool in _PUSHES and _begins(_PUSHES[tool], text))


def names_tool(*, tool: str, text: str) -> bool:
    """`cancel_order`, `cancel-order`, `cancelOrder`: nobody who writes to people writes so."""
    return re.search(r"[_.\-]?".join(map(re.escape, tool.split("_"))), text, re.IGNORECASE) is not None


def _wishes_in(sentence: str) -> tuple[list[str], bool]:
    """What its clauses wish, and whether that is all of it: what follows a question in one sentence still asks."""
    question = sentence.rstrip().endswith("?")
    wishes, whole = [], True
    for clause in re.split(r"[,;]", sentence):
        wish = "" if question and not whole and not _POLITE.search(clause) else _wish_in(clause, question=question)
        whole = whole and wish == clause
        wishes.append(wish)
    return wishes, whole


def _wish_in(clause: str, *, question: bool) -> str:
    """The clause up to where it begins to ask for news; nothing of one that only asks."""
    if question and _VERB_FIRST.match(clause):
        return ""
    asking = _ASKING.search(clause)
    return clause[: asking.start()] if asking else clause


def _begins(words: str, text: str) -> bool:
    return re.search(rf"(?<!\w)(?:{'|'.join(words.split())})", text, re.IGNORECASE) is not None
