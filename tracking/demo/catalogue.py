"""The demo's services and what they cost."""

from __future__ import annotations

from decimal import Decimal

from tracking.factories import ServiceFactory, TariffFactory
from tracking.models import Service, Tariff

SERVICES: list[dict[str, object]] = [
    {
        "code": "standard",
        "name": "Standard",
        "description": "Door to door in two to four working days.",
        "days_min": 2,
        "days_max": 4,
        "max_weight_kg": Decimal("31.50"),
        "max_length_cm": Decimal("120.0"),
        "max_parcels": 10,
    },
    {
        "code": "express",
        "name": "Express",
        "description": "Door to door on the next working day.",
        "days_min": 1,
        "days_max": 1,
        "max_weight_kg": Decimal("20.00"),
        "max_length_cm": Decimal("100.0"),
        "max_parcels": 5,
    },
    {
        "code": "freight",
        "name": "Freight",
        "description": "Pallets and bulky goods by truck, with a call before delivery.",
        "days_min": 3,
        "days_max": 6,
        "max_weight_kg": Decimal("1000.00"),
        "max_length_cm": Decimal("240.0"),
        "max_parcels": 20,
    },
]
# Service -> steps (up to kg, price in Germany).
STEPS: dict[str, list[tuple[str, str]]] = {
    "standard": [("2.00", "5.90"), ("5.00", "7.90"), ("10.00", "9.90"), ("20.00", "14.90"), ("31.50", "18.90")],
    "express": [("2.00", "12.90"), ("5.00", "16.90"), ("20.00", "24.90")],
    "freight": [("100.00", "79.00"), ("300.00", "129.00"), ("1000.00", "180.00")],
}
# Country and postal prefix -> what is added for each parcel. The two German ones are islands.
ZONES: dict[tuple[str, str], str] = {
    ("DE", ""): "0.00",
    ("DE", "27498"): "9.00",
    ("DE", "25849"): "6.00",
    ("AT", ""): "4.00",
    ("BE", ""): "5.00",
    ("CH", ""): "14.00",
    ("DK", ""): "6.00",
    ("FR", ""): "7.00",
    ("IT", ""): "8.00",
    ("NL", ""): "4.50",
    ("PL", ""): "5.50",
    ("US", ""): "32.00",
    ("GB", ""): "16.00",
}


def add_catalogue() -> dict[str, Service]:
    """The services by code, each with its tariffs."""
    services: dict[str, Service] = {}
    for values in SERVICES:
        service: Service = ServiceFactory.create(**values)
        services[service.code] = service
    tariffs = [
        TariffFactory.build(
            service=services[code],
            country=country,
            postal_prefix=prefix,
            up_to_kg=Decimal(up_to),
            price=Decimal(price) + Decimal(more),
        )
        for code, steps in STEPS.items()
        for up_to, price in steps
        for (country, prefix), more in ZONES.items()
    ]
    Tariff.objects.bulk_create(tariffs, ignore_conflicts=True)
    return services
