"""What a delivery costs and when it would arrive. Pure: services, tariffs, parcels and a day in, a quote out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tracking.errors import NotPossible
from tracking.models import Service, Tariff

# One cubic metre is charged like 200 kg, as the trade does: light but bulky parcels fill a truck too.
CM3_PER_KG = Decimal(5000)
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class ParcelMeasures:
    weight_kg: Decimal
    length_cm: Decimal
    width_cm: Decimal
    height_cm: Decimal

    @property
    def charged_kg(self) -> Decimal:
        """The greater of the real weight and that of the space it takes."""
        return max(self.weight_kg, self.length_cm * self.width_cm * self.height_cm / CM3_PER_KG)

    @property
    def longest_cm(self) -> Decimal:
        return max(self.length_cm, self.width_cm, self.height_cm)


@dataclass(frozen=True, slots=True)
class Quote:
    """The price of all parcels together; delivery days if it is booked on the day given."""

    service: Service
    price: Decimal
    currency: str
    earliest: date
    latest: date


def quote(*, service: Service, parcels: Sequence[ParcelMeasures], country: str, postal_code: str, day: date) -> Quote:
    """Needs the service's tariffs loaded. Raises NotPossible, saying why the service does not take these parcels."""
    if len(parcels) > service.max_parcels:
        raise NotPossible(
            f"{service.name} takes at most {service.max_parcels} parcels in one order.", "Book several orders."
        )
    zone = _zone(list(service.tariffs.all()), country=country, postal_code=postal_code)
    if not zone:
        raise NotPossible(f"{service.name} does not deliver to {country}.", "See list_services for the countries.")
    price = sum((_price_of(parcel, service, zone) for parcel in parcels), Decimal("0.00"))
    return Quote(
        service=service,
        price=price,
        currency=zone[0].currency,
        earliest=add_working_days(day=day, days=service.days_min),
        latest=add_working_days(day=day, days=service.days_max),
    )


def add_working_days(*, day: date, days: int) -> date:
    """Deliveries are made on every day but Sunday."""
    while days > 0:
        day += timedelta(days=1)
        if day.weekday() != SUNDAY:
            days -= 1
    return day


def _zone(tariffs: list[Tariff], *, country: str, postal_code: str) -> list[Tariff]:
    """The steps of the narrowest zone that holds the address, lightest first."""
    code = postal_code.replace(" ", "").upper()
    fitting = [tariff for tariff in tariffs if tariff.country == country and code.startswith(tariff.postal_prefix)]
    narrowest = max((len(tariff.postal_prefix) for tariff in fitting), default=0)
    steps = [tariff for tariff in fitting if len(tariff.postal_prefix) == narrowest]
    return sorted(steps, key=lambda tariff: tariff.up_to_kg)


def _price_of(parcel: ParcelMeasures, service: Service, zone: list[Tariff]) -> Decimal:
    if parcel.longest_cm > service.max_length_cm:
        raise NotPossible(
            f"{service.name} takes parcels of at most {float(service.max_length_cm):g} cm.", "Choose another service."
        )
    if parcel.weight_kg > service.max_weight_kg:
        raise NotPossible(
            f"{service.name} takes parcels of at most {float(service.max_weight_kg):g} kg.", "Choose another service."
        )
    for tariff in zone:
        if parcel.charged_kg <= tariff.up_to_kg:
            return tariff.price
    raise NotPossible(f"A parcel is too bulky for {service.name}.", "Choose another service.")
