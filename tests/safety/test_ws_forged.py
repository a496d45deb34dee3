"""Forged hosts, addresses and targets: links name our host, limits stay where they are, nothing leads outside."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urljoin

import pytest

from tests.safety.production import HOST, ORIGIN, Production
from tests.scaled import a_few_of
from tests.wire import csrf_token

OUTSIDE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    f"{ORIGIN}.evil.example/",
    f"https://{HOST}@evil.example/",
    "https://evil.example\\@" + HOST,
    "%2f%2fevil.example",
    "/%09/evil.example",
    "\t//evil.example",
    "http://[::1",
    "ftp://x/",
]


FORGED: list[tuple[dict[str, str], int]] = [
    ({"x-test-host": "evil.example"}, 400),
    ({"x-forwarded-host": "evil.example"}, 302),
    ({"x-forwarded-host": "evil.example", "x-forwarded-port": "8443", "x-forwarded-server": "evil.example"}, 302),
    ({"forwarded": "host=evil.example;proto=http", "x-original-host": "evil.example", "x-host": "evil.example"}, 302),
    ({"x-test-host": f"{HOST}:evil.example"}, 400),
    ({"x-test-host": f"{HOST}:8443"}, 302),
]


@pytest.mark.parametrize(("forged", "status"), FORGED)
def test_ws_11_a_link_to_a_new_password_names_our_host_alone(
    production: Production, forged: dict[str, str], status: int
):
    name = f"forgetful{FORGED.index((forged, status))}"
    address = f"{name}@example.com"
    production.add_account(name)
    browser = production.browser("203.0.113.20")
    token = csrf_token(browser.get("/accounts/password/reset/").text)

    answer = browser.http.post(
        "/accounts/password/reset/", data={"csrfmiddlewaretoken": token, "email": address}, headers=forged
    )

    assert answer.status_code == status
    mails = production.mails_to(address, at_least=int(status == 302))
    assert len(mails) == int(status == 302)
    for mail in mails:
        assert "/password/reset/key/" in mail
        assert re.findall(r"https?://[^\s/]+", mail) == [ORIGIN]
        assert "evil" not in mail


@pytest.mark.parametrize("target", a_few_of(OUTSIDE, 6))
def test_ws_11_no_page_leads_outside(production: Production, target: str):
    name = hashlib.sha256(target.encode()).digest()
    browser = production.browser(f"198.51.{name[0]}.{name[1]}")
    form = browser.http.get("/accounts/login/", params={"next": target})
    token = csrf_token(form.text)
    data = {"csrfmiddlewaretoken": token, "login": "alice", "password": "demo", "next": target}

    answers = [browser.http.post("/accounts/login/", params={"next": target}, data=data)]
    answers.append(browser.http.get("/accounts/login/", params={"next": target}))
    token = csrf_token(browser.get("/accounts/password/change/").text)
    answers.append(browser.http.post("/accounts/logout/", data={"csrfmiddlewaretoken": token, "next": target}))

    assert answers[0].status_code == 302
    for answer in answers:
        # As a browser reads it: no control characters, and a backslash is a slash.
        where = re.sub(r"[\x00-\x20]", "", answer.headers.get("location", "/")).replace("\\", "/")
        assert urljoin(f"{ORIGIN}/accounts/login/", where).startswith(f"{ORIGIN}/"), where


def test_ws_11_an_address_that_a_client_writes_moves_no_limit(production: Production):
    codes = []
    for number in range(25):
        browser = production.browser(f"10.1.2.{number}, 192.0.2.{number}, 203.0.113.66")
        codes.append(browser.http.get("/track/", params={"number": f"ABCD-{9000 + number}"}).status_code)
    assert codes[:20] == [404] * 20
    assert codes[20:] == [429] * 5

    other = production.browser("203.0.113.67")
    assert other.http.get("/track/", params={"number": "ABCD-9000"}).status_code == 404
