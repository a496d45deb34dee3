"""Turns the clauses of one message into requests: what is only an explanation joins the request that it explains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from support_bot.llm.demo.intents import HINT
from support_bot.llm.demo.reading import aspects_of, problem_kind, read_slots
from support_bot.llm.demo.requests import ABOUT_ORDERS, ABOUT_PACKAGES, READS, WRITES, Request
from support_bot.llm.demo.understanding import Clause, Heard, hear, split_clauses

_HAVE_A_STATE = frozenset({"list_requests", "order_status", "list_orders", "truck"})
# `ORD-1001` alone is no reason for anything.
_FEWEST_WORDS_OF_A_REASON = 2
# A statement about the first kind explains a request of the second.
_EXPLAINS: dict[str, frozenset[str]] = {
    "track": frozenset(
        {"problem", "refund", "cancel_order", "change_delivery", "callback", "truck", "list_requests", "order_status"}
    ),
    "order_status": frozenset(
        {"problem", "refund", "cancel_order", "change_delivery", "callback", "truck", "list_requests", "track"}
    ),
    "problem": frozenset({"refund", "callback", "cancel_order"}),
    "cancel_order": frozenset({"refund"}),
    "list_packages": frozenset({"track", "problem"}),
    "services": frozenset({"quote", "create_order"}),
    "quote": frozenset({"create_order"}),
    "help": frozenset(),
}


@dataclass(frozen=True)
class Wishes:
    """What a message wants: requests in order, and the names of the social things it says."""

    requests: tuple[Request, ...]
    social: tuple[str, ...]
    clauses: tuple[Clause, ...]
    whole: Heard

    @property
    def clause(self) -> Clause:
        """The whole message as one clause."""
        return Clause(guess=self.whole.guess, core=self.whole, whole=self.whole, pieces=(self.whole,))


def read_wishes(text: str, *, today: date) -> Wishes:
    """What this message wants, looked at alone."""
    clauses = tuple(split_clauses(text, today=today))
    whole = hear(text, today=today)
    clear = [clause for clause in clauses if clause.guess.clear]
    social = tuple(dict.fromkeys(clause.guess.name or "" for clause in clear if clause.guess.social))
    tasks = [clause for clause in clear if not clause.guess.social]
    tasks = [task for task in tasks if task.guess.score > HINT or _has_number(task)] or tasks[:1]
    if "injection" in social:
        tasks = [
            task
            for task in tasks
            if task.guess.name in READS and (task.whole.found.trackable or task.whole.found.orders)
        ]
    told, explanations = _without_explanations(tasks)
    requests = [request for task in _merged(told, today) for request in _requests(task, explanations, today)]
    requests = [_with_shared_numbers(request, whole) for request in _joined(requests)]
    return Wishes(requests=tuple(requests), social=social, clauses=clauses, whole=whole)


def _has_number(task: Clause) -> bool:
    return bool(task.whole.found.numbers)


def _without_explanations(tasks: list[Clause]) -> tuple[list[Clause], list[Clause]]:
    """(requests, statements that only explain one of them)."""
    names = {task.guess.name for task in tasks}
    explanations = [task for task in tasks if _explains(task, names)]
    return [task for task in tasks if task not in explanations], explanations


def _explains(task: Clause, names: set[str | None]) -> bool:
    name = task.guess.name or ""
    if name == "cancel_order" and "cancel" in task.core.words:
        return False
    about_it = "it" in task.whole.words and not task.whole.words.has("package", "packages") and not _has_number(task)
    if name == "track" and about_it and names & _HAVE_A_STATE:
        return True  # `I sent you a request, what is the state of it?`
    if name in ("track", "order_status", "problem") and task.whole.asks:
        return False
    if name == "problem" and "report" in task.core.words:
        return False
    return bool(_EXPLAINS.get(name, frozenset()) & (names - {name}))


def _merged(tasks: list[Clause], today: date) -> list[Clause]:
    """Clauses with the same intent become one, unless each names a number of its own."""
    merged: list[Clause] = []
    for task in tasks:
        same = next(
            (i for i, other in enumerate(merged) if other.guess.name == task.guess.name and not _differ(other, task)),
            None,
        )
        if same is None:
            merged.append(task)
        else:
            merged[same] = _together(merged[same], task, today)
    return merged


def _numbers(clause: Clause) -> set[str]:
    return clause.whole.found.numbers


def _differ(one: Clause, other: Clause) -> bool:
    return bool(_numbers(one) and _numbers(other) and _numbers(one) != _numbers(other))


def _together(one: Clause, other: Clause, today: date) -> Clause:
    core = max(one.core, other.core, key=lambda heard: heard.guess.score)
    whole = hear(f"{one.whole.text}. {other.whole.text}", today=today)
    return replace(one, core=core, whole=whole, pieces=one.pieces + other.pieces)


def _requests(task: Clause, explanations: list[Clause], today: date) -> Iterable[Request]:
    """One request for each number that the clause names."""
    name = task.guess.name or ""
    slots = read_slots(name, task, today=today)
    for explanation in explanations:
        if name not in _EXPLAINS.get(explanation.guess.name or "", frozenset()):
            continue
        said = explanation.whole.text.strip(" .,;!")
        tells = sum(not token.startswith("@") for token in explanation.whole.words.tokens) >= _FEWEST_WORDS_OF_A_REASON
        more = read_slots(explanation.guess.name or "", explanation, today=today)
        slots = replace(slots, package=slots.package or more.package, order=slots.order or more.order)
        if tells and (name == "refund" or (name == "cancel_order" and explanation.guess.name == "problem")):
            slots = replace(slots, reason=slots.reason or said)
        if name == "callback":
            slots = replace(slots, topic=slots.topic or said)
        if name == "problem" and slots.problem:
            slots = replace(slots, description=f"{said}. {slots.description}")
    request = Request(intent=name, slots=slots, aspects=aspects_of(task.whole))
    yield request
    found = task.whole.found
    if name in ABOUT_PACKAGES:
        yield from (replace(request, slots=replace(slots, package=number)) for number in found.trackable[1:])
    if name in ABOUT_ORDERS:
        yield from (replace(request, slots=replace(slots, order=number)) for number in found.orders[1:])
    if name == "track":
        yield from (
            replace(request, intent="order_status", slots=replace(slots, order=number)) for number in found.orders
        )
    if name == "order_status":
        yield from (replace(request, intent="track", slots=replace(slots, package=number)) for number in found.packages)


def _joined(requests: list[Request]) -> list[Request]:
    """Two changes of the profile, or of one delivery, are one request: the second would replace the first."""
    joined: list[Request] = []
    for request in requests:
        same = next((i for i, other in enumerate(joined) if _same_record(other, request)), None)
        if same is None:
            joined.append(request)
            continue
        other = joined[same]
        fields = tuple(dict.fromkeys(other.slots.fields + request.slots.fields))
        slots = replace(other.slots.filled_from(request.slots), fields=fields)
        joined[same] = replace(other, slots=slots, aspects=other.aspects | request.aspects)
    return joined


def _same_record(one: Request, other: Request) -> bool:
    if one.intent != other.intent:
        return False
    if one.intent in ABOUT_PACKAGES | {"order_status"} | ABOUT_ORDERS:
        mine, its = (
            (one.slots.package, one.slots.order, one.slots.truck),
            (other.slots.package, other.slots.order, other.slots.truck),
        )
        return mine == its or not any(mine) or not any(its)
    return True


def _with_shared_numbers(request: Request, whole: Heard) -> Request:
    """`ABCD-2001: where is it, and leave it with my neighbour`: one number in the message is meant everywhere."""
    slots, found = request.slots, whole.found
    if request.intent in ABOUT_PACKAGES and not (slots.package or slots.truck) and len(set(found.trackable)) == 1:
        slots = replace(slots, package=found.trackable[0])
    if request.intent in ABOUT_ORDERS and not slots.order and len(set(found.orders)) == 1:
        slots = replace(slots, order=found.orders[0])
    if request.intent == "problem" and slots.description and slots.problem is None:
        slots = replace(slots, problem=problem_kind(whole.words))
    return request.with_slots(slots) if request.intent in READS | WRITES else request
