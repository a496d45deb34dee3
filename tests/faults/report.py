"""What a run found, as a table of its points; parts of runs with one seed are kept in a file and added up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.judge import Verdict
from tests.faults.killer import Done
from tests.faults.plan import IN_WEB, POINTS

MUST_BE_NONE = ("lost", "duplicated", "lost acks", "double answers")
FELLED = ("child", "parent", "group")


@dataclass
class Line:
    """One kill and what came of what was in flight then."""

    number: int
    point: str
    whom: str
    in_flight: int
    turns: int
    lost: int
    duplicated: int
    late: int
    recovery_s: float
    settled_s: float


@dataclass
class Part:
    """Some kills in a row on one database. totals: over all its calls, whichever kill they met."""

    lines: list[Line]
    totals: dict[str, int]
    problems: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.problems) or any(self.totals[name] for name in MUST_BE_NONE)


def part_of(done: Sequence[Done], verdict: Verdict, *, failures: Iterable[str], reconnects: int) -> Part:
    lines = [_line(one, verdict) for one in sorted(done, key=lambda one: one.at)]
    _blame(lines, sorted(done, key=lambda one: one.at), verdict)
    totals = {
        "calls": sum(call["approved_at"] is not None for call in verdict.calls.values()),
        "turns": len(verdict.turns),
        "turns not answered": sum(turn["state"] != "done" for turn in verdict.turns),
        "reconnects": reconnects,
        "lost": len(verdict.lost),
        "duplicated": len(verdict.duplicated),
        "late": len(verdict.late),
        "lost acks": verdict.lost_acks,
        "double answers": verdict.double_answers,
    }
    return Part(lines=lines, totals=totals, problems=[*verdict.problems, *failures])


def _line(one: Done, verdict: Verdict) -> Line:
    flying = [call for call in verdict.calls.values() if _spans(call, "approved_at", one.at)]
    talking = [turn for turn in verdict.turns if _spans(turn, "created_at", one.at)]
    return Line(
        number=one.kill.number,
        point=one.kill.point,
        whom=one.whom,
        in_flight=len(flying),
        turns=len(talking),
        lost=0,
        duplicated=0,
        late=0,
        recovery_s=max((call["ended_at"] - one.at for call in flying if call["ended_at"]), default=0.0),
        settled_s=max((turn["ended_at"] - one.at for turn in talking if turn["ended_at"]), default=0.0),
    )


def _spans(row: dict[str, Any], begin: str, at: float) -> bool:
    return bool(row[begin]) and row[begin] <= at and (row["ended_at"] is None or row["ended_at"] > at)


def _blame(lines: Sequence[Line], done: Sequence[Done], verdict: Verdict) -> None:
    """Each call that went wrong is counted at the last kill that hit it, or else the last that met it in flight."""
    for name in ("lost", "duplicated", "late"):
        for call_id in getattr(verdict, name):
            call = verdict.calls.get(call_id)
            hit = [place for place, one in enumerate(done) if one.call_id == call_id]
            met = [place for place, one in enumerate(done) if call and _spans(call, "approved_at", one.at)]
            if hit or met:
                line = lines[(hit or met)[-1]]
                setattr(line, name, getattr(line, name) + 1)


# --- on paper ---------------------------------------------------------------------------------------------------

HEADINGS = ("point", "where", "kills", "in flight", "lost", "duplicated", "late", "slowest")
ROW = "| {:<7} | {:<46} | {:>5} | {:>9} | {:>4} | {:>10} | {:>4} | {:>7} |"


def table(parts: Sequence[Part]) -> str:
    """Markdown. In flight: the fewest and the mean; slowest: the longest that a call in flight took after a kill."""
    lines = [line for part in parts for line in part.lines]
    rows = [ROW.format(*HEADINGS), "|" + "|".join(["---"] * len(HEADINGS)) + "|"]
    for point, where in POINTS.items():
        rows.append(_row(point, where, [line for line in lines if line.point == point]))
    rows.append(_row("all", "", lines))
    return "\n".join(rows)


def _row(point: str, where: str, lines: Sequence[Line]) -> str:
    flying = [line.in_flight for line in lines]
    return ROW.format(
        point,
        where,
        len(lines),
        f"{min(flying)} / {sum(flying) // len(flying)}" if flying else "-",
        sum(line.lost for line in lines),
        sum(line.duplicated for line in lines),
        sum(line.late for line in lines),
        f"{max((line.recovery_s for line in lines), default=0):.1f} s",
    )


def summary(parts: Sequence[Part]) -> str:
    totals = {name: sum(part.totals[name] for part in parts) for name in parts[0].totals} if parts else {}
    web = [line for part in parts for line in part.lines if line.point in IN_WEB]
    chats = f"{sum(line.turns for line in web)} chats in flight at {len(web)} kills of the web server"
    settled = f"the slowest ended {max((line.settled_s for line in web), default=0):.1f} s after its kill"
    whom = {name: sum(line.whom == name for part in parts for line in part.lines) for name in FELLED}
    text = [", ".join(f"{name} {count}" for name, count in totals.items()), f"{chats}; {settled}"]
    text.append("killed: " + ", ".join(f"{name} {count}" for name, count in whom.items()))
    problems = [problem for part in parts for problem in part.problems]
    return "\n".join([*text, *(f"PROBLEM {problem}" for problem in problems[:40])])


# --- in a file --------------------------------------------------------------------------------------------------


def keep(path: Path, part: Part) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(part)) + "\n")


def kept(path: Path) -> list[Part]:
    if not path.exists():
        return []
    parts = []
    for text in path.read_text(encoding="utf-8").splitlines():
        found = json.loads(text)
        parts.append(Part([Line(**line) for line in found["lines"]], found["totals"], found["problems"]))
    return parts
