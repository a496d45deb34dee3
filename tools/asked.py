"""What the trail keeps of a call that was refused: its tool, and what stands for what the model wrote.

A name that is none of ours, and arguments, may hold anything that a model was told, so they are kept as keyed hashes:
the same text is found again, and none can be read.
"""

from __future__ import annotations

from tools.keyed import stand_in
from tools.registry import REGISTRY, UNKNOWN


def asked_for(*, name: str, arguments: str) -> dict[str, str]:
    told = {"tool": name, "arguments": stand_in(purpose="asked arguments", value=f"{arguments}\n")}
    return (
        told
        if name in REGISTRY
        else told | {"tool": UNKNOWN, "name": stand_in(purpose="asked tool", value=f"{name}\n")}
    )
