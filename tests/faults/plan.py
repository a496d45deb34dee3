"""Which kill comes next: a list that follows from the seed alone, so that a run can be repeated and continued."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, repeat

from tests.faults.tokens import Whom

POINTS = {
    "K1": "web: approved and committed, not published",
    "K2": "web: published, not answered",
    "K3": "worker: task received",
    "K4": "worker: call claimed",
    "K5": "worker: inside the effect's transaction",
    "K6": "worker: committed, task not acknowledged",
    "K7": "worker: committed, nobody told",
    "K8": "worker: outside call done, not recorded",
    "web": "web: any moment, chats in flight",
    "worker": "worker: any moment",
}
IN_WEB = frozenset({"K1", "K2", "web"})


@dataclass(frozen=True)
class Kill:
    """One kill. skip: so many pass the point before; pause_s: of a kill at no point, counted from the one before."""

    number: int
    point: str
    whom: Whom
    skip: int
    pause_s: float


WEIGHTS: dict[Whom, int] = {"child": 7, "parent": 2, "group": 1}


def kills(seed: int, *, count: int, points: Sequence[str] = tuple(POINTS)) -> list[Kill]:
    """The first `count` kills of a seed: every point in turn, in an order that changes each time round."""
    dice = random.Random(f"{seed} {' '.join(points)}")
    rounds = islice(_rounds(dice, points), count)
    return [_kill(dice, number, point) for number, point in enumerate(rounds, start=1)]


def sample(seed: int, *, web: int, worker: int) -> list[Kill]:
    """A short run: so many at each point of the web server, so many at each of the worker; three of them take more than
    a process with them, since starting everything again is what takes time.
    """
    dice = random.Random(seed)
    points = [point for point in POINTS for _ in range(web if point in IN_WEB else worker)]
    dice.shuffle(points)
    made = [_kill(dice, number, point, "child") for number, point in enumerate(points, start=1)]
    in_worker = [one.number for one in made if one.point not in IN_WEB]
    larger: dict[int, Whom] = dict(zip(dice.sample(in_worker, 3), ("parent", "parent", "group"), strict=True))
    return [replace(one, whom=larger.get(one.number, one.whom)) for one in made]


def _kill(dice: random.Random, number: int, point: str, whom: Whom | None = None) -> Kill:
    chosen = whom or dice.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
    return Kill(number, point, chosen, skip=dice.randrange(5), pause_s=dice.uniform(0.0, 2.0))


def _rounds(dice: random.Random, points: Sequence[str]) -> Iterator[str]:
    for names in repeat([*points]):
        dice.shuffle(names)
        yield from names
