"""The browser's modules: their own tests run in Chromium; and what must hold for the files themselves."""

import re

import pytest
from django.test import Client

from tests.browser.doorway import HOST, MODULES, doorway
from tests.chromium import chromium
from tests.test_architecture import ROOT

SCRIPTS = ROOT / "static" / "js"
RUN = """async (name) => {
  await import(`/modules/${name}`);
  return (await import("/modules/harness.js")).run();
}"""


@pytest.mark.browser
@pytest.mark.parametrize("name", sorted(path.name for path in MODULES.glob("*.test.js")))
async def test_modules(name):
    async with chromium() as browser, doorway(browser, Client()) as door:
        await door.page.goto(f"{HOST}/static/img/favicon.svg")
        result = await door.page.evaluate(RUN, name)

    assert result["failed"] == []
    assert result["ran"] > 0


def test_every_module_is_preloaded():
    """One request deep instead of one import after another; a missing name only costs time, so nobody would see it."""
    page = (ROOT / "templates" / "chat" / "_modules.html").read_text()

    assert sorted(re.findall(r"'js/(\w+\.js)'", page)) == sorted(path.name for path in SCRIPTS.glob("*.js"))


def test_every_module_is_checked_and_says_its_job():
    odd = [
        path.name
        for path in SCRIPTS.glob("*.js")
        if not re.match(r"// @ts-check\n// \w", path.read_text())
        or len(re.findall(r"^export (?:default )?class ", path.read_text(), re.MULTILINE)) > 1
    ]

    assert odd == []
