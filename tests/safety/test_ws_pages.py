"""Pages as operators serve them: cookies, headers, caches, forged hosts and addresses, and changes by POST alone."""

from __future__ import annotations

import re

import httpx2
from django.core import signing

from tests.safety.arena import Arena
from tests.safety.cast import SECRETS
from tests.safety.production import CSRF, HOST, KNOWN, ORIGIN, SESSION, Production, ProxiedBrowser
from tests.wire import csrf_token

PLANTED = "anonymous0session0of0the0server0"
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
PUBLIC = [
    "/",
    "/track/",
    "/track/?number=ABCD-1337",
    "/track/?number=NONE-1",
    "/accounts/login/",
    "/accounts/signup/",
    "/healthz",
    "/accounts/password/reset/",
    "/accounts/password/reset/key/1-x/",
    "/accounts/confirm-email/x/",
    "/nothing",
    "/chat/",
    "/accounts/verify-change/x/",
    "/accounts/2fa/",
    "/accounts/2fa/authenticate/",
    "/admin/",
    "/admin/login/",
    "/readyz",
    "/static/css/base.css",
    "/static/js/chat.js",
    "/static/admin/css/base.css",
    "/static/none.css",
    "/static/../manage.py",
    "/.git/config",
    "/favicon.ico",
    "/accounts/2fa/webauthn/login/",
]
PERSONAL = [
    "/",
    "/chat/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/logout/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/admin/",
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
    answers = [visitor.get(path) for path in PUBLIC] + [alice.get(path) for path in PERSONAL]
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


# --- WS-13 ------------------------------------------------------------------------------------------------------

CHANGES = [
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/signup/",
    "/accounts/password/change/",
    "/accounts/password/reset/",
    "/accounts/reauthenticate/",
    "/accounts/email/confirm/",
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/recovery-codes/generate/",
    "/accounts/2fa/webauthn/add/",
    "/chat/new/",
    "/admin/logout/",
]
QUIET = "SELECT (SELECT count(*) FROM chat_conversation), (SELECT count(*) FROM tools_decision),\
 (SELECT count(*) FROM auth_user), (SELECT string_agg(password, '' ORDER BY id) FROM auth_user),\
 (SELECT count(*) FROM mfa_authenticator), (SELECT count(*) FROM account_emailaddress)"


def test_ws_13_nothing_changes_but_by_a_form_of_ours(arena: Arena):
    arena.waive("O7", "no step of a call is made here, only refused pages")
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.confirm(arena.a, request)
    review = f"/admin/tools/approval/{request['call_id']}/review/"
    a, s1 = arena.a.browser, arena.s1.browser
    form = s1.review_form(request["call_id"]) | {"decision": "approve", "reason": ""}
    before = arena.sql(QUIET)
    foreign = {"referer": "https://evil.example/", "origin": "https://evil.example"}
    json_form = '{"decision": "approve"}'
    posts = [
        *((a, path, {}) for path in CHANGES),
        (s1, review, form),
        *((s1, path, {}) for path in ("/admin/logout/",)),
    ]

    odd = []
    for browser, path, data in posts:
        csrf = csrf_token(browser.get("/accounts/password/change/").text)
        full = {**data, "csrfmiddlewaretoken": csrf}
        tries = {
            "get": browser.http.get(path, params=data),
            "no token": browser.http.post(path, data=data),
            "wrong token": browser.http.post(path, data={**data, "csrfmiddlewaretoken": "x" * 64}),
            "foreign page": browser.http.post(path, data=full, headers=foreign),
            "text": browser.http.post(path, content=str(full), headers={"content-type": "text/plain"}),
            "json": browser.http.post(path, content=json_form, headers={"content-type": "application/json"}),
            "put": browser.http.put(path, data=data),
            "override": browser.http.get(
                path, headers={"x-http-method-override": "POST", "x-method-override": "POST"}, params=data
            ),
            "_method": browser.http.get(path, params={**data, "_method": "POST", "csrfmiddlewaretoken": csrf}),
        }
        for name, answer in tries.items():
            fine = (200, 302, 403, 404, 405) if name in ("get", "override", "_method") else (403, 404, 405)
            if answer.status_code not in fine:
                odd.append((path, name, answer.status_code))
    assert odd == []
    assert arena.sql(QUIET) == before
    assert arena.state_of(request["call_id"]) == "awaiting_approval"
    assert arena.effects() == []
    for browser in (a, s1):
        assert browser.get("/accounts/password/change/").status_code == 200
