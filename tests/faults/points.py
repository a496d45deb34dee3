"""The named kill points, planted into a web or worker process from outside: the harness names this in TOOL_MODULES.

It wraps functions of the running process and registers no tool. A function that it cannot find stops the start, so no
run can report kills at a point that is not there any more.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from celery.app.base import Celery
from celery.signals import celeryd_init, task_prerun
from django.db.models.signals import post_save, pre_save

from support_bot.chat import broadcast
from tests.faults import tokens
from tools import execution, outside_http, tasks, wakeups
from tools.models import Effect
from tools.signals import call_changed

FOLDER = Path(os.environ["FAULTS_FOLDER"])
# Between claim and effect: what an outside call or a slow disk would take, so that there is something to hit.
PACE_S = float(os.environ.get("FAULTS_PACE_S", "0"))
# The broker's own redelivery of what was not acknowledged; the product's is too long for a test.
VISIBILITY_S = float(os.environ.get("FAULTS_VISIBILITY_S", "0"))
SUPERVISOR = b"support_bot.supervise"
# The call that this process of the worker claimed last.
_at_work: dict[str, str] = {}


def reached(point: str, call_id: object = "") -> None:
    """Die here, with whom the harness wants, if it wants it now."""
    whom = tokens.take(FOLDER, point=point)
    if whom is None:
        return
    tokens.tell_death(FOLDER, point=point, whom=whom, call_id=str(call_id))
    if whom == tokens.PAUSE:
        os.kill(os.getpid(), signal.SIGSTOP)
        return
    for pid in _with_us(whom):
        os.kill(pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _with_us(whom: str) -> list[int]:
    """The processes above this one that die with it, the uppermost first."""
    above: list[int] = []
    pid = os.getppid()
    while SUPERVISOR in Path(f"/proc/{pid}/cmdline").read_bytes():  # its children are forks of it
        above.insert(0, pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])
    return {"child": [], "parent": above[1:], "group": above}[whom]


def _wrap(owner: Any, name: str, make: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    original = getattr(owner, name)  # AttributeError where the product was changed: plant the point anew
    setattr(owner, name, wraps(original)(make(original)))


# --- in the web process, where somebody agreed --------------------------------------------------------------------


def _around_publishing(send_task: Callable[..., Any]) -> Callable[..., Any]:
    def publish(app: Celery, name: str, args: Any = None, *rest: Any, **options: Any) -> Any:
        if name != wakeups.EXECUTE:
            return send_task(app, name, args, *rest, **options)
        reached("K1", args[0])
        sent = send_task(app, name, args, *rest, **options)
        reached("K2", args[0])
        return sent

    return publish


# --- in the worker ------------------------------------------------------------------------------------------------


def _received(sender: Any = None, args: Any = None, **_: Any) -> None:
    if sender.name != wakeups.EXECUTE:
        return
    tokens.count(FOLDER, call_id=args[0])
    reached("K3", args[0])


def _after_claim(claim: Callable[..., Any]) -> Callable[..., Any]:
    def claimed(*args: Any, **options: Any) -> Any:
        call = claim(*args, **options)
        if call is not None:
            _at_work["call_id"] = str(call.pk)
            reached("K4", call.pk)
            time.sleep(PACE_S)
        return call

    return claimed


def _before_ledger(instance: Effect, **_: Any) -> None:
    """The records are changed; ledger, audit and state are not."""
    reached("K5", instance.call_id)


def _after_ledger(instance: Effect, **_: Any) -> None:
    reached("K5", instance.call_id)


def _state_moved(call: Any, **_: Any) -> None:
    """Everything is written, nothing is committed."""
    if call.effect == "write" and call.state == "succeeded":
        reached("K5", call.pk)


def _before_telling(tell: Callable[..., Any]) -> Callable[..., Any]:
    def telling(**options: Any) -> Any:
        for frame in options["frames"]:
            if frame.get("call_id") == _at_work.get("call_id", "") and frame["state"] == "succeeded":
                reached("K7", frame["call_id"])
        return tell(**options)

    return telling


def _before_ack(execute: Callable[..., Any]) -> Callable[..., Any]:
    def executed(**options: Any) -> Any:
        state = execute(**options)
        if state == "succeeded":
            reached("K6", options["call_id"])
        return state

    return executed


def _after_sending(send: Callable[..., Any]) -> Callable[..., Any]:
    def sent(**options: Any) -> Any:
        answer = send(**options)
        if answer.outcome == "done":
            reached("K8", options["key"])
        return answer

    return sent


def plant() -> None:
    _wrap(Celery, "send_task", _around_publishing)
    task_prerun.connect(_received, weak=False)
    _wrap(execution, "_claim", _after_claim)
    pre_save.connect(_before_ledger, sender=Effect, weak=False)
    post_save.connect(_after_ledger, sender=Effect, weak=False)
    call_changed.connect(_state_moved, weak=False)
    _wrap(tasks, "execute_call", _before_ack)
    _wrap(broadcast, "tell", _before_telling)
    _wrap(outside_http, "send", _after_sending)
    if VISIBILITY_S:
        celeryd_init.connect(_shorten_visibility, weak=False)


def _shorten_visibility(conf: Any, **_: Any) -> None:
    options = {"visibility_timeout": VISIBILITY_S, "unacked_restore_interval": VISIBILITY_S / 4}
    conf.broker_transport_options = {**conf.broker_transport_options, **options}


plant()
