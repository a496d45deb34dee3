"""Ends the turns of processes that died. Runs in the worker, on a queue of its own."""

from __future__ import annotations

from celery import shared_task

from support_bot.chat import turn_rows
from support_bot.chat.turn_rows import Ending
from support_bot.chat.turns import NOTES


@shared_task(name="support_bot.chat.tasks.sweep")
def sweep() -> None:
    """A running turn whose lease ran out has no process any more: say so, so that the next message gets its turn."""
    for turn_id, fence, _ in turn_rows.expired_turns():
        ending = Ending(
            state="failed",
            text=turn_rows.text_so_far(turn_id=turn_id),
            error="interrupted",
            note=NOTES["interrupted"],
        )
        turn_rows.end_turn(turn_id=turn_id, fence=fence, ending=ending)
