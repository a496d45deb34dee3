"""What anybody may see who knows a number."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tracking.errors import NotFound
from tracking.factories import PackageFactory, TrackingEventFactory
from tracking.public import find_public_package

NOW = timezone.now()


def test_milestones_are_changes_of_status_newest_first(alice):
    package = PackageFactory.create(booker=alice, number="ABCD-1337")
    for hours, status in ((9, "pending"), (7, "in_transit"), (5, "in_transit"), (3, "delivery_delayed")):
        TrackingEventFactory.create(package=package, status=status, occurred_at=NOW - timedelta(hours=hours))

    found = find_public_package(number="abcd-1337")

    assert [milestone.status for milestone in found.milestones] == ["delivery_delayed", "in_transit", "pending"]
    assert found.milestones[1].at == NOW - timedelta(hours=7)


def test_nobody_is_named(alice):
    package = PackageFactory.create(
        booker=alice,
        number="ABCD-1337",
        carrier_number="1Z999AA10123456784",
        sender_note="Happy birthday",
        safe_place="Under the mat",
        signed_by="Alice Example",
    )
    TrackingEventFactory.create(package=package, description="Left with Alice")

    shown = repr(find_public_package(number="1Z999AA10123456784"))

    assert "Berlin" in shown
    for private in ("Alice", "Lindenallee", "10115", "Happy", "Under", "ABCD-1337"):
        assert private not in shown


@pytest.mark.parametrize("number", ["ABCD-9999", "ABCD", "", "%", "ABCD-133_"])
def test_only_a_whole_number_finds_something(alice, number):
    PackageFactory.create(booker=alice, number="ABCD-1337")

    with pytest.raises(NotFound):
        find_public_package(number=number)
