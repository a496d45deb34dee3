"""The news of a demo package, worked out from its status so that the two never contradict each other. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracking.factories import TrackingEventFactory
from tracking.models import Package, TrackingEvent
from tracking.statuses import PackageStatus, Reason


@dataclass(frozen=True, slots=True)
class News:
    """One event, `hours` before now."""

    hours: float
    status: PackageStatus
    text: str
    place: str


_ANNOUNCED = News(74, PackageStatus.PENDING, "The delivery was announced to us.", "")
_PICKED_UP = News(52, PackageStatus.PICKED_UP, "Picked up from the sender.", "Hamburg")
_SORTED = News(30, PackageStatus.IN_TRANSIT, "Left the sorting centre.", "Hannover")
_AT_DEPOT = News(9, PackageStatus.IN_TRANSIT, "Arrived at the delivery depot.", "Berlin")
_LOADED = News(3, PackageStatus.OUT_FOR_DELIVERY, "Loaded into the delivery truck.", "Berlin")
_WAY: tuple[News, ...] = (_ANNOUNCED, _PICKED_UP, _SORTED, _AT_DEPOT)

# What each status has behind it; the last line is the status itself.
TIMELINES: dict[PackageStatus, tuple[News, ...]] = {
    PackageStatus.PENDING: (News(5, PackageStatus.PENDING, "The delivery was announced to us.", ""),),
    PackageStatus.PICKED_UP: (_ANNOUNCED, News(4, PackageStatus.PICKED_UP, "Picked up from the sender.", "Berlin")),
    PackageStatus.IN_TRANSIT: _WAY,
    PackageStatus.OUT_FOR_DELIVERY: (*_WAY, _LOADED),
    PackageStatus.READY_FOR_PICKUP: (*_WAY, News(2, PackageStatus.READY_FOR_PICKUP, "Ready at the depot.", "Berlin")),
    PackageStatus.DELIVERY_FAILED: (*_WAY, _LOADED, News(1, PackageStatus.DELIVERY_FAILED, "", "Berlin")),
    PackageStatus.DELIVERY_DELAYED: (
        _ANNOUNCED,
        _PICKED_UP,
        _SORTED,
        News(6, PackageStatus.DELIVERY_DELAYED, "", "Hannover"),
    ),
    PackageStatus.ON_HOLD: (_ANNOUNCED, _PICKED_UP, _SORTED, News(12, PackageStatus.ON_HOLD, "", "Leipzig")),
    PackageStatus.RETURN_TO_SENDER: (*_WAY, _LOADED, News(1.5, PackageStatus.RETURN_TO_SENDER, "", "Berlin")),
    PackageStatus.DELIVERED: (
        News(120, PackageStatus.PENDING, "The delivery was announced to us.", ""),
        News(98, PackageStatus.PICKED_UP, "Picked up from the sender.", "Hamburg"),
        News(70, PackageStatus.IN_TRANSIT, "Left the sorting centre.", "Hannover"),
        News(49, PackageStatus.IN_TRANSIT, "Arrived at the delivery depot.", "Berlin"),
        News(29, PackageStatus.OUT_FOR_DELIVERY, "Loaded into the delivery truck.", "Berlin"),
        News(26, PackageStatus.DELIVERED, "Delivered and signed for.", "Berlin"),
    ),
    PackageStatus.CANCELLED: (
        _ANNOUNCED,
        News(60, PackageStatus.CANCELLED, "Cancelled by the sender before it was picked up.", ""),
    ),
    PackageStatus.UNKNOWN: (News(400, PackageStatus.PENDING, "The delivery was announced to us.", ""),),
}
# Nothing was heard for a long time: that is no event, the newest one is just old.
SILENT = frozenset({PackageStatus.UNKNOWN})


def delivered_hours_ago() -> float:
    return TIMELINES[PackageStatus.DELIVERED][-1].hours


def events_of(*, package: Package, now: datetime) -> Iterator[TrackingEvent]:
    """The events of one package, the oldest first, with keys that are the same on every run."""
    timeline = TIMELINES[PackageStatus(package.status)]
    for position, news in enumerate(timeline):
        is_last = position == len(timeline) - 1 and package.status not in SILENT
        reason = package.reason if is_last else ""
        at = now - timedelta(hours=news.hours)
        yield TrackingEventFactory.build(
            package=package,
            occurred_at=at,
            received_at=at + timedelta(minutes=1),
            sequence=position,
            dedupe_key=f"demo:{package.number}:{position}",
            code=news.status.value.upper(),
            description=Reason(reason).label if reason else news.text,
            status=news.status,
            reason=reason,
            place=news.place,
        )
