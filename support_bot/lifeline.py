"""Ties a process to the life of its parent: when the parent dies, even by kill -9, the kernel ends the child (Linux).

`python lifeline.py PARENT_PID SIGNAL program …` becomes `program`. It imports the standard library only.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(*, signum: int = signal.SIGKILL) -> None:
    """Elsewhere than on Linux this does nothing. It survives exec, and is lost by fork: each child asks for itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)


def main(arguments: list[str]) -> None:
    parent, signum, *command = arguments
    die_with_parent(signum=int(signum))
    if os.getppid() != int(parent):  # it died before the kernel knew
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the supervisor's own fixed commands, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
