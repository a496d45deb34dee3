"""Speaks to EFFECT_GATEWAY_URL: sends an effect under its key, and asks by that key what became of it.

What it cannot tell for certain is `unknown`. It follows no redirect, reads no body, and tells nobody the address.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

import httpx2
import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

log = structlog.get_logger(__name__)

# Refusals that say nothing about what became of an earlier try, or that pass by themselves.
NO_REFUSAL = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})
HEADERS = {"User-Agent": "support_bot", "Accept": "application/json", "Accept-Encoding": "identity"}
TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of an effect. why: `http_` and the status, or a fixed word where none came: for audit and log."""

    outcome: Literal["done", "refused", "absent", "unknown"]
    why: str


class _Rest:
    """A gateway that hangs must not hold every slot of the worker: after that, this process leaves it alone a while."""

    def __init__(self) -> None:
        self.until = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + settings.EFFECT_TIMEOUT_S


rest = _Rest()


def is_resting() -> bool:
    return time.monotonic() < rest.until


def send(*, path: str, key: UUID, body: dict[str, str]) -> Answer:
    """POST the effect. `refused` only where it was refused for good."""
    status, why = _status("POST", path, headers={"Idempotency-Key": str(key)}, json=body)
    if status is None:
        return Answer("unknown", why)
    if 200 <= status < 300:
        return Answer("done", why)
    if 400 <= status < 500 and status not in NO_REFUSAL:
        return Answer("refused", why)
    return Answer("unknown", why)


def ask(*, path: str, key: UUID) -> Answer:
    """GET what became of it: `done`, `absent` (nobody there knows the key), or `unknown`."""
    status, why = _status("GET", f"{path}/{key}")
    if status == HTTPStatus.OK:
        return Answer("done", why)
    return Answer("absent" if status == HTTPStatus.NOT_FOUND else "unknown", why)


def _status(method: str, path: str, **request: Any) -> tuple[int | None, str]:
    if not settings.EFFECT_GATEWAY_URL:
        return None, "not_configured"
    found: list[int] = []
    try:
        asyncio.run(_exchange(method, f"{settings.EFFECT_GATEWAY_URL}/{path}", found, request))
    except SoftTimeLimitExceeded:
        raise  # the task's time is over, whatever the gateway does
    except Exception as error:
        if not found:
            return None, _word(method, error)
    return found[0], f"http_{found[0]}"


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Read once: it takes longer than an exchange."""
    return httpx2.create_ssl_context(trust_env=False)


async def _exchange(method: str, address: str, found: list[int], request: dict[str, Any]) -> None:
    """Puts the status into `found` as soon as it is known. The time is for all of it: an answer that drips ends too."""
    client = httpx2.AsyncClient(
        headers=HEADERS,
        follow_redirects=False,
        trust_env=False,
        timeout=settings.EFFECT_TIMEOUT_S,
        verify=_certificates(),
    )
    everything = asyncio.timeout(settings.EFFECT_TIMEOUT_S)
    async with everything, client, client.stream(method, address, **request) as response:
        found.append(response.status_code)


def _word(method: str, error: Exception) -> str:
    """A word for why no status came. What the error says may quote the address, and with it a password."""
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        rest.begin()
        word = TIMEOUT
    else:
        word = "unreachable" if isinstance(error, httpx2.ConnectError) else "cut"
    log.warning("outside.no_answer", method=method, why=word, error=type(error).__name__)
    return word
