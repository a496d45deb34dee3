"""The turns worker's event loop: in a thread beside Celery's, so that turns go on where no web process is left.

Hundreds of turns can wait for their models here at once; none of them takes a slot of the worker from a task.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import structlog
from celery import bootsteps
from django.conf import settings

from support_bot.chat import broadcast
from support_bot.chat.providers import close_providers, current_providers
from support_bot.chat.runner import runner

log = structlog.get_logger(__name__)

QUEUE = "turns"
START_S = 30.0
# Besides DRAIN_S: what it takes to write down that turns are handed over.
STOP_S = 3.0


class TurnHost(bootsteps.StartStopStep):
    """Starts and stops with a worker of that queue. In the demo the web process, which holds the worker, runs turns."""

    requires = ("celery.worker.components:Pool",)

    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread

    def include_if(self, parent: Any) -> bool:
        return bool(settings.REDIS_URL) and QUEUE in parent.app.amqp.queues.consume_from

    def start(self, parent: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="turn host", daemon=True)
        self._thread.start()
        _run(self._open(), self._loop, within=START_S)
        log.info("turn_host.started")

    def stop(self, parent: Any) -> None:
        """Also at a warm shutdown: turns that do not finish in DRAIN_S are handed over."""
        if self._loop is None:
            return
        try:
            _run(self._close(), self._loop, within=settings.DRAIN_S + STOP_S)
        except TimeoutError:  # their leases run out, which comes to the same
            log.warning("turn_host.not_drained")
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_S)
        log.info("turn_host.stopped")

    async def _open(self) -> None:
        current_providers()  # before the first customer waits for it
        broadcast.use_loop(asyncio.get_running_loop())
        await runner.open()

    async def _close(self) -> None:
        await runner.drain(settings.DRAIN_S)
        broadcast.use_loop(None)
        await close_providers()


def _run(work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, *, within: float) -> None:
    asyncio.run_coroutine_threadsafe(work, loop).result(within)
