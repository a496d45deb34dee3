"""What is decided before Django or the chat see a request: its origin, its size, and whom to believe about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any

from django.http.request import split_domain_port, validate_host

from support_bot.clients import is_trusted

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class KnownOrigin:
    """Refuses (HTTP 403) a websocket handshake whose Origin is missing, repeated or not literally one of ours."""

    def __init__(self, app: App, *, allowed: list[str]) -> None:
        self.app = app
        self.allowed = {origin.encode("latin-1") for origin in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if len(origins) == 1 and origins[0] in self.allowed:
            await self.app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4403})


class KnownHost:
    """Refuses (HTTP 403) a websocket handshake for a host that is not ours; Django does the same for pages (400)."""

    def __init__(self, app: App, *, allowed: list[str]) -> None:
        self.app = app
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and validate_host(split_domain_port(hosts[0])[0], self.allowed):
            await self.app(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4403})


class BodyLimit:
    """Answers 413 to a request body above `most` bytes before Django spools any more of it."""

    def __init__(self, app: App, *, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > self.most:
            await _refuse(send)
            return
        seen, answered = 0, False

        async def counted() -> Mapping[str, Any]:
            nonlocal seen, answered
            message = await receive()
            seen += len(message.get("body", b""))
            if seen <= self.most:
                return message
            if not answered:
                answered = True
                await _refuse(send)
            return {"type": "http.disconnect"}

        async def guarded(message: Mapping[str, Any]) -> None:
            if not answered:
                await send(message)

        await self.app(scope, counted, guarded)


async def _refuse(send: Send) -> None:
    body = b"The request is too large."
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class TrustedProxy:
    """Believes X-Forwarded-Proto of the proxies we were told of, and of nobody else."""

    def __init__(self, app: App, *, proxies: Sequence[IPv4Network | IPv6Network]) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = (scope.get("client") or ("", 0))[0]
        if is_trusted(address=peer, networks=self.proxies):
            forwarded = dict(scope["headers"]).get(b"x-forwarded-proto", b"").split(b",")[-1].strip()
            if forwarded == b"https":
                scope = scope | {"scheme": "https" if scope["type"] == "http" else "wss"}
        await self.app(scope, receive, send)
