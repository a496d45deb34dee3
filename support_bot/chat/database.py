"""Runs database functions of the event loop on a thread pool of the connection pool's size.

Django's default is one shared thread for the whole process, in which one slow statement holds up every chat.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings

P = ParamSpec("P")
R = TypeVar("R")

_THREADS = ThreadPoolExecutor(max_workers=settings.DB_THREADS, thread_name_prefix="db")


def in_thread(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    """An awaitable form of a synchronous function that uses the database."""
    wrapped: Callable[P, Coroutine[Any, Any, R]] = database_sync_to_async(
        function, thread_sensitive=False, executor=_THREADS
    )
    return wrapped
