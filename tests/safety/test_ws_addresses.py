"""Every address there is, read from the product's own list: its headers, and that nothing changes but by our forms."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import httpx2
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import signing
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from tests.safety.addresses import Address, Unfilled, add_missing_rows, add_row, addresses, fingerprints, patterns
from tests.safety.cast import SECRETS
from tests.safety.production import HOST, ORIGIN, Production, ProxiedBrowser
from tests.safety.test_ws_pages import problems_of, signed_in
from tests.wire import csrf_token
from tools.canonical import digest_of
from tools.models import Approval, ToolCall

KEY = SECRETS["SECRET_KEY"]
# Addresses that show a page to nobody of this test, and what the most powerful of them is answered instead.
NO_PAGE: list[tuple[str, set[int]]] = [
    (r"chat|account_confirm_login_code|account_set_password|mfa_authenticate|mfa_login_webauthn", {302}),
    (r"account_reset_password_from_key", {302}),  # to the same page without the key in its address
    (r"chat_new|account_email_confirm|admin:logout", {405}),
    (r"admin:login", {302}),
    (r"admin:mfa_authenticator_delete", {200}),
    (r"admin:autocomplete|admin:(?!auth_)[a-z]+_[a-z]+_(?:add|delete)", {403}),
    (r"admin/.*<path:object_id>/", {302}),
    (re.escape("admin/(?P<url>.*)$") + "|admin:view_on_site", {404}),
    (r"readyz", {503}),  # there is no worker
]
# Their views are Django's own for every model alike.
STOCK = re.compile(r"admin:[a-z]+_[a-z]+_(?:changelist|add|change|delete|history)|admin/.*<path:object_id>/")


@dataclass
class Place:
    """Everybody signed in once, a row for each page, and every address filled with them."""

    visitor: ProxiedBrowser
    alice: ProxiedBrowser
    staff: ProxiedBrowser
    addresses: list[Address]
    call_id: str
    link: str


def waiting(production: Production, tool: str, state: str, arguments: dict[str, str]) -> tuple[str, str]:
    """(call_id, digest) of a request of alice's."""
    customer = production.sql("SELECT c.id FROM tracking_customer c WHERE email = 'alice@example.com'")[0][0]
    ended = (
        "UPDATE tools_toolcall SET state = 'withdrawn' WHERE customer_id = %s AND tool = %s AND state LIKE 'awaiting%%'"
    )
    production.sql(ended, customer, tool)
    digest, now = digest_of(tool=tool, customer_id=customer, arguments=arguments), datetime.now(UTC)
    given = {"tool": tool, "state": state, "arguments": json.dumps(arguments), "digest": digest, "effect": "write"}
    when = {"created_at": now, "confirmed_at": now, "expires_at": now + timedelta(hours=1)}
    return add_row(production.sql, ToolCall, customer_id=customer, id=uuid.uuid4(), need=1, **given, **when), digest


@pytest.fixture
def place(production: Production) -> Place:
    name, sql = f"walker-{uuid.uuid4().hex[:8]}", production.sql
    production.add_staff(name)
    staff = signed_in(production, name, "203.0.113.91")
    staff.set_up_app()
    staff.get("/accounts/2fa/recovery-codes/")  # shown once: that it was is noted, by a look
    alice = signed_in(production, "alice", "203.0.113.92")
    conversation = alice.get("/chat/").headers["location"].split("/")[2]
    call_id, _ = waiting(production, "cancel_order", "awaiting_approval", {"order_id": "ORD-1002"})
    add_row(sql, Approval, call_id=call_id, need=1)
    to_verify = waiting(production, "update_profile", "awaiting_verification", {"email": f"{name}@example.net"})
    link = signing.dumps(list(to_verify), key=KEY, salt="tools.verify_change")
    add_missing_rows(sql)
    boss = sql("SELECT id FROM auth_user WHERE username = %s", name)[0][0]
    passkey = add_row(sql, Authenticator, user_id=boss, type="webauthn", data=json.dumps(a_passkey()))
    unproved = add_row(sql, EmailAddress, user_id=boss, email=f"{name}@example.org", verified=False, primary=False)
    reset = reset_link(production, name)
    fill = {
        "conversation": {"conversation_id": conversation},
        "verify_change": {"token": link},
        "mfa_remove_webauthn": {"pk": passkey},
        "mfa_edit_webauthn": {"pk": passkey},
        "account_confirm_email": {"key": signing.dumps(int(unproved), key=KEY, salt="account")},
        "account_reset_password_from_key": reset,
        "admin:view_on_site": {"content_type_id": "1", "object_id": "1"},
        "admin:tools_approval_review": {"call_id": call_id},
        "admin:app_list": {"app_label": "tools"},
        "admin/(?P<url>.*)$": {"url": "nothing/"},
    }
    found = addresses(fill, sql)
    # Where the link to a new password leads whoever opened it.
    found.append(Address("the new password", f"/accounts/password/reset/key/{reset['uidb36']}-set-password/"))
    return Place(production.browser("203.0.113.90"), alice, staff, found, call_id, f"/accounts/verify-change/{link}/")


def a_passkey() -> dict[str, object]:
    """What the accounts app keeps of one."""
    key = ES256({1: 2, 3: -7, -1: 1, -2: b"x" * 32, -3: b"y" * 32})
    held = AttestedCredentialData.create(bytes(16), b"passkey-1", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    made = AttestationObject.create(
        "none", AuthenticatorData.create(sha256(HOST.encode()).digest(), flags, 0, held), {}
    )
    client = json.dumps({"type": "webauthn.create", "challenge": "AA", "origin": ORIGIN}).encode()
    response = {"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(made)}
    credential = {"id": websafe_encode(b"passkey-1"), "rawId": websafe_encode(b"passkey-1"), "type": "public-key"}
    return {"name": "x", "credential": {**credential, "response": response}}


def reset_link(production: Production, name: str) -> dict[str, str]:
    browser = production.browser("203.0.113.93")
    browser.post("/accounts/password/reset/", {"email": f"{name}@example.com"})
    mail = production.mails_to(f"{name}@example.com", about="/password/reset/key/")[0]
    uidb36, _, key = mail.split("/password/reset/key/")[1].split("/")[0].partition("-")
    return {"uidb36": uidb36, "key": key}


def test_ws_09_an_address_that_nobody_filled_is_not_passed_over(production: Production):
    with pytest.raises(Unfilled, match="conversation_id"):
        addresses({}, production.sql)
    assert len(list(patterns())) > 150


def test_ws_09_every_address_bears_its_headers_whoever_asks(production: Production, place: Place):
    before = fingerprints(production.sql)
    wrong: dict[str, object] = {}
    unseen: dict[str, list[int]] = {}
    for address in place.addresses:
        answers = [browser.get(address.path) for browser in (place.visitor, place.alice, place.staff)]
        for who, answer in zip(("visitor", "customer", "staff"), answers, strict=True):
            if problems := problems_of(answer):
                wrong[f"{address.name} {who} {answer.status_code}"] = problems
        codes = [answer.status_code for answer in answers]
        if not set(codes) & expected_of(address.name):
            unseen[address.name] = codes

    assert wrong == {}
    assert unseen == {}
    assert changed_since(before, production) == []
    assert [page.get("/accounts/password/change/").status_code for page in (place.alice, place.staff)] == [200, 200]


def expected_of(name: str) -> set[int]:
    return next((codes for pattern, codes in NO_PAGE if re.fullmatch(pattern, name)), {200})


def changed_since(before: dict[str, str], production: Production) -> list[str]:
    now = fingerprints(production.sql)
    return [table for table, found in now.items() if found != before.get(table)]


def forged(browser: ProxiedBrowser, token: str, fields: dict[str, str]) -> dict[str, Callable[[str], httpx2.Response]]:
    """Ways to ask for a change that no form of ours takes. `token` is this browser's own, and right."""
    http, full = browser.http, {**fields, "csrfmiddlewaretoken": token}
    foreign = {"origin": "https://evil.example", "referer": "https://evil.example/"}
    plain = "&".join(f"{name}={value}" for name, value in full.items())
    return {
        "no token": lambda path: http.post(path, data=fields),
        "wrong token": lambda path: http.post(path, data={**fields, "csrfmiddlewaretoken": "x" * 64}),
        "foreign page": lambda path: http.post(path, data=full, headers=foreign),
        "text": lambda path: http.post(path, content=plain, headers={"content-type": "text/plain"}),
        "json": lambda path: http.post(path, json=full),
        "put": lambda path: http.put(path, data=full),
        "delete": lambda path: http.delete(path),
    }


def test_ws_13_no_address_changes_anything_but_by_a_form_of_ours(production: Production, place: Place):
    page = place.staff.get(f"/admin/tools/approval/{place.call_id}/review/").text
    digest = production.sql("SELECT digest FROM tools_toolcall WHERE id = %s", place.call_id)[0][0]
    fields = {
        "decision": "decline", "digest": digest, "version": "1", "reason": "x", "post": "yes", "text": "Hello",
        "hand_back": "1", "email": "thief@evil.example", "action": "delete_selected", "_selected_action": "1",
        "password1": "Parcel-of-77-clouds", "password2": "Parcel-of-77-clouds", "code": "000000", "next": "/",
    }  # fmt: skip
    token = csrf_token(page)
    override = {"x-http-method-override": "POST", "x-method-override": "POST", "x-http-method": "POST"}
    hers = csrf_token(place.alice.get("/accounts/password/change/").text)
    before = fingerprints(production.sql)
    taken: list[tuple[str, str, int]] = []
    for number, address in enumerate(place.addresses):
        # Whoever may not go there changes nothing anyhow: a customer's pages are asked for by one, too.
        askers = {token: place.staff} if address.path.startswith("/admin/") else {token: place.staff, hers: place.alice}
        for own, browser in askers.items():
            asked = {**fields, "_method": "POST", "csrfmiddlewaretoken": own}
            answer = browser.http.get(address.path, params=asked, headers={**override, "x-csrftoken": own})
            if answer.status_code >= 500 and address.name != "readyz":
                taken.append((address.name, "get", answer.status_code))
        ways = forged(place.staff, token, fields)
        tried = ways if not STOCK.fullmatch(address.name) else ["no token", list(ways)[number % len(ways)]]
        codes = {way: ways[way](address.path).status_code for way in tried}
        taken += [(address.name, way, code) for way, code in codes.items() if code not in (403, 404)]

    assert taken == []
    assert changed_since(before, production) == []
    assert [page.get("/accounts/password/change/").status_code for page in (place.alice, place.staff)] == [200, 200]
    # The other side: the same words in a form of ours do what they say.
    allowed = {"csrfmiddlewaretoken": token, **fields}
    where = {"origin": ORIGIN}
    assert place.staff.http.post(place.link, data=allowed, headers=where).status_code == 200
    review = f"/admin/tools/approval/{place.call_id}/review/"
    assert place.staff.http.post(review, data=allowed, headers=where).status_code == 302
    assert {"tools_toolcall", "tools_decision"} <= set(changed_since(before, production))
    assert production.sql("SELECT count(*) FROM chat_conversation")[0][0] == int(before["chat_conversation"].split()[0])
