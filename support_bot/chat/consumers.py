"""One socket of one customer: translates frames into calls and rows into frames. It runs no turn and decides nothing.

Frames are handled one at a time, so nothing in here may wait for a model.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError

from support_bot.chat import broadcast, frames, handoff, inbox, log, refusals, sockets, turn_rows
from support_bot.chat.authority import Authority
from support_bot.chat.database import in_thread
from support_bot.chat.frames import Frame
from support_bot.chat.models import Conversation, Turn
from support_bot.chat.places import Place
from support_bot.chat.protocol import (
    CallConfirm,
    CallWithdraw,
    FeedbackFrame,
    FrameError,
    HandoffRequest,
    Resume,
    TurnCancel,
    UserMessage,
    parse_frame,
)
from support_bot.chat.providers import current_providers
from support_bot.chat.runner import runner
from tools import approvals, origin
from tools.approvals import DecisionError
from tools.models import ToolCall
from tools.states import State

logger = structlog.get_logger(__name__)

SIGNED_OUT, NOT_FOUND, TOO_MANY = 4401, 4404, 4429
INTERNAL = "Something went wrong on our side. Please try again."


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """See protocol: hello, then nothing until `resume`, then durable frames in order and live ones between them."""

    conversation: Conversation
    holder: Authority
    place: Place
    sent_seq: int | None = None  # None until the first resume
    ended_turn: str = ""
    entered = False
    request_id = ""
    frames_taken = 0

    # --- opening and closing ------------------------------------------------------------------------------------

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """However it ends: an error in here skips channels' `disconnect`, and a place kept would lock customers out."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        sockets.forget(self)
        if not self.entered:
            return
        self.entered = False
        try:
            await self.channel_layer.group_discard(broadcast.group_of(self.conversation.pk), self.channel_name)
        except Exception as error:  # the layer raises what its Redis client raises; the socket is gone anyway
            logger.warning("socket.not_left", error=type(error).__name__)

    async def connect(self) -> None:
        await self.accept()
        try:
            self.conversation = await sockets.open_socket(scope=self.scope, socket=self)
        except sockets.Refused as refused:
            await self.close(refused.code, refused.reason)
            await in_thread(refusals.tell_refused)(scope=self.scope, outcome=str(refused.code))
            return
        self.entered = True
        self.request_id = str(self.scope.get("request_id", ""))
        origin.bind(request_id=self.request_id, session=self.holder.session_key)
        await self.channel_layer.group_add(broadcast.group_of(self.conversation.pk), self.channel_name)
        model = current_providers()[0].label
        await self._send(
            frames.hello(conversation_id=self.conversation.pk, last_seq=self.conversation.last_seq, model=model)
        )

    # --- frames of the client -----------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.entered:
            return
        self.frames_taken += 1
        origin.bind(request_id=f"{self.request_id}.{self.frames_taken}")
        try:
            if text_data is None:
                raise FrameError("bad_frame", "Binary frames are not understood; send JSON text.")
            frame = parse_frame(text_data)
            if not await sockets.still_stands(holder=self.holder, in_use=not isinstance(frame, Resume)):
                await self.close(SIGNED_OUT)
                return
            if self.sent_seq is None and not isinstance(frame, Resume):
                raise FrameError("bad_frame", "The first frame must be resume.")
            await self._take(frame)
        except FrameError as error:
            await self._send(
                frames.error(code=error.code, message=error.message, retryable=error.retryable, **error.answers)
            )
        except Exception as error:
            logger.error("socket.frame_failed", error=type(error).__name__, exc_info=error)
            await self._send(frames.error(code="internal", message=INTERNAL, retryable=True))

    async def _take(self, frame: Any) -> None:
        takers: dict[type, Callable[[Any], Awaitable[None]]] = {
            Resume: self._resume,
            UserMessage: self._message,
            TurnCancel: self._cancel,
            CallConfirm: self._confirm,
            CallWithdraw: self._withdraw,
            FeedbackFrame: self._feedback,
            HandoffRequest: self._handoff,
        }
        await takers[type(frame)](frame)

    async def _resume(self, frame: Resume) -> None:
        last = await in_thread(log.last_seq)(conversation_id=self.conversation.pk)
        self.sent_seq = min(frame.after_seq, last)
        await self._catch_up()
        turn_id = await in_thread(turn_rows.running_turn)(conversation_id=self.conversation.pk)
        if turn_id is not None:
            text = await runner.text_of(turn_id, conversation_id=self.conversation.pk)
            await self._send(frames.turn(turn_id=turn_id, state="running"))
            await self._send(frames.delta(turn_id=turn_id, offset=0, text=text))
        await self._send({"type": "resumed", "last_seq": self.sent_seq})
        if await in_thread(turn_rows.has_waiting)(conversation_id=self.conversation.pk):
            runner.start(self.conversation.pk)

    async def _message(self, frame: UserMessage) -> None:
        accepted = await in_thread(inbox.accept_message)(
            conversation=self.conversation,
            customer_id=self.holder.customer.pk,
            frame=frame,
            mandate=self.holder,
            origin=self.place.origin,
        )
        await self._send({"type": "ack", "seq": accepted.seq, "client_msg_id": str(frame.client_msg_id)})
        if accepted.turn_waits:
            runner.start(self.conversation.pk)

    async def _cancel(self, frame: TurnCancel) -> None:
        turn_id = str(frame.turn_id)
        state = await in_thread(turn_rows.cancel_turn)(conversation_id=self.conversation.pk, turn_id=frame.turn_id)
        if state is None:
            raise FrameError("not_found", "There is no such turn.", turn_id=turn_id)
        if state == Turn.State.RUNNING:
            await runner.cancel(frame.turn_id, conversation_id=self.conversation.pk)
        elif state != Turn.State.WAITING:
            raise FrameError("expired", "This turn has ended already.", turn_id=turn_id)

    async def _confirm(self, frame: CallConfirm) -> None:
        await self._check_call(frame.call_id)
        call = await self._decide(approvals.confirm, frame.call_id, digest=frame.digest)
        if call.state == State.EXPIRED:
            await self._catch_up()
            raise FrameError("expired", "This request has expired. Ask for it again.", call_id=str(frame.call_id))
        await self._show_call(frame.call_id)

    async def _withdraw(self, frame: CallWithdraw) -> None:
        await self._check_call(frame.call_id)
        await self._decide(approvals.withdraw, frame.call_id)
        await self._show_call(frame.call_id)

    async def _check_call(self, call_id: UUID) -> None:
        """Only calls of this conversation; everything else does not exist here."""
        known = await in_thread(log.latest_of_call)(conversation_id=self.conversation.pk, call_id=call_id)
        if known is None:
            raise FrameError("not_found", "There is no such request.", call_id=str(call_id))

    async def _decide(self, function: Callable[..., ToolCall], call_id: UUID, **given: str) -> ToolCall:
        try:
            return await in_thread(function)(call_id=call_id, customer=self.conversation.customer, **given)
        except DecisionError as error:
            raise FrameError(error.code, error.message, call_id=str(call_id)) from None

    async def _show_call(self, call_id: UUID) -> None:
        """The call's newest frame: as news where this socket has not had it, else once more to this socket alone."""
        had = self.sent_seq or 0
        await self._catch_up()
        frame = await in_thread(log.latest_of_call)(conversation_id=self.conversation.pk, call_id=call_id)
        if frame is not None and frame["seq"] <= had:
            await self._send(frame)

    async def _feedback(self, frame: FeedbackFrame) -> None:
        seq = await in_thread(inbox.accept_feedback)(conversation=self.conversation, frame=frame)
        await self._send({"type": "ack", "seq": seq})

    async def _handoff(self, frame: HandoffRequest) -> None:
        seq = await in_thread(handoff.request_person)(conversation_id=self.conversation.pk)
        if seq is not None:
            await self._send({"type": "ack", "seq": seq})

    # --- news from the log and from running turns ---------------------------------------------------------------

    async def durable_frames(self, event: dict[str, Any]) -> None:
        """Frames that were committed just now, or a hint that some were lost on the way: then the log is read."""
        if self.sent_seq is None:
            return
        for frame in event["frames"]:
            if frame["seq"] > self.sent_seq + 1:
                await self._look()
            if frame["seq"] == self.sent_seq + 1:
                await self._send_durable(frame)

    async def live_frame(self, event: dict[str, Any]) -> None:
        """A delta, a notice or a turn that began. What comes late for a turn that has ended is dropped."""
        frame = event["frame"]
        late = "turn_id" in frame and frame["turn_id"] == self.ended_turn
        if self.sent_seq is not None and not late:
            await self._send(frame)

    async def close_socket(self, event: dict[str, Any]) -> None:
        await self.close(event["code"])

    async def look_again(self, event: dict[str, Any]) -> None:
        """A hint may have been lost: read what is new."""
        if self.sent_seq is not None:
            await self._look()

    async def _look(self) -> None:
        """Catch up, or do it next time: a database that is away for a moment is no reason to lose the socket."""
        try:
            await self._catch_up()
        except DatabaseError as error:
            logger.warning("socket.not_caught_up", error=type(error).__name__)

    async def _catch_up(self) -> None:
        """Send everything of the log that this socket has not had, in order."""
        while found := await in_thread(log.read_after)(
            conversation_id=self.conversation.pk, after_seq=self.sent_seq or 0
        ):
            for frame in found:
                await self._send_durable(frame)

    async def _send_durable(self, frame: Frame) -> None:
        self.sent_seq = frame["seq"]
        if frame["type"] == "turn":
            self.ended_turn = frame["turn_id"]
        await self._send(frame)
        if frame["type"] == "turn" and (frame["error"] or {}).get("code") == "interrupted":
            # Who ran that turn is gone, and nobody else would begin those that wait behind it.
            runner.start(self.conversation.pk)

    async def _send(self, frame: Frame) -> None:
        await self.send(text_data=json.dumps(frame, ensure_ascii=False, separators=(",", ":")))


class NoSuchPath(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Every other websocket path: accepted and closed as not found, like a conversation that is not one's own."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)
        await in_thread(refusals.tell_refused)(scope=self.scope, outcome=str(NOT_FOUND))
