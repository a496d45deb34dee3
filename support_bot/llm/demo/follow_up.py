"""Reads a message against what came before it: corrections, `and that one?`, `again`, `never mind`, answers
that are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from support_bot.llm.demo.filling import ANY_WORDS, fill
from support_bot.llm.demo.intents import BARE
from support_bot.llm.demo.options import Option, pick, pick_by_place
from support_bot.llm.demo.planning import Wishes
from support_bot.llm.demo.reading import read_slots
from support_bot.llm.demo.requests import ABOUT_ORDERS, ABOUT_PACKAGES, READS, Request, Slots
from support_bot.llm.demo.understanding import Clause

_SHORT = 7
_VERY_SHORT = 4
_VALUES = frozenset(
    {"@package", "@order", "@truck", "@digits", "@money", "@date", "@time", "@phone", "@email", "@postal"}
)
_DROPPING = frozenset({"never", "nevermind", "forget", "skip", "stop", "no"})
_ADDING = frozenset({"and", "also", "too", "same", "about", "likewise", "plus"})
_REVISING = frozenset({"make", "only", "just", "better", "not", "change", "rather"})
_MAIN_SLOT = {"callback": "at", "refund": "amount", "change_delivery": "change"}
_IMPERATIVES = frozenset(
    {
        "cancel", "track", "show", "list", "where", "when", "call", "report", "change", "tell", "find", "check",
        "refund", "book", "update", "who", "why", "how", "can", "could",
    }
)  # fmt: skip


def wants_to_drop(wishes: Wishes, *, asked: str | None) -> bool:
    """Whether the customer takes back what we asked about."""
    words = wishes.whole.words
    if len(words.tokens) > _SHORT or wishes.whole.found.trackable or wishes.whole.found.orders:
        return False
    if "never_mind" in words and (len(words.tokens) <= _VERY_SHORT or words.tokens[0] in _DROPPING):
        return True
    if set(words.tokens) <= {"cancel", "please", "it", "that", "no", "stop"} and {"cancel", "stop"} & set(words.tokens):
        return True
    return asked not in ANY_WORDS | {"amount"} and "no" in words and len(words.tokens) <= 2


def answers_card(wishes: Wishes) -> str | None:
    """`confirm` or `withdraw` where the customer answers a card in words, which only its buttons can do."""
    words = wishes.whole.words
    names_something = bool(_VALUES & words.meanings)
    if len(words.tokens) > _VERY_SHORT or names_something:
        return None
    if any(request.intent in READS for request in wishes.requests):
        return None
    if words.has("no", "never_mind"):
        return "withdraw"
    return "confirm" if words.has("yes", "press_confirm") else None


def is_new_request(wish: Request, open_request: Request, wishes: Wishes) -> bool:
    """Whether a wish is something else than an answer to the open question."""
    if wish.intent == open_request.intent:
        return False
    clause = max((each for each in wishes.clauses if each.guess.name == wish.intent), key=_score, default=None)
    if clause is None or clause.guess.score <= BARE:
        return False
    first = next(iter(clause.core.words.tokens), "")
    if open_request.asked in ANY_WORDS:
        return "?" in clause.core.words or clause.core.words.has("where", "when", "who") or first in _IMPERATIVES
    return clause.core.asks or first in _IMPERATIVES


def _score(clause: Clause) -> float:
    return clause.guess.score


def follow_up(wishes: Wishes, *, last: Request | None, options: Sequence[Option], today: date) -> list[Request]:
    """The requests where the message only makes sense with what was before; empty where it stands for itself."""
    if "again" in wishes.social and last is not None and not wishes.requests:
        return [last] if last.intent in READS else [Request(intent="list_requests", slots=Slots())]
    if len(wishes.requests) == 1 and _is_bare(wishes):
        return _same_for_another(wishes, wishes.requests[0], last)
    if wishes.requests or wishes.social or len(wishes.whole.words.tokens) > _SHORT:
        return []
    if chosen := pick(options, wishes.whole):
        return [_about(option) for option in chosen if len(chosen) <= len(options)]
    return _revised(wishes, last, today)


def with_place(request: Request, wishes: Wishes, *, options: Sequence[Option]) -> Request:
    """`cancel the second one`: the number of the list that was shown, where the request names none."""
    option = pick_by_place(options, wishes.whole)
    if option is None or request.slots.package or request.slots.order:
        return request
    if request.intent not in (ABOUT_ORDERS if option.is_order else ABOUT_PACKAGES):
        return request
    return request.with_slots(request.slots.with_number("order" if option.is_order else "package", option.number))


def _is_bare(wishes: Wishes) -> bool:
    return all(clause.guess.score <= BARE for clause in wishes.clauses if not clause.guess.social)


def _same_for_another(wishes: Wishes, bare: Request, last: Request | None) -> list[Request]:
    """`no, I meant ABCD-2001` and `and ABCD-2001?` repeat the last request with another number."""
    words = wishes.whole.words
    if last is None or not (words.has("correction", "no") or _ADDING & set(words.tokens)):
        return []
    if bare.intent == "track" and last.intent in ABOUT_PACKAGES:
        return [replace(last, slots=replace(last.slots, package=bare.slots.package, truck=None))]
    if bare.intent == "order_status" and last.intent in ABOUT_ORDERS:
        amount = None if last.slots.share else last.slots.amount
        return [
            replace(
                last,
                slots=replace(last.slots, order=bare.slots.order, refundable=None, amount=amount),
                looked=frozenset(),
            )
        ]
    return []


def _about(option: Option) -> Request:
    if option.is_order:
        return Request(intent="order_status", slots=Slots(order=option.number))
    return Request(intent="track", slots=Slots(package=option.number))


def _revised(wishes: Wishes, last: Request | None, today: date) -> list[Request]:
    """`no, make it 11` after a call back, `only 10 euros` after a refund: the last request with the new value."""
    if last is None or last.intent in READS - {"quote"}:
        return []
    news = read_slots(last.intent, wishes.clause, today=today)
    news = replace(news, description=None, reason=None)
    if news == Slots():
        slots = fill(last.slots, asked=_MAIN_SLOT.get(last.intent, ""), heard=wishes.whole)
        corrects = wishes.whole.words.has("no", "correction") or _REVISING & set(wishes.whole.words.tokens)
        return [replace(last, slots=slots)] if slots and corrects else []
    kept = replace(last.slots, share=None) if news.amount else last.slots
    return [replace(last, slots=news.filled_from(kept))]
