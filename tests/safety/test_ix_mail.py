"""Mails: whatever a name, an address or a text holds, there is one message to one person with the headers we set."""

from __future__ import annotations

from email import message_from_string
from email.message import Message

import pytest

from tests.processes import wait_until
from tests.safety.arena import Arena
from tests.safety.hostile import call, say
from tests.safety.production import Production

BREAKS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", " ", "%0d%0a", "\\r\\n"]
ADDED = "Bcc: victim@example.net"
OURS = {"subject", "from", "to", "date", "message-id", "mime-version", "content-type", "content-transfer-encoding"}


def judge(mail: str, *, to: str) -> Message:
    message = message_from_string(mail.strip() + "\n")
    assert {name.lower() for name in message.keys()} <= OURS, message.keys()  # noqa: SIM118 - a Message is no dict
    assert [message["To"]] == message.get_all("To") == [to]
    assert len(message.get_all("Subject", [])) == 1
    assert "victim" not in str(message["Subject"]) + str(message["From"]) + str(message["To"])
    return message


@pytest.mark.parametrize("between", BREAKS)
def test_ix_12_an_address_adds_no_header_and_no_reader(production: Production, between: str):
    number = BREAKS.index(between)
    browser = production.browser(f"198.51.100.{100 + number}")
    count = len(list(production.mail.iterdir()))
    for address in (f"a{number}@example.com{between}{ADDED}", f"a{number}{between}{ADDED}@example.com"):
        answer = browser.post("/accounts/password/reset/", {"email": address})
        form = {"email": address, "password1": "Parcel-of-99-clouds", "password2": "Parcel-of-99-clouds"}
        signed_up = browser.post("/accounts/signup/", form)
        assert (answer.status_code, signed_up.status_code) == (200, 200), address
    assert len(list(production.mail.iterdir())) == count


@pytest.mark.parametrize("between", BREAKS)
def test_ix_12_names_and_forged_headers_stay_out_of_the_head_of_a_mail(production: Production, between: str):
    number = BREAKS.index(between)
    address = f"carrier{number}@example.com"  # so many mails an hour go to one address
    name = f"Carrier{between}{ADDED}"[:150]
    production.sql(
        "INSERT INTO auth_user (username, email, first_name, last_name, password, is_active, is_staff, is_superuser,"
        " date_joined) VALUES (%s, %s, %s, %s, 'x', true, false, false, now())",
        name, address, name, name,
    )  # fmt: skip
    production.sql(
        'INSERT INTO account_emailaddress (user_id, email, verified, "primary")'
        " SELECT id, email, true, true FROM auth_user WHERE email = %s",
        address,
    )
    before = len(production.mails_to(address, at_least=0))
    browser = production.browser(f"198.51.100.{120 + number}")
    browser.http.headers["user-agent"] = f"x {ADDED}"

    assert browser.post("/accounts/password/reset/", {"email": address}).status_code == 302

    mail = production.mails_to(address, at_least=before + 1)[-1]
    assert "/password/reset/key/" in mail
    judge(mail, to=address)


def test_ix_12_what_a_customer_asks_for_stays_in_the_text(arena: Arena):
    nasty = f"12 Main St\r\n{ADDED}\r\n\r\nHello"
    arena.sql("UPDATE tracking_customer SET name = %s WHERE email = %s", f"A\r\n{ADDED}", arena.a.facts.email)
    request = arena.request(arena.a, "update_profile", {"email": "new-a@example.org"})
    arena.confirm(arena.a, request)
    wait_until(lambda: bool(arena.mails()), what="the mail to the old address")

    message = judge(arena.mails()[0], to=arena.a.facts.email)
    assert message.get_content_type() == "text/plain"
    for field in ("name", "street", "city", "email"):
        turn = arena.turn(arena.a, call("update_profile", {field: nasty}), say("Done."))
        assert turn.end["state"] == "done"
    assert len(arena.mails()) == 1
