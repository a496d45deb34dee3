"""The headers that every answer over http bears, whoever made it: a page, a file, a redirect, an error, a refusal."""

from __future__ import annotations

from collections.abc import Mapping, MutableSequence
from typing import Any

from support_bot.edge import App, Receive, Scope, Send

Headers = MutableSequence[tuple[bytes, bytes]]

# What no answer of ours ever needs. Passkeys are for our own pages.
PERMISSIONS = ", ".join(
    [
        *(
            f"{name}=()"
            for name in ("accelerometer", "camera", "geolocation", "gyroscope", "microphone", "payment", "usb")
        ),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    ]
)
USUAL = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": PERMISSIONS.encode(),
    b"x-frame-options": b"DENY",
}
# For an answer that is no page of ours; pages bring their own policy.
NOTHING = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
FILE_FOUND = (200, 206, 304)


class SafeHeaders:
    """Adds what an answer lacks. Only a static file that was found may be kept by a cache."""

    def __init__(self, app: App, *, static_url: str, hsts: str, policy: bool) -> None:
        """hsts: the value over https, or empty. policy: False lets Django's debug pages through as they are."""
        self.app = app
        self.static = static_url
        self.usual = USUAL | ({b"content-security-policy": NOTHING} if policy else {})
        self.hsts = hsts.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dressed(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._dress(scope, message["status"], message.get("headers", ()))}
            await send(message)

        await self.app(scope, receive, dressed)

    def _dress(self, scope: Scope, status: int, given: Any) -> Headers:
        headers = [(bytes(name).lower(), bytes(value)) for name, value in given]
        had = {name for name, _ in headers}
        headers += [(name, value) for name, value in self.usual.items() if name not in had]
        if self.hsts and scope["scheme"] == "https" and b"strict-transport-security" not in had:
            headers.append((b"strict-transport-security", self.hsts))
        if scope["path"].startswith(self.static) and status in FILE_FOUND:
            return headers
        return _private(headers)


def _private(headers: Headers) -> Headers:
    """No cache keeps it, and one that does in spite of that does not show it to another person."""
    vary = [value.decode("latin-1") for name, value in headers if name == b"vary"]
    names = [name.strip() for line in vary for name in line.split(",") if name.strip()]
    if not {"cookie", "*"} & {name.lower() for name in names}:
        names.append("Cookie")
    kept = [(name, value) for name, value in headers if name not in (b"vary", b"cache-control", b"expires", b"pragma")]
    return [*kept, (b"vary", ", ".join(names).encode("latin-1")), (b"cache-control", b"no-store")]
