"""Many customers of one test on asyncio: lines that break, come back, resume and send again what was not acked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import struct
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from websockets import Origin
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.wire import Frame

# What a line that breaks, or a server that is not there yet, makes of anything.
BROKEN = (OSError, WebSocketException, EOFError, TimeoutError)
# As the page does: half a second, then longer, never in step.
FIRST_S, LONGEST_S = 0.5, 10.0


@dataclass
class Close:
    """How one socket of a line ended, and when its successor stood."""

    code: int | None
    reason: str
    at: float
    lived_s: float
    last: str  # the type of the last frame that it brought
    back_at: float = 0.0


@dataclass
class Line:
    """One customer in one conversation. `urls` are web servers of the same product; the next is tried when one is gone.

    hurry: seconds of the pauses that a restarting server asks for are divided by it.
    """

    urls: Sequence[str]
    session: str
    conversation: str
    hurry: float = 1.0
    frames: dict[int, Frame] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unacked: dict[str, str] = field(default_factory=dict)
    acked: dict[str, int] = field(default_factory=dict)
    ack_s: list[float] = field(default_factory=list)
    closes: list[Close] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)  # the text of each turn as the screen shows it
    connection: ClientConnection | None = None
    _at: int = 0
    _last: str = ""
    _sent_at: dict[str, float] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    @property
    def seq(self) -> int:
        return max(self.frames, default=0)

    @property
    def is_up(self) -> bool:
        return self.connection is not None

    # --- what a person does -------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._task = asyncio.create_task(self._live())
        await self.until(lambda: self.is_up)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def say(self, text: str) -> str:
        """Write it; where the line is down it goes out when the line is back, under the same id."""
        client_msg_id = str(uuid.uuid4())
        self.unacked[client_msg_id] = text
        self._sent_at[client_msg_id] = time.monotonic()
        await self._send(client_msg_id)
        return client_msg_id

    async def send(self, **frame: object) -> None:
        if self.connection is not None:
            with contextlib.suppress(*BROKEN):
                await self.connection.send(json.dumps(frame))

    def cut(self) -> None:
        """The cable is pulled: no close frame, no goodbye, and nobody hears of it but by the reset."""
        if self.connection is not None:
            raw = self.connection.transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.transport.abort()

    async def until(self, happened: Callable[[], bool], *, within: float = 60.0) -> None:
        """Waits for something that a frame, or the line itself, brings about."""
        async with asyncio.timeout(within):
            while not happened():
                self._news.clear()
                await self._news.wait()

    async def until_acked(self, client_msg_id: str) -> None:
        await self.until(lambda: client_msg_id in self.acked, within=90)

    async def until_answered(self, client_msg_id: str, *, within: float = 120) -> None:
        await self.until(lambda: self.turn_of(client_msg_id) in self.ended(), within=within)

    async def until_all_answered(self) -> None:
        """Every turn that it knows of has ended."""
        await self.until(lambda: len(self.ended()) == len(self._turns()))

    async def until_told(self, seq: int) -> None:
        await self.until(lambda: self.seq >= seq, within=20)

    def _turns(self) -> set[str]:
        return {f["turn_id"] for f in self.frames.values() if f.get("client_msg_id") and f["turn_id"]}

    def turn_of(self, client_msg_id: str) -> str | None:
        return next((f["turn_id"] for f in self.frames.values() if f.get("client_msg_id") == client_msg_id), None)

    def ended(self) -> dict[str, str]:
        """The end of each turn."""
        return {f["turn_id"]: f["state"] for f in self.frames.values() if f["type"] == "turn"}

    # --- the line -----------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        tries = 0
        while True:
            url = self.urls[self._at % len(self.urls)]
            try:
                async with asyncio.timeout(10):
                    connection = await self._open(url)
            except BROKEN:
                self._at += 1
                await asyncio.sleep(min(LONGEST_S, FIRST_S * 2**tries) * random.uniform(0.5, 1))
                tries += 1
                continue
            tries = 0
            begun = time.monotonic()
            await self._use(connection)
            at = time.monotonic()
            close = Close(connection.close_code, connection.close_reason or "", at, at - begun, self._last)
            self.closes.append(close)
            self._news.set()
            pause = int(close.reason) + random.random() if close.code == 1012 and close.reason.isdigit() else 0.1
            await asyncio.sleep(pause / self.hurry)

    async def _open(self, url: str) -> ClientConnection:
        return await connect(
            f"ws://{urlsplit(url).netloc}/ws/chat/{self.conversation}/",
            origin=Origin(url),
            additional_headers={"Cookie": f"sessionid={self.session}"},
            compression=None,
            ping_interval=None,
            proxy=None,
            open_timeout=None,
        )

    async def _use(self, connection: ClientConnection) -> None:
        self._last = ""
        try:
            with contextlib.suppress(*BROKEN):
                async for raw in connection:
                    await self._take(connection, json.loads(raw))
        finally:
            self.connection = None
            connection.transport.abort()
            await connection.wait_closed()

    async def _take(self, connection: ClientConnection, frame: Frame) -> None:
        self._last = frame["type"]
        if frame["type"] == "hello":
            await connection.send(json.dumps({"type": "resume", "after_seq": self.seq}))
        elif frame["type"] == "resumed" and self.connection is None:
            await self._stand(connection)
        else:
            self._keep(frame)
        self._news.set()

    async def _stand(self, connection: ClientConnection) -> None:
        self.connection = connection
        if self.closes:
            self.closes[-1].back_at = time.monotonic()
        for client_msg_id in list(self.unacked):
            await self._send(client_msg_id)

    async def _send(self, client_msg_id: str) -> None:
        if client_msg_id in self.unacked:
            text = self.unacked[client_msg_id]
            await self.send(type="user.message", client_msg_id=client_msg_id, text=text)

    def _keep(self, frame: Frame) -> None:
        kind = frame["type"]
        if kind == "ack" and "client_msg_id" in frame:
            self._acked(frame["client_msg_id"], frame["seq"])
        elif kind == "error":
            self.problems.append(f"answered {frame['code']}: {frame['message']}")
        elif kind == "delta":
            self._show(frame)
        elif "seq" in frame and kind in ("message", "call", "turn"):
            if frame["seq"] != self.seq + 1:
                self.problems.append(f"{frame['seq']} came after {self.seq}")
            self.frames[frame["seq"]] = frame

    def _acked(self, client_msg_id: str, seq: int) -> None:
        if self.acked.setdefault(client_msg_id, seq) != seq:
            self.problems.append(f"{client_msg_id} was acked as {self.acked[client_msg_id]} and as {seq}")
        if self.unacked.pop(client_msg_id, None) is not None:
            self.ack_s.append(time.monotonic() - self._sent_at[client_msg_id])

    def _show(self, frame: Frame) -> None:
        shown = self.shown.get(frame["turn_id"], "")
        if frame["offset"] > len(shown):
            self.problems.append(f"a delta at {frame['offset']} of a text of {len(shown)}")
        self.shown[frame["turn_id"]] = shown[: frame["offset"]] + frame["text"]


@contextlib.asynccontextmanager
async def standing(lines: Sequence[Line], *, at_once: int = 20):
    """All of them connected and resumed; left at the end."""
    gate = asyncio.Semaphore(at_once)

    async def begin(line: Line) -> None:
        async with gate:
            await line.start()

    try:
        await asyncio.gather(*(begin(line) for line in lines))
        yield lines
    finally:
        await asyncio.gather(*(line.stop() for line in lines))
