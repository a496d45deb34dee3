"""The pages about one's own account: what they must not be able to do."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from tracking.models import Customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed_in(alice: Customer) -> Client:
    client = Client()
    assert alice.user is not None
    client.force_login(alice.user)
    return client


def test_the_address_is_shown_and_the_way_to_change_it(signed_in: Client):
    page = signed_in.get("/accounts/email/")

    assert page.status_code == 200
    assert "say so in the chat" in page.content.decode()


@pytest.mark.parametrize("action", ["action_add", "action_primary", "action_remove", "action_send"])
def test_no_page_changes_an_address_past_the_old_one(signed_in: Client, alice: Customer, action: str):
    before = list(EmailAddress.objects.values_list("email", "primary"))

    answer = signed_in.post("/accounts/email/", {action: "", "email": "thief@example.org"})

    assert alice.user is not None
    alice.user.refresh_from_db()
    assert answer.status_code == 405
    assert list(EmailAddress.objects.values_list("email", "primary")) == before
    assert alice.user.email == "alice@example.com"
