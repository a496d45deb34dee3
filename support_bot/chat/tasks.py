"""Ends the turns of processes that died, and purges what is old. Runs in the worker, on a queue of its own."""

from __future__ import annotations

import structlog
from celery import shared_task

from support_bot.chat import retention, turn_rows
from support_bot.chat.retention import Purged
from support_bot.chat.turn_rows import Ending
from support_bot.chat.turns import NOTES
from tools.moves import database_now

log = structlog.get_logger(__name__)

# Seconds: a night's purge is done in pieces, so that it never holds up what else waits in this queue.
PURGE_S = 20.0


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


@shared_task(name="support_bot.chat.tasks.purge")
def purge() -> None:
    """What the rules of retention say, a piece at a time until nothing is left to do."""
    if not retention.purge(now=database_now(), tell=_tell, seconds=PURGE_S):
        purge.delay()


def _tell(purged: Purged) -> None:
    if purged.count:
        log.info("retention.purged", table=purged.rule.table, count=purged.count)
