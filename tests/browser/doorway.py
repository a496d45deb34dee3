"""Opens the product's pages in Chromium with no server: requests go to Django's test client, static files to disk.

The headers of the answers, the strict CSP above all, reach the browser as they are.
"""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.contrib.staticfiles.finders import find
from django.test import Client
from playwright.async_api import Browser, Page, Route, ViewportSize

HOST = "http://127.0.0.1:8000"
MODULES = Path(__file__).parent / "modules"
PHONE, DESK = 390, 1280


class Doorway:
    """One window of a browser. `complaints` holds what went wrong in it: errors, and anything the CSP refused."""

    def __init__(self, page: Page, client: Client) -> None:
        self.page = page
        self.client = client
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self._hear(line.text) if line.type == "error" else None)

    def _hear(self, text: str) -> None:
        # Chromium says this of every page with such a status; missing files are noted where they are asked for.
        if not text.startswith("Failed to load resource: the server responded with a status"):
            self.complaints.append(text)

    async def answer(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        if not route.request.url.startswith(HOST):
            self.strangers.append(route.request.url)
            await route.abort()
        elif address.path.startswith("/static/"):
            await self._file(route, find(address.path.removeprefix("/static/")))
        elif address.path.startswith("/modules/"):
            await self._file(route, str(MODULES / address.path.removeprefix("/modules/")))
        else:
            await self._page(route, f"{address.path}?{address.query}")

    async def _file(self, route: Route, path: str | None) -> None:
        body = _contents(path)
        if path is None or body is None:
            self.complaints.append(f"missing: {route.request.url}")
            await route.fulfill(status=404)
            return
        await route.fulfill(body=body, content_type=mimetypes.guess_type(path)[0] or "text/plain")

    async def _page(self, route: Route, target: str) -> None:
        request = route.request
        if request.method == "POST":
            kind = request.headers.get("content-type", "")
            response = await sync_to_async(self.client.post)(target, request.post_data_buffer, content_type=kind)
        else:
            response = await sync_to_async(self.client.get)(target)
        headers = dict(response.items())
        if "Location" in headers:
            # Chromium would follow a redirect past this door, to a server that is not there.
            await route.fulfill(status=200, headers={"Refresh": f"0;url={headers['Location']}"}, body="")
            return
        await route.fulfill(status=response.status_code, headers=headers, body=response.content)

    async def too_wide(self) -> list[str]:
        """What sticks out of the window to the right."""
        return await self.page.evaluate(
            """() => [...document.querySelectorAll("body *")]
              .filter((node) => node.getBoundingClientRect().right > innerWidth + 1
                && getComputedStyle(node).clipPath === "none" && !node.closest(".results, .module, #toolbar, svg"))
              .map((node) => `${node.localName}.${node.className}`)"""
        )


def _contents(path: str | None) -> bytes | None:
    return Path(path).read_bytes() if path and Path(path).is_file() else None


@asynccontextmanager
async def doorway(browser: Browser, client: Client, *, width: int = DESK) -> AsyncIterator[Doorway]:
    size: ViewportSize = {"width": width, "height": 844}
    context = await browser.new_context(viewport=size, base_url=HOST, reduced_motion="reduce")
    page = await context.new_page()
    door = Doorway(page, client)
    await context.route("**/*", door.answer)
    try:
        yield door
    finally:
        await context.close()
