"""How long a session may be idle and how old it may get, in seconds."""

from __future__ import annotations

from django.conf import settings

# (idle, absolute): staff half an hour and twelve hours, customers a day and thirty days, unless the environment says.
STAFF_LIMITS = (1800, 43200)
CUSTOMER_LIMITS = (86400, 2592000)


def session_limits(*, is_staff: bool) -> tuple[int, int]:
    """(idle, absolute) limits in seconds."""
    idle, longest = STAFF_LIMITS if is_staff else CUSTOMER_LIMITS
    return settings.SESSION_IDLE_S or idle, settings.SESSION_MAX_S or longest
