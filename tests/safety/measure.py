"""How much a process grew and how long a bystander waited while something was done to the product."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import httpx2

from tests.processes import Running, children_of

MEGABYTE = 1024 * 1024


class Watch:
    """`with Watch(arena.product.web) as seen:` - afterwards `seen.grown_mb` and `seen.longest_s` of a bystander."""

    def __init__(self, running: Running, *, path: str = "/healthz") -> None:
        self.pid = children_of(running.pid)[0]
        self.url = running.url + path
        self.longest_s = 0.0
        self.grown_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        # Only growth from here on counts: the kernel's high-water mark starts anew.
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        self._before = memory_of(self.pid)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.grown_mb = (memory_of(self.pid, "VmHWM") - self._before) / MEGABYTE

    def _look(self) -> None:
        with httpx2.Client(trust_env=False, timeout=30) as http:
            while not self._over.wait(0.01):
                begun = time.monotonic()
                http.get(self.url)
                self.longest_s = max(self.longest_s, time.monotonic() - begun)


def memory_of(pid: int, name: str = "VmRSS") -> int:
    """Bytes that a process holds now, or (VmHWM) held at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024
