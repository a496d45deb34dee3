"""A real Celery worker and beat inside the web process, on an in-memory broker: the one-process demo without Redis."""

from __future__ import annotations

import threading
from typing import Any

from celery.beat import EmbeddedService

from support_bot.celery import app

READY_S = 10
STOP_S = 8


class EmbeddedWorker:
    """Threads, since a forked pool would inherit the event loop; production runs a worker of its own."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        # Not app.Worker: that one installs signal handlers, which only the main thread may.
        self._worker = app.WorkController(
            app=app,
            pool_cls="threads",
            concurrency=2,
            hostname="embedded@localhost",
            queues=["effects", "turns"],
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            ready_callback=self._is_ready,
        )
        self._thread = threading.Thread(target=self._worker.start, daemon=True, name="worker")
        self._beat: Any = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler", max_interval=1)
        self._beat.daemon = True  # type: ignore[union-attr]  # thread=True makes it a thread

    def _is_ready(self, consumer: Any) -> None:
        self._ready.set()

    @classmethod
    def started(cls) -> EmbeddedWorker:
        """A worker that consumes. Raises RuntimeError where it does not within READY_S seconds."""
        worker = cls()
        worker._thread.start()
        if not worker._ready.wait(READY_S):
            raise RuntimeError("the embedded worker did not get ready")
        worker._beat.start()
        return worker

    def stop(self) -> None:
        self._beat.stop()
        self._worker.stop()
        self._thread.join(STOP_S)
