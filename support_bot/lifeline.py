"""Ties a process to the life of its parent: when the parent dies, even by kill -9, the kernel ends the child (Linux).

Elsewhere than on Linux the kernel cannot be told, and a child outlives its parent. Standard library alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15


def die_with_parent(*, parent: int, signum: int = signal.SIGKILL) -> None:
    """It survives exec, and is lost by fork: each child asks for itself.

    parent: its pid, from before the fork. One that died before the kernel was told ends us here.
    """
    _tell_kernel(PR_SET_PDEATHSIG, int(signum))
    if os.getppid() != parent:
        os._exit(1)


def call_process(name: str) -> None:
    """What `ps -o comm` and `top` call it: at most 15 ASCII characters."""
    _tell_kernel(PR_SET_NAME, name.encode("ascii"))


def _tell_kernel(what: int, value: int | bytes) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(what, value, 0, 0, 0)
