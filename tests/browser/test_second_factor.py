"""The second step in a real browser, on a telephone's width: an app's code, a passkey, and signing in with each."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.chromium import chromium
from tests.processes import Stack
from tests.safety.production import code_of

pytestmark = pytest.mark.browser

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def enter_password(page: Page, url: str) -> None:
    await page.goto(f"{url}/accounts/login/?next=/admin/tools/approval/")
    await page.get_by_label("User name").fill("rita")
    await page.get_by_label("Password").fill("demo")
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def leave(page: Page) -> None:
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_load_state()


async def test_a_reviewer_sets_up_a_second_step_and_signs_in_with_it(demo_stack: Stack):
    url = demo_stack.web().url.replace("127.0.0.1", "localhost")  # passkeys belong to names
    complaints: list[str] = []
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 390, "height": 800})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        device = await page.context.new_cdp_session(page)
        await device.send("WebAuthn.enable")
        await device.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

        await enter_password(page, url)
        await page.goto(f"{url}/accounts/2fa/")
        await page.get_by_role("link", name="Set up an app").click()
        assert await page.locator(".qr img").evaluate("image => image.naturalWidth") > 0
        await page.get_by_text("The app cannot scan?").click()
        secret = await page.locator(".secret").inner_text()
        await page.get_by_label("Authenticator code").fill(code_of(secret))
        await page.get_by_role("button", name="Turn it on").click()
        await expect(page.locator(".codes li")).to_have_count(10)

        await page.goto(f"{url}/accounts/2fa/webauthn/add/")
        await page.get_by_label("Name").fill("My telephone")
        await page.get_by_label("Sign in with it alone").check()
        await page.get_by_role("button", name="Add it").click()
        await page.wait_for_url(f"{url}/accounts/2fa/")
        await page.goto(f"{url}/accounts/2fa/webauthn/")
        await expect(page.get_by_role("heading", name="My telephone")).to_be_visible()

        await page.goto(f"{url}/admin/")
        await leave(page)
        await enter_password(page, url)
        await page.get_by_label("Code").fill(code_of(secret, later=1))
        await page.get_by_role("button", name="Sign in", exact=True).click()
        await page.wait_for_url("**/admin/tools/approval/")

        await leave(page)
        await enter_password(page, url)
        await page.get_by_role("button", name="Use a passkey").click()
        await page.wait_for_url("**/admin/tools/approval/")

        await leave(page)
        await page.goto(f"{url}/accounts/login/")
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await page.wait_for_url("**/admin/tools/approval/")
        for path in (
            "",
            "totp/deactivate/",
            "recovery-codes/",
            "recovery-codes/generate/",
            "reauthenticate/",
            "webauthn/",
        ):
            await page.goto(f"{url}/accounts/2fa/{path}")
            wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not wide, path
    assert complaints == []
