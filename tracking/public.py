"""What anybody who knows a number may see of a package: milestones with day and town. Never a name, street or note."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracking.errors import NotFound
from tracking.models import Package, TrackingEvent
from tracking.statuses import PackageStatus
from tracking.tracking_numbers import package_number

MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Milestone:
    status: PackageStatus
    at: datetime
    place: str


@dataclass(frozen=True, slots=True)
class PublicPackage:
    """`milestones`: one for each change of status, the newest first."""

    number: str
    status: PackageStatus
    city: str
    estimated_delivery: datetime | None
    delivered_at: datetime | None
    milestones: list[Milestone]


def find_public_package(*, number: str) -> PublicPackage:
    """Two or three queries; raises NotFound. Only whole numbers: nothing can be listed or searched."""
    canonical = package_number(text=number)
    package = _newest(canonical) if canonical is not None else None
    if package is None:
        raise NotFound("package")
    events = TrackingEvent.objects.filter(package=package).order_by("-occurred_at", "-sequence")
    milestones: list[Milestone] = []
    for event in reversed(events.only("status", "occurred_at", "place")[:MOST_EVENTS]):
        if not milestones or milestones[-1].status != event.status:
            milestones.append(Milestone(PackageStatus(event.status), event.occurred_at, event.place))
    return PublicPackage(
        number=canonical or "",
        status=PackageStatus(package.status),
        city=package.city,
        estimated_delivery=package.estimated_delivery,
        delivered_at=package.delivered_at,
        milestones=milestones[::-1],
    )


def _newest(canonical: str) -> Package | None:
    """By our number first, then by a carrier's; the newest where carriers used a number again."""
    for found in (Package.objects.filter(number=canonical), Package.objects.filter(carrier_number=canonical)):
        package = found.order_by("-first_seen", "-pk").first()
        if package is not None:
            return package
    return None
