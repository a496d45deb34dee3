"""What the admin's front page says about the work, line by line, and what it says while a store is away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from support_bot import outage, status
from support_bot.chat import breaker
from support_bot.chat.breaker import ModelState
from support_bot.status import BAD, GOOD, WAIT, Line, Status
from tools import health
from tools.health import Hearing, Work

pytestmark = pytest.mark.django_db


def work(**changed) -> Work:
    hearing = (Hearing(queue="effects", workers=1, age_s=2.0), Hearing(queue="turns", workers=1, age_s=3.0))
    usual = {
        "outbox": 0,
        "outbox_age_s": None,
        "to_reconcile": 0,
        "late_mails": 0,
        "tampered_today": 0,
        "failed_today": 0,
    }
    return Work(**{"hearing": hearing, **usual, **changed})


def tell(monkeypatch: pytest.MonkeyPatch, found: Work | None, *, broker: bool = True) -> Status:
    """The status where the database answers with this, or not at all."""
    answers: dict[Any, Any] = {health.work: found, breaker.states: [] if found else None}
    monkeypatch.setattr(status, "from_database", lambda question: answers[question])
    monkeypatch.setattr(status, "broker_answers", lambda: broker)
    return status.current()


def wrong(found: Status) -> dict[str, str]:
    """Everything that is not good, with how bad it is."""
    return {line.name: line.tone for line in found.lines if line.tone != GOOD}


def test_all_is_well(monkeypatch: pytest.MonkeyPatch):
    found = tell(monkeypatch, work())

    assert (found.tone, found.sentence, wrong(found)) == (GOOD, "Everything is at work.", {})


WRONG = [
    ({"hearing": (Hearing(queue="turns", workers=0, age_s=None),)}, {"Worker for conversations": BAD}),
    ({"hearing": (Hearing(queue="effects", workers=0, age_s=61.0),)}, {"Worker for approved requests": BAD}),
    ({"outbox": 2, "outbox_age_s": 121.0}, {"Approved, not yet begun": BAD}),
    ({"outbox": 2, "outbox_age_s": 5.0}, {}),
    ({"to_reconcile": 1}, {"Outcome unknown": WAIT}),
    ({"tampered_today": 1}, {"Tampered with": BAD}),
    ({"failed_today": 1}, {"Could not be carried out": WAIT}),
    ({"late_mails": 3}, {"Mails not sent": WAIT}),
]


@pytest.mark.parametrize(("changed", "expected"), WRONG)
def test_what_needs_somebody_is_told_first(monkeypatch: pytest.MonkeyPatch, changed, expected):
    found = tell(monkeypatch, work(**changed))

    assert wrong(found) == expected
    assert [line.name for line in found.lines][: len(expected)] == list(expected)
    assert all(line.meaning for line in found.lines if line.tone != GOOD)


def test_stores_that_are_away_are_told(monkeypatch: pytest.MonkeyPatch):
    found = tell(monkeypatch, None, broker=False)

    assert wrong(found) == {"Database": BAD, "Broker (Redis)": BAD}
    assert found.sentence == "2 things need a look."


@pytest.mark.parametrize(
    ("state", "value", "tone"),
    [
        (ModelState(model="openai:x", state="closed"), "answers", GOOD),
        (ModelState(model="openai:x", state="closed", failures=3), "answers, 3 of 10 failed", GOOD),
        (ModelState(model="openai:x", state="open", failures=5), "resting", BAD),
    ],
)
def test_a_model_answers_or_rests(state: ModelState, value: str, tone: str):
    line = status._model(state)

    assert (line.value, line.tone) == (value, tone)


def test_how_long_a_model_has_rested_is_told():
    since = datetime.now(UTC) - timedelta(seconds=130)

    line = status._model(ModelState(model="openai:x", state="half_open", since=since))

    assert (line.value, line.tone) == ("resting for 2 min", BAD)


def test_the_front_page_shows_it_to_staff_alone(monkeypatch: pytest.MonkeyPatch, sam: User, client: Client):
    monkeypatch.setattr(status, "current", lambda: Status(lines=(Line("Something", "away", BAD, "Look at it."),)))

    outside = client.get("/admin/")
    client.force_login(sam)
    inside = client.get("/admin/")

    assert outside.status_code == 302
    assert "One thing needs a look." in inside.content.decode()
    assert "Look at it." in inside.content.decode()


def test_a_page_without_its_database_says_so(monkeypatch: pytest.MonkeyPatch, sam: User, client: Client):
    def away(*_: object) -> None:
        raise OperationalError("connection refused at 10.0.0.1")

    client.force_login(sam)
    client.raise_request_exception = False
    monkeypatch.setattr(status, "current", away)

    answer = client.get("/admin/")

    assert answer.status_code == 503
    assert answer["Retry-After"] == str(outage.RETRY_S)
    assert "The database is away" in answer.content.decode()
    assert "10.0.0.1" not in answer.content.decode()


def test_any_other_error_is_our_mistake(monkeypatch: pytest.MonkeyPatch, sam: User, client: Client):
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    client.force_login(sam)
    client.raise_request_exception = False
    monkeypatch.setattr(status, "current", broken)

    answer = client.get("/admin/")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.content.decode()
