"""The headless Chromium of the operating system, driven by Playwright's async API (its sync API blocks the ORM)."""

from __future__ import annotations

import atexit
import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

from playwright._impl._driver import compute_driver_executable, get_driver_env
from playwright.async_api import Browser, async_playwright

from tests.servers import die_with_parent

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_path() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """`async with chromium() as browser:` in an `async def` test. One program serves all tests of a process."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect(server())
        try:
            yield browser
        finally:
            await browser.close()  # with all its contexts; the program goes on


@cache
def server() -> str:
    """The address of a Chromium started by Playwright's own server.

    It ends with the thread that calls this first, so that must be the main one.
    """
    settings = {"executablePath": chromium_path(), "args": ARGUMENTS, "host": "127.0.0.1"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chromium.json"
        file.write_text(json.dumps(settings), encoding="utf-8")
        process = subprocess.Popen(
            [*compute_driver_executable(), "launch-server", "--browser", "chromium", "--config", str(file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env=get_driver_env(),
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        assert process.stdout is not None
        address = process.stdout.readline().strip()
    atexit.register(process.terminate)
    return address
