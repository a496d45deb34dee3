"""The states of a call and the only moves between them. Pure: it decides nothing about who may move a call."""

from __future__ import annotations

from django.db.models import TextChoices


class State(TextChoices):
    RUNNING = "running"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    AWAITING_VERIFICATION = "awaiting_verification"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    EXECUTING = "executing"
    NEEDS_RECONCILIATION = "needs_reconciliation"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STALE = "stale"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REFUSED = "refused"


END_STATES = frozenset(
    {
        State.SUCCEEDED,
        State.FAILED,
        State.STALE,
        State.WITHDRAWN,
        State.DECLINED,
        State.EXPIRED,
        State.SUPERSEDED,
        State.REFUSED,
    }
)
# A write that has not come to its end and is not being executed: it can still be withdrawn, declined, superseded.
WAITING_STATES = frozenset(
    {State.AWAITING_CONFIRMATION, State.AWAITING_VERIFICATION, State.AWAITING_APPROVAL, State.APPROVED}
)
OPEN_WRITE_STATES = WAITING_STATES | {State.EXECUTING, State.NEEDS_RECONCILIATION}

_BEFORE_EXECUTING = frozenset(
    {State.WITHDRAWN, State.DECLINED, State.EXPIRED, State.SUPERSEDED, State.REFUSED, State.STALE}
)
MOVES: dict[State, frozenset[State]] = {
    State.RUNNING: frozenset({State.SUCCEEDED, State.FAILED, State.REFUSED}),
    State.AWAITING_CONFIRMATION: _BEFORE_EXECUTING
    | {State.AWAITING_VERIFICATION, State.AWAITING_APPROVAL, State.APPROVED},
    State.AWAITING_VERIFICATION: _BEFORE_EXECUTING | {State.AWAITING_APPROVAL, State.APPROVED},
    State.AWAITING_APPROVAL: _BEFORE_EXECUTING | {State.APPROVED},
    State.APPROVED: _BEFORE_EXECUTING | {State.EXECUTING, State.AWAITING_APPROVAL},
    State.EXECUTING: frozenset(
        {State.SUCCEEDED, State.FAILED, State.STALE, State.REFUSED, State.EXPIRED, State.AWAITING_APPROVAL}
        | {State.NEEDS_RECONCILIATION}
    ),
    State.NEEDS_RECONCILIATION: frozenset({State.SUCCEEDED, State.FAILED}),
}


def check_move(*, old: str, new: str) -> None:
    """Raises ValueError for a move that does not exist: a defect of ours, never a customer's doing."""
    if State(new) not in MOVES.get(State(old), frozenset()):
        raise ValueError(f"a call cannot move from {old} to {new}")
