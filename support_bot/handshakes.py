"""Tells the audit trail of websocket handshakes that were refused before they were accepted: a wrong origin or host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support_bot.chat.database import in_thread
from support_bot.chat.refusals import tell_refused
from support_bot.edge import App, Receive, Scope, Send


class TellRefused:
    """Outside of what refuses. The peer has its answer before the trail is written."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = refused = False

        async def watched(message: Mapping[str, Any]) -> None:
            nonlocal accepted, refused
            accepted = accepted or message["type"] == "websocket.accept"
            refused = refused or (message["type"] == "websocket.close" and not accepted)
            await send(message)

        await self.app(scope, receive, watched)
        if refused:
            await in_thread(tell_refused)(scope=scope, outcome="origin")
