"""Owns the turns that run in this process. A socket only asks it to look for work, and may go away at any time.

Each process that has one, web or worker, also looks in the database for turns that nobody runs: those of a process
that died or is stopping. No broker and no schedule is needed for that.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from django.conf import settings

from support_bot.chat import authority, broadcast, leases
from support_bot.chat.database import in_thread
from support_bot.chat.live import LiveTurn
from support_bot.chat.turn_rows import Claimed
from support_bot.chat.turns import run_turn

log = structlog.get_logger(__name__)

# How long a socket waits for the text of a turn that runs in another process.
ASK_S = 1.0
RETRY_S = 1.0
# An open answer stops within this, and a moment for the database, of the end of its session.
WATCH_S = 2.0


class Runner:
    """One per process. `start` is idempotent: a conversation is driven by one task here at most."""

    def __init__(self) -> None:
        self._driving: dict[UUID, asyncio.Task[None]] = {}
        self._again: set[UUID] = set()
        self._running: dict[UUID, LiveTurn] = {}
        self._unwanted: set[UUID] = set()  # cancelled between the claim and the start
        self._mailbox: str | None = None
        self._background: list[asyncio.Task[None]] = []
        self._draining = False

    # --- life of the process ------------------------------------------------------------------------------------

    async def open(self) -> None:
        self._draining = False
        self._background = [
            asyncio.create_task(self._renew_leases()),
            asyncio.create_task(self._watch_mandates()),
            asyncio.create_task(self._read_mailbox()),
            asyncio.create_task(self._look_for_turns()),
        ]

    async def drain(self, seconds: float) -> None:
        """Begin no turn any more, let the running ones finish, and hand over what does not finish in time."""
        self._draining = True
        tasks = list(self._driving.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        left = [(turn_id, live.turn.fence) for turn_id, live in self._running.items()]
        for task in [*self._background, *self._driving.values()]:
            task.cancel()
        await asyncio.gather(*self._background, *self._driving.values(), return_exceptions=True)
        if left:
            await self._hand_over(left)

    async def _hand_over(self, turns: list[leases.Held]) -> None:
        try:
            await in_thread(leases.hand_over)(turns=turns)
            log.info("turns.handed_over", count=len(turns))
        except Exception as error:  # their leases run out, which comes to the same
            log.warning("turns.not_handed_over", count=len(turns), error=type(error).__name__)

    # --- work ---------------------------------------------------------------------------------------------------

    def start(self, conversation_id: UUID) -> None:
        """Look for turns of this conversation that nobody runs, and run them one after the other."""
        if self._draining:
            return
        if conversation_id in self._driving:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._drive(conversation_id))
        self._driving[conversation_id] = task
        task.add_done_callback(partial(self._driven, conversation_id))

    def _driven(self, conversation_id: UUID, task: asyncio.Task[None]) -> None:
        self._driving.pop(conversation_id, None)
        if not self._driving:
            self._unwanted.clear()
        if conversation_id in self._again:
            self._again.discard(conversation_id)
            self.start(conversation_id)

    async def _drive(self, conversation_id: UUID) -> None:
        await self._membership("group_add", conversation_id)  # before the claim: who sees a turn run can reach us
        try:
            await self._drive_turns(conversation_id)
        finally:
            await self._membership("group_discard", conversation_id)

    async def _drive_turns(self, conversation_id: UUID) -> None:
        while not self._draining:
            try:
                turn = await in_thread(leases.claim_next)(conversation_id=conversation_id)
            except Exception as error:  # the database is away for a moment: the message is stored, so try again
                log.warning("turn.claim_failed", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
                continue
            if turn is None:
                return
            await self._run(turn)

    async def _run(self, turn: Claimed) -> None:
        live = LiveTurn(turn=turn, send=lambda frame: self._stream(turn.conversation_id, frame))
        self._running[turn.turn_id] = live
        if turn.turn_id in self._unwanted:
            live.cancel()
        try:
            await run_turn(turn=turn, live=live)
        finally:
            self._running.pop(turn.turn_id, None)

    async def _stream(self, conversation_id: UUID, frame: dict[str, Any]) -> None:
        await broadcast.stream(conversation_id=conversation_id, frame=frame)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(settings.TURN_LEASE_S / 3)
            held = {turn_id: live.turn.fence for turn_id, live in self._running.items()}
            if not held:
                continue
            try:
                not_ours = await in_thread(leases.renew)(turns=list(held.items()))
            except Exception as error:  # tried again well before the lease is over
                log.warning("turn.lease_not_renewed", error=type(error).__name__)
                continue
            for turn_id in not_ours:
                if live := self._running.get(turn_id):
                    live.cancel()

    async def _look_for_turns(self) -> None:
        """Take up what a process that died left running, and what waits behind it or was never begun."""
        while True:
            try:
                for conversation_id in await in_thread(leases.adrift)():
                    self.start(conversation_id)
            except Exception as error:  # the database is away for a moment
                log.warning("turns.not_looked_for", error=type(error).__name__)
            await asyncio.sleep(settings.SWEEP_S)

    async def _watch_mandates(self) -> None:
        """Stop the turns whose session ended or whose account's rights changed, also in the middle of an answer."""
        while True:
            await asyncio.sleep(WATCH_S)
            held = {pk: (live.turn, live.turn.customer_id) for pk, live in self._running.items()}
            if not held:
                continue
            try:
                standing = await in_thread(authority.still_standing)(mandates=held)
            except Exception as error:  # asked again in a moment, and before every step and call
                log.warning("turn.mandate_unknown", error=type(error).__name__)
                continue
            for turn_id in held.keys() - standing:
                if live := self._running.get(turn_id):
                    live.revoke()

    def revoke(self, *, session: str) -> None:
        """A session has been signed out: stop what it asked for here. `session`: see authority.name_of."""
        for live in list(self._running.values()):
            if authority.name_of(session_key=live.turn.session_key) == session:
                live.revoke()

    # --- questions from sockets, here or in another process -----------------------------------------------------

    async def cancel(self, turn_id: UUID, *, conversation_id: UUID) -> None:
        """Stop a running turn, wherever it runs."""
        if live := self._running.get(turn_id):
            live.cancel()
        else:
            if self._driving:
                self._unwanted.add(turn_id)
            await self._post(conversation_id, {"type": "turn.cancel", "turn_id": str(turn_id)})

    async def text_of(self, turn_id: UUID, *, conversation_id: UUID) -> str:
        """What a running turn has said so far; empty where nobody answers within a second."""
        if live := self._running.get(turn_id):
            return live.text
        layer = get_channel_layer()
        if layer is None or not settings.REDIS_URL:
            return ""
        try:
            async with asyncio.timeout(ASK_S):
                answer_to = await layer.new_channel()
                question = {"type": "turn.text", "turn_id": str(turn_id), "answer_to": answer_to}
                await self._post(conversation_id, question)
                answer = await layer.receive(answer_to)
                return str(answer["text"])
        except Exception as error:  # no answer in time, or Redis is away: the final message settles it
            log.info("turn.text_unknown", turn_id=str(turn_id), error=type(error).__name__)
            return ""

    async def _post(self, conversation_id: UUID, message: dict[str, Any]) -> None:
        layer = get_channel_layer()
        if layer is not None and settings.REDIS_URL:
            await layer.group_send(_group(conversation_id), message)

    async def _membership(self, verb: str, conversation_id: UUID) -> None:
        layer = get_channel_layer()
        if layer is None or self._mailbox is None:
            return
        try:
            await getattr(layer, verb)(_group(conversation_id), self._mailbox)
        except Exception as error:  # without Redis the turn still runs; only other processes cannot ask about it
            log.warning("turn.mailbox_unknown", error=type(error).__name__)

    async def _read_mailbox(self) -> None:
        """Answer other processes. Without Redis there are none."""
        layer = get_channel_layer()
        if layer is None or not settings.REDIS_URL:
            return
        while True:
            try:
                self._mailbox = self._mailbox or await layer.new_channel()
                await self._answer(layer, await layer.receive(self._mailbox))
            except Exception as error:
                log.warning("turn.mailbox_lost", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _answer(self, layer: Any, message: dict[str, Any]) -> None:
        turn_id = UUID(message["turn_id"])
        live = self._running.get(turn_id)
        if message["type"] == "turn.cancel" and live is None and self._driving:
            self._unwanted.add(turn_id)
        elif live is None:
            return
        elif message["type"] == "turn.cancel":
            live.cancel()
        elif message["type"] == "turn.text":
            await layer.send(message["answer_to"], {"text": live.text})


def _group(conversation_id: UUID) -> str:
    return f"turns.{conversation_id.hex}"


runner = Runner()
