"""Verifies the audit trail; names the bad rows, the first one first."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tools.auditcheck import Broken, Verified, verify
from tools.sealing import ANCHOR, CUT, SEALED

NOT_COMPARED = (
    "no anchor from outside was compared (--anchor or --log; the log's audit.anchor and audit.sealed records have them)"
)
AFTER = "their changes are under way or were taken back, or the entries were removed"
_WRITTEN = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")


class Command(BaseCommand):
    help = "Verify the audit trail: exit 0 and `ok: N entries`, or 1 and the bad rows, the first one first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--anchor",
            action="append",
            default=[],
            metavar="POSITION:HASH",
            help="a place of the chain and its hash, as kept outside of the database; may be repeated",
        )
        parser.add_argument(
            "--log",
            metavar="FILE",
            help="take what the product's JSON log tells (audit.anchor, audit.sealed, audit.chain_cut); - reads stdin",
        )

        parser.add_argument(
            "--calls",
            action="store_true",
            help="take a call, decision or effect that the trail does not tell of for a bad row, not for a note",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        outside = Outside()
        for text in options["anchor"]:
            outside.add(*_anchor(text))
        if options["log"]:
            _read_log(options["log"], outside)
        try:
            found = verify(anchors=outside.anchors, calls=options["calls"])
        except Broken as broken:
            problems = [*outside.problems, *broken.problems]
            raise CommandError(_told(problems, broken.count + len(outside.problems))) from None
        if outside.problems:
            raise CommandError(_told(outside.problems, len(outside.problems)))
        # Standard output has one line for programs; what people should know besides goes to standard error.
        self.stdout.write(f"ok: {found.entries} entries")
        for note in _notes(found, len(outside.anchors)):
            self.stderr.write(note)


@dataclass(slots=True)
class Outside:
    """What is known from outside of the database: the hash by place, and what by itself says that the end was cut."""

    anchors: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, place: int, proof: str) -> None:
        if self.anchors.setdefault(place, proof) != proof:
            self.problems.append(f"outside: two hashes are known for place {place}: the end was cut off and made anew")


def _notes(found: Verified, compared: int) -> Iterator[str]:
    yield f"{compared} anchors from outside fit" if compared else NOT_COMPARED
    if found.ids_after:
        yield f"{found.ids_after} ids were given out after the newest entry: {AFTER}"
    if found.unrecorded:
        yield f"the trail does not tell of {found.unrecorded[0]} (--calls names them all)"
    if found.waiting:
        yield f"{found.waiting} of them wait for their seal: is a worker running?"


def _told(problems: list[str], count: int) -> str:
    lines = [f"broken: {problems[0]}", *problems[1:]]
    if count > len(problems):
        lines.append(f"and {count - len(problems)} more")
    return "\n".join(lines)


def _anchor(text: str) -> tuple[int, str]:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise CommandError("--anchor is written POSITION:HASH, as the log's audit.anchor has them, e.g. 120:3fa9…")
    return int(found[1]), found[2]


def _read_log(name: str, outside: Outside) -> None:
    """What a log tells of the chain; other lines are passed over."""
    if name == "-":
        _read_lines(sys.stdin, outside)
        return
    try:
        with Path(name).open(encoding="utf-8", errors="replace") as lines:
            _read_lines(lines, outside)
    except OSError as error:
        raise CommandError(f"--log: cannot read {name}: {error.strerror}") from None


def _read_lines(lines: Iterable[str], outside: Outside) -> None:
    for line in lines:
        if not any(f'"{event}"' in line for event in (ANCHOR, SEALED, CUT)):
            continue
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if not isinstance(told, dict):
            continue
        event, logger = told.get("event"), told.get("logger")
        if (event, logger) in ((ANCHOR, "tools.audit"), (SEALED, "tools.sealing")):
            outside.add(*_anchor(f"{told.get('position')}:{told.get('hash')}"))
        elif (event, logger) == (CUT, "tools.sealing"):
            was, now = told.get("was"), told.get("now")
            outside.problems.append(f"log: the sealer saw the chain reach place {was} and then {now}: it was cut off")
