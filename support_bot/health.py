"""`/healthz`: the process answers. `/readyz`: what it needs answers too, as numbers a monitor can read."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from support_bot.reachable import broker_answers, from_database
from tools import health
from tools.health import HEARTBEAT_MAX_S, OUTBOX_MAX_S


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 or 503 with `database` and `broker` (true/false), `worker_heartbeat_age_s` and `outbox_age_s` (s or null)."""
    ages = from_database(_ages)
    broker = broker_answers()
    heartbeat, outbox = ages if ages is not None else (None, None)
    good = (
        ages is not None
        and broker
        and heartbeat is not None
        and heartbeat <= HEARTBEAT_MAX_S
        and (outbox or 0) <= OUTBOX_MAX_S
    )
    body = {
        "database": ages is not None,
        "broker": broker,
        "worker_heartbeat_age_s": heartbeat,
        "outbox_age_s": outbox,
    }
    return JsonResponse(body, status=200 if good else 503)


def _ages() -> tuple[float | None, float | None]:
    return health.heartbeat_age_s(), health.outbox_age_s()
