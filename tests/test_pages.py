"""The pages for everybody: they answer without an account, tell no personal data and cannot be swept for numbers."""

import pytest
from django.test import Client

from tools import ratelimit
from tracking.factories import PackageFactory, TrackingEventFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def anybody():
    yield Client()
    ratelimit._local.storage.reset()


def test_it_works(anybody):
    page = anybody.get("/")

    assert page.status_code == 200
    assert b'action="/track/"' in page.content
    assert b'href="/accounts/login/?next=/chat/"' in page.content


def test_a_package_shows_milestones_and_nothing_personal(anybody, alice):
    package = PackageFactory.create(booker=alice, number="ABCD-7001", city="Berlin", street="Lindenallee 12")
    TrackingEventFactory.create(package=package, place="Leipzig", description="Handed to Mr Secret.")

    page = anybody.get("/track/", {"number": " abcd 7001 "})

    text = page.content.decode()
    assert page.status_code == 200
    assert "ABCD-7001" in text
    assert "Leipzig" in text
    for hidden in (alice.name, "Lindenallee", "Mr Secret", alice.phone):
        assert hidden not in text


@pytest.mark.parametrize("number", ["ABCD-0000", "nonsense", "<script>", "\0", "9" * 500])
def test_an_unknown_number_is_not_found(anybody, number):
    page = anybody.get("/track/", {"number": number})

    assert page.status_code == 404
    assert b"We know no package with this number." in page.content
    assert b"<script>" not in page.content


def test_without_a_number_there_is_the_form(anybody):
    assert anybody.get("/track/").status_code == 200


def test_nobody_can_sweep_for_numbers(anybody, settings):
    settings.RATE_TRACK = "2/minute"
    answers = [anybody.get("/track/", {"number": f"ABCD-{number}"}) for number in range(7000, 7003)]

    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert anybody.get("/track/").status_code == 200


def test_pages_are_read_only(anybody):
    assert anybody.post("/").status_code == 405
    assert anybody.post("/track/", {"number": "ABCD-1337"}).status_code == 405
