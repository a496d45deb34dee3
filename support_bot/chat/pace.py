"""How fast one socket may ask: far above what any client needs, and below what would crowd out other customers."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from support_bot.chat.protocol import FrameError


class Pace:
    """A bucket of `burst` uses that fills up again by `rate` a second."""

    def __init__(self, *, rate: float, burst: int, clock: Callable[[], float] = monotonic) -> None:
        self.rate = rate
        self.burst = burst
        self._clock = clock
        self._left = float(burst)
        self._at = clock()

    def take(self, cost: int = 1) -> None:
        """Raises FrameError `rate_limited`; then nothing was taken. No use costs more than all of the bucket."""
        now = self._clock()
        self._left = min(float(self.burst), self._left + (now - self._at) * self.rate)
        self._at = now
        missing = min(cost, self.burst) - self._left
        if missing > 0:
            wait = max(1, math.ceil(missing / self.rate))
            raise FrameError(
                "rate_limited", f"That was quick. Please wait {wait} seconds.", retryable=True, retry_after=wait
            )
        self._left -= min(cost, self.burst)


def of_frames() -> Pace:
    """For every frame of a client."""
    return Pace(rate=50, burst=300)


def of_repeats() -> Pace:
    """For the frames of the log that a socket has had and wants once more."""
    return Pace(rate=100, burst=2000)
