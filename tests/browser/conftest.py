"""Alice signed in with Django's test client, for pages that are opened without a server."""

import pytest
from django.test import Client


@pytest.fixture
def signed_in(alice):
    client = Client()
    client.force_login(alice.user)
    return client
