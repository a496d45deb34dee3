"""The HTTP client of model calls: no redirects, no compression, and caps on the bytes of one answer and one event.

The SDK decodes event streams and gzip without any limit, so the caps have to sit below it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2

from support_bot.llm.base import LLMBroken, LLMTooLong

# One event is parsed in one go, and nobody else is served meanwhile.
MAX_EVENT_BYTES = 1_048_576
PIECE_BYTES = 4_096
_BLANK_LINES = (b"\n\n", b"\r\n\r\n", b"\r\r")


class _CappedStream(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, max_bytes: int) -> None:
        self._stream = stream
        self._left = max_bytes
        self._open = 0  # bytes since the last blank line

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                raise LLMTooLong("the answer is larger than LLM_MAX_BYTES")
            end = max(map(chunk.rfind, _BLANK_LINES))
            self._open = self._open + len(chunk) if end < 0 else len(chunk) - end
            if self._open > MAX_EVENT_BYTES:
                raise LLMBroken("one event of the answer is too large")
            # All of a long answer may lie in our buffer already: let others have their turn between two pieces.
            for start in range(0, len(chunk), PIECE_BYTES):
                yield chunk[start : start + PIECE_BYTES]
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        await self._stream.aclose()


class CappedTransport(httpx2.AsyncHTTPTransport):
    """Refuses compressed answers (a small bomb becomes a large text) and counts the bytes of the others."""

    def __init__(self, *, max_bytes: int) -> None:
        super().__init__(limits=httpx2.Limits(max_connections=None, max_keepalive_connections=50))
        self._max_bytes = max_bytes

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["accept-encoding"] = "identity"
        response = await super().handle_async_request(request)
        encoding = response.headers.get("content-encoding", "identity").lower()
        if encoding not in ("", "identity"):
            await response.aclose()
            raise LLMBroken("the answer is compressed although we asked for plain bytes")
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _CappedStream(response.stream, self._max_bytes)
        return response


def capped_client(*, max_bytes: int) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=CappedTransport(max_bytes=max_bytes), follow_redirects=False, trust_env=False)
