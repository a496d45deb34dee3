"""Who a tool runs for. Made from the session by us; nothing in it can come from a model's arguments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tracking.models import Customer


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The signed-in customer, where they speak, and the time of the call."""

    customer: Customer
    conversation_id: UUID | None
    turn_id: UUID | None
    now: datetime
