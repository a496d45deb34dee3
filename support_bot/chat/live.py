"""The running text of one turn: streamed to the sockets as it comes, never the only copy of anything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Literal

from django.conf import settings

from support_bot.chat import frames
from support_bot.chat.frames import Frame
from support_bot.chat.turn_rows import Claimed

# After the first text at most one frame in this time: halves the frames, and nobody can see it.
FRAME_S = 0.03
# Code points of one frame: what a model says faster than anybody reads must not crowd out other frames.
PIECE = 8192
# Code points of one answer, all its steps: more is no answer, and a frame of a megabyte is more than clients take.
MOST_CHARS = 100_000

Send = Callable[[Frame], Awaitable[None]]


class LiveTurn:
    """What a running turn has said so far, and in `stopped` why it must go no further, if so."""

    def __init__(self, *, turn: Claimed, send: Send) -> None:
        self.turn = turn
        self.text = ""
        self.stopped: Literal["", "cancelled", "not_permitted"] = ""
        self._send = send
        self._sent_chars = 0
        self._news = asyncio.Event()
        self._closed = False
        self._pump: asyncio.Task[None] | None = None
        self._heard_at = monotonic()
        self._reassurance: asyncio.Task[None] | None = None
        self._model: asyncio.Task[object] | None = None

    def add(self, text: str) -> None:
        """Append text of the model, up to MOST_CHARS in all; it is on its way at once."""
        self.text += text[: MOST_CHARS - len(self.text)]
        self._heard_at = monotonic()
        self._news.set()
        if self._pump is None:
            self._pump = asyncio.create_task(self._pump_frames())

    @property
    def is_full(self) -> bool:
        return len(self.text) >= MOST_CHARS

    async def take_up(self, text: str) -> None:
        """Go on behind the text that another process committed. What it showed beyond that is cut away."""
        await self._send(frames.delta(turn_id=self.turn.turn_id, offset=0, text=""))
        if text:
            self.add(text)

    def cancel(self) -> None:
        """The customer pressed stop: end the model call that is open, and begin nothing new."""
        self._stop("cancelled")

    def revoke(self) -> None:
        """The session that sent the message has ended, or its rights have changed: stop as `cancel` does."""
        self._stop("not_permitted")

    def _stop(self, why: Literal["cancelled", "not_permitted"]) -> None:
        self.stopped = self.stopped or why
        if self._model is not None:
            self._model.cancel()

    def watch(self, task: asyncio.Task[object] | None) -> None:
        """The task that waits for the model, so that `cancel` and `revoke` can stop it."""
        self._model = task
        if task is not None and self.stopped:
            task.cancel()

    async def notice(self, *, code: str, text: str) -> None:
        await self._send({"type": "notice", "code": code, "text": text})

    async def begin(self) -> None:
        await self._send(frames.turn(turn_id=self.turn.turn_id, state="running"))
        self._heard_at = monotonic()
        self._reassurance = self._reassurance or asyncio.create_task(self._reassure())

    async def close(self) -> None:
        """Stop streaming; the final message says the whole text."""
        # A send that ends at the same moment may swallow the cancellation (asyncio.wait_for of Python 3.11 does),
        # and the turn would wait for its own stream for ever.
        self._closed = True
        self._news.set()
        open_tasks = [task for task in (self._reassurance, self._pump) if task is not None]
        for task in open_tasks:
            task.cancel()
        await asyncio.gather(*open_tasks, return_exceptions=True)

    async def _reassure(self) -> None:
        """Say that the work goes on, once for each silence of STILL_WORKING_S, whatever it is that takes so long."""
        told = 0.0
        while not self._closed:
            left = self._heard_at + settings.STILL_WORKING_S - monotonic()
            if left <= 0 and told != self._heard_at:
                told = self._heard_at
                await self.notice(code="still_working", text="Still working on it …")
            await asyncio.sleep(left if left > 0 else settings.STILL_WORKING_S)

    async def _pump_frames(self) -> None:
        while True:
            await self._news.wait()
            if self._closed:
                return
            self._news.clear()
            offset, text = self._sent_chars, self.text[self._sent_chars : self._sent_chars + PIECE]
            self._sent_chars += len(text)
            if self._sent_chars < len(self.text):
                self._news.set()
            await self._send(frames.delta(turn_id=self.turn.turn_id, offset=offset, text=text))
            await asyncio.sleep(FRAME_S)
