"""Pages as operators serve them: cookies, headers, caches, and what leads from plain http."""

from __future__ import annotations

import re

import httpx2
from django.core import signing

from tests.safety.cast import SECRETS
from tests.safety.production import CSRF, HOST, KNOWN, ORIGIN, SESSION, Production, ProxiedBrowser

PLANTED = "anonymous0session0of0the0server0"
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
# Beside all that there is (test_ws_addresses.py): what is there for nobody, and files.
ELSEWHERE = [
    "/track/?number=ABCD-1337",
    "/track/?number=NONE-1",
    "/accounts/password/reset/key/1-x/",
    "/accounts/confirm-email/x/",
    "/accounts/verify-change/x/",
    "/nothing",
    "/static/css/base.css",
    "/static/js/chat.js",
    "/static/admin/css/base.css",
    "/static/none.css",
    "/static/../manage.py",
    "/.git/config",
    "/favicon.ico",
    "/accounts/logout/",
]


def signed_in(production: Production, name: str, address: str) -> ProxiedBrowser:
    browser = production.browser(address)
    assert browser.try_password(name, "demo").status_code == 302
    return browser


# --- WS-08 ------------------------------------------------------------------------------------------------------


def test_ws_08_signing_in_makes_a_new_session_with_locked_cookies(production: Production):
    victim = production.browser("203.0.113.8")
    planted = "abcdefghijklmnopqrstuvwxyz012345"
    victim.jar[SESSION] = planted
    # An attacker's own session, made by the server and planted on somebody else.
    attacker = signed_in(production, "bob", "203.0.113.9")
    theirs = attacker.jar[SESSION]

    assert victim.try_password("alice", "demo").status_code == 302
    first = victim.jar[SESSION]
    planted_on = production.browser("203.0.113.8")
    planted_on.jar[SESSION] = theirs
    planted_on.http.get("/accounts/logout/")
    form = planted_on.get("/accounts/password/change/")
    assert form.status_code == 200
    again = production.browser("203.0.113.8")
    again.jar[SESSION] = first
    again.get("/chat/")

    assert first not in (planted, theirs)
    assert production.sql("SELECT 1 FROM django_session WHERE session_key = %s", planted) == []
    names = {line.split("=", 1)[0] for line in victim.set_cookies}
    assert {SESSION, CSRF, KNOWN} <= names
    for line in [line for line in victim.set_cookies if "max-age=0" not in line.lower()]:
        attributes = {part.strip().split("=")[0].lower(): part.strip() for part in line.split(";")[1:]}
        assert line.startswith("__Host-"), line
        assert {"secure", "httponly", "samesite", "path"} <= set(attributes), line
        assert attributes["samesite"].lower() == "samesite=lax"
        assert attributes["path"].lower() == "path=/"
        assert "domain" not in attributes


def test_ws_08_a_session_of_before_the_sign_in_is_not_taken_over(production: Production):
    """The server's own anonymous session, planted by somebody who knows its key: it must not become the victim's."""
    victim = production.browser("203.0.113.10")
    production.sql("DELETE FROM django_session WHERE session_key = %s", PLANTED)
    production.sql(
        "INSERT INTO django_session (session_key, session_data, expire_date) VALUES (%s, %s, now() + interval '1 day')",
        PLANTED,
        signing.dumps(
            {"seen": 1}, key=SECRETS["SECRET_KEY"], salt="django.contrib.sessions.SessionStore", compress=True
        ),
    )
    victim.jar[SESSION] = PLANTED
    victim.get("/accounts/login/")
    assert victim.jar[SESSION] == PLANTED  # the server knows it

    assert victim.try_password("alice", "demo").status_code == 302

    assert victim.jar[SESSION] != PLANTED
    assert production.sql("SELECT 1 FROM django_session WHERE session_key = %s", PLANTED) == []
    assert victim.get("/accounts/email/").status_code == 200
    thief = production.browser("203.0.113.11")
    thief.jar[SESSION] = PLANTED
    assert thief.get("/accounts/email/").status_code == 302


# --- WS-09 ------------------------------------------------------------------------------------------------------


def problems_of(answer: httpx2.Response) -> list[str]:
    """What is wrong with the headers of an answer over https."""
    headers = answer.headers
    found = [f"{name}: {headers.get(name)}" for name, value in EVERYWHERE.items() if headers.get(name) != value]
    policy = {
        line.split()[0]: line.split()[1:]
        for line in headers.get("content-security-policy", "").split(";")
        if line.strip()
    }
    closed = ("default-src", "frame-ancestors", "base-uri")
    found += [f"{name}: {policy.get(name)}" for name in closed if policy.get(name) != ["'none'"]]
    found += [f"{name}: {sources}" for name, sources in policy.items() if is_loose(sources, answer)]
    hsts = headers.get("strict-transport-security", "")
    age = re.search(r"max-age=(\d+)", hsts)
    if age is None or int(age.group(1)) < 31536000 or "includeSubDomains" not in hsts:
        found.append(f"hsts: {hsts}")
    if "permissions-policy" not in headers:
        found.append("no permissions-policy")
    found += [f"{name}: {headers[name]}" for name in ("server", "x-powered-by") if name in headers]
    return found + cache_problems(answer)


def is_loose(sources: list[str], answer: httpx2.Response) -> bool:
    open_to = {"*", "'unsafe-inline'", "'unsafe-eval'", "http:", "https:", "blob:"}
    if not answer.request.url.path.endswith("/totp/activate/"):  # its picture of the secret is no file
        open_to.add("data:")
    return bool(open_to & set(sources))


def cache_problems(answer: httpx2.Response) -> list[str]:
    is_file = answer.request.url.path.startswith("/static/") and answer.status_code in (200, 304)
    if is_file:
        return ["a file sets a cookie"] if "set-cookie" in answer.headers else []
    kept = [value.strip() for value in answer.headers.get("cache-control", "").split(",")]
    vary = [value.strip().lower() for value in answer.headers.get("vary", "").split(",")]
    return ([] if "no-store" in kept else [f"cache-control: {kept}"]) + ([] if "cookie" in vary else [f"vary: {vary}"])


def refusals(browser: ProxiedBrowser) -> list[httpx2.Response]:
    """Answers that no view of ours makes: 400, 403, 405, 411, 413, 429."""
    return [
        browser.http.get("/", headers={"x-test-host": "evil.example"}),
        browser.http.post("/accounts/login/", data={"login": "a", "password": "b"}),
        browser.http.post("/"),
        browser.http.put("/chat/"),
        browser.http.delete("/accounts/logout/"),
        browser.http.request("OPTIONS", "/track/"),
        browser.http.request("TRACE", "/"),
        browser.http.post("/accounts/login/", content=b"x" * (2621440 + 1)),
        browser.http.get("/accounts/2fa/webauthn/login/", headers={"x-requested-with": "XMLHttpRequest"}),
        browser.http.head("/track/"),
    ]


def test_ws_09_every_answer_bears_its_headers(production: Production):
    visitor = production.browser("203.0.113.10")
    alice = signed_in(production, "alice", "203.0.113.11")
    production.add_staff("page-reader")
    staff = signed_in(production, "page-reader", "203.0.113.12")
    answers = [browser.get(path) for path in ELSEWHERE for browser in (visitor, alice)]
    answers += [*refusals(visitor), staff.get("/admin/"), staff.get("/accounts/2fa/")]
    staff.set_up_app()
    answers += [staff.get(path) for path in ("/admin/", "/admin/tools/approval/", "/admin/jsi18n/", "/admin/nothing/")]
    chat = alice.get(alice.get("/chat/").headers["location"])
    answers += [chat, staff.get("/admin/auth/user/1/change/"), alice.get("/admin/tools/approval/")]

    seen = {answer.status_code for answer in answers}
    assert {200, 302, 400, 403, 404, 405, 413} <= seen, seen
    wrong = {f"{a.request.method} {a.request.url} {a.status_code}": problems_of(a) for a in answers if problems_of(a)}
    assert wrong == {}
    assert "require-trusted-types-for 'script'" in chat.headers["content-security-policy"]
    assert "'nonce-" in chat.headers["content-security-policy"]
    inline = re.findall(
        r"<script(?![^>]*\b(?:src|nonce|type=.application/json)\b)[^>]*>|\son\w+=|<style|\sstyle=", chat.text
    )
    assert inline == []
    left = alice.post("/accounts/logout/", {}, page="/accounts/password/change/")
    assert {'"cache"', '"storage"'} <= {part.strip() for part in left.headers["clear-site-data"].split(",")}


def test_ws_09_plain_http_leads_to_https_and_nowhere_else(production: Production):
    plain = httpx2.Client(base_url=production.web.url, trust_env=False, headers={"host": HOST})
    for path in ("/", "/accounts/login/?next=/chat/", "//evil.example/", "/\\evil.example", "/chat/%0d%0aX-Evil:1"):
        answer = plain.get(path)
        assert answer.status_code in (301, 400, 404), path
        if answer.status_code == 301:
            assert answer.headers["location"].startswith(f"{ORIGIN}/"), path
        assert "x-evil" not in answer.headers
    assert plain.get("/healthz").status_code == 200
    # Only the proxy is believed about the scheme, and the last word of a list is the proxy's.
    lied = plain.get("/", headers={"x-forwarded-proto": "https, http"})
    assert lied.status_code == 301
    plain.close()
