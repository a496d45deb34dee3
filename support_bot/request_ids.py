"""Gives every request and every socket an id, which its log lines, audit entries and answer carry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from uuid import uuid4

import structlog

from support_bot.clients import address_of, is_trusted
from support_bot.edge import App, Receive, Scope, Send
from tools import origin

HEADER = b"x-request-id"
# What a proxy may hand on: nothing that could be a line break, markup or another field of a log.
_SAFE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class RequestIds:
    """Takes the id that a trusted proxy gave, else makes one; `X-Request-ID` of an answer tells it."""

    def __init__(self, app: App, *, proxies: Sequence[IPv4Network | IPv6Network]) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = self._given(scope) or uuid4().hex
        structlog.contextvars.clear_contextvars()
        origin.bind(request_id=request_id, address=address_of(scope=scope), session="")

        async def told(message: Mapping[str, Any]) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                headers = [*message.get("headers", ()), (HEADER, request_id.encode("ascii"))]
                message = {**message, "headers": headers}
            await send(message)

        await self.app({**scope, "request_id": request_id}, receive, told)

    def _given(self, scope: Scope) -> str | None:
        peer = (scope.get("client") or ("", 0))[0]
        if not is_trusted(address=peer, networks=self.proxies):
            return None
        given = [value for name, value in scope["headers"] if name == HEADER]
        return given[0].decode("ascii") if len(given) == 1 and _SAFE.fullmatch(given[0]) else None
