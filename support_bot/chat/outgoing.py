"""What one socket still has to be sent. At most ROOM bytes wait here, and to take news never waits for the peer.

Durable frames that find no room are read from the log once there is some: in order, none lost, none twice. Live
frames that find none are dropped, and the running text is made right afterwards.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
from django.db import Error as DatabaseError

from support_bot.chat import frames
from support_bot.chat.frames import Frame
from support_bot.chat.shown_text import ShownText

log = structlog.get_logger(__name__)

# Bytes; with what the server's transport and the kernel hold (ws_protocol), a socket costs less than 512 KiB at most.
# Only a frame that is larger by itself goes beyond, and only alone.
ROOM = 128 * 1024
# Frames of the log in one go. They may be large: only while all of them were small it reads more at once.
FEW, MANY = 16, 256
PIECE = 8192  # code points of a delta that mends

Send = Callable[[str], Awaitable[None]]
ReadLog = Callable[[int, int], Awaitable[list[Frame]]]
TextOf = Callable[[str], Awaitable[str]]
Taken = Callable[[Frame], None]


class Outgoing:
    """`run` alone sends; everything else only says what there is. `seq` is None until the first resume.

    read: (after_seq, limit) -> frames of the log. text_of: what a turn has said so far, "" where nobody knows.
    taken: told of each durable frame that is on its way.
    """

    def __init__(self, *, send: Send, read: ReadLog, text_of: TextOf, taken: Taken) -> None:
        self.seq: int | None = None
        self.shown = ShownText()
        self._send = send
        self._read = read
        self._text_of = text_of
        self._taken = taken
        self._waiting: deque[tuple[int, str]] = deque()
        self._size = 0  # of what waits and of what is being sent
        self._news = asyncio.Event()
        self._roomy = asyncio.Event()
        self._roomy.set()
        self._behind = False  # the log has more than was taken from it
        self._more = False  # ... and something new since the last look
        self._mendable = False
        self._reached: asyncio.Future[None] | None = None
        self._held = False
        self._aside: list[tuple[Callable[[Frame], None], Frame]] = []
        self._aside_size = 0

    # --- what there is to send ----------------------------------------------------------------------------------

    def answer(self, frame: Frame) -> None:
        """An answer to a frame of the peer's. Always kept: who asks waits for `room` first."""
        self._put(_text(frame))

    def durable(self, frame: Frame) -> None:
        """A frame that was committed just now."""
        if self.seq is None or frame["seq"] <= self.seq:
            return
        if self._held and self._set_aside(self.durable, frame):
            return
        text = _text(frame)
        if self._behind or frame["seq"] != self.seq + 1 or self._held or not self._has_room(text):
            self.look()
            return
        self._take(frame)
        self._put(text)

    def live(self, frame: Frame) -> None:
        """A delta, a notice or a turn that began. What comes late for a turn that has ended is dropped."""
        turn_id = str(frame.get("turn_id") or "")
        if self.seq is None or self.shown.has_ended(turn_id):
            return
        if self._held and self._set_aside(self.live, frame):
            return
        text = _text(frame)
        fits = not self._behind and not self._held and self._has_room(text)
        if frame["type"] == "turn":
            self.shown.begin(turn_id, is_told=fits)
        elif frame["type"] == "delta":
            fits = fits and self.shown.joins(frame)
            (self.shown.show if fits else self.shown.lose)(frame)
        if fits:
            self._put(text)
        elif self.shown.gap_at is not None:
            self._mendable = True
            self._news.set()

    def running(self, *, turn_id: str, text: str) -> None:
        """For a resume: this turn runs and has said so much."""
        self.answer(frames.turn(turn_id=turn_id, state="running"))
        whole = frames.delta(turn_id=turn_id, offset=0, text=text)
        self.shown.show(whole)
        self.answer(whole)

    def look(self) -> None:
        """The log may have more."""
        if self.seq is not None:
            self._behind = self._more = True
            self._news.set()

    def rewind(self, seq: int) -> None:
        """Go on after this number, also where it was passed before."""
        self.seq = seq

    async def caught_up(self) -> None:
        """Until everything of the log is on its way. Raises DatabaseError."""
        self._reached = asyncio.get_running_loop().create_future()
        self.look()
        await self._reached

    async def room(self) -> None:
        """Until an answer may be put: a peer that does not read is not heard either."""
        await self._roomy.wait()

    @contextmanager
    def held(self) -> Iterator[None]:
        """News wait aside, so that what is answered meanwhile comes before what it caused."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            aside, self._aside, self._aside_size = self._aside, [], 0
            for accept, frame in aside:
                accept(frame)
            self._news.set()

    # --- sending it ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """For the life of the socket; ends when the peer is gone."""
        try:
            while True:
                await self._step()
        except OSError as error:  # by ASGI what a server raises for a peer that is gone
            log.debug("socket.peer_gone", error=type(error).__name__)

    async def _step(self) -> None:
        if self._waiting:
            size, text = self._waiting.popleft()
            await self._send(text)
            self._size -= size
            if self._size < ROOM:
                self._roomy.set()
        elif self._may_read():
            await self._read_on()
        elif self._mendable:
            self._mendable = False
            await self._mend()
        else:
            self._news.clear()
            await self._news.wait()

    def _may_read(self) -> bool:
        """Not while a frame is answered, unless for the answer: the log may have what must come after it."""
        return self._behind and (not self._held or self._reached is not None)

    async def _read_on(self) -> None:
        limit = FEW
        while self._may_read():
            self._more = False
            try:
                found = await self._read(self.seq or 0, limit)
            except DatabaseError as error:
                self._not_read(error)
                return
            if not self._may_read():
                return
            sent = 0
            for frame in found:
                if frame["seq"] != (self.seq or 0) + 1:
                    break  # a resume has begun elsewhere in the meantime
                self._take(frame)
                text = _text(frame)
                sent += len(text)
                await self._send(text)
            limit = MANY if sent < ROOM // 4 else FEW
            if not found and not self._more:
                self._behind = False
                self._tell_reached()

    def _not_read(self, error: DatabaseError) -> None:
        """The database is away for a moment: no reason to lose the socket. The next hint or look tries again."""
        log.warning("socket.not_caught_up", error=type(error).__name__)
        self._behind = False
        self._tell_reached(error)

    def _tell_reached(self, error: Exception | None = None) -> None:
        reached, self._reached = self._reached, None
        if reached is None or reached.done():
            return
        if error is None:
            reached.set_result(None)
        else:
            reached.set_exception(error)

    async def _mend(self) -> None:
        """Show what was lost of the running turn. Where nobody knows it, the final message settles it."""
        if self.shown.gap_at is None:
            return  # the turn ended while what was lost of it waited to be mended
        turn_id = self.shown.turn_id
        if not self.shown.is_told:
            self.shown.is_told = True
            await self._send(_text(frames.turn(turn_id=turn_id, state="running")))
        text = await self._text_of(turn_id)
        if self._waiting:  # it came while we asked, may be of this turn, and goes first
            self._mendable = True
            return
        if not text or self.shown.turn_id != turn_id or self.shown.gap_at is None:
            return  # nobody knows, or it ended or began anew while we asked
        at = self.shown.mend(text)
        for start in range(at, len(text), PIECE):
            piece = text[start : start + PIECE]
            await self._send(_text(frames.delta(turn_id=turn_id, offset=start, text=piece)))

    # --- the queue ----------------------------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        self.seq = frame["seq"]
        if frame["type"] == "turn":
            self.shown.end(frame["turn_id"])
        self._taken(frame)

    def _put(self, text: str) -> None:
        size = _size(text)
        self._waiting.append((size, text))
        self._size += size
        if self._size >= ROOM:
            self._roomy.clear()
        self._news.set()

    def _has_room(self, text: str) -> bool:
        return self._size == 0 or self._size + _size(text) <= ROOM

    def _set_aside(self, accept: Callable[[Frame], None], frame: Frame) -> bool:
        size = _size(_text(frame))
        if self._aside_size + size > ROOM:
            return False
        self._aside.append((accept, frame))
        self._aside_size += size
        return True


def _text(frame: Frame) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
