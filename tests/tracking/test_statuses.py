"""The closed sets: what they mean to a customer."""

import pytest

from tracking.statuses import (
    CHANGEABLE_STATUSES,
    FINAL_STATUSES,
    PICKUP_ACTION,
    PackageStatus,
    Party,
    Reason,
    action_for,
    party_of,
)


def test_there_are_the_twelve_statuses_of_the_trade():
    assert len(PackageStatus) == 12


@pytest.mark.parametrize(
    ("party", "count"),
    [
        (Party.CARRIER, 8),
        (Party.SENDER, 6),
        (Party.RECIPIENT, 9),
        (Party.CUSTOMS, 5),
        (Party.NATURE, 3),
        (Party.OTHER, 4),
    ],
)
def test_every_reason_says_who_must_act(party, count):
    assert sum(party_of(reason=reason) == party for reason in Reason) == count


def test_a_code_we_do_not_know_asks_nobody_in_particular():
    assert party_of(reason="brand_new") == Party.OTHER


def test_a_missing_recipient_has_something_to_do():
    action = action_for(status="delivery_failed", reason="consignee_not_home")

    assert action == "Choose another delivery date, a safe place or a depot."


def test_a_package_at_the_depot_is_to_be_picked_up():
    assert action_for(status="ready_for_pickup", reason="") == PICKUP_ACTION


def test_nothing_is_asked_once_a_package_is_delivered():
    assert action_for(status="delivered", reason="consignee_not_home") is None


def test_no_final_status_can_still_be_changed():
    assert not FINAL_STATUSES & CHANGEABLE_STATUSES
    assert PackageStatus.OUT_FOR_DELIVERY not in CHANGEABLE_STATUSES
