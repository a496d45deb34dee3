"""The queue of requests as a CSV file, sent while it is read: no number of rows fills the memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from tools import audit, csvfile
from tools.models import Approval
from tools.moves import database_now
from tools.ratelimit import hit

COLUMNS = (
    *("call_id", "requested_at", "expires_at", "decided_at", "customer", "tool", "state", "record", "summary"),
    *("changes", "approvals", "needed", "flagged"),
)
AT_ONCE = 250
# A person, not a machine that copies the queue all day.
RATE = "10/minute"


def response(request: HttpRequest, *, rows: QuerySet[Any]) -> HttpResponseBase:
    """A download of these approvals, oldest first. Who took it is on record before the first byte leaves."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    wait = hit(rate=RATE, name="exports", key=str(request.user.pk))
    if wait is not None:
        refused = HttpResponse(f"Too many exports. Please wait {wait} seconds.", status=429, content_type="text/plain")
        refused["Retry-After"] = str(wait)
        return refused
    now = database_now()
    # The names of the filters alone: what was searched for may be somebody's name.
    audit.record(
        event="queue.exported",
        actor=audit.user_actor(request.user.pk),
        outcome="begun",
        now=now,
        filters=sorted(name[:32] for name in request.GET),
    )
    answer = StreamingHttpResponse(_pieces(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="requests-{now:%Y%m%d-%H%M%S}.csv"'
    return answer


async def _pieces(rows: QuerySet[Any]) -> AsyncIterator[str]:
    yield csvfile.lines([COLUMNS])
    last: Approval | None = None
    while page := await sync_to_async(_page)(rows, last):
        yield csvfile.lines(map(_row, page))
        last = page[-1]


def _page(rows: QuerySet[Any], last: Approval | None) -> list[Any]:
    """The rows after `last`; asked for by their place, so that the thousandth page costs what the first does."""
    ordered = rows.order_by("created_at", "pk")
    if last is not None:
        ordered = ordered.filter(Q(created_at__gt=last.created_at) | Q(created_at=last.created_at, pk__gt=last.pk))
    return list(ordered[:AT_ONCE])


def _row(approval: Any) -> list[object]:
    call = approval.call
    changes = [f"{change['field']}: {change['before']} -> {change['after']}" for change in call.changes]
    moments = (approval.created_at, call.expires_at, approval.decided_at)
    times = [moment.isoformat() if moment else "" for moment in moments]
    flagged = "yes" if call.provenance.get("flagged") else ""
    about = [call.customer.name, call.tool, call.state, call.record, call.summary, "; ".join(changes)]
    return [call.pk, *times, *about, approval.have, approval.need, flagged]
