"""The dialogue: replays a history into what is open, and decides the next calls, question or answer.

Nothing is remembered between model calls: each builds a new Dialogue and feeds it the whole history.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from support_bot.llm.demo import talk
from support_bot.llm.demo.answers import answer, error_text
from support_bot.llm.demo.filling import ANY_WORDS, fill
from support_bot.llm.demo.focus import Focus
from support_bot.llm.demo.follow_up import answers_card, follow_up, is_new_request, wants_to_drop, with_place
from support_bot.llm.demo.lookups import learn_from
from support_bot.llm.demo.needs import ToolCall, call_for, look_up_for, missing
from support_bot.llm.demo.options import Option, options_of, pick
from support_bot.llm.demo.planning import Wishes, read_wishes
from support_bot.llm.demo.questions import question
from support_bot.llm.demo.reading import read_slots
from support_bot.llm.demo.reopening import reopened
from support_bot.llm.demo.requests import READS, WRITES, Request, Slots

# A step takes no more calls than this; more would only be refused.
MOST_CALLS = 8
# So often the same question is asked before we give up.
_MOST_TRIES = 3
_DO = "do"
# What reading a result raises that is not of the shape we know.
_UNREADABLE = (KeyError, TypeError, AttributeError, ValueError, ArithmeticError)


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say and call now. asks: the slot of the question; topics: what was answered without a record."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    asks: str | None = None
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one call of the history: the tool, its raw arguments and protocol's JSON object."""

    tool: str
    arguments: str
    content: str


@dataclass(frozen=True, slots=True)
class _Pending:
    """A call under way: for which request, and whether it does it (_DO) or looks something up for it."""

    request: Request
    purpose: str
    call: ToolCall


@dataclass(slots=True)
class Dialogue:
    """The state of one conversation while its history is replayed."""

    tools: frozenset[str]
    today: date
    _open: list[Request] = field(default_factory=list)
    _new_questions: int = 0
    _pending: list[_Pending] = field(default_factory=list)
    _options: list[Option] = field(default_factory=list)
    _said: list[str] = field(default_factory=list)
    _topics: list[str] = field(default_factory=list)
    _focus: Focus = field(default_factory=Focus)
    _last: Request | None = None
    _card_waits: bool = False

    def hear(self, text: str) -> Reply:
        """The customer said something."""
        self._pending, self._said, self._topics, self._new_questions = [], [], [], 0
        self._focus.next_turn()
        for request in self._understand(text, read_wishes(text, today=self.today)):
            self._advance(request)
        return self._reply()

    def learn(self, outcomes: Sequence[Outcome]) -> Reply:
        """The calls of the last step were answered."""
        asked, self._pending = self._pending, []
        if not asked:
            self._said, self._topics = [], []  # another model understood what we did not
        for outcome in outcomes:
            call = _call_of(outcome)
            # A call that we did not ask for is another model's: its answer is told all the same.
            foreign = _Pending(request=Request(intent="", slots=Slots()), purpose=_DO, call=call)
            pending = next((each for each in asked if each.call == call), foreign)
            self._learn_one(pending, _parse(outcome.content))
        return self._reply()

    def forget_questions(self) -> None:
        """The last message got no answer of ours, so nothing was asked: it was cut off, or a person had taken over."""
        self._open.clear()

    def note_news(self) -> None:
        """The customer was told what became of a request: no card is in question any more."""
        self._card_waits = False

    # --- what was said ------------------------------------------------------------------------------------------

    def _understand(self, text: str, wishes: Wishes) -> list[Request]:
        """The requests to go on with; what is answered in words alone is said here."""
        if self._open:
            if wants_to_drop(wishes, asked=self._open[0].asked):
                self._open.clear()
                self._say("dropped")
                return []
            answered = self._answered(wishes)
            if answered is not None:
                return answered
        if self._card_waits and not self._open and (topic := answers_card(wishes)):
            self._say(topic)
            return []
        if wishes.requests:
            # Who looks for something else now no longer waits for what we only wanted to look up.
            self._open = [request for request in self._open if request.intent in WRITES]
        requests = follow_up(wishes, last=self._last, options=self._options, today=self.today) or list(wishes.requests)
        requests = [with_place(request, wishes, options=self._options) for request in requests]
        if talk.is_foreign(text, wishes):
            requests = talk.allowed_when_foreign(requests)
            self._say("language", talk.in_their_language(text))
            return requests
        for topic in talk.social_topics(wishes, busy=bool(requests)):
            self._say(topic)
        return requests

    def _answered(self, wishes: Wishes) -> list[Request] | None:
        """The open request with its answer and whatever else is wanted; None where this is no answer."""
        request = self._open[0]
        if request.asked in ("package", "order") and "dont_know" in wishes.whole.words:
            return []  # the list is shown once more
        news = [wish for wish in wishes.requests if is_new_request(wish, request, wishes)]
        if news and (request.asked in ANY_WORDS or len(wishes.clauses) == 1):
            return None
        filled = self._filled(request, wishes)
        if filled:
            self._open.pop(0)
            return [*filled, *news]
        if wishes.requests or wishes.social:
            return None
        self._ask_again(request)
        return []

    def _filled(self, request: Request, wishes: Wishes) -> list[Request]:
        asked = request.asked or ""
        if asked in ("package", "order") and request.intent in READS:
            chosen = pick(self._options, wishes.whole)
            if len(chosen) > 1:
                each = [request.slots.with_number(asked, option.number) for option in chosen[:MOST_CALLS]]
                return [replace(request, slots=slots, asked=None) for slots in each]
        filled = fill(request.slots, asked=asked, heard=wishes.whole, options=self._options)
        if filled is None:
            return []
        if asked not in ANY_WORDS:
            more = read_slots(request.intent, wishes.clause, today=self.today)
            filled = filled.filled_from(replace(more, package=None, order=None))
        return [replace(request, slots=filled, asked=None, tries=0)]

    def _ask_again(self, request: Request) -> None:
        if request.tries + 1 >= _MOST_TRIES:
            self._open.pop(0)
            self._say("lost")
            return
        self._open[0] = replace(request, tries=request.tries + 1)
        self._say("not_understood_answer")

    def _say(self, topic: str, text: str | None = None) -> None:
        self._topics.append(topic)
        self._said.append(text or talk.TEXTS[topic])

    # --- what to do ---------------------------------------------------------------------------------------------

    def _advance(self, request: Request) -> None:
        """Call what the request needs next, or leave it open with a question."""
        request = self._focus.applied_to(request)
        slot = missing(request)
        if slot is None:
            self._call(request, _DO, call_for(request))
            return
        look_up = look_up_for(request, slot)
        if look_up is not None and look_up[1].tool in self.tools:
            self._call(request.after_look(look_up[0]), look_up[0], look_up[1])
            return
        self._ask(replace(request, asked=slot))

    def _ask(self, request: Request) -> None:
        """New questions come before those that they interrupt."""
        self._open.insert(self._new_questions, request)
        self._new_questions += 1

    def _call(self, request: Request, purpose: str, call: ToolCall) -> None:
        if call.tool not in self.tools:
            self._say("cannot")
        elif len(self._pending) >= MOST_CALLS:
            self._say("too_much")
        elif all(pending.call != call or pending.purpose != purpose for pending in self._pending):
            self._pending.append(_Pending(request=request, purpose=purpose, call=call))

    def _learn_one(self, pending: _Pending, told: dict[str, Any]) -> None:
        call = pending.call
        self._focus.note(
            package=call.arguments.get("package_id"),
            order=call.arguments.get("order_id"),
            truck=call.arguments.get("truck_id"),
        )
        if not told.get("ok"):
            self._fail(pending, told.get("error") or {})
            return
        try:
            self._use(pending, told)
        except _UNREADABLE:
            self._said.append(talk.TEXTS["unreadable"])

    def _use(self, pending: _Pending, told: dict[str, Any]) -> None:
        request, call = pending.request, pending.call
        if pending.purpose == _DO:
            self._last, self._card_waits = request, "status" in told
            self._options = options_of(call.tool, told.get("result") or {}) or self._options
            self._said.append(answer(call.tool, told, request, today=self.today))
            return
        learned = learn_from(pending.purpose, told["result"], request, today=self.today)
        self._options = learned.options if learned.options is not None else self._options
        self._said.append(learned.said or "")
        if learned.request is not None:
            self._advance(learned.request)

    def _fail(self, pending: _Pending, error: dict[str, Any]) -> None:
        """Say what went wrong; ask again where the customer can put it right."""
        self._last, self._card_waits = pending.request, False
        self._said.append(error_text(pending.call.tool, error, pending.request))
        again = reopened(pending.request, error)
        if again is not None:
            self._ask(again)

    def _reply(self) -> Reply:
        if self._pending:
            return Reply(calls=tuple(pending.call for pending in self._pending))
        asks = None
        said = list(self._said)
        if self._open and "human" not in self._topics:
            asks = self._open[0].asked
            said.append(question(self._open[0], options=self._options))
        text = "\n\n".join(dict.fromkeys(part for part in said if part))
        return Reply(text=text, asks=asks, topics=tuple(self._topics))


def _call_of(outcome: Outcome) -> ToolCall:
    return ToolCall(outcome.tool, _parse(outcome.arguments))


def _parse(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
