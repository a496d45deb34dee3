"""One socket of one customer: translates frames into calls and rows into frames. It runs no turn and decides nothing.

Frames are handled one at a time, so nothing in here may wait for a model. Three tasks live as long as the socket: one
takes the peer's frames, one takes news and never waits, one sends (see outgoing).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer

from support_bot.chat import broadcast, frames, handoff, inbox, log, pace, refusals, sockets, turn_rows
from support_bot.chat.authority import Authority
from support_bot.chat.database import in_thread
from support_bot.chat.frames import Frame
from support_bot.chat.models import Conversation, Turn
from support_bot.chat.outgoing import Outgoing
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

SIGNED_OUT, NOT_FOUND, FAILED = 4401, 4404, 1011
INTERNAL = "Something went wrong on our side. Please try again."


class ChatConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """See protocol: hello, then nothing until `resume`, then durable frames in order and live ones between them."""

    conversation: Conversation
    holder: Authority
    place: Place
    outgoing: Outgoing
    entered = False
    request_id = ""
    frames_taken = 0

    # --- opening and closing ------------------------------------------------------------------------------------

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """However it ends: an error in here skips channels' `disconnect`, and a place kept would lock customers out."""
        self.scope, self.base_send = scope, send
        self.channel_layer = get_channel_layer()
        self.channel_name = await self.channel_layer.new_channel()
        self.frame_pace, self.repeat_pace = pace.of_frames(), pace.of_repeats()
        self.outgoing = Outgoing(
            send=lambda text: self.send(text_data=text), read=self._read_log, text_of=self._text_of, taken=self._taken
        )
        try:
            await _until_one_ends(self._take_frames(receive), self._take_news(), self.outgoing.run())
        except StopConsumer:
            pass
        except OSError:  # by ASGI what a server raises for a peer that is gone
            raise
        except Exception as error:  # the database or Redis is away for a moment: the peer is told, and comes back
            logger.error("socket.failed", error=type(error).__name__, exc_info=error)
            with suppress(Exception):  # it may be closed already
                async with asyncio.timeout(sockets.CLOSE_S):
                    await self.close(FAILED)
        finally:
            await self._leave()

    async def _take_frames(self, receive: Any) -> None:
        while True:
            await self.dispatch(await receive())

    async def _take_news(self) -> None:
        """What comes through the channel layer. Its queue has no bound, so nothing here may wait for the peer."""
        while True:
            news = await self.channel_layer.receive(self.channel_name)
            if news["type"] == "durable.frames":
                for frame in news["frames"]:
                    self.outgoing.durable(frame)
            elif news["type"] == "live.frame":
                self.outgoing.live(news["frame"])
            elif news["type"] == "look.again":
                self.outgoing.look()
            elif news["type"] == "close.socket":
                await self.close(news["code"])

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
        self.outgoing.answer(
            frames.hello(conversation_id=self.conversation.pk, last_seq=self.conversation.last_seq, model=model)
        )

    # --- frames of the client -----------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not self.entered:
            return
        await self.outgoing.room()
        self.frames_taken += 1
        origin.bind(request_id=f"{self.request_id}.{self.frames_taken}")
        with self.outgoing.held():
            await self._answer(text_data)

    async def _answer(self, text_data: str | None) -> None:
        try:
            self.frame_pace.take()
            if text_data is None:
                raise FrameError("bad_frame", "Binary frames are not understood; send JSON text.")
            frame = parse_frame(text_data)
            if not await sockets.still_stands(holder=self.holder, in_use=not isinstance(frame, Resume)):
                with suppress(OSError):  # by ASGI what a server raises for a peer that is gone
                    await self.close(SIGNED_OUT)
                return
            if self.outgoing.seq is None and not isinstance(frame, Resume):
                raise FrameError("bad_frame", "The first frame must be resume.")
            await self._take(frame)
        except FrameError as error:
            self.outgoing.answer(
                frames.error(code=error.code, message=error.message, retryable=error.retryable, **error.answers)
            )
        except Exception as error:
            logger.error("socket.frame_failed", error=type(error).__name__, exc_info=error)
            self.outgoing.answer(frames.error(code="internal", message=INTERNAL, retryable=True))

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
        if self.outgoing.seq is not None:
            self.repeat_pace.take(max(0, self.outgoing.seq - frame.after_seq))
        self.outgoing.rewind(min(frame.after_seq, last))
        await self.outgoing.caught_up()
        turn_id = await in_thread(turn_rows.running_turn)(conversation_id=self.conversation.pk)
        if turn_id is not None:
            self.outgoing.running(turn_id=str(turn_id), text=await self._text_of(str(turn_id)))
        self.outgoing.answer({"type": "resumed", "last_seq": self.outgoing.seq})
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
        self.outgoing.answer({"type": "ack", "seq": accepted.seq, "client_msg_id": str(frame.client_msg_id)})
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
            await self.outgoing.caught_up()
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
        had = self.outgoing.seq or 0
        await self.outgoing.caught_up()
        frame = await in_thread(log.latest_of_call)(conversation_id=self.conversation.pk, call_id=call_id)
        if frame is not None and frame["seq"] <= had:
            self.outgoing.answer(frame)

    async def _feedback(self, frame: FeedbackFrame) -> None:
        seq = await in_thread(inbox.accept_feedback)(conversation=self.conversation, frame=frame)
        self.outgoing.answer({"type": "ack", "seq": seq})

    async def _handoff(self, frame: HandoffRequest) -> None:
        seq = await in_thread(handoff.request_person)(conversation_id=self.conversation.pk)
        if seq is not None:
            self.outgoing.answer({"type": "ack", "seq": seq})

    # --- what the outgoing side asks for ------------------------------------------------------------------------

    async def _read_log(self, after_seq: int, limit: int) -> list[Frame]:
        return await in_thread(log.read_after)(conversation_id=self.conversation.pk, after_seq=after_seq, limit=limit)

    async def _text_of(self, turn_id: str) -> str:
        return await runner.text_of(UUID(turn_id), conversation_id=self.conversation.pk)

    def _taken(self, frame: Frame) -> None:
        if frame["type"] == "turn" and (frame["error"] or {}).get("code") == "interrupted":
            # Who ran that turn is gone, and nobody else would begin those that wait behind it.
            runner.start(self.conversation.pk)


async def _until_one_ends(*parts: Coroutine[Any, Any, None]) -> None:
    """Run them side by side; when one ends, end the others and raise what it raised."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class NoSuchPath(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Every other websocket path: accepted and closed as not found, like a conversation that is not one's own."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(NOT_FOUND)
        await in_thread(refusals.tell_refused)(scope=self.scope, outcome=str(NOT_FOUND))
