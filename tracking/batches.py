"""Works through many rows in small transactions: a long run holds no lock for long and may be killed anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)

BATCH = 500


def in_batches(*, rows: QuerySet[Row], change: Callable[[QuerySet[Row]], Any], size: int = BATCH) -> Iterator[int]:
    """Apply `change` to all of `rows`, one transaction for each `size` of them; yields how many each took.

    The rows are locked and then asked for again: one that no longer fits by then is left alone.
    """
    last: Any = None
    while True:
        following = rows.order_by("pk") if last is None else rows.filter(pk__gt=last).order_by("pk")
        keys = list(following.values_list("pk", flat=True)[:size])
        if not keys:
            return
        with transaction.atomic():
            chosen = rows.model._default_manager.filter(pk__in=keys)
            list(chosen.select_for_update().order_by("pk").values_list("pk", flat=True))
            still = list(rows.filter(pk__in=keys).order_by().values_list("pk", flat=True))
            change(rows.model._default_manager.filter(pk__in=still))
        yield len(still)
        last = keys[-1]
