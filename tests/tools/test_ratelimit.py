"""Named limits: counted for each key, told in whole seconds, and soft where Redis is away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers import free_port
from tools import ratelimit
from tools.ratelimit import SETTINGS, hit, seconds_to_wait, seconds_to_wait_for


@pytest.fixture
def redis(settings: Any) -> Any:
    """`redis(url)`: the limits count there."""

    def use(url: str) -> None:
        settings.REDIS_URL = url
        ratelimit._shared.cache_clear()

    yield use
    ratelimit._shared.cache_clear()


def test_uses_within_the_rate_pass_and_the_next_one_waits():
    answers = [hit(rate="3/minute", name="probe", key="a") for _ in range(5)]

    assert answers[:3] == [None] * 3
    assert all(answer is not None and 1 <= answer <= 60 for answer in answers[3:])


def test_names_keys_and_rates_are_counted_apart():
    assert hit(rate="1/minute", name="probe", key="a") is None

    assert hit(rate="1/minute", name="probe", key="a") is not None
    assert hit(rate="1/minute", name="probe", key="b") is None
    assert hit(rate="1/minute", name="other", key="a") is None
    assert hit(rate="5/minute", name="probe", key="a") is None


def test_a_refused_use_does_not_make_the_wait_longer():
    hit(rate="1/second", name="probe", key="a")

    waits = [hit(rate="1/second", name="probe", key="a") for _ in range(50)]

    assert set(waits) <= {1, None}


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_named_limit_is_a_setting_that_may_be_off(name: Any, settings: Any):
    setattr(settings, SETTINGS[name], "2/hour")
    limited = [seconds_to_wait(name=name, key=7) for _ in range(3)]
    setattr(settings, SETTINGS[name], None)

    free = [seconds_to_wait(name=name, key=7) for _ in range(50)]

    assert limited[:2] == [None, None]
    assert limited[2] is not None
    assert limited[2] > 60
    assert free == [None] * 50


def test_a_number_and_its_text_are_one_key(settings: Any):
    settings.RATE_MESSAGES = "1/minute"

    assert seconds_to_wait(name="messages", key=7) is None
    assert seconds_to_wait(name="messages", key="7") is not None


def test_while_redis_is_away_each_process_counts_for_itself(redis: Any, caplog: pytest.LogCaptureFixture):
    redis(f"redis://127.0.0.1:{free_port()}/0")

    answers = [hit(rate="2/minute", name="probe", key="a") for _ in range(3)]

    assert answers[:2] == [None, None]
    assert answers[2] is not None
    assert "ratelimit.storage_away" in caplog.text


def test_redis_counts_for_all_processes(redis: Any, redis_url: str):
    redis(redis_url)
    key = str(free_port())

    first = [hit(rate="2/minute", name="probe", key=key) for _ in range(2)]
    ratelimit._shared.cache_clear()
    ratelimit._local.storage.reset()

    assert first == [None, None]
    assert hit(rate="2/minute", name="probe", key=key) is not None


def test_an_address_may_do_a_multiple_of_one_customer(settings: Any):
    settings.RATE_MESSAGES, settings.PER_ADDRESS = "2/hour", 3
    passed = [
        seconds_to_wait_for(name="messages", customer_id=customer, origin="here") is None
        for customer in range(1000, 1010)
        for _ in range(2)
    ]

    assert passed.count(True) == 6
    assert seconds_to_wait_for(name="messages", customer_id=2000, origin="elsewhere") is None
    assert seconds_to_wait_for(name="messages", customer_id=2001, origin="") is None


def test_one_customer_is_held_to_their_own_rate_first(settings: Any):
    settings.RATE_MESSAGES, settings.PER_ADDRESS = "2/hour", 3

    waits = [seconds_to_wait_for(name="messages", customer_id=1, origin="there") for _ in range(20)]

    assert waits.count(None) == 2
    assert seconds_to_wait_for(name="messages", customer_id=2, origin="there") is None
