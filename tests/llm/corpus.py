"""Reads the corpus files and judges what the demo model did with a conversation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.llm.corpus_world import WRITES, Conversation, Said

FOLDER = Path(__file__).parent
_ARGUMENT = re.compile(r"\s([\w.]+)([=~])")
# Looking these up on the way to a question or a write is no fault.
_HELPFUL = frozenset({"list_my_packages", "list_my_orders", "get_order", "get_quote", "check_package"})


@dataclass(frozen=True)
class Line:
    """One conversation of the corpus: what the customer says, and what must happen in the last turn.

    expected: one way that is right, as its parts; others: further ways that are right as well.
    """

    says: tuple[str, ...]
    expected: tuple[str, ...]
    others: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        return " // ".join(self.says)


def read_corpus(name: str) -> list[Line]:
    lines = []
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            says, _, expected = line.rpartition(" => ")
            ways = [tuple(part.strip() for part in way.split(";")) for way in expected.split(" || ")]
            lines.append(Line(tuple(says.split(" // ")), ways[0], tuple(ways[1:])))
    return lines


def judge(line: Line) -> list[str]:
    """What is wrong with the last turn; empty where it is as expected."""
    conversation = Conversation()
    said = Said()
    for text in line.says:
        said = conversation.say(text.replace("\\n", "\n"))
    wrong = [_wrong(expected, said) for expected in (line.expected, *line.others)]
    if [] in wrong:
        return []
    return [*wrong[0], f"calls {said.calls}, asks {said.asks}, topics {said.topics}: {said.text[:100]!r}"]


def _wrong(expected: tuple[str, ...], said: Said) -> list[str]:
    wrong = [f"missing: {part}" for part in expected if not _is_met(part, said)]
    named = [part.split()[0] for part in expected]
    helped = any(part.startswith("ask:") or part.split()[0] in WRITES for part in expected)
    for tool, arguments in said.calls:
        if tool not in named and (tool in WRITES or tool not in _HELPFUL or not helped):
            wrong.append(f"not wanted: {tool} {arguments}")
        if tool in WRITES and tool in named and [call[0] for call in said.calls].count(tool) > named.count(tool):
            wrong.append(f"too often: {tool}")
    return wrong


def _is_met(part: str, said: Said) -> bool:
    if part.startswith("ask:"):
        return said.asks == part[4:]
    if part.startswith("say:"):
        return part[4:] in said.topics
    return any(_matches(part, tool, arguments) for tool, arguments in said.calls)


def _matches(part: str, tool: str, arguments: dict[str, Any]) -> bool:
    name, *rest = _ARGUMENT.split(part)
    if name.strip() != tool:
        return False
    triples = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    return all(_fits(arguments, path, how, wanted.strip()) for path, how, wanted in triples)


def _fits(arguments: dict[str, Any], path: str, how: str, wanted: str) -> bool:
    value: Any = arguments
    for step in path.split("."):
        value = value[int(step)] if step.isdigit() and isinstance(value, list) else value.get(step)
        if value is None:
            return wanted == "none"
    text = str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
    return wanted.lower() in text.lower() if how == "~" else text == wanted
