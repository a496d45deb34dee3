"""Quotes: pure arithmetic over services and tariffs."""

from datetime import date
from decimal import Decimal

import pytest

from tracking.errors import NotPossible
from tracking.factories import ServiceFactory, TariffFactory
from tracking.pricing import ParcelMeasures, add_working_days, quote
from tracking.selectors import services_on_offer

FRIDAY = date(2026, 11, 20)


def parcel(*, kg="1", length="10", width="10", height="10"):
    return ParcelMeasures(Decimal(kg), Decimal(length), Decimal(width), Decimal(height))


@pytest.fixture
def standard(db):
    service = ServiceFactory.create(code="standard", days_min=2, days_max=4, max_parcels=2)
    TariffFactory.create(service=service, up_to_kg=Decimal(5), price=Decimal("7.90"))
    TariffFactory.create(service=service, up_to_kg=Decimal(31), price=Decimal("18.90"))
    TariffFactory.create(service=service, postal_prefix="27498", up_to_kg=Decimal(31), price=Decimal("27.90"))
    return services_on_offer()[0]


def price_of(service, *parcels, postal_code="10115", country="DE"):
    found = quote(service=service, parcels=parcels, country=country, postal_code=postal_code, day=FRIDAY)
    return found.price


def test_it_works(standard):
    found = quote(service=standard, parcels=[parcel()], country="DE", postal_code="10115", day=FRIDAY)

    assert (found.price, found.currency) == (Decimal("7.90"), "EUR")
    assert (found.earliest, found.latest) == (date(2026, 11, 23), date(2026, 11, 25))


def test_parcels_add_up(standard):
    assert price_of(standard, parcel(), parcel(kg="6")) == Decimal("26.80")


def test_a_step_holds_up_to_its_weight_and_not_above(standard):
    assert price_of(standard, parcel(kg="5")) == Decimal("7.90")
    assert price_of(standard, parcel(kg="5.01")) == Decimal("18.90")


def test_a_bulky_parcel_is_charged_by_the_space_it_takes(standard):
    assert price_of(standard, parcel(length="40", width="40", height="40")) == Decimal("18.90")


def test_the_narrowest_zone_counts(standard):
    assert price_of(standard, parcel(), postal_code="27498") == Decimal("27.90")


@pytest.mark.parametrize(
    ("given", "where", "said"),
    [
        ([parcel()] * 3, "DE", "at most 2 parcels"),
        ([parcel()], "JP", "does not deliver to JP"),
        ([parcel(length="121")], "DE", "at most 120 cm"),
        ([parcel(kg="32")], "DE", "at most 31.5 kg"),
        ([parcel(length="60", width="60", height="60")], "DE", "too bulky"),
    ],
)
def test_what_a_service_does_not_take_is_said(standard, given, where, said):
    with pytest.raises(NotPossible, match=said):
        price_of(standard, *given, country=where)


def test_nothing_is_delivered_on_sundays():
    assert add_working_days(day=date(2026, 11, 21), days=1) == date(2026, 11, 23)
