"""Tells of the first SIGTERM or SIGINT at once, so that what takes time can begin while the server still says goodbye.

The server itself tells the application only after every connection has ended.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def call_when_stopping(callback: Callable[[], None]) -> None:
    """In the loop's thread, once for each signal that comes; the server's own handlers do their work as before."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(signum)
        if not callable(before):
            continue  # nobody serves here, and a signal that only we heard would end nothing

        def note(number: int, frame: FrameType | None, before: Callable[..., object] = before) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(callback)
            before(number, frame)

        signal.signal(signum, note)
