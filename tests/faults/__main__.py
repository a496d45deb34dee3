"""`python -m tests.faults 300 --seed 7`: so many kills under load, a table; exit code 1 on any loss or repetition.

Runs in parts, each with a database of its own; the parts are kept in var/faults/, and the same command again goes on
behind them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.faults import plan, report
from tests.faults.run import LEAST, run_part, to_stderr
from tests.processes import ROOT, manage
from tests.servers import Redis, as_application, servers

FOLDER = ROOT / "var" / "faults"


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def make_template(url: str) -> str:
    """A migrated and seeded database."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(b"CREATE DATABASE template_faults")
    made = with_database(url, "template_faults")
    manage("migrate", "--verbosity", "0", database_url=as_application(made), MIGRATE_DATABASE_URL=made)
    manage("seed_demo", database_url=as_application(made))
    return "template_faults"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("count", type=int, help="how many kills")
    parser.add_argument("--seed", type=int, default=None, help="of the order of the kills (default: drawn and printed)")
    parser.add_argument("--part", type=int, default=100, help="kills on one database before all is judged")
    parser.add_argument("--points", default="", help="only these, comma-separated")
    parser.add_argument("--pace", type=float, default=0.3, help="seconds an effect takes at least")
    parser.add_argument("--logs", type=Path, help="a folder that keeps what the processes wrote")
    parser.add_argument("--anew", action="store_true", help="forget what is kept of this seed")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    wanted = parse(arguments)
    seed = int(time.time()) % 100000 if wanted.seed is None else wanted.seed
    points = tuple(wanted.points.split(",")) if wanted.points else tuple(plan.POINTS)
    kept = FOLDER / f"seed-{seed}{'-' + wanted.points if wanted.points else ''}.jsonl"
    if wanted.anew:
        kept.unlink(missing_ok=True)
    parts = report.kept(kept)
    known = {line.number for part in parts for line in part.lines}
    left = [one for one in plan.kills(seed, count=wanted.count, points=points) if one.number not in known]
    to_stderr(f"seed {seed}: {wanted.count} kills, {len(known)} of them kept in {kept}")
    if left:
        with servers() as started:
            template = make_template(started.postgres.url)
            while left and not any(part.failed for part in parts):
                now, left = left[: wanted.part], left[wanted.part :]
                parts.append(_one_part(now, started.postgres.url, template, pace_s=wanted.pace, logs=wanted.logs))
                report.keep(kept, parts[-1])
    print(
        f"make faults N={wanted.count} SEED={seed}  (at least {LEAST} calls in flight, {wanted.pace:g} s an effect)\n"
    )
    print(report.table(parts))
    print()
    print(report.summary(parts))
    return int(any(part.failed for part in parts))


def _one_part(
    kills: Sequence[plan.Kill], postgres_url: str, template: str, *, pace_s: float, logs: Path | None
) -> report.Part:
    name = f"faults_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        store = Redis(Path(folder))
        store.start()
        try:
            began = time.monotonic()
            part = run_part(
                kills,
                database_url=with_database(postgres_url, name),
                redis_url=store.url,
                folder=Path(folder),
                say=to_stderr,
                pace_s=pace_s,
            )
            to_stderr(f"part of {len(part.lines)} kills in {time.monotonic() - began:.0f} s")
            return part
        finally:
            store.stop()
            if logs is not None:
                logs.mkdir(parents=True, exist_ok=True)
                for log in Path(folder).glob("*.log"):
                    shutil.copy(log, logs / f"{name}-{log.name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
