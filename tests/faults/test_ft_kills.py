"""FT-02: processes are killed at every point under a stream of approvals; nothing is lost, nothing happens twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import plan, report
from tests.faults.run import LEAST, run_part
from tests.servers import Redis

SEED = 20261121


# Two and a half minutes of two cores: too long for every run until the kills cost less.
@pytest.mark.long
def test_ft_02_no_kill_loses_or_repeats_what_was_approved(
    postgres_database: Callable[[], str],
    redis_server: Redis,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
):
    kills = plan.sample(SEED, web=2, worker=3)

    part = run_part(
        kills, database_url=postgres_database(), redis_url=redis_server.url, folder=tmp_path, say=print, pace_s=0.2
    )

    found = f"seed {SEED}\n{report.table([part])}\n{report.summary([part])}"
    record_property("measured", f"FT-02 {found}")
    assert not part.failed, found
    assert len(part.lines) == len(kills) >= 25, found
    assert min(line.in_flight for line in part.lines) >= LEAST, found
    assert part.totals["late"] == 0, found
