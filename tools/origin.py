"""Where what happens now came from: a page request, a socket's frame, a turn, a task, a command. Knows no http."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import structlog

from tools.keyed import stand_in

LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Origin:
    """request_id: as the logs carry it. address, session: keyed hashes, so that neither can be read here."""

    request_id: str = ""
    address: str = ""
    session: str = ""


NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    return _origin.get()


def bind(*, request_id: str, address: str | None = None, session: str | None = None) -> None:
    """From here on, in this task or thread and what it starts, entries and log lines carry this request id.

    address, session: as text, "" for none; what is left out stays as it was bound before.
    """
    bound = replace(_origin.get(), request_id=request_id[:LONGEST_ID])
    if address is not None:
        bound = replace(bound, address=stand_in(purpose="address", value=address))
    if session is not None:
        bound = replace(bound, session=stand_in(purpose="session", value=session))
    _set(bound)


def bind_turn(*, turn_id: str, session: str) -> None:
    """A turn is a request of its own. The address stays only where the turn's message came over the bound session."""
    before = _origin.get()
    mine = stand_in(purpose="session", value=session)
    _set(Origin(turn_id, before.address if before.session == mine else "", mine))


@contextmanager
def bound(*, request_id: str) -> Iterator[None]:
    """A request id of its own for the length of a block that no client stands behind."""
    before = _origin.get()
    _set(Origin(request_id[:LONGEST_ID]))
    try:
        yield
    finally:
        _set(before)


def _set(origin: Origin) -> None:
    _origin.set(origin)
    if origin.request_id:
        structlog.contextvars.bind_contextvars(request_id=origin.request_id)
    else:
        structlog.contextvars.unbind_contextvars("request_id")
