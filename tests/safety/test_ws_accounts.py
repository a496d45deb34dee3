"""Accounts: nobody learns who has one, guessing is slow and locks nobody out, and staff need a second factor."""

from __future__ import annotations

import re
import time
from pathlib import Path

import httpx2
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from tests.processes import Stack, wait_until
from tests.safety.arena import Arena
from tests.safety.conftest import app_url
from tests.safety.person import WatchedBrowser
from tests.safety.production import KNOWN, Production, ProxiedBrowser, code_of
from tests.wire import csrf_token
from tracking.models import Customer

STRONG = "Parcel-of-77-clouds"


def face(answer: httpx2.Response) -> tuple[int, str, str]:
    """What a person sees of an answer, without the token, the nonce and what they typed themselves."""
    text = re.sub(r'(value|content|nonce)="[^"]*"', "", answer.text)
    text = re.sub(r"[\w.+-]+@[\w.-]+", "(address)", text)
    return answer.status_code, answer.headers.get("location", ""), text


# --- WS-12 ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["name", "address"])
def test_ws_12_signing_in_does_not_tell_who_has_an_account(production: Production, kind: str):
    known, unknown = {"name": ("alice", "nobody-77"), "address": ("alice@example.com", "nobody-77@example.com")}[kind]
    wrong = production.browser("198.51.100.1").try_password(known, "wrong password 1")
    nobody = production.browser("198.51.100.2").try_password(unknown, "wrong password 1")

    assert face(wrong) == face(nobody)
    assert wrong.status_code == 200
    assert wrong.headers.keys() == nobody.headers.keys()


def test_ws_12_signing_up_does_not_tell_who_has_an_account(production: Production):
    answers = {}
    before = len(production.mails_to("bob@example.com", at_least=0))
    for number, email in enumerate(("bob@example.com", "new-77@example.com", "RITA@Example.com")):
        browser = production.browser(f"198.51.100.{10 + number}")
        answers[email] = browser.post("/accounts/signup/", {"email": email, "password1": STRONG, "password2": STRONG})
        follow = browser.get(answers[email].headers["location"])
        answers[f"{email} then"] = follow
        assert browser.get("/chat/").headers["location"].startswith("/accounts/login/")

    faces = [face(answer) for name, answer in answers.items() if not name.endswith("then")]
    then = [face(answer) for name, answer in answers.items() if name.endswith("then")]
    assert faces == [faces[0]] * 3
    assert then == [then[0]] * 3
    # The owner of the address is told; nobody else is.
    assert len(production.mails_to("bob@example.com", at_least=before + 1)) > before
    assert production.sql("SELECT count(*) FROM auth_user WHERE lower(email) = 'bob@example.com'") == [(1,)]
    early = production.browser("198.51.100.13").try_password("new-77@example.com", STRONG)
    assert early.headers["location"] == "/accounts/confirm-email/"


def test_ws_12_a_reset_does_not_tell_who_has_an_account(production: Production):
    answers = []
    for number, email in enumerate(("ravi@example.com", "nobody-78@example.com")):
        browser = production.browser(f"198.51.100.{20 + number}")
        answers.append(browser.post("/accounts/password/reset/", {"email": email}))
        answers.append(browser.get(answers[-1].headers["location"]))

    assert face(answers[0]) == face(answers[2])
    assert face(answers[1]) == face(answers[3])
    assert "nobody-78" in production.mails_to("nobody-78@example.com")[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "known", "unknown"),
    [
        ("/accounts/login/", {"login": "alice", "password": "x"}, {"login": "nobody", "password": "x"}),
        (
            "/accounts/login/",
            {"login": "alice@example.com", "password": "x"},
            {"login": "nobody@example.com", "password": "x"},
        ),
        (
            "/accounts/signup/",
            {"email": "alice@example.com", "password1": STRONG, "password2": STRONG},
            {"email": "nobody@example.com", "password1": STRONG, "password2": STRONG},
        ),
    ],
)
def test_ws_12_an_account_costs_as_many_hashes_as_none(
    alice: Customer,
    settings,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    known: dict[str, str],
    unknown: dict[str, str],
):
    """A hash takes a hundred times as long as everything else, so their number is the time that can be measured."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    settings.ACCOUNT_RATE_LIMITS = False
    assert alice.user is not None
    alice.user.set_password("right")
    alice.user.save()
    hashed: list[int] = []
    real = PBKDF2PasswordHasher.encode

    def counted(self: PBKDF2PasswordHasher, password: str, salt: str, iterations: int | None = None) -> str:
        hashed.append(1)
        return real(self, password, salt, 1)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", counted)
    counts = []
    for form in (known, unknown):
        hashed.clear()
        Client().post(path, form)
        counts.append(len(hashed))

    assert counts[0] == counts[1] > 0


# --- WS-14 ------------------------------------------------------------------------------------------------------


def guess(browser: ProxiedBrowser, name: str, count: int) -> list[int]:
    token = csrf_token(browser.get("/accounts/login/").text)
    form = {"csrfmiddlewaretoken": token, "login": name}
    return [
        browser.http.post("/accounts/login/", data=form | {"password": f"wrong password {n}"}).status_code
        for n in range(count)
    ]


def test_ws_14_guessing_from_one_address_or_from_fifty_is_slowed_down(production: Production):
    owner = production.browser("198.51.100.30")
    assert owner.try_password("sam", "demo").status_code == 302
    owner.post("/accounts/logout/", {}, page="/accounts/password/change/")

    alone = production.browser("198.51.100.31")
    from_one = guess(alone, "sam", 50)
    from_fifty = [guess(production.browser(f"192.0.2.{n}"), "sam", 1)[0] for n in range(50)]
    stranger = production.browser("198.51.100.32").try_password("sam", "demo")

    assert from_one.count(200) <= 5
    assert set(from_one[5:]) == {429}
    assert set(from_fifty) == {429}
    assert stranger.status_code == 429
    assert 0 < int(stranger.headers["retry-after"]) <= 600
    assert "try again" in stranger.text
    # Somebody else at that address may be a person who has nothing to do with it; the owner is at home in a browser.
    assert production.browser("198.51.100.33").try_password("ravi", "demo").status_code == 302
    assert owner.try_password("sam", "demo").status_code == 302
    # A browser that is known for one account is no way around the limit of another.
    known = production.browser("198.51.100.34")
    known.jar[KNOWN] = owner.jar[KNOWN]
    assert guess(known, "rita", 8).count(200) <= 5
    forged = production.browser("198.51.100.35")
    forged.jar[KNOWN] = owner.jar[KNOWN][:-2] + "xx"
    assert forged.try_password("sam", "demo").status_code == 429


def test_ws_14_other_forms_are_slowed_down_too(production: Production):
    limits = {"/accounts/signup/": {"email": "a@b"}, "/accounts/password/reset/": {"email": "someone@example.com"}}
    for number, (path, form) in enumerate(limits.items()):
        browser = production.browser(f"198.51.100.{40 + number}")
        token = csrf_token(browser.get(path).text)
        codes = [browser.http.post(path, data={**form, "csrfmiddlewaretoken": token}).status_code for _ in range(14)]
        assert codes[0] in (200, 302), path
        assert codes[-1] == 429, path


STAFF_PAGES = ("/admin/", "/admin/tools/approval/", "/admin/chat/conversation/", "/admin/auth/user/")


def test_ws_14_staff_reach_no_page_of_theirs_by_password_alone(production: Production):
    production.add_staff("new-boss")
    browser = production.browser("198.51.100.50")
    assert browser.try_password("new-boss", "demo").status_code == 302
    for page in (*STAFF_PAGES, "/admin/tools/approval/00000000-0000-4000-8000-000000000000/review/"):
        for answer in (browser.get(page), browser.http.post(page, data={"csrfmiddlewaretoken": "x"})):
            assert answer.status_code in (302, 403), page
            if answer.status_code == 302:
                assert answer.headers["location"] == "/accounts/2fa/", page
    secret = browser.set_up_app()
    assert browser.get("/admin/").status_code == 200
    codes = re.findall(r"<code>(\d+)</code>", browser.get("/accounts/2fa/recovery-codes/").text)
    assert len(codes) == 10
    stored = "".join(str(row) for row in production.sql("SELECT data FROM mfa_authenticator"))
    assert secret not in stored

    other = production.browser("198.51.100.51")
    first = other.try_password("new-boss", "demo")
    assert first.headers["location"].startswith("/accounts/2fa/authenticate/")
    for page in ("/chat/", "/accounts/2fa/", "/accounts/password/change/", *STAFF_PAGES):
        assert other.get(page).headers["location"].startswith(("/accounts/login/", "/admin/login/")), page
    # Guessing the second step is slow too; then the app, then a recovery code, each once.
    wrong = [other.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code for _ in range(8)]
    assert 302 not in wrong
    third = production.browser("198.51.100.52")
    third.try_password("new-boss", "demo")
    limited = third.post("/accounts/2fa/authenticate/", {"code": code_of(secret, later=1)})
    assert limited.status_code == 200
    assert "Try again later" in limited.text


def test_ws_14_a_code_opens_the_account_once(production: Production):
    production.add_staff("opens-once")
    browser, before = production.browser("198.51.100.60"), production.browser("198.51.100.65")
    for door in (browser, before):
        assert door.try_password("opens-once", "demo").status_code == 302
    secret = browser.set_up_app()
    codes = re.findall(r"<code>(\d+)</code>", browser.get("/accounts/2fa/recovery-codes/").text)
    later = code_of(secret, later=1)

    def enter(code: str, address: str) -> int:
        door = production.browser(address)
        door.try_password("opens-once", "demo")
        status = door.post("/accounts/2fa/authenticate/", {"code": code}).status_code
        if status == 302:
            assert door.get("/admin/tools/approval/").status_code == 200
        return status

    # A session of before the factor was set up is asked for it.
    asked = before.get("/admin/tools/approval/")
    assert asked.headers["location"].startswith("/accounts/2fa/reauthenticate/?next=")
    assert [enter(later, "198.51.100.61"), enter(later, "198.51.100.62")] == [302, 200]
    assert [enter(codes[0], "198.51.100.63"), enter(codes[0], "198.51.100.64")] == [302, 200]


def test_ws_14_an_old_sign_in_decides_nothing_until_it_is_renewed(arena: Arena, tmp_path: Path):
    """A server beside the usual one where a sign-in is fresh for a second; on the usual one the same form is taken."""
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.confirm(arena.a, request)
    product = arena.product
    stack = Stack(folder=tmp_path, database_url=app_url(product.database_url), redis_url=product.redis_url)
    try:
        browser = WatchedBrowser(stack.web(**product.variables, REAUTH_S="1").url, arena.s1.received)
        arena.s1.browsers.append(browser)
        browser.sign_in(arena.s1.facts.username)
        signed_in = time.time()
        wait_until(lambda: time.time() > signed_in + 1.1, what="the end of a fresh sign-in")
        path = f"/admin/tools/approval/{request['call_id']}/review/"
        form = browser.review_form(request["call_id"]) | {"decision": "approve", "reason": ""}

        answer = browser.post(path, form)

        assert answer.status_code == 302
        assert answer.headers["location"].startswith("/accounts/reauthenticate/?next=")
        assert arena.sql("SELECT 1 FROM tools_decision WHERE call_id = %s", request["call_id"]) == []
        assert arena.state_of(request["call_id"]) == "awaiting_approval"
    finally:
        stack.stop()
    usual = WatchedBrowser(product.web.url, arena.s1.received)
    arena.s1.browsers.append(usual)
    usual.sign_in(arena.s1.facts.username)
    assert usual.post(path, form).status_code == 302
    assert arena.wait_for_end(request["call_id"]) == "succeeded"
