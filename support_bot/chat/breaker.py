"""Which models may be asked, the same for all processes: broken ones are left alone but for one probe at a time.

The database alone knows, so that no flush of Redis and no restart forgets it. A process reads it at most once a second
and writes only what changes: while all is well, nothing. The rules are in breaker_rules.py.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import cast

import structlog
from django.conf import settings
from django.db import transaction

from support_bot.chat.breaker_rules import BAD, Circuit, State, heard
from support_bot.chat.models import Breaker
from support_bot.llm.base import LLMUnavailable
from tools.moves import database_now

log = structlog.get_logger(__name__)

READ_S = 1.0


class ModelResting(LLMUnavailable):
    """This model has failed too often lately and is not asked at the moment."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to ask a model, given in an epoch of its breaker. A probe must be claimed before it is made."""

    model: str
    epoch: int
    is_probe: bool


@dataclass(frozen=True, slots=True)
class ModelState:
    """For staff. since: of the last opening or closing, None where there was none; failures: of the last ten calls."""

    model: str
    state: str
    failures: int = 0
    reason: str = ""
    since: datetime | None = None
    next_probe_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What this process read last: the breakers, and when (monotonic) each may be probed. Stale from `until` on."""

    circuits: dict[str, Circuit] = field(default_factory=dict)
    probe_at: dict[str, float] = field(default_factory=dict)
    until: float = 0.0


_known = _Known()
_reading = threading.Lock()


def permit(*, model: str) -> Permit:
    """Leave to ask this model now. Raises ModelResting."""
    known = _look()
    circuit = known.circuits.get(model, Circuit())
    if circuit.state != "closed" and monotonic() < known.probe_at[model]:
        raise ModelResting("the breaker is open")
    return Permit(model=model, epoch=circuit.epoch, is_probe=circuit.state != "closed")


def claim(*, permit: Permit) -> None:
    """Make the probe ours: one in BREAKER_PROBE_S, whatever other processes believe. Raises ModelResting."""
    now = database_now()
    due = now - timedelta(seconds=settings.BREAKER_PROBE_S)
    mine = Breaker.objects.filter(model=permit.model, epoch=permit.epoch, tried_at__lte=due)
    won = mine.exclude(state=Breaker.State.CLOSED).update(state=Breaker.State.HALF_OPEN, tried_at=now)
    forget()
    if not won:
        raise ModelResting("another process probes it")
    log.info("breaker.probe", model=permit.model)


def report(*, permit: Permit, is_good: bool, reason: str = "") -> None:
    """What became of a call. reason: the kind of a failure, no text of anybody's."""
    if is_good and not permit.is_probe and not _known.circuits.get(permit.model, Circuit()).window:
        return  # all is well and stays so: nothing to write
    with transaction.atomic():
        now = database_now()
        times = {"changed_at": now, "tried_at": now}
        row, _ = Breaker.objects.select_for_update().get_or_create(model=permit.model, defaults=times)
        before = _circuit(row)
        after = heard(before, epoch=permit.epoch, is_good=is_good, limit=settings.BREAKER_FAILURES)
        if after is not before:
            row.state, row.window, row.epoch = after.state, after.window, after.epoch
            row.reason = row.reason if is_good else reason[:100]
            if after.epoch != before.epoch:
                row.changed_at = row.tried_at = now
            row.save()
    forget()
    if after.epoch != before.epoch:
        tell = log.info if is_good else log.error
        tell("breaker.closed" if is_good else "breaker.opened", model=permit.model, reason=row.reason)


def states() -> list[ModelState]:
    """Every model of the settings, in the order in which they are asked. Reads the database."""
    rows = Breaker.objects.in_bulk()
    names = dict.fromkeys([settings.LLM_MODEL, *settings.LLM_FALLBACK_MODELS])
    return [_state_of(name, rows.get(name)) for name in names]


def _state_of(name: str, row: Breaker | None) -> ModelState:
    if row is None:
        return ModelState(model=name, state=Breaker.State.CLOSED)
    is_open = row.state != Breaker.State.CLOSED
    return ModelState(
        model=name,
        state=row.state,
        failures=row.window.count(BAD),
        reason=row.reason,
        since=row.changed_at if row.epoch else None,
        next_probe_at=row.tried_at + timedelta(seconds=settings.BREAKER_PROBE_S) if is_open else None,
    )


# --- what this process knows ------------------------------------------------------------------------------------


def forget() -> None:
    """The next question reads the database again."""
    global _known
    with _reading:  # not before a reading that has begun, whose answer is older than what was just written
        _known = _Known(circuits=_known.circuits)


def _look() -> _Known:
    global _known
    with _reading:
        if monotonic() >= _known.until:
            _known = _read()
        return _known


def _read() -> _Known:
    rows = list(Breaker.objects.all())
    at, now = monotonic(), None
    probe_at = {}
    for row in rows:
        if row.state != Breaker.State.CLOSED:
            now = now or database_now()
            rests = (row.tried_at - now).total_seconds() + settings.BREAKER_PROBE_S
            probe_at[row.model] = at + rests
    return _Known(circuits={row.model: _circuit(row) for row in rows}, probe_at=probe_at, until=at + READ_S)


def _circuit(row: Breaker) -> Circuit:
    return Circuit(state=cast(State, row.state), window=row.window, epoch=row.epoch)
