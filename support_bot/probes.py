"""Tells whether a running child still hears: the web server a request, the worker a task. It ends nothing itself."""

from __future__ import annotations

import http.client
import math
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, close_old_connections

Probe = Callable[[], bool | None]
PROBE_EVERY_S = 1.0
ANSWER_WITHIN_S = 5.0
HEARTBEATS_MISSED = 3


class Deafness:
    """A probe that failed for `patience_s` without a break. None from the probe (cannot tell) counts as a break.

    start_s: the patience with one that has not been heard since its start, where that is longer.
    """

    def __init__(self, probe: Probe, *, what: str, patience_s: float, start_s: float = 0.0) -> None:
        self._probe = probe
        self._what = what
        self._patience_s = patience_s
        self._start_s = max(start_s, patience_s)
        self._heard = False
        self._failing_since: float | None = None
        self._found = ""

    def watch(self, *, tell: Callable[[str], object]) -> None:
        """Probes for ever and tells what is wrong; runs in a process of its own."""
        while True:
            self.look(now=time.monotonic())
            if found := self.take():
                tell(found)
            time.sleep(PROBE_EVERY_S)

    def look(self, *, now: float) -> None:
        if (answer := self._probe()) is not False:
            self._heard = self._heard or answer is True
            self._failing_since = None
            return
        self._failing_since = now if self._failing_since is None else self._failing_since
        patience_s = self._patience_s if self._heard else self._start_s
        if now - self._failing_since >= patience_s:
            self._found = f"{self._what} for {patience_s:g} s"
            self._failing_since = None
            self._heard = False

    def take(self) -> str:
        """What is wrong, once; empty while all is well."""
        found, self._found = self._found, ""
        return found


def web_probe(*, host: str, port: int, on_first: Callable[[], None]) -> Probe:
    """GET /healthz. Nothing can be told before the first answer; `on_first` is called at it."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    answered = False

    def probe() -> bool | None:
        nonlocal answered
        hears = _answers(reachable, port)
        if hears and not answered:
            answered = True
            on_first()
        return hears if answered else None

    return probe


def _answers(host: str, port: int) -> bool:
    """Any answer below 500 proves that the server hears: what it thinks of our Host header does not matter."""
    session = http.client.HTTPConnection(host, port, timeout=ANSWER_WITHIN_S)
    # A name of ours: a foreign one is answered as well, but every probe would leave an error in the log.
    name = settings.ALLOWED_HOSTS[0].lstrip("*.") or "localhost"
    try:
        session.request("GET", "/healthz", headers={"Host": f"{name}:{port}"})
        return session.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        session.close()


def worker_probe(*, redis_url: str, names: Sequence[str]) -> Probe:
    """New heartbeats of each of these workers. Nothing can be told while the database or the broker is away."""
    broker = redis.Redis.from_url(redis_url, socket_timeout=ANSWER_WITHIN_S, socket_connect_timeout=ANSWER_WITHIN_S)
    heartbeats = apps.get_model("tools", "Heartbeat").objects.filter(name__in=names)
    patience_s = HEARTBEATS_MISSED * settings.HEARTBEAT_S
    last: dict[str, datetime] = {}
    changed_at = dict.fromkeys(names, -math.inf)

    def probe() -> bool | None:
        try:
            broker.ping()
            newest = dict(heartbeats.values_list("name", "at"))
        except (DatabaseError, redis.RedisError, OSError):
            return None
        finally:
            close_old_connections()
        for name, at in newest.items():  # that it moves counts, not its age: the database's clock may differ from ours
            if last.get(name) != at:
                last[name], changed_at[name] = at, time.monotonic()
        return time.monotonic() - min(changed_at.values()) <= patience_s

    return probe
