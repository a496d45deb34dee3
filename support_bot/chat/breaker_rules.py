"""When a model counts as broken and when as well again: pure rules over the outcomes of its last calls.

Knows no clock, no database and no model; breaker.py keeps what is decided here for all processes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

State = Literal["closed", "open", "half_open"]
# A limit above this is never reached: the breaker is off.
LAST_CALLS = 10
GOOD, BAD = ".", "x"


@dataclass(frozen=True, slots=True)
class Circuit:
    """window: the last calls, oldest first, from the oldest bad one on; empty while all is well.

    epoch: counts the openings and closings. A call belongs to the epoch that it began in.
    """

    state: State = "closed"
    window: str = ""
    epoch: int = 0


def heard(circuit: Circuit, *, epoch: int, is_good: bool, limit: int) -> Circuit:
    """The circuit after the outcome of a call that began in `epoch`: the very same object where nothing changes.

    What began before the last opening or closing is history and decides nothing: a hundred calls that hung through
    an outage must not open the breaker again when they time out. While it is open only probes are asked.
    """
    if epoch != circuit.epoch:
        return circuit
    if circuit.state != "closed":
        return _turned(circuit, "closed") if is_good else replace(circuit, state="open")
    window = (circuit.window + (GOOD if is_good else BAD))[-LAST_CALLS:].lstrip(GOOD)
    if window.count(BAD) >= limit:
        return _turned(circuit, "open")
    return circuit if window == circuit.window else replace(circuit, window=window)


def _turned(circuit: Circuit, state: State) -> Circuit:
    return Circuit(state=state, epoch=circuit.epoch + 1)
