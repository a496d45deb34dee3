"""A stolen session does not become a stolen account: no address or password changes past the owner."""

from __future__ import annotations

import re

from tests.processes import wait_until
from tests.safety.arena import Arena
from tests.safety.production import Production, code_of
from tests.wire import csrf_token

THIEF = "thief@example.org"
NEW = "Parcel-of-88-clouds"
ADDRESSES = """SELECT e.email, e.verified, e."primary" FROM account_emailaddress e
    JOIN auth_user u ON u.id = e.user_id WHERE u.username = %s"""
SAME_PASSWORD = """UPDATE auth_user SET password = (SELECT password FROM auth_user WHERE username = 'alice')
    WHERE username = %s"""


def test_az_12_a_stolen_session_cannot_move_the_account_to_another_address(arena: Arena):
    """The model asks for the change and staff would agree; the owner at the old address is asked first, and told."""
    owner = arena.a.sign_in()
    stolen = arena.a.sign_in(by_password=True)
    socket = stolen.socket()
    request = arena.request(arena.a, "update_profile", {"email": THIEF, "phone": "+493023129999"})
    arena.confirm(arena.a, request)

    assert arena.state_of(request["call_id"]) == "awaiting_verification"
    review = f"/admin/tools/approval/{request['call_id']}/review/"
    early = {"decision": "approve", "reason": "", "version": "1", "digest": request["digest"]}
    assert arena.s1.browser.get(review).status_code == 404
    assert arena.s1.browser.post(review, early, page="/accounts/password/change/").status_code == 404
    assert arena.sql("SELECT 1 FROM tools_decision WHERE call_id = %s", request["call_id"]) == []
    assert arena.state_of(request["call_id"]) == "awaiting_verification"
    # With a token of the product's own: what refuses is the page, not the lack of a form.
    theirs = {"csrfmiddlewaretoken": csrf_token(stolen.get("/accounts/password/change/").text), "email": THIEF}
    addresses = arena.sql(ADDRESSES, arena.a.facts.username)
    for path, status in (("/accounts/email/", 405), ("/accounts/email/confirm/", 302)):
        for name in ("action_add", "action_primary", "action_remove", "action_send"):
            assert stolen.http.post(path, data={**theirs, name: ""}).status_code == status, (path, name)
    assert arena.sql(ADDRESSES, arena.a.facts.username) == addresses
    assert not any(THIEF in line for mail in arena.mails() for line in re.findall(r"^To: .*$", mail, re.M))
    assert arena.effects() == []

    wait_until(lambda: any(arena.a.facts.email in mail for mail in arena.mails()), what="the mail to the old address")
    mail = next(mail for mail in arena.mails() if "verify-change" in mail)
    assert re.findall(r"^To: (.*)$", mail, re.M) == [arena.a.facts.email]
    link = re.search(r"https?://\S+(/accounts/verify-change/\S+/)", mail)
    assert link
    page = owner.get(link.group(1))
    agreed = owner.http.post(link.group(1), data={"csrfmiddlewaretoken": csrf_token(page.text)})
    assert agreed.status_code == 200
    assert arena.s1.browser.decide(request["call_id"], "approve").status_code == 302
    assert arena.wait_for_end(request["call_id"]) == "succeeded"

    # Now every session of before is over, the thief's and the owner's, and the old address has been told.
    assert socket.close_code(within=5) == 4401
    assert stolen.get("/chat/").status_code == owner.get("/accounts/email/").status_code == 302
    wait_until(
        lambda: any("were changed" in mail and f"To: {arena.a.facts.email}" in mail for mail in arena.mails()),
        what="word of the change at the old address",
        within=20,
    )
    # The new address has shown nothing yet, so no link to a new password goes there.
    visitor = arena.visitor()
    before = len(arena.mails())
    visitor.post("/accounts/password/reset/", {"email": THIEF})
    wait_until(lambda: len(arena.mails()) > before, what="the answer to the reset")
    assert not any("/password/reset/key/" in mail for mail in arena.mails())


def test_az_12_a_new_password_ends_the_other_sessions(production: Production):
    browsers = [production.browser(f"198.51.100.{70 + number}") for number in range(3)]
    for browser in browsers:
        assert browser.try_password("bob", "demo").status_code == 302
    mine, other, thief = browsers
    form = {"oldpassword": "demo", "password1": NEW, "password2": NEW}

    wrong = thief.post("/accounts/password/change/", form | {"oldpassword": "guessed"})
    changed = mine.post("/accounts/password/change/", form)

    assert wrong.status_code == 200
    assert changed.status_code == 302
    assert mine.get("/accounts/email/").status_code == 200
    assert [browser.get("/accounts/email/").status_code for browser in (other, thief)] == [302, 302]
    assert any("password" in mail.lower() for mail in production.mails_to("bob@example.com"))
    production.sql(SAME_PASSWORD, "bob")


def test_az_12_a_reset_needs_the_confirmed_address_and_not_only_the_mailbox(production: Production):
    """Who reads a reviewer's mail still lacks the second factor; an address nobody confirmed gets no link at all."""
    production.add_staff("keen")
    production.add_staff("slow")
    staff = production.browser("198.51.100.80")
    assert staff.try_password("keen", "demo").status_code == 302
    secret = staff.set_up_app()
    production.sql("UPDATE account_emailaddress SET verified = false WHERE email = 'slow@example.com'")
    asked = production.browser("198.51.100.81")
    for name in ("keen", "slow"):
        asked.post("/accounts/password/reset/", {"email": f"{name}@example.com"})
    mail = production.mails_to("keen@example.com", about="/password/reset/key/")[-1]
    other = production.mails_to("slow@example.com")[-1]

    assert "/password/reset/key/" not in other
    link = re.search(r"https://support\.example\.com(/accounts/password/reset/key/\S+)", mail)
    assert link
    form = asked.get(link.group(1))
    set_at = form.headers["location"]
    done = asked.post(set_at, {"password1": NEW, "password2": NEW})
    assert done.status_code == 302
    assert asked.get("/accounts/email/").status_code == 302
    assert staff.get("/accounts/email/").status_code == 302
    first = asked.try_password("keen", NEW)
    assert first.headers["location"].startswith("/accounts/2fa/authenticate/")
    assert asked.get("/admin/").status_code == 302
    assert asked.post("/accounts/2fa/authenticate/", {"code": code_of(secret, later=1)}).status_code == 302
    assert asked.get("/admin/").status_code == 200
    again = production.browser("198.51.100.82")
    assert "does not work any more" in again.get(link.group(1)).text


def test_az_12_no_page_of_staff_changes_an_address(production: Production):
    production.add_staff("curious-boss")
    root = production.browser("198.51.100.90")
    assert root.try_password("curious-boss", "demo").status_code == 302
    root.set_up_app()
    alice, address = production.sql(
        "SELECT u.id, e.id FROM auth_user u JOIN account_emailaddress e ON e.user_id = u.id WHERE username = 'alice'"
    )[0]
    page = root.get(f"/admin/auth/user/{alice}/change/")
    assert page.status_code == 200
    assert 'name="email"' not in page.text
    assert 'name="username"' not in page.text
    fields = dict(re.findall(r'<input type="(?:text|hidden)" name="([\w-]+)"(?: value="([^"]*)")?', page.text))
    form = fields | {"csrfmiddlewaretoken": csrf_token(page.text), "email": THIEF, "is_active": "on"}
    root.http.post(f"/admin/auth/user/{alice}/change/", data=form)
    for path in (f"emailaddress/{address}/change/", "emailaddress/add/", f"emailaddress/{address}/delete/"):
        data = {"csrfmiddlewaretoken": form["csrfmiddlewaretoken"], "email": THIEF, "verified": "on", "primary": "on"}
        assert root.http.post(f"/admin/account/{path}", data=data).status_code == 403, path
    addresses = production.sql("SELECT email FROM account_emailaddress WHERE user_id = %s", alice)
    assert addresses == production.sql("SELECT email FROM auth_user WHERE id = %s", alice) == [("alice@example.com",)]
