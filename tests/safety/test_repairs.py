"""How often one structured error is enough for a well-meaning model to get its call right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from tests.safety.arena import Arena
from tests.safety.drive import Case, codes, drive
from tests.safety.repairs import repair, wrong_calls

# The wish stands: what is refused now is refused for how many there are, or by the record, not for how it was said.
UNDERSTOOD = frozenset({"ok", "rate_limited", "not_possible", "too_many_calls"})
FLOOR = 0.95


def test_one_structured_error_is_enough_to_repair_a_call(arena: Arena, record_property: Callable[[str, object], None]):
    day = str(arena.sql("SELECT (now() + interval '7 days')::date")[0][0])
    wrong = wrong_calls(arena.a.facts, day=day)
    first = drive(arena, arena.a, [(case.tool, case.sent) for case in wrong])
    assert "ok" not in codes(first)

    again: list[tuple[int, Case]] = []
    for number, (case, answer) in enumerate(zip(wrong, first, strict=True)):
        if (mended := repair(case, answer["error"])) is not None:
            again.append((number, mended))
    second = drive(arena, arena.a, [case for _, case in again])
    repaired = {number for (number, _), code in zip(again, codes(second), strict=True) if code in UNDERSTOOD}

    record_property("measured", f"{len(repaired)} of {len(wrong)} wrong calls were repaired after one error")
    counts = Counter(case.kind for case in wrong)
    for kind, count in counts.items():
        done = sum(number in repaired for number, case in enumerate(wrong) if case.kind == kind)
        print(f"  {kind}: {done} of {count}")
    for number, case in enumerate(wrong):
        if number not in repaired:
            told = next((a for (n, _), a in zip(again, second, strict=True) if n == number), None)
            print(f"  not: {case.tool} {case.sent} -> {first[number]['error']} -> {told}")
    assert len(wrong) >= 40
    assert len(repaired) >= FLOOR * len(wrong)
    assert arena.effects() == []
