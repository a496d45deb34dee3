"""Verifies the audit trail; names the bad rows, the first one first."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tools.auditcheck import Broken, Verified, verify
from tools.sealing import ANCHOR

NOT_COMPARED = "no anchor from outside was compared (--anchor or --log; the log's audit.anchor records have them)"
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
            help="take the anchors from the product's JSON log (lines with the event audit.anchor); - reads stdin",
        )

        parser.add_argument(
            "--calls",
            action="store_true",
            help="take a call, decision or effect that the trail does not tell of for a bad row, not for a note",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        anchors = dict(_anchor(text) for text in options["anchor"])
        if options["log"]:
            anchors |= _from_log(options["log"])
        try:
            found = verify(anchors=anchors, calls=options["calls"])
        except Broken as broken:
            raise CommandError(_told(broken)) from None
        # Standard output has one line for programs; what people should know besides goes to standard error.
        self.stdout.write(f"ok: {found.entries} entries")
        for note in _notes(found, len(anchors)):
            self.stderr.write(note)


def _notes(found: Verified, compared: int) -> Iterator[str]:
    yield f"{compared} anchors from outside fit" if compared else NOT_COMPARED
    if found.ids_after:
        yield f"{found.ids_after} ids were given out after the newest entry: {AFTER}"
    if found.unrecorded:
        yield f"the trail does not tell of {found.unrecorded[0]} (--calls names them all)"
    if found.waiting:
        yield f"{found.waiting} of them wait for their seal: is a worker running?"


def _told(broken: Broken) -> str:
    lines = [f"broken: {broken.problems[0]}", *broken.problems[1:]]
    if broken.count > len(broken.problems):
        lines.append(f"and {broken.count - len(broken.problems)} more")
    return "\n".join(lines)


def _anchor(text: str) -> tuple[int, str]:
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise CommandError("--anchor is written POSITION:HASH, as the log's audit.anchor has them, e.g. 120:3fa9…")
    return int(found[1]), found[2]


def _from_log(name: str) -> dict[int, str]:
    """The anchors of a log; lines that are none are passed over."""
    if name == "-":
        return _anchors_in(sys.stdin)
    try:
        with Path(name).open(encoding="utf-8", errors="replace") as lines:
            return _anchors_in(lines)
    except OSError as error:
        raise CommandError(f"--log: cannot read {name}: {error.strerror}") from None


def _anchors_in(lines: Iterable[str]) -> dict[int, str]:
    anchors = {}
    for line in lines:
        if f'"{ANCHOR}"' not in line:
            continue
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("event") == ANCHOR and told.get("logger") == "tools.audit":
            place, proof = _anchor(f"{told.get('position')}:{told.get('hash')}")
            anchors[place] = proof
    return anchors
