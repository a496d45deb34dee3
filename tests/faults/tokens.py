"""What the harness and the processes it kills say to each other: files in one folder, taken by renaming them.

A rename succeeds for one process only, so an order to die is carried out once. Standard library alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

# Who dies: the process at the point; also the one that started it (Celery's parent); everything under its supervisor.
Whom = Literal["child", "parent", "group"]
# Or nobody: the process at the point stands still until it is sent SIGCONT.
PAUSE: Literal["pause"] = "pause"
DIE = "die-"


@dataclass(frozen=True)
class Death:
    """What a process wrote before it killed itself. `call_id`: the call it was at, where the point has one."""

    point: str
    whom: str
    pid: int
    at: float
    call_id: str


def arm(folder: Path, *, point: str, whom: Whom | Literal["pause"], skip: int) -> None:
    """The process that comes to `point` after `skip` others dies there."""
    making = folder / f"making-{point}"
    making.mkdir(parents=True)
    for number in range(skip):
        (making / f"pass-{number:04d}").touch()
    (making / f"{DIE}{whom}").touch()
    making.rename(folder / point)


def disarm(folder: Path, *, point: str) -> None:
    shutil.rmtree(folder / point, ignore_errors=True)


def take(folder: Path, *, point: str) -> str | None:
    """Whom to kill, where this passing of the point is the one that was meant; else None."""
    place = folder / point
    try:
        names = sorted(os.listdir(place), reverse=True)  # the passes first, the order to die last  # noqa: PTH208
    except OSError:
        return None
    for name in names:
        with contextlib.suppress(OSError):
            (place / name).rename(folder / "spent")
            return name.removeprefix(DIE) if name.startswith(DIE) else None
    return None


def tell_death(folder: Path, **facts: Any) -> None:
    """Said before the process kills itself; a file that stands whole or not at all."""
    draft = folder / f"death-{facts['point']}-{os.getpid()}.tmp"
    draft.write_text(json.dumps({**facts, "pid": os.getpid(), "at": time.time()}), encoding="ascii")
    draft.rename(draft.with_suffix(".json"))


def count(folder: Path, *, call_id: str) -> None:
    """One more task of this call was begun."""
    with (folder / "begun").open("a", encoding="ascii") as file:
        file.write(f"{call_id}\n")


def counted(folder: Path, *, call_id: str) -> int:
    begun = folder / "begun"
    return begun.read_text(encoding="ascii").split().count(call_id) if begun.exists() else 0


def death_at(folder: Path, *, point: str) -> Death | None:
    """Who died at this point since it was armed; None while nobody has."""
    for path in folder.glob(f"death-{point}-*.json"):
        told = json.loads(path.read_text(encoding="ascii"))
        path.unlink()
        return Death(**told)
    return None
