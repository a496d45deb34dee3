"""`/healthz`: the process answers. `/readyz`: what it needs answers too, as numbers a monitor can read."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from kombu import Connection

from tools import health

log = structlog.get_logger(__name__)

# Seconds above which a worker counts as deaf and an approved call as stuck.
HEARTBEAT_MAX_S = 60.0
OUTBOX_MAX_S = 120.0


@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 or 503 with `database` and `broker` (true/false), `worker_heartbeat_age_s` and `outbox_age_s` (s or null)."""
    ages = _ages()
    broker = _broker_answers()
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


def _ages() -> tuple[float | None, float | None] | None:
    try:
        return health.heartbeat_age_s(), health.outbox_age_s()
    except Exception as error:  # whatever a driver raises when its server is away
        log.warning("ready.database_away", error=type(error).__name__)
        return None


def _broker_answers() -> bool:
    if not settings.REDIS_URL:
        return True  # the broker is this process
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except Exception as error:  # whatever the transport raises
        log.warning("ready.broker_away", error=type(error).__name__)
        return False
    return True
