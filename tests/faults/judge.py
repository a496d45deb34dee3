"""Says what became of every approved call and every acknowledged message: by the books, not by the product's word.

The books are the triggers' journal of all changes of records, the rows that the effects are, and the fake gateway's
own list. The product's ledger, audit and news are asked too, but only to see whether they say the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.faults.chats import Seen, frame_digest

LATE_S = 60.0
CALLS = """
    SELECT id::text, tool, state, reason, arguments, need, extract(epoch FROM approved_at)::float AS approved_at,
        extract(epoch FROM ended_at)::float AS ended_at, confirmed_at IS NOT NULL AS confirmed,
        (SELECT count(*) FROM tools_decision d WHERE d.call_id = c.id AND d.decision = 'approve' AND NOT d.void)
            AS approvals
    FROM tools_toolcall c WHERE effect = 'write'"""
# What an effect leaves in the journal, by what makes it this call's and no other's.
NEW_ROWS = """
    SELECT after->>'call_id' FROM journal.change WHERE op = 'INSERT' AND of_table IN
        ('tracking_refund', 'tracking_problemreport', 'tracking_callback')"""
CHANGED = """
    SELECT after->>%s FROM journal.change
    WHERE op = 'UPDATE' AND of_table = %s AND before->>%s IS DISTINCT FROM after->>%s"""
WRONG_SUMS = """
    SELECT o.reference, o.refunded, coalesce(sum(r.amount), 0) FROM tracking_order o
    LEFT JOIN tracking_refund r ON r.order_id = o.id WHERE o.reference LIKE 'ORD-8%%'
    GROUP BY o.id HAVING o.refunded <> coalesce(sum(r.amount), 0)"""
WITNESSES = {
    "ledger": "SELECT call_id::text FROM tools_effect",
    "audit": "SELECT call_id::text FROM tools_auditentry WHERE event = 'call.succeeded'",
    "news": """
        SELECT payload->'data'->>'call_id' FROM chat_event WHERE author = 'system'
        AND payload->'data'->>'type' = 'call_outcome'""",
}
MESSAGES = """
    SELECT client_msg_id::text, seq, turn_id::text FROM chat_event
    WHERE author = 'customer' AND client_msg_id IS NOT NULL"""
TURNS = """
    SELECT t.id::text, t.state, extract(epoch FROM t.created_at)::float AS created_at,
        extract(epoch FROM t.ended_at)::float AS ended_at,
        (SELECT count(*) FROM chat_event e WHERE e.turn_id = t.id AND e.author = 'assistant') AS answers,
        (SELECT count(*) FROM chat_event e WHERE e.turn_id = t.id AND e.type = 'turn') AS ends
    FROM chat_turn t"""


@dataclass
class Verdict:
    """calls and turns: what the report needs of each. problems: everything that is wrong beside loss and repetition."""

    calls: dict[str, dict[str, Any]]
    turns: list[dict[str, Any]]
    lost: set[str] = field(default_factory=set)
    duplicated: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    lost_acks: int = 0
    double_answers: int = 0
    problems: list[str] = field(default_factory=list)


def judge(
    session: psycopg.Connection, *, seen: Seen, outside: Mapping[str, int] | None, outages: Sequence[float] = ()
) -> Verdict:
    """outside: how often the gateway applied each key; None where the run has no gateway.

    outages: when the whole worker was killed. Its being away is not held against a call; that it takes long is.
    """
    calls = {row["id"]: row for row in _rows(session, CALLS)}
    turns = _rows(session, TURNS)
    verdict = Verdict(calls=calls, turns=turns, problems=list(seen.problems))
    _judge_calls(session, verdict, agreed=seen.agreed, outside=outside)
    verdict.late = _late(verdict, outages)
    _judge_chats(session, verdict, seen)
    return verdict


def _rows(session: psycopg.Connection, query: str) -> list[dict[str, Any]]:
    return session.cursor(row_factory=dict_row).execute(query.encode()).fetchall()


def _counts(session: psycopg.Connection, query: str, *values: object) -> Counter[str]:
    return Counter(str(row[0]) for row in session.execute(query.encode(), values or None).fetchall())


# --- calls ------------------------------------------------------------------------------------------------------


def effects_of(session: psycopg.Connection, calls: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How often each call really changed its record."""
    new_rows = _counts(session, NEW_ROWS)
    places = _counts(session, CHANGED, "safe_place", "tracking_package", "safe_place", "safe_place")
    phones = _counts(session, CHANGED, "phone", "tracking_customer", "phone", "phone")
    by_value = {"change_delivery": (places, "safe_place"), "update_profile": (phones, "phone")}
    found = {}
    for call in calls:
        counter, argument = by_value.get(call["tool"], (new_rows, ""))
        found[call["id"]] = counter[call["arguments"][argument] if argument else call["id"]]
    return found


def _judge_calls(
    session: psycopg.Connection, verdict: Verdict, *, agreed: set[str], outside: Mapping[str, int] | None
) -> None:
    effects = effects_of(session, verdict.calls.values())
    witnesses = {name: _counts(session, query) for name, query in WITNESSES.items()}
    for call_id in agreed - verdict.calls.keys():
        verdict.lost.add(call_id)
    for call_id, call in verdict.calls.items():
        was_agreed = call_id in agreed or (call["confirmed"] and call["approvals"] >= call["need"])
        found = [effects[call_id]]
        if outside is not None and call["tool"] == "request_refund":
            found.append(outside.get(call_id, 0))
        if max(found) > 1:
            verdict.duplicated.add(call_id)
        if was_agreed and min(found) < 1:
            verdict.lost.add(call_id)
        if not was_agreed and max(found) > 0:
            verdict.problems.append(f"{call['tool']} {call_id} was carried out though nobody agreed")
        for name, counter in witnesses.items():
            if counter[call_id] != effects[call_id]:
                verdict.problems.append(f"{call_id}: {effects[call_id]} effects, but {counter[call_id]} in the {name}")
    for reference, refunded, booked in session.execute(WRONG_SUMS.encode()).fetchall():
        verdict.problems.append(f"{reference}: {refunded} refunded, {booked} in the refunds")
    if outside is not None:
        for key in outside.keys() - verdict.calls.keys():
            verdict.problems.append(f"the gateway paid {key}, which is no call")


def _late(verdict: Verdict, outages: Sequence[float]) -> set[str]:
    """Not done LATE_S after its approval or, where the worker was away since, after it was back: its next work done."""
    ends = sorted(call["ended_at"] for call in verdict.calls.values() if call["ended_at"])
    backs = [next((end for end in ends if end > at), at) for at in outages]
    late = set()
    for call_id, call in verdict.calls.items():
        if call["approved_at"] is None:
            continue
        ended = call["ended_at"]
        began = max([call["approved_at"], *(back for back in backs if ended is not None and back <= ended)])
        if ended is None or ended - began > LATE_S:
            late.add(call_id)
    return late


# --- chats ------------------------------------------------------------------------------------------------------


def _judge_chats(session: psycopg.Connection, verdict: Verdict, seen: Seen) -> None:
    stored: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(session, MESSAGES):
        stored.setdefault(row["client_msg_id"], []).append(row)
    turns = {turn["id"]: turn for turn in verdict.turns}
    for client_msg_id, seq in seen.acked.items():
        rows = stored.get(client_msg_id, [])
        if len(rows) != 1 or rows[0]["seq"] != seq or rows[0]["turn_id"] not in turns:
            verdict.lost_acks += 1
    for turn in turns.values():
        if turn["state"] not in ("done", "failed", "cancelled") or turn["ends"] != 1:
            verdict.problems.append(f"turn {turn['id']} is {turn['state']} with {turn['ends']} ends")
        if turn["answers"] > 1:
            verdict.double_answers += 1
        if turn["state"] == "done" and turn["answers"] != 1:
            verdict.problems.append(f"turn {turn['id']} is done with {turn['answers']} answers")
    query = "SELECT conversation_id::text, seq, payload FROM chat_event"
    payloads = {(row[0], row[1]): row[2] for row in session.execute(query.encode()).fetchall()}
    for place, digest in seen.frames.items():
        if place not in payloads or frame_digest(payloads[place]) != digest:
            verdict.problems.append(f"{place}: what was told is not what is in the log")
