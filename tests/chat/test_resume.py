"""A turn whose process died goes on from its last committed step, as if nobody had died; or it ends honestly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from support_bot.chat import authority, frames, inbox, leases, log, prompt, turn_rows, turns
from support_bot.chat.live import LiveTurn
from support_bot.chat.models import Conversation, Step, Turn
from support_bot.chat.turn_rows import Claimed
from support_bot.llm.base import Done, Prompt, ToolCallRequest, ToolResultMessage, Usage
from tools.context import ToolContext
from tools.models import ToolCall
from tools.states import State
from tracking.models import Customer

pytestmark = pytest.mark.django_db

LOOK = ToolCallRequest(id="c1", name="get_my_profile", arguments="{}")
MOVE = ToolCallRequest(id="c2", name="update_profile", arguments='{"city": "Bremen"}')
NONSENSE = ToolCallRequest(id="c3", name="no_such_tool", arguments="{}")


def here(function: Callable[..., Any]) -> Callable[..., Any]:
    """in_thread on the test's own thread: another one would not see what the test has written."""
    return sync_to_async(function, thread_sensitive=True)


@dataclass
class Model:
    """Says what it is told to, and keeps what it was asked."""

    answers: list[tuple[str, tuple[ToolCallRequest, ...]]] = field(default_factory=list)
    asked: list[Prompt] = field(default_factory=list)

    async def ask(self, full_prompt: Prompt, live: LiveTurn, deadline: float) -> Done:
        self.asked.append(full_prompt)
        said, calls = self.answers.pop(0)
        live.add(("\n\n" if live.text else "") + said)
        return Done("tool_calls" if calls else "stop", calls=calls)

    def told(self) -> list[str]:
        """The results of tools in the newest request."""
        return [message.content for message in self.asked[-1].messages if isinstance(message, ToolResultMessage)]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Model:
    made = Model()
    monkeypatch.setattr(turns, "in_thread", here)
    monkeypatch.setattr(turns, "ask", made.ask)
    return made


@pytest.fixture
def talk(alice: Customer) -> Conversation:
    return inbox.open_conversation(customer=alice, now=timezone.now())


def begun(talk: Conversation) -> Claimed:
    """A turn that another process has claimed."""
    turn_id, now = uuid4(), timezone.now()
    said = frames.message(author="customer", text="Hi", created_at=now, turn_id=turn_id, client_msg_id=uuid4())
    (numbered,) = log.append(conversation_id=talk.pk, frames=[said], now=now)
    mandate = authority.of_account(customer_id=talk.customer_id)
    assert mandate is not None
    Turn.objects.create(
        id=turn_id, conversation=talk, message_seq=numbered["seq"], rights=mandate.rights, created_at=now
    )
    claimed = leases.claim_next(conversation_id=talk.pk)
    assert claimed is not None
    return claimed


def step(turn: Claimed, number: int, text: str, *calls: ToolCallRequest) -> list[ToolCall]:
    """A step that process committed."""
    customer = turn_rows.customer_of(conversation_id=turn.conversation_id)
    ctx = ToolContext(customer=customer, conversation_id=turn.conversation_id, turn_id=turn.turn_id, now=timezone.now())
    admitted = turn_rows.commit_step(turn=turn, ctx=ctx, number=number, text=text, calls=calls, usage=Usage(), run=True)
    return [answer.call for answer in admitted]


def die(turn: Claimed) -> None:
    """Its process is gone and its lease is over."""
    Turn.objects.filter(pk=turn.turn_id).update(lease_until=timezone.now() - timedelta(seconds=1))


def go_on(turn: Claimed) -> list[dict[str, Any]]:
    """Another process takes the turn up and runs it to its end. Returns the live frames that it sent."""
    claimed = leases.claim_next(conversation_id=turn.conversation_id)
    assert claimed is not None
    assert claimed.turn_id == turn.turn_id
    sent: list[dict[str, Any]] = []

    async def send(frame: dict[str, Any]) -> None:
        sent.append(frame)

    async_to_sync(turns.run_turn)(turn=claimed, live=LiveTurn(turn=claimed, send=send))
    return sent


def outcome(turn: Claimed) -> tuple[str, str, list[str]]:
    """State, error and what the assistant said."""
    row = Turn.objects.get(pk=turn.turn_id)
    told = log.read_after(conversation_id=turn.conversation_id, after_seq=0)
    return row.state, row.error, [frame["text"] for frame in told if frame.get("author") == "assistant"]


def test_an_answer_that_was_committed_needs_only_its_end(talk: Conversation, model: Model):
    turn = begun(talk)
    step(turn, 1, "All is well.")
    die(turn)

    go_on(turn)

    assert outcome(turn) == ("done", "", ["All is well."])
    assert model.asked == []


def test_a_step_that_was_not_committed_is_asked_for_again_and_its_text_is_cut(talk: Conversation, model: Model):
    turn = begun(talk)
    step(turn, 1, "Let me see.", LOOK)
    model.answers = [("You live in Berlin.", ())]
    die(turn)

    sent = go_on(turn)

    assert outcome(turn) == ("done", "", ["Let me see.\n\nYou live in Berlin."])
    deltas = [(frame["offset"], frame["text"]) for frame in sent if frame["type"] == "delta"]
    assert deltas[0] == (0, "")
    assert deltas[1][0] == 0
    assert deltas[1][1].startswith("Let me see.")


def test_a_read_that_was_not_answered_is_run_by_who_goes_on(talk: Conversation, model: Model):
    turn = begun(talk)
    (call,) = step(turn, 1, "", LOOK)
    model.answers = [("Done.", ())]
    die(turn)

    go_on(turn)

    call.refresh_from_db()
    assert call.state == State.SUCCEEDED
    assert [told.startswith('{"ok":true') for told in model.told()] == [True]
    assert Step.objects.get(turn_id=turn.turn_id, number=1).calls[0]["told"]["ok"] is True


def test_a_read_that_ended_but_was_not_told_is_run_again_and_moves_no_more(talk: Conversation, model: Model):
    turn = begun(talk)
    (call,) = step(turn, 1, "", LOOK)
    ToolCall.objects.filter(pk=call.pk).update(state=State.SUCCEEDED, version=2)
    model.answers = [("Done.", ())]
    die(turn)

    go_on(turn)

    call.refresh_from_db()
    assert (call.state, call.version) == (State.SUCCEEDED, 2)
    assert [told.startswith('{"ok":true') for told in model.told()] == [True]
    assert outcome(turn)[0] == "done"


def test_a_request_that_was_committed_is_not_made_a_second_time(talk: Conversation, model: Model):
    turn = begun(talk)
    (call,) = step(turn, 1, "", MOVE)
    model.answers = [("It is prepared.", ())]
    die(turn)

    go_on(turn)

    assert [row.pk for row in ToolCall.objects.filter(effect="write")] == [call.pk]
    assert [str(call.pk) in told for told in model.told()] == [True]
    assert outcome(turn) == ("done", "", ["It is prepared."])


def test_two_calls_for_the_same_request_keep_their_own_answers(talk: Conversation, model: Model):
    turn = begun(talk)
    first, second = step(turn, 1, "", MOVE, LOOK, MOVE)[::2]
    model.answers = [("It is prepared.", ())]
    die(turn)

    go_on(turn)

    assert first.pk == second.pk
    assert [str(first.pk) in told for told in model.told()] == [True, False, True]


def test_errors_of_a_model_that_does_not_learn_count_on(talk: Conversation, model: Model):
    turn = begun(talk)
    step(turn, 1, "", NONSENSE)
    model.answers = [("", (NONSENSE,))]
    die(turn)

    go_on(turn)

    assert outcome(turn)[:2] == ("failed", "too_many_steps")


def test_steps_count_on(talk: Conversation, model: Model, settings: Any):
    settings.TURN_MAX_STEPS = 2
    turn = begun(talk)
    step(turn, 1, "One.", LOOK)
    model.answers = [("Two.", (LOOK,))]
    die(turn)

    go_on(turn)

    assert outcome(turn) == ("failed", "too_many_steps", ["One.\n\nTwo."])
    assert len(model.asked) == 1


def test_nothing_goes_on_where_the_session_ended_meanwhile(talk: Conversation, model: Model):
    turn = begun(talk)
    step(turn, 1, "Let me see.", LOOK)
    die(turn)
    User.objects.filter(username="alice").update(is_active=False)

    go_on(turn)

    assert outcome(turn) == ("failed", "not_permitted", ["Let me see."])
    assert (model.asked, ToolCall.objects.get().state) == ([], State.FAILED)


def test_stop_counts_while_nobody_holds_the_turn(talk: Conversation, model: Model):
    turn = begun(talk)
    step(turn, 1, "Let me see.", LOOK)
    die(turn)
    turn_rows.cancel_turn(conversation_id=talk.pk, turn_id=turn.turn_id)

    go_on(turn)

    assert outcome(turn) == ("cancelled", "", ["Let me see."])
    assert model.asked == []


def test_what_kills_each_process_that_runs_it_is_ended_unseen(
    talk: Conversation, model: Model, monkeypatch: pytest.MonkeyPatch
):
    begun_reads: list[Any] = []
    monkeypatch.setattr(turns, "_run_one", lambda *given: begun_reads.append(given))
    turn = begun(talk)
    step(turn, 1, "Let me see.", LOOK)
    for _ in range(leases.MAX_CLAIMS - 1):
        die(turn)
        leases.claim_next(conversation_id=talk.pk)
    die(turn)

    go_on(turn)

    assert outcome(turn) == ("failed", "interrupted", ["Let me see."])
    assert (model.asked, begun_reads, ToolCall.objects.get().state) == ([], [], State.FAILED)


def test_a_turn_whose_time_is_over_is_not_gone_on_with(talk: Conversation, model: Model):
    turn = begun(talk)
    step(turn, 1, "Let me see.", MOVE)
    Turn.objects.update(started_at=timezone.now() - timedelta(seconds=61))
    die(turn)

    go_on(turn)

    assert outcome(turn) == ("failed", "interrupted", ["Let me see."])
    assert model.asked == []


def test_the_next_turn_has_a_history_without_open_calls(talk: Conversation, model: Model):
    turn = begun(talk)
    step(turn, 1, "", LOOK)
    Turn.objects.update(started_at=timezone.now() - timedelta(seconds=61))
    die(turn)
    go_on(turn)
    later = begun(talk)

    built = prompt.build_prompt(
        conversation_id=talk.pk,
        turn_id=later.turn_id,
        message_seq=later.message_seq,
        first_name="Alice",
        now=timezone.now(),
        tools=(),
    )

    (told,) = [message for message in built.messages if isinstance(message, ToolResultMessage)]
    assert told.call_id == "c1"


def test_a_database_that_is_away_for_a_moment_costs_no_answer(
    talk: Conversation, model: Model, monkeypatch: pytest.MonkeyPatch
):
    turn = begun(talk)
    die(turn)
    with monkeypatch.context() as patch:
        patch.setattr(turn_rows, "commit_step", lambda **_: raise_away())
        model.answers = [("Hello.", ())]
        go_on(turn)
    still = Turn.objects.get(pk=turn.turn_id).state
    die(turn)
    model.answers = [("Hello.", ())]

    go_on(turn)

    assert still == Turn.State.RUNNING
    assert outcome(turn) == ("done", "", ["Hello."])


def raise_away() -> None:
    raise OperationalError("the connection is lost")
