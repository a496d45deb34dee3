"""Starts and stops what lives as long as the web process: turn runner, socket watch, and in the demo the worker."""

from __future__ import annotations

import asyncio

import structlog
from channels.layers import get_channel_layer
from django.conf import settings

from support_bot import errortext
from support_bot.chat import broadcast, claims, revocation, sockets
from support_bot.chat.providers import close_providers, current_providers
from support_bot.chat.runner import runner
from support_bot.edge import App, Receive, Scope, Send
from support_bot.embedded import EmbeddedWorker
from support_bot.stopping import call_when_stopping

log = structlog.get_logger(__name__)


class Lifespan:
    """Answers the server's lifespan messages; everything else goes to the application."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.worker: EmbeddedWorker | None = None
        self.background: list[asyncio.Task[object]] = []
        self.draining: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self._start()
                except Exception as error:
                    log.error("web.not_started", error=type(error).__name__, exc_info=error)
                    await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _start(self) -> None:
        errortext.log_uncaught()
        if get_channel_layer() is None:
            raise RuntimeError("the channel layer could not be made: check REDIS_URL")
        current_providers()  # before the first customer waits for it
        broadcast.use_loop(asyncio.get_running_loop())
        await runner.open()
        self.background = [
            asyncio.create_task(sockets.watch()),
            asyncio.create_task(revocation.listen()),
            asyncio.create_task(asyncio.to_thread(claims.languages)),  # before the first answer needs them
        ]
        if not settings.REDIS_URL:
            # In a thread from the start: Celery looks at the database, which the event loop must not.
            self.worker = await asyncio.to_thread(EmbeddedWorker.started)
        self.draining = None
        call_when_stopping(self._drain_soon)
        log.info("web.started", model=settings.LLM_MODEL, embedded_worker=self.worker is not None)

    def _drain_soon(self) -> None:
        """Turns and sockets end side by side, so both have all of DRAIN_S. A second signal changes nothing."""
        if self.draining is None:
            log.info("web.stopping")
            self.draining = asyncio.create_task(runner.drain(settings.DRAIN_S))

    async def _stop(self) -> None:
        """Turns first: they need the providers, the worker's database and the way to the sockets."""
        self._drain_soon()
        if self.draining is not None:
            await self.draining
        for task in self.background:
            task.cancel()
        if self.worker is not None:
            await asyncio.to_thread(self.worker.stop)
        await close_providers()
        broadcast.use_loop(None)
        log.info("web.stopped")
