"""The server's end of the chat's websocket, held by a test: sends any frame, remembers what the page sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

from playwright.async_api import Page, WebSocketRoute

Frame = dict[str, Any]
NOW = "2026-11-20T09:30:00Z"
TURN = str(UUID(int=1))
CALL = str(UUID(int=2))
ASKED: Frame = {
    "arguments": {"phone": "+493012345678", "name": None},
    "changes": [{"field": "phone", "label": "Phone", "before": "+49301", "after": "+493012345678", "risk": True}],
    "digest": "d" * 64,
    "expires_at": "2026-11-20T09:45:00Z",
    "approvals": {"have": 0, "need": 1},
}


class ServerEnd:
    """`end.received` are the page's frames of all connections, oldest first."""

    def __init__(self) -> None:
        self.log: list[Frame] = []
        self.received: list[Frame] = []
        self.line: WebSocketRoute | None = None
        self.lines = 0
        self.greet = True
        self._news = asyncio.Event()

    async def attach(self, page: Page) -> None:
        await page.route_web_socket("**/ws/chat/**", self._open)

    def _open(self, line: WebSocketRoute) -> None:
        self.line, self.lines = line, self.lines + 1
        line.on_message(lambda text: self._take(json.loads(text)))
        if self.greet:
            self.send(type="hello", protocol=1, conversation="x", last_seq=len(self.log), model="Built-in demo model")

    def _take(self, frame: Frame) -> None:
        self.received.append(frame)
        self._news.set()
        if frame["type"] == "resume":
            for stored in self.log[frame["after_seq"] :]:
                self.send(**stored)
            self.send(type="resumed", last_seq=len(self.log))

    def send(self, **frame: Any) -> None:
        assert self.line is not None
        self.line.send(json.dumps(frame))

    def store(self, *, tell: bool = True, **frame: Any) -> Frame:
        """A durable frame: it gets the next number and is told again to whoever resumes before it."""
        numbered = {"seq": len(self.log) + 1, **frame}
        self.log.append(numbered)
        if tell and self.line is not None:
            self.send(**numbered)
        return numbered

    def message(self, author: str, text: str, *, turn_id: str | None = TURN, tell: bool = True, **more: Any) -> Frame:
        frame = {"author": author, "text": text, "data": None, "created_at": NOW, "turn_id": turn_id} | more
        return self.store(type="message", tell=tell, **frame)

    def call(self, state: str, *, tell: bool = True, **more: Any) -> Frame:
        frame = {
            "call_id": CALL,
            "turn_id": TURN,
            "tool": "update_profile",
            "effect": "write",
            "label": "Change your profile",
            "state": state,
            "summary": "Change your phone number",
            "reason": None,
        }
        return self.store(type="call", tell=tell, **frame | more)

    def turn(self, state: str, *, turn_id: str = TURN, error: Frame | None = None) -> None:
        frame: Frame = {"type": "turn", "turn_id": turn_id, "state": state, "error": error}
        if state == "running":
            self.send(**frame)
        else:
            self.store(**frame)

    def accept(self, sent: Frame, *, turn_id: str | None = None) -> str:
        """Ack and store what the customer wrote; returns its turn."""
        turn = turn_id or str(uuid4())
        self.send(type="ack", seq=len(self.log) + 1, client_msg_id=sent["client_msg_id"])
        self.message("customer", sent["text"], turn_id=turn, client_msg_id=sent["client_msg_id"])
        return turn

    async def drop(self, code: int = 1011) -> None:
        assert self.line is not None
        line, self.line = self.line, None
        await line.close(code=code)

    async def got(self, kind: str, *, nth: int = 1) -> Frame:
        """The nth frame of this type that the page sent; waits for it."""
        async with asyncio.timeout(10):
            while len(found := self.of(kind)) < nth:
                self._news.clear()
                await self._news.wait()
        return found[nth - 1]

    def of(self, kind: str) -> list[Frame]:
        return [frame for frame in self.received if frame["type"] == kind]
