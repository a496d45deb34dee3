"""What a model is told when a call cannot be done, in a form it can act on.

ToolError
├── UnknownTool       no such name; `allowed` holds the nearest
├── InvalidJson       the arguments are no JSON object
├── InvalidArguments  the arguments do not fit the schema or the record
├── NotFound          no such record, or not this customer's: one and the same answer
├── NotPermitted      this person may not use this tool
├── NotPossible       the record's state forbids it
├── RateLimited       too much in this window; `retryable` later
├── TooManyCalls      too much in this turn
├── Timeout           the tool took too long
├── Unavailable       something the tool needs is away
└── Internal          our defect; the details are in the log only
"""

from __future__ import annotations

from typing import Any


class ToolError(Exception):
    """One structured refusal. `message` and `next_step` are sentences for the model, free of internals."""

    code = "internal"
    retryable = False
    next_step = "Tell the customer that this did not work and offer a person."

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        allowed: list[str] | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.allowed = allowed
        if next_step is not None:
            self.next_step = next_step

    def as_dict(self) -> dict[str, Any]:
        """The `error` object of the wire: code, message, field, allowed, retryable, next_step."""
        return {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "allowed": self.allowed,
            "retryable": self.retryable,
            "next_step": self.next_step,
        }


class UnknownTool(ToolError):
    code = "unknown_tool"
    retryable = True
    next_step = "Use one of the tools you were given, with its exact name."


class InvalidJson(ToolError):
    code = "invalid_json"
    retryable = True
    next_step = "Send the arguments again as one JSON object that fits the tool's schema."


class InvalidArguments(ToolError):
    code = "invalid_arguments"
    retryable = True
    next_step = "Correct the named field and call again, or ask the customer for it."


class NotFound(ToolError):
    code = "not_found"
    next_step = "Ask the customer to check the number."


class NotPermitted(ToolError):
    code = "not_permitted"
    next_step = "Tell the customer that this cannot be done here and offer a person."


class NotPossible(ToolError):
    code = "not_possible"
    next_step = "Tell the customer why, as the message says."


class RateLimited(ToolError):
    code = "rate_limited"
    retryable = True
    next_step = "Do not call again now. Tell the customer to try later."


class TooManyCalls(ToolError):
    code = "too_many_calls"
    next_step = "Answer the customer with what you have."


class Timeout(ToolError):
    code = "timeout"
    retryable = True
    next_step = "Try once more, or tell the customer that it takes longer than usual."


class Unavailable(ToolError):
    code = "unavailable"
    retryable = True
    next_step = "Tell the customer that this is not available at the moment."


class Internal(ToolError):
    code = "internal"
