"""Puts the pieces of streamed tool calls together, whatever a compatible server makes of indexes and ids.

A call counts only when the stream ended well; nothing here ever completes, repairs or guesses arguments.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from support_bot.llm.base import LLMBroken, LLMTooLong, ToolCallRequest

# More calls than this in one answer is not a model that wants something done.
MAX_CALLS = 1024
# Other ids may be such as no database keeps (NUL) and no server takes back.
_ID = re.compile(r"[!-~]{1,64}")


@dataclass(slots=True)
class _Partial:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class CallAccumulator:
    """Collects `delta.tool_calls` of the chat-completions wire. Keyed by index; else by id; else the newest call."""

    def __init__(self) -> None:
        self.size = 0  # of names and arguments so far
        self._calls: list[_Partial] = []
        self._by_key: dict[object, _Partial] = {}

    def add(self, pieces: Any) -> None:
        """Take one delta's list. Raises LLMBroken for shapes that are not the wire's."""
        if not isinstance(pieces, list):
            raise LLMBroken("tool_calls is no list")
        for piece in pieces:
            if not isinstance(piece, dict):
                raise LLMBroken("a tool call is no object")
            self._add(piece)

    def _add(self, piece: dict[str, Any]) -> None:
        function = piece.get("function") or {}
        if not isinstance(function, dict):
            raise LLMBroken("a tool call's function is no object")
        call_id, name, arguments = piece.get("id"), function.get("name"), function.get("arguments")
        if any(part is not None and not isinstance(part, str) for part in (call_id, name, arguments)):
            raise LLMBroken("a tool call's id, name or arguments is no text")
        partial = self._find(piece.get("index"), call_id, starts=bool(name))
        if call_id and not partial.id:
            partial.id = call_id
        self.size += len(name or "") + len(arguments or "")
        partial.name += name or ""
        if arguments:
            partial.arguments.append(arguments)

    def _find(self, index: Any, call_id: str | None, *, starts: bool) -> _Partial:
        key: object = ("index", index) if isinstance(index, int) else ("id", call_id) if call_id else None
        known = self._by_key.get(key) if key else (self._calls[-1] if self._calls and not starts else None)
        # Two calls interleaved on one index: a new id there starts a new call, so arguments never mix.
        if known is not None and not (call_id and known.id and call_id != known.id):
            return known
        if len(self._calls) >= MAX_CALLS:
            raise LLMTooLong("too many tool calls in one answer")
        partial = _Partial()
        self._calls.append(partial)
        if key:
            self._by_key[key] = partial
        return partial

    def finish(self) -> tuple[ToolCallRequest, ...]:
        """Every call in order of appearance. Missing, repeated and odd ids are replaced: each answer has its call."""
        seen: set[str] = set()
        requests = []
        for number, partial in enumerate(self._calls, start=1):
            call_id = partial.id if _ID.fullmatch(partial.id) and partial.id not in seen else f"call_{number}"
            while call_id in seen:
                call_id += "_"
            seen.add(call_id)
            requests.append(ToolCallRequest(id=call_id, name=partial.name, arguments="".join(partial.arguments)))
        return tuple(requests)
