"""What a customer may know of a truck: a coarse place, their own stop, how many stops come before. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from tools.result_types import quoted
from tools.results import CoarsePosition, TruckResult, YourStop
from tracking.models import GeoPing, Package, Stop

# A truck reports every few minutes; after this long its position says little.
STALE_AFTER = timedelta(minutes=30)


def truck_result(
    *, packages: Sequence[Package], stop: Stop, stops: Sequence[Stop], ping: GeoPing | None, now: datetime
) -> TruckResult:
    """`packages` are the customer's own on one truck, `stop` their next; its route and truck are loaded."""
    before = [other for other in stops if other.sequence < stop.sequence and other.departed_at is None]
    return TruckResult(
        truck_id=stop.route.truck.unit,
        package_ids=[package.number for package in packages],
        status_text=_status_text(stop, len(before)),
        position=_position(ping, stops, now),
        your_stop=YourStop(
            stops_before_yours=len(before),
            estimated_arrival=stop.eta,
            window_start=stop.window_start,
            window_end=stop.window_end,
            arrived_at=stop.arrived_at,
            minutes_late=_minutes_late(stop),
        ),
    )


def _status_text(stop: Stop, before: int) -> str:
    if stop.arrived_at is not None:
        return "at your stop now"
    if before == 0:
        return "your stop is next"
    return "1 stop before yours" if before == 1 else f"{before} stops before yours"


def _position(ping: GeoPing | None, stops: Sequence[Stop], now: datetime) -> CoarsePosition | None:
    if ping is None:
        return None
    nearest = min(stops, key=lambda stop: _distance(stop, ping), default=None)
    return CoarsePosition(
        near=quoted(nearest.city, "carrier") if nearest is not None else None,
        latitude=round(float(ping.latitude), 1),
        longitude=round(float(ping.longitude), 1),
        reported_at=ping.recorded_at,
        stale=now - ping.recorded_at > STALE_AFTER,
    )


def _distance(stop: Stop, ping: GeoPing) -> float:
    """Good enough to name the nearest of some towns: on a flat map, with degrees of longitude shortened."""
    north = float(stop.latitude - ping.latitude)
    east = float(stop.longitude - ping.longitude) * math.cos(math.radians(float(ping.latitude)))
    return math.hypot(north, east)


def _minutes_late(stop: Stop) -> int | None:
    """Against the end of the planned window; null while there is no estimate."""
    expected = stop.arrived_at or stop.eta
    if expected is None:
        return None
    return max(0, int((expected - stop.window_end) / timedelta(minutes=1)))
