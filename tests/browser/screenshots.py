"""Takes the pictures of the README: starts the demo with a throw-away database and walks a small story through it.

`make screenshots`, or `python -m tests.browser.screenshots [folder]` (default docs/images). It asserts nothing.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import tempfile
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.chromium import chromium, chromium_path
from tests.processes import ROOT, Running, manage, start_web

SIZES: dict[int, ViewportSize] = {390: {"width": 390, "height": 844}, 1280: {"width": 1280, "height": 960}}
CHANGE = "Please change my phone number to +49 30 5551234"


class Album:
    """Where the pictures go, and the demo they are taken of."""

    def __init__(self, *, folder: Path, url: str, browser: Browser) -> None:
        self.folder = folder
        self.url = url
        self.browser = browser

    @asynccontextmanager
    async def window(self, *, width: int, person: str = "", dark: bool = False) -> AsyncIterator[Page]:
        context = await self.browser.new_context(
            viewport=SIZES[width],
            base_url=self.url,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        page = await context.new_page()
        if person:
            await page.goto("/accounts/login/")
            await page.get_by_label("User name or e-mail address").fill(person)
            await page.get_by_label("Password").fill("demo")
            await page.get_by_role("button", name="Sign in", exact=True).click()
        yield page
        await context.close()

    async def take(self, page: Page, name: str, *, whole: bool = False) -> None:
        await page.evaluate("document.fonts.ready")
        path = self.folder / f"{name}.png"
        path.write_bytes(packed(await page.screenshot(full_page=whole, animations="disabled", caret="hide")))
        print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}  {path.stat().st_size // 1024} kB")


def packed(png: bytes) -> bytes:
    """The same picture with its pixels deflated as hard as zlib can, which a browser in a hurry does not do."""
    chunks, at = [], 8
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += length + 12
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    kept = [(kind, data) for kind, data in chunks if kind in (b"IHDR", b"PLTE", b"tRNS")]
    kept += [(b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    small = png[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in kept
    )
    return min(small, png, key=len)


async def ask(page: Page, text: str) -> None:
    """Write a message and wait until the turn has ended."""
    answers = await page.locator(".answer:not(.live)").count()
    await page.get_by_label("Your message").fill(text)
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer:not(.live)")).to_have_count(answers + 1, timeout=20_000)
    await expect(page.get_by_role("button", name="Stop")).to_be_hidden(timeout=20_000)


async def story(album: Album) -> None:
    for width in SIZES:
        async with album.window(width=width) as page:
            await page.goto("/")
            await album.take(page, f"landing-{width}")
            await page.goto("/track/?number=ABCD-2001")
            await album.take(page, f"track-{width}")
    async with album.window(width=1280, person="alice") as page:
        await page.wait_for_url("**/chat/*/")
        await ask(page, "Where is package ABCD-1337?")
        await ask(page, CHANGE)
        await album.take(page, "chat-1280")
        async with album.window(width=390, person="alice") as phone:
            await expect(phone.get_by_role("button", name="Confirm")).to_be_in_viewport()
            await album.take(phone, "chat-390")
        async with album.window(width=1280, person="alice", dark=True) as dark:
            await expect(dark.get_by_role("button", name="Confirm")).to_be_in_viewport()
            await album.take(dark, "chat-dark-1280")
        await page.get_by_role("button", name="Confirm").click()
        await expect(page.locator(".card .badge")).to_have_text("With our staff")
        await ask(page, "Please refund 24.90 for order ORD-1001, I paid twice")
        await page.get_by_role("button", name="Confirm").click()
        await expect(page.locator(".card .badge")).to_have_text(["With our staff", "With our staff"])
        await staff(album)
        await expect(page.locator(".system")).to_contain_text("phone number", timeout=20_000)
        await album.take(page, "done-1280")


async def staff(album: Album) -> None:
    for width in SIZES:
        async with album.window(width=width, person="rita") as page:
            await page.goto("/admin/tools/approval/")
            await album.take(page, f"queue-{width}")
            await page.get_by_role("link", name="Change phone number").click()
            await page.wait_for_url("**/review/")
            await album.take(page, f"review-{width}", whole=width < 1000)
    async with album.window(width=1280, person="rita") as page:
        await page.goto("/admin/tools/approval/")
        await page.get_by_role("link", name="Change phone number").click()
        await page.get_by_role("button", name="Approve").click()
        await page.wait_for_url("**/admin/tools/approval/")


def demo(folder: Path) -> Running:
    database = f"sqlite:///{folder / 'demo.sqlite3'}"
    manage("migrate", "--verbosity", "0", database_url=database)
    manage("seed_demo", database_url=database)
    return start_web(folder=folder, database_url=database)


async def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        running = demo(Path(folder))
        try:
            async with chromium() as browser:
                await story(Album(folder=target, url=running.url, browser=browser))
        finally:
            running.stop()


if __name__ == "__main__":
    if chromium_path() is None:
        sys.exit("Chromium is missing: apt-get install --no-install-recommends chromium fonts-dejavu-core")
    images = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(images))
