"""The judges of effects: what the shadow journal saw against what customers and staff agreed to (O2, O3)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.safety.arena import Arena
from tests.safety.journal import MOMENTS, Change

# Tools that the customer's own confirmation decides.
WITHOUT_STAFF = frozenset({"report_problem", "schedule_callback"})
# Who of the cast may decide. S3 may only look, and SU is a customer too, who must not decide for themselves.
DECIDING = ("S1", "S2", "SU")


def o2_every_change_was_decided(arena: Arena) -> list[str]:
    """Each changed record belongs to one call that succeeded, confirmed by its customer and decided by others."""
    changes = arena.journal()
    ledger = {change.txid: change.row for change in changes if change.table == "tools_effect" and change.op == "INSERT"}
    problems = [f"the ledger was changed: {c}" for c in changes if c.table == "tools_effect" and c.op != "INSERT"]
    for change in changes:
        if change.table == "tools_effect":
            continue
        if change.txid not in ledger:
            problems.append(f"{change} happened without any call")
        else:
            problems += [f"{change}: {why}" for why in _objections(arena, change, ledger[change.txid])]
    return problems


def _objections(arena: Arena, change: Change, effect: dict[str, Any]) -> list[str]:
    call = _row(arena, "SELECT * FROM tools_toolcall WHERE id = %s", effect["call_id"])
    if call is None:
        return ["its call does not exist"]
    found = []
    if call["state"] != "succeeded":
        found.append(f"its call is {call['state']}")
    if call["confirmed_at"] is None:
        found.append("the customer never confirmed it")
    digest = own_digest(call)
    if not digest == call["digest"] == effect["digest"]:
        found.append(f"digests differ: {digest} {call['digest']} {effect['digest']}")
    found += _decision_objections(arena, call)
    if (owner := _owner(arena, change)) not in (None, call["customer_id"]):
        found.append(f"the record is of customer {owner}, the call of {call['customer_id']}")
    return found


def _decision_objections(arena: Arena, call: dict[str, Any]) -> list[str]:
    """Different people who may decide, by the cast and by their rights then; not the customer; on this very digest."""
    if call["tool"] in WITHOUT_STAFF:
        return []
    query = (
        "SELECT d.reviewer_id, d.digest, u.username FROM tools_decision d"
        " JOIN auth_user u ON u.id = d.reviewer_id WHERE d.call_id = %s AND d.decision = 'approve' AND NOT d.void"
    )
    rows = arena.sql(query, call["id"])
    owner = arena.sql("SELECT user_id FROM tracking_customer WHERE id = %s", call["customer_id"])[0][0]
    found = []
    if len({reviewer for reviewer, *_ in rows}) < max(1, call["need"]):
        found.append(f"{len(rows)} of {max(1, call['need'])} reviewers decided")
    if any(reviewer == owner for reviewer, *_ in rows):
        found.append("the customer decided on their own request")
    if any(digest != call["digest"] for _, digest, _ in rows):
        found.append("a decision was about other arguments")
    deciding = {arena.people[letter].facts.username for letter in DECIDING}
    if strangers := sorted({username for *_, username in rows} - deciding):
        found.append(f"{strangers} decided, who may not")
    return found + _rights_objections(arena, call)


def _rights_objections(arena: Arena, call: dict[str, Any]) -> list[str]:
    """Deciders who were not active, no staff or without the permission, by the database as it was at either moment."""
    query = (
        "SELECT u.username, m.moment, coalesce(r.may, false) FROM tools_decision d"
        " JOIN auth_user u ON u.id = d.reviewer_id CROSS JOIN unnest(%s::text[]) AS m (moment)"
        " LEFT JOIN journal.decider r ON r.decision_id = d.id AND r.moment = m.moment"
        " WHERE d.call_id = %s AND d.decision = 'approve' AND NOT d.void ORDER BY u.username, m.moment"
    )
    rows = arena.sql(query, [moment for moment, _ in MOMENTS.values()], call["id"])
    return [f"{username} had no right to decide when it {moment}" for username, moment, may in rows if not may]


def own_digest(call: dict[str, Any]) -> str:
    """What a call is bound to, by the contract and without the product's code."""
    bound = {"tool": call["tool"], "customer": call["customer_id"], "arguments": call["arguments"]}
    text = json.dumps(bound, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _owner(arena: Arena, change: Change) -> int | None:
    """Whose record it is: null where the table does not say."""
    row = change.row
    if change.table == "tracking_customer":
        return int(row["id"])
    if change.table == "auth_user":
        found = arena.sql("SELECT id FROM tracking_customer WHERE user_id = %s", row["id"])
        return int(found[0][0]) if found else None
    if change.table == "tracking_package":
        return int(row["recipient_id"] or row["booker_id"])
    return int(row["customer_id"]) if row.get("customer_id") is not None else None


def o3_one_effect_each(arena: Arena) -> list[str]:
    """A call that succeeded changed records in exactly one transaction; every other call changed nothing."""
    changes = arena.journal()
    by_call: dict[str, set[int]] = {}
    for change in changes:
        if change.table == "tools_effect" and change.op == "INSERT":
            by_call.setdefault(change.row["call_id"], set()).add(change.txid)
    changed = {change.txid for change in changes if change.table != "tools_effect"}
    problems = []
    for key in arena.customer_ids().values():
        query = "SELECT id, tool, state FROM tools_toolcall WHERE customer_id = %s AND effect = 'write'"
        for call_id, tool, state in arena.sql(query, key):
            made = by_call.get(str(call_id), set())
            if len(made) != (state == "succeeded") or not made <= changed:
                problems.append(f"{tool} {call_id} is {state} with {len(made)} effects, {len(made & changed)} changes")
    return problems


def _row(arena: Arena, query: str, *values: object) -> dict[str, Any] | None:
    cursor = arena.database.execute(query.encode(), values)
    row = cursor.fetchone()
    names = [column.name for column in cursor.description or ()]
    return dict(zip(names, row, strict=True)) if row else None
