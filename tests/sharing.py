"""How a run is shared out among its processes: a file to one of them, and files of the same product together.

Each process that touches a product has one of its own, and an idle one in each would take a fifth of the machine.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# The tests of these share a product that lives for many files.
TOGETHER = {
    "production": [
        "browser/test_second_factor", "safety/test_az_takeover", "safety/test_ix_mail", "safety/test_ws_accounts",
        "safety/test_ws_addresses", "safety/test_ws_forged", "safety/test_ws_pages", "safety/test_ws_signin",
    ],
    "wire": [
        "chat/test_calls", "chat/test_conversation", "chat/test_devices", "chat/test_frames", "chat/test_handoff",
        "chat/test_sockets", "chat/test_turns",
    ],
    "roomy": ["safety/test_ap_decisions", "safety/test_ap_execution"],
}  # fmt: skip
# What waits for processes goes first and what is quick last, so that all processes of the run end together.
FIRST = ("production", "wire", "faults/", "test_supervise", "journeys/", "browser/", "chat/test_processes", "roomy")
THEN = ("safety/", "test_compose", "tools/test_roles")


def scope_of(nodeid: str) -> str:
    """What goes to one process as a whole."""
    file = nodeid.partition("::")[0].removeprefix("tests/").removesuffix(".py")
    return next((name for name, files in TOGETHER.items() if file in files), file)


def turn_of(item: pytest.Item) -> tuple[int, str, str]:
    """The sort key of a test in the run."""
    scope, order = scope_of(item.nodeid), (*FIRST, *THEN)
    rank = next((at for at, start in enumerate(order) if scope.startswith(start)), len(order))
    return rank, scope, item.nodeid.partition("::")[0]


class Scheduler(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False  # it would undo our order

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
