"""Reads what a client sends: one JSON object of a known type with exactly its fields, or a clear refusal. Pure."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class FrameError(Exception):
    """A frame that cannot be taken. `answers` repeats the ids of the frame, so that a client knows which it was."""

    def __init__(self, code: str, message: str, *, retryable: bool = False, **answers: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.answers = answers


def _uuid(value: Any) -> Any:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise ValueError("must be a uuid")
    return UUID(value)


def _text(value: str) -> str:
    if _NO_TEXT.search(value):
        raise ValueError("holds NUL or half a character")
    return value


Id = Annotated[UUID, BeforeValidator(_uuid)]
Text = Annotated[str, AfterValidator(_text)]


class _Frame(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Resume(_Frame):
    type: Literal["resume"]
    after_seq: Annotated[int, Field(ge=0)]


class UserMessage(_Frame):
    type: Literal["user.message"]
    client_msg_id: Id
    text: Text


class TurnCancel(_Frame):
    type: Literal["turn.cancel"]
    turn_id: Id


class CallConfirm(_Frame):
    type: Literal["call.confirm"]
    call_id: Id
    digest: Text


class CallWithdraw(_Frame):
    type: Literal["call.withdraw"]
    call_id: Id


class FeedbackFrame(_Frame):
    type: Literal["feedback"]
    seq: Annotated[int, Field(ge=1)]
    rating: Literal["up", "down"]
    comment: Text | None = None


class HandoffRequest(_Frame):
    type: Literal["handoff.request"]


ClientFrame = Resume | UserMessage | TurnCancel | CallConfirm | CallWithdraw | FeedbackFrame | HandoffRequest

TYPES: dict[str, type[ClientFrame]] = {
    "resume": Resume,
    "user.message": UserMessage,
    "turn.cancel": TurnCancel,
    "call.confirm": CallConfirm,
    "call.withdraw": CallWithdraw,
    "feedback": FeedbackFrame,
    "handoff.request": HandoffRequest,
}
# Ids a client may want back with an error, where the frame has them in a usable form.
_ANSWERED = ("client_msg_id", "call_id", "turn_id")


def parse_frame(text: str) -> ClientFrame:
    """The typed frame. Raises FrameError `bad_frame` or `unknown_type`."""
    try:
        value = json.loads(text, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError):
        raise FrameError("bad_frame", "A frame must be one JSON object, with each field once.") from None
    if not isinstance(value, dict):
        raise FrameError("bad_frame", "A frame must be one JSON object.")
    kind = value.get("type")
    if not isinstance(kind, str):
        raise FrameError("bad_frame", "A frame needs a type.")
    answers = {name: value[name] for name in _ANSWERED if _is_uuid(value.get(name))}
    if kind not in TYPES:
        known = ", ".join(TYPES)
        raise FrameError("unknown_type", f"This type of frame is not known; known are {known}.", **answers)
    try:
        return TYPES[kind].model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])[:60].encode("ascii", "replace").decode()
        problem = f"{field}: {first['msg'].removeprefix('Value error, ')}"
        raise FrameError("bad_frame", f"A {kind} frame is not right here: {problem}.", **answers) from None
    except RecursionError:
        raise FrameError("bad_frame", "The frame is nested too deeply.", **answers) from None


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers of JSON differ in which of two they take, so a frame that has a field twice means nothing."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field stands twice")
    return found


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and bool(_UUID.fullmatch(value))
