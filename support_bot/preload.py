"""Loads what the supervisor's children need before they are forked: once for all of them, and in memory they share."""

from __future__ import annotations

from importlib import import_module

from support_bot.chat import claims
from support_bot.chat.providers import current_providers

# What each would load at its start; nothing of it begins a thread or connects.
MODULES = {
    "web": ("uvicorn.main", "uvicorn.lifespan.on", "uvicorn.protocols.http.h11_impl", "support_bot.asgi"),
    "worker": (
        "celery.bin.celery",
        "celery.apps.worker",
        "celery.apps.beat",
        "celery.concurrency.prefork",
        "celery.concurrency.thread",
        "celery.worker.consumer",
        "support_bot.turn_host",
    ),
}


def load(role: str) -> None:
    """role: "web" or "worker"."""
    for name in MODULES[role]:
        import_module(name)
    current_providers()
    if role == "web":  # nearly every turn ends there; a worker compiles them when it ends one
        claims.languages()
