"""What the models may cost in a day: tokens as the providers counted them, summed from the committed steps.

The sums lie in the database alone, so that no restart and no flush of Redis gives anybody a new day.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import F, QuerySet, Sum

from support_bot.chat.models import Step


def is_spent(*, customer_id: int, now: datetime) -> bool:
    """Whether this customer, or everybody together, has used up the tokens of the day that `now` is in."""
    today = Step.objects.filter(created_at__gte=now.replace(hour=0, minute=0, second=0, microsecond=0))
    own, total = settings.DAILY_TOKENS, settings.DAILY_TOKENS_TOTAL
    if own is not None and _tokens(today.filter(turn__conversation__customer_id=customer_id)) >= own:
        return True
    return total is not None and _tokens(today) >= total


def _tokens(steps: QuerySet[Step]) -> int:
    found: int | None = steps.aggregate(tokens=Sum(F("input_tokens") + F("output_tokens")))["tokens"]
    return found or 0
