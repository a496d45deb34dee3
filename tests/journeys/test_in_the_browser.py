"""Journeys 1 and 2: the main job in a real browser with the built-in model, on the demo and on PostgreSQL and Redis."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.async_api import Browser, Page, expect

from tests.conftest import Stack
from tests.processes import Running

pytestmark = pytest.mark.browser
Chromium = Callable[[], AbstractAsyncContextManager[Browser]]
NEW_PHONE = "+493055512345"
SOON_MS = 20_000
TRAIL = ["call.requested", "call.awaiting_approval", "call.approved", "call.executing", "call.succeeded"]


async def walk(browser: Browser, url: str) -> None:
    """alice asks, changes her phone number and confirms; rita approves; alice's open page shows it done."""
    alice, complaints = await page_of(browser, url, "alice", "/chat/")
    await say(alice, "Where is package ABCD-1337?")
    answer = alice.get_by_text("was delivered").first
    await expect(answer).to_be_visible(timeout=SOON_MS)
    await expect(answer).to_contain_text("ABCD-1337")

    await say(alice, "Please change my phone number to +49 30 55512345")
    await expect(alice.get_by_text(NEW_PHONE).first).to_be_visible(timeout=SOON_MS)
    await alice.get_by_role("button", name="Confirm").click()
    await expect(alice.get_by_text("Nothing changes until our staff approve it")).to_be_visible(timeout=SOON_MS)

    rita, hers = await page_of(browser, url, "rita", "/admin/tools/approval/")
    await rita.get_by_role("link", name="Change phone number").first.click()
    await expect(rita.get_by_text(NEW_PHONE).first).to_be_visible()
    await rita.get_by_role("button", name="Approve").click()
    await rita.wait_for_url("**/admin/tools/approval/")

    done = alice.locator(".bubble", has_text=f"your phone number is now {NEW_PHONE}")
    await expect(done).to_be_visible(timeout=SOON_MS)
    await alice.reload()
    await expect(done).to_be_visible(timeout=SOON_MS)
    assert complaints == hers == []


async def page_of(browser: Browser, url: str, name: str, path: str) -> tuple[Page, list[str]]:
    """A signed-in person's page, and what its console complains of or asks of other origins."""
    page = await (await browser.new_context(base_url=url)).new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: None if asked.url.startswith((url, "data:")) else complaints.append(asked.url))
    await page.goto(f"/accounts/login/?next={path}")
    await page.get_by_label("User name or e-mail").fill(name)
    await page.get_by_label("Password", exact=True).fill("demo")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{path}**")
    return page, complaints


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox").fill(text)
    await page.keyboard.press("Enter")


async def test_journey_1_on_the_demo(demo_stack: Stack, chromium: Chromium):
    web = demo_stack.web()

    async with chromium() as browser:
        await walk(browser, web.url)

    with sqlite3.connect(demo_stack.database_url.removeprefix("sqlite:///")) as rows:
        check_records(lambda query: rows.execute(query).fetchall())
    assert "Traceback" not in web.output()


@pytest.mark.servers
async def test_journey_2_on_postgresql_and_redis(stack: Stack, chromium: Chromium, tmp_path: Path):
    web, worker = stack.web(), stack.worker(EMAIL_URL=f"file://{tmp_path / 'mail'}")

    async with chromium() as browser:
        await walk(browser, web.url)

    with psycopg.connect(stack.database_url) as rows:
        check_records(lambda query: rows.execute(query).fetchall())
    check_log(web)
    check_log(worker)


def check_records(ask: Callable[[str], list[Any]]) -> None:
    """The new number, one effect, and every step of the request in the audit trail."""
    assert ask("SELECT phone FROM tracking_customer WHERE email = 'alice@example.com'") == [(NEW_PHONE,)]
    assert ask("SELECT count(*) FROM tools_effect") == [(1,)]
    trail = ask(
        "SELECT a.event FROM tools_auditentry a JOIN tools_toolcall c ON c.id = a.call_id"
        " WHERE c.tool = 'update_profile' ORDER BY a.id"
    )
    assert [event for (event,) in trail] == TRAIL


def check_log(running: Running) -> None:
    """No traceback, and one JSON record a line."""
    for line in running.output().splitlines():
        if line.strip():
            assert json.loads(line)["level"] in ("info", "warning"), line
