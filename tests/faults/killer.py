"""Carries out the plan: waits until enough is in flight, then has one process die, and notes when and which."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.faults import tokens
from tests.faults.people import Crowd
from tests.faults.plan import IN_WEB, Kill
from tests.faults.product import Product, Service, kill
from tests.faults.tokens import Whom

# A point that nobody comes to within this is no point.
REACHED_WITHIN_S = 120.0
STEADY_WITHIN_S = 120.0
# How often a supervisor may start children again before the harness ends it too: it pauses longer each time.
PATIENT = 2


@dataclass(frozen=True)
class Done:
    """A kill that happened."""

    kill: Kill
    whom: str
    at: float
    call_id: str


class NotKilled(Exception):
    """A kill could not be carried out as planned."""


class Killer(threading.Thread):
    """One for the web server and one for the worker, side by side."""

    def __init__(
        self, *, plan: Sequence[Kill], product: Product, crowd: Crowd, least: int, say: Callable[[str], None]
    ) -> None:
        super().__init__(daemon=True)
        self.plan, self.product, self.crowd, self.least = plan, product, crowd, least
        self.say = say
        self.done: list[Done] = []
        self.failed = ""

    def run(self) -> None:
        last_at = 0.0
        for planned in self.plan:
            service = self.product.web if planned.point in IN_WEB else self.product.worker
            try:
                self._wait_until_steady(planned, service, last_at)
                self.done.append(self._carry_out(planned, service))
            except Exception as error:
                self.failed = f"kill {planned.number} at {planned.point}: {type(error).__name__} {error}"
                return
            last_at = self.done[-1].at

    # --- before -------------------------------------------------------------------------------------------------

    def _wait_until_steady(self, planned: Kill, service: Service, last_at: float) -> None:
        """Enough in flight, and what was killed last does its work again."""
        gauge = self.crowd.gauge

        def steady() -> bool:
            if gauge.in_flight < self.least + planned.skip + 2:  # those that pass before it may end
                return False
            if service is self.product.web:
                return gauge.turns >= 1 and self.product.web_answers()
            return gauge.last_end > last_at

        self._wait(steady, STEADY_WITHIN_S, lambda: f"{gauge} after {STEADY_WITHIN_S:g} s")

    def _wait(self, happened: Callable[[], bool], within: float, what: Callable[[], str]) -> None:
        deadline = time.monotonic() + within
        while not happened():
            if time.monotonic() > deadline:
                raise NotKilled(what())
            time.sleep(0.01)

    # --- the kill -----------------------------------------------------------------------------------------------

    def _carry_out(self, planned: Kill, service: Service) -> Done:
        whom = self._whom(planned, service)
        if planned.point in ("web", "worker"):
            return self._at_any_moment(planned, service, whom)
        deadline = time.monotonic() + REACHED_WITHIN_S
        while time.monotonic() < deadline:
            self._wait_until_steady(planned, service, 0.0)
            if (death := self._armed(planned, whom, until=deadline)) is not None:
                self.say(f"  {death.at:.1f} {planned.point} {whom} {self.crowd.gauge}")
                return Done(planned, whom, death.at, death.call_id)
        raise NotKilled(f"nobody came to {planned.point}")

    def _armed(self, planned: Kill, whom: Whom, *, until: float) -> tokens.Death | None:
        """Who died at the point; None where the work ran low before anybody came: the kill would prove less."""
        folder = self.product.orders
        tokens.arm(folder, point=planned.point, whom=whom, skip=planned.skip)
        while time.monotonic() < until and self.crowd.gauge.in_flight >= self.least:
            if (death := tokens.death_at(folder, point=planned.point)) is not None:
                tokens.disarm(folder, point=planned.point)
                return death
            time.sleep(0.01)
        tokens.disarm(folder, point=planned.point)
        return tokens.death_at(folder, point=planned.point)  # somebody may have come in between

    def _whom(self, planned: Kill, service: Service) -> Whom:
        whom = planned.whom
        if service is self.product.web and whom == "parent":
            whom = "child"  # the server is a child of its supervisor, with nobody between
        if whom == "parent" or (service is self.product.web and whom == "child"):
            if service.killed_below >= PATIENT:
                return "group"
            service.killed_below += 1
        return whom

    def _at_any_moment(self, planned: Kill, service: Service, whom: Whom) -> Done:
        time.sleep(planned.pause_s)
        self._wait_until_steady(planned, service, 0.0)
        dice = random.Random(planned.number)
        everything = service.pids()
        children = [pid for pid in everything[1:4] if pid]
        if whom == "group":
            victims = everything
        elif service is self.product.web:
            victims = everything[1:2]
        else:
            victims = [dice.choice(children if whom == "parent" else everything[4:] or children)]
        at = time.time()
        kill(victims)
        self.say(f"  {at:.1f} {planned.point} {whom} {len(victims)} {self.crowd.gauge}")
        return Done(planned, whom, at, "")
