"""A customer's side of a conversation that outlives its sockets: it comes back, resumes, and sends again."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx2
from websockets.exceptions import WebSocketException

from tests.safety.cast import Facts
from tests.wire import Browser, Frame, Socket

WAITING = "awaiting_confirmation"
# What a server that was killed a moment ago makes of anything.
BROKEN = (OSError, WebSocketException, httpx2.HTTPError, EOFError)
# Also that of a server which is killed again as soon as it is back.
PATIENCE_S = 180.0


@dataclass
class Seen:
    """What the people of a run were told: the judge holds the database to it."""

    acked: dict[str, int] = field(default_factory=dict)  # client_msg_id -> seq
    agreed: set[str] = field(default_factory=set)  # calls whose agreement was acknowledged
    frames: dict[tuple[str, int], str] = field(default_factory=dict)  # (conversation, seq) -> digest of the frame
    problems: list[str] = field(default_factory=list)
    reconnects: int = 0


def frame_digest(frame: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(frame, sort_keys=True).encode()).hexdigest()[:24]


class Chat:
    """One customer at one conversation."""

    def __init__(self, *, url: str, facts: Facts, seen: Seen, stopping: threading.Event) -> None:
        self.url, self.facts, self.seen, self.stopping = url, facts, seen, stopping
        self.browser = Browser(url)
        self.browser.http.cookies.set("sessionid", facts.session_key, domain="127.0.0.1")
        self.conversation = ""
        self.socket: Socket | None = None
        self.frames: dict[int, Frame] = {}

    # --- what a person does -------------------------------------------------------------------------------------

    def ask(self, text: str) -> list[Frame]:
        """Say it and wait for the end of its turn; the calls that wait for consent now."""
        client_msg_id = str(uuid.uuid4())
        acked = partial(self.seen.acked.__contains__, client_msg_id)
        self._until("an ack", acked, again=lambda: self._say(client_msg_id, text))
        self._until("the end of a turn", lambda: self._turn_of(client_msg_id) in self._ended())
        return [call for call in self._calls().values() if call["state"] == WAITING]

    def confirm(self, call: Frame) -> None:
        """Consent, until the product says that it has it."""
        frame = {"type": "call.confirm", "call_id": call["call_id"], "digest": call["digest"]}
        self._until("its consent", lambda: self._state(call) != WAITING, again=lambda: self._send(frame))
        if self._state(call) in ("approved", "executing", "succeeded"):
            self.seen.agreed.add(call["call_id"])

    def leave(self) -> None:
        self._drop()
        self.browser.close()

    # --- what was said so far -----------------------------------------------------------------------------------

    def _turn_of(self, client_msg_id: str) -> str | None:
        return next((f["turn_id"] for f in self.frames.values() if f.get("client_msg_id") == client_msg_id), None)

    def _ended(self) -> set[str]:
        return {f["turn_id"] for f in self.frames.values() if f["type"] == "turn" and f["state"] != "running"}

    def _calls(self) -> dict[str, Frame]:
        """The newest frame of every call."""
        return {f["call_id"]: f for _, f in sorted(self.frames.items()) if f["type"] == "call"}

    def _state(self, call: Frame) -> str:
        return str(self._calls()[call["call_id"]]["state"])

    # --- the line -----------------------------------------------------------------------------------------------

    def _until(self, what: str, done: Callable[[], bool], *, again: Callable[[], None] | None = None) -> None:
        """Read on until `done`; `again` is done at first, after every break, and when nothing came for a while."""
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            if self.stopping.is_set():
                raise Interrupted
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.facts.tag} waited {PATIENCE_S:g} s for {what}")
            try:
                self._connect()
                if again is not None and not done():
                    again()
                quiet_at = time.monotonic() + 3.0
                while not done() and time.monotonic() < quiet_at:
                    self._receive()
            except BROKEN:
                self._drop()
                self.seen.reconnects += 1
                time.sleep(0.1)

    def _connect(self) -> None:
        if self.socket is not None:
            return
        if not self.conversation:
            self.conversation = self.browser.conversation()
        try:
            self.socket = Socket(self.browser, self.conversation, resume=max(self.frames, default=0))
        except AssertionError as error:  # no answer in time: the server was killed in between
            raise ConnectionError from error
        for frame in self.socket.frames:
            self._keep(frame)

    def _drop(self) -> None:
        socket, self.socket = self.socket, None
        if socket is not None:
            try:
                socket.ws.close_socket()
            except BROKEN:
                return

    def _say(self, client_msg_id: str, text: str) -> None:
        self._send({"type": "user.message", "client_msg_id": client_msg_id, "text": text})

    def _send(self, frame: Frame) -> None:
        assert self.socket is not None
        self.socket.send(**frame)

    def _receive(self) -> None:
        assert self.socket is not None
        try:
            self._keep(self.socket.receive(timeout=0.5))
        except TimeoutError:
            return

    def _keep(self, frame: Frame) -> None:
        if frame["type"] == "ack" and "client_msg_id" in frame:
            self.seen.acked[frame["client_msg_id"]] = frame["seq"]
        elif frame["type"] == "error":
            self.seen.problems.append(f"{self.facts.tag} was answered {frame['code']}: {frame['message']}")
        elif frame["type"] in ("message", "call", "turn") and "seq" in frame:
            self._keep_durable(frame)

    def _keep_durable(self, frame: Frame) -> None:
        seq, digest = frame["seq"], frame_digest(frame)
        known = self.seen.frames.setdefault((self.conversation, seq), digest)
        if known != digest:
            self.seen.problems.append(f"{self.conversation}: frame {seq} was told in two ways")
        if seq > max(self.frames, default=0) + 1:
            self.seen.problems.append(f"{self.conversation}: {seq} came after {max(self.frames, default=0)}")
        self.frames[seq] = frame


class Interrupted(Exception):
    """The run is over; whoever waits goes home."""
