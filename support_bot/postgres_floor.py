"""Which PostgreSQL is new enough: older minors leak rows past row-level security (CVE-2025-8713, CVE-2024-10976)."""

from __future__ import annotations

# The first minor of each major that has the fixes. Later majors had them from their first release.
FLOORS = {15: 14, 16: 10, 17: 6}
CHOICE = ", ".join(f"{major}.{minor}" for major, minor in FLOORS.items())


def too_old(*, number: int) -> str | None:
    """What runs and what to upgrade to; None where it is new enough.

    number: as the server reports it, `server_version_num`: 150018 is 15.18.
    """
    major, minor = divmod(number, 10000)
    if major > max(FLOORS) or minor >= FLOORS.get(major, minor + 1):
        return None
    wanted = f"{major}.{FLOORS[major]} or newer" if major in FLOORS else f"one of {CHOICE} or newer"
    return f"PostgreSQL {major}.{minor} has known holes in row-level security: upgrade it to {wanted}"
