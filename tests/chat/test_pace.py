"""How fast one socket may ask."""

from __future__ import annotations

import pytest

from support_bot.chat.pace import Pace
from support_bot.chat.protocol import FrameError


def test_a_burst_is_taken_and_then_so_many_a_second():
    now = [0.0]
    pace = Pace(rate=2, burst=3, clock=lambda: now[0])
    for _ in range(3):
        pace.take()

    with pytest.raises(FrameError) as refused:
        pace.take()
    assert (refused.value.code, refused.value.retryable, refused.value.answers) == (
        "rate_limited", True, {"retry_after": 1},
    )  # fmt: skip
    now[0] = 1.0
    pace.take()
    pace.take()
    with pytest.raises(FrameError):
        pace.take()


def test_what_costs_more_than_the_bucket_waits_for_a_full_one():
    now = [0.0]
    pace = Pace(rate=2, burst=10, clock=lambda: now[0])
    pace.take(1000)

    with pytest.raises(FrameError) as refused:
        pace.take(1000)
    assert refused.value.answers == {"retry_after": 5}
    now[0] = 5.0
    pace.take(1000)
    now[0] = 100.0
    for _ in range(10):
        pace.take()
    with pytest.raises(FrameError):
        pace.take()
