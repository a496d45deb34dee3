"""What the business refuses, in sentences that a customer may read.

TrackingError
├── NotFound      no such record, or not this customer's: one and the same answer, on purpose
└── NotPossible   the record is there, but its state forbids what was asked; `next_step` says what can be done instead
"""

from __future__ import annotations


class TrackingError(Exception):
    """Base. `message` and `next_step` are free of internals and of other people's data."""

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class NotFound(TrackingError):
    """`what` is the kind of record ("package", "order", "truck"); the number asked for is not repeated."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no {what} with this number among yours.", f"Check the {what} number.")


class NotPossible(TrackingError):
    pass
