"""What the database keeps of the breakers, and how seldom it is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from support_bot.chat import breaker
from support_bot.chat.breaker import ModelResting
from support_bot.chat.models import Breaker
from tools.moves import database_now

pytestmark = pytest.mark.django_db

MODEL = "openai:one"


@pytest.fixture(autouse=True)
def _unread():
    breaker.forget()
    yield
    breaker.forget()


def fail(times: int = 1, model: str = MODEL) -> None:
    for _ in range(times):
        breaker.report(permit=breaker.permit(model=model), is_good=False, reason="LLMUnavailable: 500")


def let_pass(seconds: float) -> None:
    """As if so much time had gone by since the last probe."""
    Breaker.objects.update(tried_at=database_now() - timedelta(seconds=seconds))
    breaker.forget()


def test_five_failures_of_ten_open_it_and_nobody_asks():
    fail(4)
    breaker.permit(model=MODEL)
    fail()

    with pytest.raises(ModelResting):
        breaker.permit(model=MODEL)
    breaker.permit(model="openai:another")


def test_good_calls_push_the_bad_ones_out():
    for _ in range(4):
        fail()
        breaker.report(permit=breaker.permit(model=MODEL), is_good=True)
        breaker.report(permit=breaker.permit(model=MODEL), is_good=True)
    fail()

    assert breaker.permit(model=MODEL).is_probe is False


def test_one_probe_in_an_interval_whoever_asks():
    fail(5)
    let_pass(10)
    mine, theirs = breaker.permit(model=MODEL), breaker.permit(model=MODEL)

    assert mine.is_probe
    breaker.claim(permit=mine)
    with pytest.raises(ModelResting):
        breaker.claim(permit=theirs)
    with pytest.raises(ModelResting):
        breaker.permit(model=MODEL)
    let_pass(9)
    with pytest.raises(ModelResting):
        breaker.permit(model=MODEL)
    let_pass(10)  # whoever made it has died
    breaker.claim(permit=breaker.permit(model=MODEL))


def test_a_good_probe_closes_it_and_what_hung_meanwhile_does_not_open_it_again():
    old = breaker.permit(model=MODEL)
    fail(5)
    let_pass(10)
    probe = breaker.permit(model=MODEL)
    breaker.claim(permit=probe)

    breaker.report(permit=probe, is_good=True)
    for _ in range(10):
        breaker.report(permit=old, is_good=False, reason="LLMTimeout: hung")
        breaker.report(permit=probe, is_good=False, reason="LLMTimeout: hung")

    assert breaker.permit(model=MODEL).is_probe is False
    assert breaker.states()[0].failures == 0


def test_a_bad_probe_leaves_it_open_for_another_interval():
    fail(5)
    let_pass(10)
    probe = breaker.permit(model=MODEL)
    breaker.claim(permit=probe)
    breaker.report(permit=probe, is_good=False, reason="LLMTimeout: hung")

    with pytest.raises(ModelResting):
        breaker.permit(model=MODEL)
    assert Breaker.objects.get().state == "open"


def test_while_all_is_well_it_costs_one_reading_a_second():
    with CaptureQueriesContext(
        connection,
    ) as asked:
        for _ in range(100):
            breaker.report(permit=breaker.permit(model=MODEL), is_good=True)

    assert len(asked) <= 2
    assert not Breaker.objects.exists()


def test_a_change_is_logged_once():
    with capture_logs() as logged:
        fail(5)
        let_pass(10)
        probe = breaker.permit(model=MODEL)
        breaker.claim(permit=probe)
        breaker.report(permit=probe, is_good=True)
        breaker.report(permit=probe, is_good=True)

    assert [line["event"] for line in logged] == ["breaker.opened", "breaker.probe", "breaker.closed"]


def test_staff_see_every_model_in_order(settings: LazySettings):
    settings.LLM_MODEL, settings.LLM_FALLBACK_MODELS = MODEL, ["openai:two", "openai:three"]
    fail(5)
    fail(2, model="openai:two")

    one, two, three = breaker.states()

    assert (one.model, one.state, one.failures, one.reason) == (MODEL, "open", 0, "LLMUnavailable: 500")
    assert one.since is not None
    assert one.next_probe_at == one.since + timedelta(seconds=10)
    assert (two.state, two.failures, two.since) == ("closed", 2, None)
    assert (three.state, three.reason) == ("closed", "")
