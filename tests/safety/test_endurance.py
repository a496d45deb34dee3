"""The long part of O6 itself: silent where nothing happened, and heard for each of the things it watches."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import Running, children_of, start, wait_until
from tests.safety.arena import Arena
from tests.safety.endurance import GROWTH_MB, Endurance
from tests.servers import free_port

LOOK = Callable[..., Endurance]
# One child, and 60 MB more when it is told to grow.
GROWING = """
import signal, subprocess, sys
held = []
def grow(*_):
    held.append(bytearray(b"x" * 60_000_000))
    print("grown", flush=True)
signal.signal(signal.SIGUSR1, grow)
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
print("ready", flush=True)
child.wait()
while True:
    signal.pause()
"""


def test_o6_is_silent_where_nothing_happened(arena: Arena, endurance: LOOK):
    steady = endurance(arena.product.web)

    assert steady.problems() == []
    assert "p95" in steady.measured


def test_o6_sees_memory_that_grew_and_a_process_that_ended(arena: Arena, endurance: LOOK, tmp_path: Path):
    growing = start(["-c", GROWING], log=tmp_path / "log")
    try:
        growing.wait_for_output("ready")
        steady = endurance(arena.product.web, growing)
        (child,) = children_of(growing.pid)

        os.kill(growing.pid, signal.SIGUSR1)
        growing.wait_for_output("grown")
        os.kill(child, signal.SIGKILL)
        wait_until(lambda: child not in children_of(growing.pid), what="the end of the child")
        found = steady.problems()
    finally:
        growing.stop(signal.SIGKILL)

    (ended,) = [problem for problem in found if problem.startswith("O6: the processes were")]
    (grew,) = [problem for problem in found if f"process {growing.pid} grew by" in problem]
    assert float(grew.split()[-2]) > GROWTH_MB
    assert str(child) in ended


def test_o6_sees_a_server_that_is_not_ready(arena: Arena, endurance: LOOK):
    steady = endurance(arena.product.web)
    steady.web = Running(steady.web.process, steady.web.log, f"http://127.0.0.1:{free_port()}")

    assert steady.problems(within=0.2) == ["O6: not within 0.2 s: 200 from /readyz"]


@pytest.mark.long
def test_o6_sees_answers_that_take_twice_as_long(arena: Arena, endurance: LOOK):
    steady = endurance(arena.product.web)

    with stuttering(children_of(arena.product.web.pid)[0]):
        (found,) = steady.problems()

    assert "a bystander's p95 is" in found


@contextmanager
def stuttering(pid: int) -> Iterator[None]:
    """The process stands still for most of the time."""
    over = threading.Event()

    def stop_and_go() -> None:
        while not over.wait(0.05):
            os.kill(pid, signal.SIGSTOP)
            over.wait(0.3)
            os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
