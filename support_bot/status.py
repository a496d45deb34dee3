"""What staff see on the front page of the admin: whether everything that carries out their decisions is there."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from support_bot.chat import breaker
from support_bot.chat.breaker import ModelState
from support_bot.reachable import broker_answers, from_database
from tools import health
from tools.health import HEARTBEAT_MAX_S, OUTBOX_MAX_S, Hearing, Work
from tools.states import State

GOOD, WAIT, BAD = "good", "wait", "bad"
NAMES = {"effects": "Worker for approved requests", "turns": "Worker for conversations"}
MOST_UNITS = (("d", 86400), ("h", 3600), ("min", 60))


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: its name, how it is in a word or two, and where that is not good, what it means or what to do."""

    name: str
    value: str
    tone: str = GOOD
    meaning: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """All lines, those that need somebody first, and one sentence over them."""

    lines: tuple[Line, ...]

    @property
    def tone(self) -> str:
        tones = {line.tone for line in self.lines}
        return next((tone for tone in (BAD, WAIT) if tone in tones), GOOD)

    @property
    def sentence(self) -> str:
        count = sum(line.tone != GOOD for line in self.lines)
        if not count:
            return "Everything is at work."
        return "One thing needs a look." if count == 1 else f"{count} things need a look."


def current() -> Status:
    """As it is at this moment. Never raises: what cannot be asked is away, which is an answer."""
    work = from_database(health.work)
    models = from_database(breaker.states)
    lines = [_store("Database", work is not None, "Nothing can be asked, confirmed or decided until it is back.")]
    lines.append(
        _store("Broker (Redis)", broker_answers(), "What is approved is carried out when it is back; nothing is lost.")
    )
    if work is not None:
        lines += [*map(_worker, work.hearing), _outbox(work), *_for_people(work)]
    lines += [_model(model) for model in models or ()]
    order = (BAD, WAIT, GOOD)
    return Status(lines=tuple(sorted(lines, key=lambda line: order.index(line.tone))))


def index(request: HttpRequest) -> HttpResponse:
    """The admin's front page with the status above its lists."""
    return admin.site.__class__.index(admin.site, request, {"status": current()})


def _store(name: str, answers: bool, meaning: str) -> Line:
    return Line(name, "answers") if answers else Line(name, "away", BAD, meaning)


def _worker(hearing: Hearing) -> Line:
    name = NAMES[hearing.queue]
    if hearing.age_s is None:
        return Line(name, "never heard", BAD, "Start it with make worker; what waits is done then.")
    heard = f"heard {_ago(hearing.age_s)}"
    if hearing.age_s > HEARTBEAT_MAX_S:
        return Line(name, heard, BAD, "It is restarted by itself where make worker runs; else start it.")
    return Line(name, heard if hearing.workers < 2 else f"{hearing.workers} workers, {heard}")


def _outbox(work: Work) -> Line:
    name = "Approved, not yet begun"
    if not work.outbox:
        return Line(name, "none")
    late = (work.outbox_age_s or 0) > OUTBOX_MAX_S
    value = f"{work.outbox}, the oldest for {_span(work.outbox_age_s or 0)}"
    return Line(name, value, BAD if late else GOOD, "No worker carries them out." if late else "")


def _for_people(work: Work) -> list[Line]:
    """What does not get better by waiting."""
    queue = reverse("admin:tools_approval_changelist")
    unsettled = f"{queue}?{urlencode({'state': State.NEEDS_RECONCILIATION})}"
    refused = f"{queue}?{urlencode({'state': State.REFUSED})}"
    found = [
        Line(
            "Outcome unknown",
            _count(work.to_reconcile),
            WAIT,
            "Nobody knows whether the money moved. Ask the payment side, then settle each on its page.",
            unsettled,
        )
        if work.to_reconcile
        else Line("Outcome unknown", "none")
    ]
    if work.tampered_today:
        meaning = "Changed in the database after somebody agreed to it; nothing was carried out. Find out who did that."
        found.append(Line("Tampered with", f"{_count(work.tampered_today)} today", BAD, meaning, refused))
    if work.failed_today:
        calls = f"{reverse('admin:tools_toolcall_changelist')}?effect__exact=write&state__exact={State.FAILED}"
        meaning = "Tried as often as it may be, or refused by the payment side. The customers were told."
        found.append(Line("Could not be carried out", f"{_count(work.failed_today)} today", WAIT, meaning, calls))
    if work.late_mails:
        found.append(Line("Mails not sent", _count(work.late_mails), WAIT, "The mail server takes none of them."))
    return found


def _model(model: ModelState) -> Line:
    name = f"Model {model.model}"
    if model.state == "closed":
        return Line(name, "answers" if not model.failures else f"answers, {model.failures} of 10 failed")
    since = f" for {_span((timezone.now() - model.since).total_seconds())}" if model.since else ""
    meaning = "Customers are told, and packages are still looked up. It is tried again every few seconds."
    return Line(name, f"resting{since}", BAD, meaning)


def _count(number: int) -> str:
    return "1 request" if number == 1 else f"{number} requests"


def _ago(seconds: float) -> str:
    return "just now" if seconds < 10 else f"{_span(seconds)} ago"


def _span(seconds: float) -> str:
    whole = max(0, int(seconds))
    return next((f"{whole // size} {unit}" for unit, size in MOST_UNITS if whole >= size), f"{whole} s")
