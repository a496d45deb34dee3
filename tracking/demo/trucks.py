"""The demo's trucks: on the road around now, each with stops behind and ahead of it and its latest positions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tracking.factories import GeoPingFactory, RouteFactory, StopFactory, TruckFactory
from tracking.models import GeoPing, Package, Route, RouteState, Stop, StopKind, Truck

Town = tuple[str, str, str]
BETWEEN_STOPS = timedelta(minutes=25)
BETWEEN_PINGS = timedelta(minutes=5)
PINGS = 6


@dataclass(frozen=True, slots=True)
class DemoTruck:
    """`done`: stops it has left; `packages`: number -> position of its stop, 0 being the depot."""

    unit: str
    plate: str
    towns: tuple[Town, ...]
    done: int
    packages: dict[str, int]
    late_minutes: int = 0
    silent_minutes: int = 2
    state: RouteState = RouteState.ACTIVE


BERLIN: tuple[Town, ...] = (
    ("Grossbeeren", "52.355800", "13.306000"),
    ("Teltow", "52.402200", "13.270600"),
    ("Kleinmachnow", "52.405500", "13.226700"),
    ("Potsdam", "52.390600", "13.064500"),
    ("Zehlendorf", "52.434100", "13.259100"),
    ("Steglitz", "52.456900", "13.332300"),
    ("Berlin", "52.532700", "13.384400"),
    ("Pankow", "52.569200", "13.402000"),
)
HAMBURG: tuple[Town, ...] = (
    ("Maschen", "53.396700", "10.046700"),
    ("Seevetal", "53.396700", "9.966700"),
    ("Harburg", "53.460000", "9.983300"),
    ("Wilhelmsburg", "53.500000", "10.000000"),
    ("Hamburg", "53.543800", "9.996600"),
    ("Altona", "53.550000", "9.933300"),
)
TRUCKS = [
    DemoTruck("TRK-01", "B-SB 101", BERLIN, 4, {"ABCD-2001": 6}),
    DemoTruck("TRK-02", "B-SB 102", BERLIN[::-1], 1, {"ABCD-1004": 1}, late_minutes=40),
    DemoTruck("TRK-03", "HH-SB 103", HAMBURG, 2, {"WXYZ-2001": 4}, silent_minutes=95),
    DemoTruck("TRK-04", "HH-SB 104", HAMBURG[::-1], len(HAMBURG), {}, state=RouteState.DONE),
]


def add_trucks(*, packages: dict[str, Package], now: datetime) -> None:
    """A truck that has a route already is left as it is."""
    for spec in TRUCKS:
        if Route.objects.filter(truck__unit=spec.unit).exists():
            continue
        truck = Truck.objects.filter(unit=spec.unit).first() or TruckFactory.create(unit=spec.unit, plate=spec.plate)
        route = RouteFactory.create(truck=truck, date=now.date(), state=spec.state)
        stops = Stop.objects.bulk_create(_stop(spec, route, position, now) for position in range(len(spec.towns)))
        for number, position in spec.packages.items():
            Package.objects.filter(pk=packages[number].pk).update(stop=stops[position])
        GeoPing.objects.bulk_create(_ping(spec, truck, number, now) for number in range(PINGS))


def _stop(spec: DemoTruck, route: Route, position: int, now: datetime) -> Stop:
    """The truck left stop `done - 1` a few minutes ago; everything else follows from that."""
    city, latitude, longitude = spec.towns[position]
    late = timedelta(minutes=spec.late_minutes)
    expected = now + BETWEEN_STOPS * (position - spec.done) + timedelta(minutes=18)
    is_done = position < spec.done
    stop: Stop = StopFactory.build(
        route=route,
        sequence=position + 1,
        kind=StopKind.DEPOT if position == 0 else StopKind.DELIVERY,
        city=city,
        latitude=Decimal(latitude),
        longitude=Decimal(longitude),
        window_start=expected - late - timedelta(minutes=15),
        window_end=expected - late + timedelta(minutes=15),
        eta=expected,
        arrived_at=expected - timedelta(minutes=5) if is_done else None,
        departed_at=expected if is_done else None,
    )
    return stop


def _ping(spec: DemoTruck, truck: Truck, number: int, now: datetime) -> GeoPing:
    """Positions on the line from the last stop to the next; the last one `silent_minutes` ago."""
    last = min(max(spec.done - 1, 0), len(spec.towns) - 1)
    following = min(last + 1, len(spec.towns) - 1)
    share = Decimal(number + 1) / Decimal(PINGS * 3)
    latitude, longitude = (_between(spec.towns[last][axis], spec.towns[following][axis], share) for axis in (1, 2))
    age = timedelta(minutes=spec.silent_minutes) + BETWEEN_PINGS * (PINGS - 1 - number)
    ping: GeoPing = GeoPingFactory.build(truck=truck, latitude=latitude, longitude=longitude, recorded_at=now - age)
    return ping


def _between(start: str, end: str, share: Decimal) -> Decimal:
    return (Decimal(start) + (Decimal(end) - Decimal(start)) * share).quantize(Decimal("0.000001"))
