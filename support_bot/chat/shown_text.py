"""How much of a running turn's text is on its way to one peer, and from where on pieces of it were lost. No I/O."""

from __future__ import annotations

from collections import deque

from support_bot.chat.frames import Frame

# Deltas of a turn that has ended may still come from another process; nobody waits for them longer than this.
ENDED_KEPT = 8


class ShownText:
    """Offsets and lengths are in code points of the turn's one text, as in `delta` frames."""

    def __init__(self) -> None:
        self.turn_id = ""
        self.is_told = False  # the peer knows that the turn runs
        self.length = 0
        self.gap_at: int | None = None
        self._ended: deque[str] = deque(maxlen=ENDED_KEPT)

    def has_ended(self, turn_id: str) -> bool:
        return turn_id in self._ended

    def begin(self, turn_id: str, *, is_told: bool) -> None:
        """A turn runs. Where the peer could not be told of it, that is mended like lost text."""
        if turn_id != self.turn_id:
            self.turn_id, self.length = turn_id, 0
            self.gap_at = None if is_told else 0
        self.is_told = is_told

    def joins(self, frame: Frame) -> bool:
        """Whether this delta may be shown as it is: it continues what is shown and right, or cuts into it."""
        if frame["turn_id"] != self.turn_id:
            return bool(frame["offset"] == 0)
        right = self.length if self.gap_at is None else self.gap_at
        return bool(frame["offset"] <= right)

    def show(self, frame: Frame) -> None:
        """This delta is on its way."""
        self._enter(frame["turn_id"])
        self.is_told, self.gap_at = True, None
        self.length = frame["offset"] + len(frame["text"])

    def lose(self, frame: Frame) -> None:
        """This delta is not shown: from its offset on the peer's text is not right any more."""
        self._enter(frame["turn_id"])
        right = self.length if self.gap_at is None else self.gap_at
        self.gap_at = min(right, frame["offset"])

    def mend(self, text: str) -> int:
        """The turn's whole text is here and will be shown; returns from which offset on."""
        at = self.gap_at or 0
        self.length, self.gap_at, self.is_told = len(text), None, True
        return at if at <= len(text) else 0

    def end(self, turn_id: str) -> None:
        """Its final message is on its way and replaces whatever was shown."""
        self._ended.append(turn_id)
        if turn_id == self.turn_id:
            self.turn_id, self.length, self.gap_at = "", 0, None

    def _enter(self, turn_id: str) -> None:
        if turn_id != self.turn_id:
            self.turn_id, self.is_told, self.length, self.gap_at = turn_id, False, 0, None
