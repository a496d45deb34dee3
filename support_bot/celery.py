"""The Celery application. The broker carries ids as wake-ups and may lose everything; the database decides."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime

from celery import Celery
from celery.signals import beat_init, task_postrun, task_prerun, worker_init, worker_process_init
from django.db import connections

from support_bot import broker, errortext
from support_bot.lifeline import die_with_parent
from tools import origin

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "support_bot.settings")

_worker = 0  # the pid of the process whose slots are forked

broker.use()
app = Celery("support_bot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tools", "support_bot.chat"])
# By name: it is loaded when a worker starts, once there are models.
app.steps["worker"].add("support_bot.turn_host:TurnHost")


@beat_init.connect
@worker_init.connect
def _log_uncaught(**_: object) -> None:
    errortext.log_uncaught()


def _say(text: str, _stream: object = None) -> None:
    """What Celery prints from its signal handlers, past all logging: a record too, without waiting for a lock."""
    at = datetime.now(UTC).isoformat()
    record = {"event": text, "level": "info", "logger": "celery.apps.worker", "timestamp": at}
    with suppress(OSError):
        os.write(1, f"{json.dumps(record)}\n".encode())


@worker_init.connect
def _say_in_records(**_: object) -> None:
    program = sys.modules.get("celery.apps.worker")  # not loaded in the demo, whose worker is a thread
    if program is not None and not sys.stdout.isatty():
        vars(program)["safe_say"] = _say


@worker_init.connect
def _note_the_worker(**_: object) -> None:
    global _worker
    _worker = os.getpid()


@worker_process_init.connect
def _end_with_the_worker(**_: object) -> None:
    """A slot of the pool must not outlive its worker: nobody would hand it tasks or take its results."""
    if os.getpid() != _worker:  # a pool of one has its slot in the worker itself
        die_with_parent(parent=_worker)


@task_prerun.connect
def _bind_task(task_id: str, **_: object) -> None:
    """What a task logs and records carries its id; a broker's id is cut to what an id may be."""
    safe = "".join(char for char in str(task_id)[:40] if char.isascii() and (char.isalnum() or char == "-"))
    origin.bind(request_id=f"task-{safe}", address="", session="")


@task_postrun.connect
def _unbind_task(**_: object) -> None:
    origin.bind(request_id="", address="", session="")
    for connection in connections.all(initialized_only=True):
        connection.close()  # back to its pool, where a broken one is found before it is used again
