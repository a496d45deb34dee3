"""Mails about a request: one each, to the right person, with nothing smuggled in, tried again without a storm."""

from __future__ import annotations

import uuid
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail, signing
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from tests.tools.steps import NEW_PHONE, approve, approved, carried_out, confirmed
from tools import notices
from tools.approvals import verify_change
from tools.models import AuditEntry, Notice, ToolCall
from tools.notices import read_token, verification_token
from tracking.models import Customer

pytestmark = pytest.mark.django_db


class Down(EmailBackend):
    """A mail server that is away."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError(111, "Connection refused by alice@example.com")


@pytest.fixture
def mail_is_down(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Down"


def verification(customer: Customer) -> Notice:
    """The mail with the link, not sent yet."""
    call = confirmed(customer, email="new@example.org")
    return Notice.objects.get(call=call)


def wait(notice: Notice, seconds: float) -> None:
    """Time passes for this mail."""
    notice.refresh_from_db()
    shift = timedelta(seconds=seconds)
    Notice.objects.filter(pk=notice.pk).update(due_at=notice.due_at - shift, created_at=notice.created_at - shift)


def test_the_link_goes_to_the_old_address_alone(alice: Customer, settings: Any):
    notice = verification(alice)

    assert notices.send(notice_id=notice.pk) is True

    (sent,) = mail.outbox
    (link,) = [line for line in sent.body.splitlines() if line.startswith("http")]
    start = f"{settings.PUBLIC_URL}/accounts/verify-change/"
    assert sent.recipients() == ["alice@example.com"]
    assert sent.from_email == settings.DEFAULT_FROM_EMAIL
    assert link.startswith(start)
    assert read_token(token=link.removeprefix(start).rstrip("/")) == (notice.call_id, notice.call.digest)
    assert "alice@example.com -> new@example.org" in sent.body
    notice.refresh_from_db()
    assert notice.sent_at is not None


def test_a_contact_change_is_told_at_the_old_address_without_values(alice: Customer, rita: User):
    call = carried_out(approved(alice, rita, phone=NEW_PHONE, city="Potsdam"))

    notices.send(notice_id=Notice.objects.get(call=call).pk)

    (sent,) = mail.outbox
    assert sent.recipients() == ["alice@example.com"]
    assert "Phone number" in sent.body
    assert "City" in sent.body
    assert NEW_PHONE not in sent.body
    assert "Potsdam" not in sent.body


def test_a_change_of_email_is_told_at_the_old_address(alice: Customer, rita: User):
    call = confirmed(alice, email="new@example.org")
    carried_out(approve(verify_change(call_id=call.pk, digest=call.digest), rita))

    told = Notice.objects.get(kind="contact_changed")
    assert told.to == "alice@example.com"
    alice.refresh_from_db()
    assert alice.email == "new@example.org"


def test_a_mail_is_sent_once(alice: Customer):
    notice = verification(alice)

    assert [notices.send(notice_id=notice.pk) for _ in range(5)] == [True] + [False] * 4
    assert len(mail.outbox) == 1
    assert notices.send(notice_id=notice.pk + 999) is False


def test_no_personal_value_and_no_link_lies_in_the_table(alice: Customer):
    notice = verification(alice)
    token = verification_token(call=notice.call)
    payload = token.split(":")[0]

    kept = str(Notice.objects.values().get()) + str(list(AuditEntry.objects.values()))

    assert "new@example.org" not in kept
    assert payload not in kept


@pytest.mark.parametrize(
    "name", ["Alice\r\nBcc: evil@example.org", "Alice\n\nVisit http://evil.example", "=?utf-8?q?x?=\r\nTo: e@e.org"]
)
def test_a_name_smuggles_no_header_and_no_recipient(alice: Customer, rita: User, name: str):
    Customer.objects.filter(pk=alice.pk).update(name=name)
    alice.refresh_from_db()
    call = carried_out(approved(alice, rita, name="Alice Neu"))

    notices.send(notice_id=Notice.objects.get(call=call).pk)

    (sent,) = mail.outbox
    parsed = message_from_bytes(sent.message().as_bytes())
    assert sent.recipients() == ["alice@example.com"]
    assert parsed["Bcc"] is None
    assert parsed.get_all("To") == ["alice@example.com"]
    assert sent.subject == "Your contact details were changed"


def test_an_address_with_a_line_break_is_never_sent_to(alice: Customer):
    notice = verification(alice)
    Notice.objects.filter(pk=notice.pk).update(to="alice@example.com\r\nBcc: evil@example.org")

    assert notices.send(notice_id=notice.pk) is False
    assert mail.outbox == []


# --- while the mail server is away ------------------------------------------------------------------------------


def test_a_mail_that_could_not_be_sent_is_tried_again(alice: Customer, mail_is_down: None, settings: Any):
    notice = verification(alice)
    assert notices.send(notice_id=notice.pk) is False
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    wait(notice, 60)

    assert notices.due() == [notice.pk]
    assert notices.send(notice_id=notice.pk) is True
    assert notices.due() == []


def test_an_outage_of_hours_is_no_storm_and_loses_no_mail(alice: Customer, mail_is_down: None):
    """The sweep asks all the time; six hours of outage cost few tries, and the mail is still to be sent."""
    notice = verification(alice)
    tries = 0

    for _ in range(6 * 3600 // 30):
        wait(notice, 30)
        if notice.pk in notices.due():
            tries += 1
            notices.send(notice_id=notice.pk)

    notice.refresh_from_db()
    assert tries == notice.tries
    assert 8 <= tries <= 16
    wait(notice, 3600)
    assert notices.due() == [notice.pk]


def test_a_mail_that_never_works_is_given_up(alice: Customer, mail_is_down: None):
    notice = verification(alice)

    for _ in range(notices.MOST_TRIES):
        notices.send(notice_id=notice.pk)
    wait(notice, 10_000)

    assert notices.due() == []


def test_a_fresh_mail_is_left_to_its_own_wake_up(alice: Customer):
    notice = verification(alice)

    assert notices.due() == []
    wait(notice, 6)
    assert notices.due() == [notice.pk]


def test_mails_that_wait_out_their_pause_do_not_hide_others(alice: Customer, bob: Customer):
    call = verification(alice).call
    Notice.objects.all().delete()
    now = timezone.now()
    for _ in range(60):
        Notice.objects.create(
            call=call, kind="verify_change", to="x@example.com", created_at=now - timedelta(hours=1), tries=9,
            due_at=now + timedelta(hours=1),
        )  # fmt: skip
    young = verification(bob)
    wait(young, 6)

    assert notices.due() == [young.pk]


def test_an_error_of_the_mail_server_is_logged_without_the_address(
    alice: Customer, mail_is_down: None, caplog: pytest.LogCaptureFixture
):
    notices.send(notice_id=verification(alice).pk)

    logged = " ".join(str(record.msg) for record in caplog.records if "not_sent" in str(record.msg))

    assert "ConnectionRefusedError" in logged
    assert "alice@example.com" not in caplog.text


# --- the link ---------------------------------------------------------------------------------------------------


def test_a_link_names_its_call_and_arguments(alice: Customer):
    call = confirmed(alice, email="new@example.org")

    assert read_token(token=verification_token(call=call)) == (call.pk, call.digest)


def test_a_link_says_nothing_of_the_person(alice: Customer):
    call = confirmed(alice, email="new@example.org")

    decoded = str(signing.loads(verification_token(call=call), salt=notices.SALT))

    assert decoded == str([str(call.pk), call.digest])


def signed(value: Any, salt: str = notices.SALT) -> str:
    return signing.dumps(value, salt=salt)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a:b:c",
        "\x00",
        "é" * 50,
        "x" * 100_000,
        signed([str(uuid.uuid4()), "d"], salt="another"),
        signing.Signer(salt=notices.SALT).sign("x"),
    ],
    ids=["empty", "letter", "parts", "nul", "accents", "long", "another salt", "signed otherwise"],
)
def test_a_link_that_is_not_ours_names_nothing(token: str):
    assert read_token(token=token) is None


@pytest.mark.parametrize("value", [[], ["x"], ["x", "d"], [1, 2], [None, "d"], "text", {}, {"a": 1, "b": 2}, 7, None])
def test_a_signed_value_of_another_shape_names_nothing(value: Any):
    assert read_token(token=signed(value)) is None


def test_any_changed_character_breaks_a_link(alice: Customer):
    token = verification_token(call=confirmed(alice, email="new@example.org"))

    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        assert read_token(token=token[:place] + other + token[place + 1 :]) is None


def test_an_old_link_names_nothing(alice: Customer, settings: Any):
    token = verification_token(call=confirmed(alice, email="new@example.org"))
    settings.APPROVAL_TTL_S = -1

    assert read_token(token=token) is None


def test_links_of_two_requests_differ(alice: Customer, bob: Customer):
    calls = [confirmed(alice, email="new@example.org"), confirmed(bob, email="new@example.org")]

    assert len({verification_token(call=call) for call in calls}) == 2
    assert ToolCall.objects.count() == 2
