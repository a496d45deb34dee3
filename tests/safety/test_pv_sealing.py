"""A superuser of the database plants rows with absurd numbers: what is done later is sealed all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.safety.arena import Arena
from tests.safety.hostile import call, say
from tests.safety.trail import newest, wait_until_sealed

MOST = 2**63 - 1
SEAL = "INSERT INTO tools_auditseal (position, entry_id, sealed_at, prev, hash) VALUES"
ANCHOR = "INSERT INTO tools_auditanchor (id, at, position, entry_id, hash, mac) VALUES"


@contextmanager
def planted(arena: Arena, *statements: str) -> Iterator[None]:
    """The rows stand in the product's own tables until the end; the trail that all tests share must hold after them."""
    try:
        for statement in statements:
            arena.sql(statement)
        yield
    finally:
        forged = "DELETE FROM {} WHERE {} = repeat('f', 64)"
        deletes = [forged.format("tools_auditseal", "hash"), forged.format("tools_auditanchor", "mac")]
        arena.sql("; ".join(["SET session_replication_role = replica", *deletes, "RESET session_replication_role"]))


def test_pv_02_a_forged_number_stops_no_seal(arena: Arena):
    arena.turn(arena.a, call("check_package", {"package_id": arena.a.facts.packages[0]}), say("On its way."))
    wait_until_sealed(arena)
    start = newest(arena)
    forged = [
        f"{SEAL} ({MOST}, {MOST}, now(), repeat('e', 64), repeat('f', 64))",
        f"{ANCHOR} ({MOST}, now() + '9 years'::interval, {MOST}, {MOST}, repeat('e', 64), repeat('f', 64))",
    ]
    with planted(arena, *forged):
        arena.turn(arena.a, call("check_package", {"package_id": arena.a.facts.packages[1]}), say("Here it is."))
        request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
        assert arena.approved(arena.a, request) == "succeeded"
        assert newest(arena) > start
        wait_until_sealed(arena)
        with pytest.raises(AssertionError) as named:
            arena.manage("verify_audit")

    assert f"entry {MOST}: was sealed at place {MOST} and is missing" in str(named.value)
    assert f"anchor {MOST}: was changed after it was written, or written past the product" in str(named.value)
