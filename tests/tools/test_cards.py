"""Card numbers leave a customer's message; numbers of their own packages stay, whatever their digits."""

import pytest

from tools.cards import hide_cards
from tracking.factories import PackageFactory

pytestmark = pytest.mark.django_db
CARD = "4111 1111 1111 1111"
# Passes a card's check as well, as every tenth number does.
TRACKING = "7035114477138476"


@pytest.fixture
def own(alice):
    PackageFactory.create(booker=alice, number="ABCD-1001", carrier="canada_post", carrier_number=TRACKING)


def test_a_card_number_is_hidden_and_the_number_of_an_own_package_is_not(alice, own):
    said = f"My card {CARD}, where is {TRACKING}? And 7035 1144 7713 8476?"

    assert hide_cards(customer_id=alice.pk, text=said) == (
        f"My card [card ending 1111], where is {TRACKING}? And 7035 1144 7713 8476?"
    )


@pytest.mark.parametrize("written", ["7035,1144,7713,8476", "7035|1144|7713|8476", "5, 7035 1144 7713 8476"])
def test_the_number_of_an_own_package_stays_however_it_is_grouped(alice, own, written):
    assert hide_cards(customer_id=alice.pk, text=f"Where is {written}?") == f"Where is {written}?"


def test_anothers_number_is_no_number_of_mine(bob, own):
    assert TRACKING not in hide_cards(customer_id=bob.pk, text=f"Where is {TRACKING}?")


def test_nothing_is_asked_of_the_database_where_nothing_looks_like_a_card(alice, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert hide_cards(customer_id=alice.pk, text="Where is ABCD-1001? +49 30 5550001") == (
            "Where is ABCD-1001? +49 30 5550001"
        )
