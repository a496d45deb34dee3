"""The frames the server sends, as plain JSON data. Built from rows only; no frame can hold what is not named here."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from tools.models import ToolCall
from tools.states import END_STATES

Frame = dict[str, Any]

PROTOCOL = 1


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def hello(*, conversation_id: UUID, last_seq: int, model: str) -> Frame:
    return {
        "type": "hello",
        "protocol": PROTOCOL,
        "conversation": str(conversation_id),
        "last_seq": last_seq,
        "model": model,
    }


def message(
    *,
    author: str,
    text: str,
    created_at: datetime,
    data: dict[str, Any] | None = None,
    turn_id: UUID | None = None,
    client_msg_id: UUID | None = None,
) -> Frame:
    return {
        "type": "message",
        "author": author,
        "text": text,
        "data": data,
        "created_at": iso(created_at),
        "turn_id": str(turn_id) if turn_id else None,
        "client_msg_id": str(client_msg_id) if client_msg_id else None,
    }


def call(*, call: ToolCall, have: int) -> Frame:
    """The state of a call. What the customer is asked to agree to is there only while it waits."""
    frame: Frame = {
        "type": "call",
        "call_id": str(call.pk),
        "turn_id": str(call.turn_id) if call.turn_id else None,
        "tool": call.tool,
        "effect": call.effect,
        "label": call.label,
        "state": str(call.state),
        "summary": call.summary,
        "reason": call.reason or None,
    }
    if call.effect == "read":
        return frame | {"arguments": call.arguments}
    if call.state in END_STATES:
        return frame
    return frame | {
        "arguments": call.arguments,
        "changes": call.changes,
        "digest": call.digest,
        "expires_at": iso(call.expires_at),
        "approvals": {"have": have, "need": call.need},
        "flags": call.provenance.get("flags", []),
    }


def turn(*, turn_id: UUID | str, state: str, error: dict[str, str] | None = None) -> Frame:
    return {"type": "turn", "turn_id": str(turn_id), "state": state, "error": error}


def delta(*, turn_id: UUID | str, offset: int, text: str) -> Frame:
    return {"type": "delta", "turn_id": str(turn_id), "offset": offset, "text": text}


def error(*, code: str, message: str, retryable: bool = False, **answers: Any) -> Frame:
    """`answers` names what it answers: client_msg_id, call_id or turn_id; also retry_after (seconds)."""
    return {"type": "error", "code": code, "message": message, "retryable": retryable} | {
        name: value for name, value in answers.items() if value is not None
    }
