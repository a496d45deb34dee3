"""The judge of a run: it sees what is lost, what happened twice, what nobody agreed to, and what was told otherwise."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.faults.chats import Seen, frame_digest
from tests.faults.judge import judge
from tests.safety import journal

pytestmark = pytest.mark.servers
PLACE = "behind the 7th gate"


@pytest.fixture(scope="module")
def _books(postgres_database: Callable[[], str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_database(), autocommit=True) as session:
        journal.install(session)
        yield session


@pytest.fixture
def books(_books: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Rows of one test; what it writes is undone."""
    with _books.transaction(force_rollback=True):
        yield _books


def approved(books: psycopg.Connection, *, confirmed: bool = True, took_s: float = 1, ended: bool = True) -> str:
    """A change of a delivery that needs no staff, as the product would have left it."""
    call_id = str(uuid.uuid4())
    books.execute(
        b"INSERT INTO tools_toolcall (id, customer_id, tool, effect, state, arguments, need, confirmed_at, approved_at,"
        b" created_at, ended_at, label, digest, record, summary, changes, preconditions, verify_at, reason, excerpt,"
        b" provenance, version, fence, tries) SELECT %s, min(id), 'change_delivery', 'write', 'succeeded', %s, 0,"
        b" CASE WHEN %s THEN now() END, now() - make_interval(secs => %s), now(), CASE WHEN %s THEN now() END,"
        b" '', %s, '', '', '[]', '{}', '', '', '[]', '{}', 1, 1, 1 FROM tracking_customer",
        [call_id, Jsonb({"safe_place": PLACE}), confirmed, took_s, ended, call_id],
    )
    return call_id


def write(books: psycopg.Connection, safe_place: str) -> None:
    books.execute(b"UPDATE tracking_package SET safe_place = %s WHERE number = 'ABCD-2001'", [safe_place])


def bear_witness(books: psycopg.Connection, call_id: str) -> None:
    books.execute(
        b"INSERT INTO tools_effect (call_id, tool, record, digest, fence, made_at)"
        b" VALUES (%s, 'change_delivery', '', '', 1, now())",
        [call_id],
    )
    books.execute(
        b"INSERT INTO tools_auditentry (at, event, actor, call_id, digest, outcome, details, request_id, address, mac)"
        b" VALUES (now(), 'call.succeeded', 'worker', %s, '', '', '{}', '', '', %s)",
        [call_id, call_id],
    )
    news = {"type": "message", "data": {"type": "call_outcome", "call_id": call_id}}
    books.execute(
        b"INSERT INTO chat_conversation (id, customer_id, mode, last_seq, created_at) SELECT %s, min(id), 'bot', 1,"
        b" now() FROM tracking_customer",
        [call_id],
    )
    books.execute(
        b"INSERT INTO chat_event (conversation_id, seq, type, author, payload, created_at)"
        b" VALUES (%s, 1, 'message', 'system', %s, now())",
        [call_id, Jsonb(news)],
    )


def test_one_effect_that_everybody_bears_out_is_well(books: psycopg.Connection):
    call_id = approved(books)
    write(books, PLACE)
    bear_witness(books, call_id)

    found = judge(books, seen=Seen(agreed={call_id}), outside={})

    assert (found.lost, found.duplicated, found.late, found.problems) == (set(), set(), set(), [])


def test_no_effect_is_lost_whatever_the_product_says(books: psycopg.Connection):
    call_id = approved(books)
    bear_witness(books, call_id)

    found = judge(books, seen=Seen(), outside={})

    assert found.lost == {call_id}
    assert len(found.problems) == 3  # ledger, audit and news tell of an effect that was not


def test_what_was_acknowledged_and_is_not_there_is_lost(books: psycopg.Connection):
    seen = Seen(agreed={"f" * 8}, acked={str(uuid.uuid4()): 1})

    found = judge(books, seen=seen, outside={})

    assert (found.lost, found.lost_acks) == ({"f" * 8}, 1)


def test_two_effects_are_one_too_many_even_where_the_record_looks_the_same(books: psycopg.Connection):
    call_id = approved(books)
    for safe_place in (PLACE, "", PLACE):
        write(books, safe_place)
    bear_witness(books, call_id)

    assert judge(books, seen=Seen(), outside={}).duplicated == {call_id}


def test_an_effect_without_agreement_is_a_problem(books: psycopg.Connection):
    call_id = approved(books, confirmed=False)
    write(books, PLACE)
    bear_witness(books, call_id)

    assert judge(books, seen=Seen(), outside={}).problems == [
        f"change_delivery {call_id} was carried out though nobody agreed"
    ]


def test_what_took_more_than_a_minute_or_has_no_end_is_late(books: psycopg.Connection):
    slow, open_ = approved(books, took_s=61), approved(books, ended=False)

    assert judge(books, seen=Seen(), outside={}).late == {slow, open_}


def test_money_of_no_call_is_a_problem(books: psycopg.Connection):
    assert judge(books, seen=Seen(), outside={"x": 1}).problems == ["the gateway paid x, which is no call"]


def test_a_frame_that_the_log_has_otherwise_is_a_problem(books: psycopg.Connection):
    call_id = approved(books)
    write(books, PLACE)
    bear_witness(books, call_id)
    seen = Seen(frames={(call_id, 1): frame_digest({"type": "message"}), (call_id, 2): "never stored"})

    assert len(judge(books, seen=seen, outside={}).problems) == 2
