"""Ends requests whose time is over by the database's clock."""

from __future__ import annotations

import structlog

from tools import audit
from tools.models import ToolCall
from tools.moves import LostRace, database_now, move_call
from tools.states import WAITING_STATES, State

log = structlog.get_logger(__name__)


def expire_due(*, limit: int = 200) -> int:
    """End the waiting calls whose time is over by the database's clock. Returns how many."""
    now = database_now()
    ended = 0
    late = ToolCall.objects.filter(effect="write", state__in=WAITING_STATES, expires_at__lte=now)
    for call in late.order_by("expires_at")[:limit]:
        try:
            move_call(call=call, to=State.EXPIRED, actor=audit.CLOCK, now=now, reason=_too_late(call))
            ended += 1
        except LostRace:
            log.info("call.expiry_lost_race", call_id=str(call.pk))
        except Exception as error:  # whatever keeps one call must not keep the others
            log.error("call.expiry_failed", call_id=str(call.pk), error=type(error).__name__, exc_info=error)
    return ended


def _too_late(call: ToolCall) -> str:
    reasons = {
        State.AWAITING_CONFIRMATION: "It was not confirmed in time.",
        State.AWAITING_VERIFICATION: "The link sent by e-mail was not used in time.",
        State.AWAITING_APPROVAL: "It was not decided in time.",
    }
    return reasons.get(State(call.state), "It could not be carried out in time.")
