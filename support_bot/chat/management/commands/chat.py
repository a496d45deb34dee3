"""Talks in the terminal with the same engine as the browser: same log, turns, gateway and requests."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from support_bot.chat import inbox, leases, log, turn_rows
from support_bot.chat.authority import Authority, of_account
from support_bot.chat.frames import Frame
from support_bot.chat.live import LiveTurn
from support_bot.chat.models import Conversation
from support_bot.chat.protocol import FrameError, UserMessage
from support_bot.chat.providers import current_providers
from support_bot.chat.turns import run_turn
from tools import approvals, gateway
from tools.approvals import DecisionError
from tools.models import ToolCall
from tools.states import State
from tools.textview import visible
from tracking.models import Customer


class Command(BaseCommand):
    help = "Talk to the assistant in the terminal. An empty line or Ctrl-D ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as", dest="username", required=True, help="user name of the customer, e.g. alice")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        known = Customer.objects.filter(user=user).first() if user else None
        mandate = of_account(customer_id=known.pk) if known else None
        if mandate is None:
            raise CommandError(f"There is no active customer with the user name {options['username']!r}.")
        customer = mandate.customer
        conversation = inbox.open_conversation(customer=customer, now=timezone.now())
        self.stdout.write(f"{current_providers()[0].label}. An empty line ends the talk.")
        while text := self._ask("> ").strip():
            self._turn(conversation, mandate, text)
            for call in gateway.open_requests(customer_id=customer.pk, conversation_id=conversation.pk):
                if call.state == State.AWAITING_CONFIRMATION:
                    self._confirm(call, customer)

    def _ask(self, question: str) -> str:
        try:
            return input(question)
        except (EOFError, KeyboardInterrupt):
            self.stdout.write("")
            return ""

    def _turn(self, conversation: Conversation, mandate: Authority, text: str) -> None:
        before = log.last_seq(conversation_id=conversation.pk)
        frame = UserMessage(type="user.message", client_msg_id=str(uuid4()), text=text)  # type: ignore[arg-type]  # read by the model
        try:
            inbox.accept_message(
                conversation=conversation, customer_id=mandate.customer.pk, frame=frame, mandate=mandate
            )
        except FrameError as error:
            self.stderr.write(error.message)
            return
        # Nobody renews the lease here: it is held for all the time that a turn can take.
        claimed = leases.claim_next(conversation_id=conversation.pk, lease_s=settings.TURN_TIMEOUT_S * 2)
        if claimed is not None:
            asyncio.run(self._run(claimed))
        for news in log.read_after(conversation_id=conversation.pk, after_seq=before):
            self._show(news)

    async def _run(self, claimed: turn_rows.Claimed) -> None:
        async def silent(frame: Frame) -> None:
            """The terminal shows a turn when it has ended."""

        await run_turn(turn=claimed, live=LiveTurn(turn=claimed, send=silent))

    def _show(self, frame: Frame) -> None:
        if frame["type"] == "message" and frame["author"] != "customer":
            self._say(f"{frame['author']}: {frame['text']}")
        elif frame["type"] == "call" and frame["effect"] == "read" and frame["state"] == "running":
            self._say(f"  {frame['label']}")

    def _say(self, text: str) -> None:
        """What a terminal would take for a command of its own is shown as a code."""
        self.stdout.write(visible(text, keep_lines=True))

    def _confirm(self, call: ToolCall, customer: Customer) -> None:
        self._say(f"\n  {call.summary}")
        for change in call.changes:
            self._say(f"    {change['label']}: {change['before'] or '-'} -> {change['after'] or '-'}")
        agreed = self._ask("  Confirm? [y/N] ").strip().lower() in ("y", "yes")
        try:
            if agreed:
                call = approvals.confirm(call_id=call.pk, customer=customer, digest=call.digest)
            else:
                call = approvals.withdraw(call_id=call.pk, customer=customer)
        except DecisionError as error:
            self.stderr.write(error.message)
            return
        self.stdout.write(f"  {State(call.state).label}")
