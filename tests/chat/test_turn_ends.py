"""What a turn that did not end well leaves behind: nothing that still looks as if it ran."""

from __future__ import annotations

import threading
from time import monotonic
from uuid import uuid4

import pytest
from django.utils import timezone

from support_bot.chat import inbox, log, turn_rows, turns
from support_bot.chat.attempt import Stopped
from support_bot.chat.models import Turn
from support_bot.chat.turn_rows import Ending
from tools.context import ToolContext
from tools.gateway import Admitted
from tools.models import ToolCall
from tools.states import State
from tracking.models import Customer

pytestmark = pytest.mark.django_db


def test_the_reads_that_a_turn_leaves_behind_are_ended_with_it(alice: Customer):
    now = timezone.now()
    conversation = inbox.open_conversation(customer=alice, now=now)
    turn = Turn.objects.create(
        conversation=conversation, message_seq=1, state=Turn.State.RUNNING, fence=1, created_at=now
    )
    of_turn = {"customer": alice, "conversation_id": conversation.pk, "turn_id": turn.pk, "created_at": now}
    left = ToolCall.objects.create(tool="check_package", state=State.RUNNING, **of_turn)
    ended = ToolCall.objects.create(tool="get_order", state=State.SUCCEEDED, **of_turn)

    ending = Ending(state="failed", text="", error="interrupted", note="Interrupted.")
    turn_rows.end_turn(turn_id=turn.pk, fence=1, ending=ending)

    left.refresh_from_db()
    ended.refresh_from_db()
    assert (left.state, left.reason, ended.state) == (State.FAILED, "unavailable", State.SUCCEEDED)
    kinds = [frame["type"] for frame in log.read_after(conversation_id=conversation.pk, after_seq=0)]
    assert kinds == ["call", "message", "turn"]


async def test_a_tool_that_hangs_takes_no_more_than_the_turns_time(monkeypatch: pytest.MonkeyPatch):
    freed = threading.Event()
    monkeypatch.setattr(turns, "_run_one", lambda ctx, answer: freed.wait(30))
    ctx = ToolContext(customer=Customer(), conversation_id=None, turn_id=uuid4(), now=timezone.now())
    hangs = Admitted(call=ToolCall(), told=None)

    try:
        with pytest.raises(Stopped) as stopped:
            await turns._run_reads(ctx, [hangs, hangs], monotonic() + 0.05)
    finally:
        freed.set()

    assert (stopped.value.state, stopped.value.error) == ("failed", "timeout")
