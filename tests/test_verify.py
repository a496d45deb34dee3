"""The page behind the link that is sent to an old e-mail address: GET shows, POST agrees, once."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail, signing
from django.test import Client
from django.utils import timezone

from tests.tools.steps import again, approve, carried_out, change_row, confirmed
from tools import notices
from tools.approvals import withdraw
from tools.models import Approval, Notice, ToolCall
from tools.notices import SALT, verification_token
from tracking.models import Customer

pytestmark = pytest.mark.django_db

WORDS = "This link does not work any more"


@pytest.fixture
def call(alice: Customer) -> ToolCall:
    """Alice wants a new e-mail address; the old one has not agreed yet."""
    return confirmed(alice, email="new@example.org", city="Potsdam")


def link(call: ToolCall) -> str:
    return f"/accounts/verify-change/{verification_token(call=call)}/"


def test_the_link_of_the_mail_is_the_address_of_the_page(call: ToolCall, client: Client, settings: Any):
    notices.send(notice_id=Notice.objects.get(call=call).pk)
    (line,) = [line for line in mail.outbox[0].body.splitlines() if line.startswith("http")]

    answer = client.get(line.removeprefix(settings.PUBLIC_URL))

    assert answer.status_code == 200


def test_looking_shows_the_change_and_agrees_to_nothing(call: ToolCall, client: Client):
    for _ in range(3):
        answer = client.get(link(call))
        assert client.head(link(call)).status_code == 200

    html = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert "alice@example.com" in html
    assert "new@example.org" in html
    assert "Potsdam" in html
    assert answer["Referrer-Policy"] == "same-origin"
    assert again(call).state == "awaiting_verification"


def test_agreeing_works_once_without_a_sign_in(call: ToolCall, client: Client, rita: User):
    first = client.post(link(call))
    second = client.post(link(call))

    assert (first.status_code, second.status_code) == (200, 410)
    assert "agreed" in unescape(first.content.decode())
    assert WORDS in second.content.decode()
    assert client.get(link(call)).status_code == 410
    assert again(call).state == "awaiting_approval"
    assert Approval.objects.count() == 1
    assert carried_out(approve(again(call), rita)).state == "succeeded"


def test_agreeing_is_not_approving(call: ToolCall, client: Client, alice: Customer):
    client.post(link(call))

    assert carried_out(call).state == "awaiting_approval"
    assert Customer.objects.get(pk=alice.pk).email == "alice@example.com"


@pytest.mark.parametrize(
    "token",
    ["x", "a:b:c", "%00", "..%2f..%2f", "x" * 5000, signing.dumps(["not-a-uuid", "d"], salt=SALT)],
    ids=["letter", "parts", "nul", "path", "long", "signed"],
)
def test_a_link_that_is_not_ours_is_not_found(client: Client, token: str):
    for answer in (client.get(f"/accounts/verify-change/{token}/"), client.post(f"/accounts/verify-change/{token}/")):
        assert answer.status_code == 404


def test_a_link_made_for_something_else_is_not_found(call: ToolCall, client: Client):
    token = signing.dumps([str(call.pk), call.digest], salt="password-reset")

    assert client.post(f"/accounts/verify-change/{token}/").status_code == 404
    assert again(call).state == "awaiting_verification"


def test_a_link_for_other_arguments_is_gone(call: ToolCall, client: Client):
    token = signing.dumps([str(call.pk), "0" * 64], salt=SALT)

    assert client.get(f"/accounts/verify-change/{token}/").status_code == 410
    assert client.post(f"/accounts/verify-change/{token}/").status_code == 410
    assert again(call).state == "awaiting_verification"


def test_a_link_past_its_age_is_not_ours_any_more(call: ToolCall, client: Client, settings: Any):
    address = link(call)
    settings.APPROVAL_TTL_S = -1

    assert client.post(address).status_code == 404
    assert again(call).state == "awaiting_verification"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_request_whose_time_is_over_is_gone_before_the_clock_swept_it(call: ToolCall, client: Client, method: str):
    change_row(call, expires_at=timezone.now() - timedelta(seconds=1))

    answer = getattr(client, method)(link(call))

    assert answer.status_code == 410
    assert WORDS in answer.content.decode()
    assert again(call).state == "awaiting_verification"


def test_a_withdrawn_request_is_gone(call: ToolCall, client: Client, alice: Customer):
    withdraw(call_id=call.pk, customer=alice)

    assert client.get(link(call)).status_code == 410
    assert client.post(link(call)).status_code == 410
    assert again(call).state == "withdrawn"


def test_agreeing_needs_the_token_of_the_form(call: ToolCall):
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(link(call)).status_code == 403
    assert again(call).state == "awaiting_verification"


def test_no_other_method_is_allowed(call: ToolCall, client: Client):
    for method in ("put", "patch", "delete"):
        assert getattr(client, method)(link(call)).status_code == 405


def test_what_was_written_is_shown_as_text(call: ToolCall, client: Client):
    changes = [
        {"field": "city", "label": "City", "before": "<script>alert(1)</script>", "after": "a\u202eb", "risk": False}
    ]
    change_row(call, changes=changes)

    html = client.get(link(call)).content.decode()

    assert "<script>alert" not in html
    assert "\u202e" not in html
