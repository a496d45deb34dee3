"""The container's health check: exit 0 where the web server or the worker hears, else 1. It repairs nothing."""

from __future__ import annotations

import http.client
import os
import socket
import sys

import django
from django.apps import apps
from django.db.models import Max
from django.utils import timezone

HEARTBEAT_MAX_S = 60.0
QUEUES = ("effects", "turns")
ANSWER_WITHIN_S = 4.0


def web_hears() -> bool:
    """Any answer below 500: what the server thinks of our Host header does not matter."""
    session = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=ANSWER_WITHIN_S)
    try:
        session.request("GET", "/healthz")
        return session.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        session.close()


def worker_hears() -> bool:
    """Whether this machine's workers, one for each queue, carried out a task within the last minute."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")
    django.setup()
    here = apps.get_model("tools", "Heartbeat").objects.filter(name__endswith=f"@{socket.gethostname()}")
    newest = [here.filter(name__startswith=f"{q}.").aggregate(newest=Max("at"))["newest"] for q in QUEUES]
    return all(at is not None and (timezone.now() - at).total_seconds() <= HEARTBEAT_MAX_S for at in newest)


def main(arguments: list[str]) -> int:
    roles = {"web": web_hears, "worker": worker_hears}
    if len(arguments) != 1 or arguments[0] not in roles:
        print("usage: python -m support_bot.healthcheck web|worker", file=sys.stderr)  # noqa: T201
        return 2
    return 0 if roles[arguments[0]]() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
