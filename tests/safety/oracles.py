"""What must hold after every safety test, whatever it did. Each oracle returns what it found wrong, in sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from email import message_from_string
from email.policy import default

from tests.processes import children_of, http_status, is_running, wait_until
from tests.safety.arena import ENDED, Arena
from tests.safety.cast import NEVER_SEEN, tags_in
from tests.safety.judges import o2_every_change_was_decided, o3_one_effect_each
from tests.safety.person import Person, WatchedSocket

# What shows the inside: a traceback or an error of the database, a module path; a statement.
INSIDE = re.compile(
    r"Traceback \(most recent|File \\?\"[^\"]+\\?\", line \d+|psycopg\.|django\.db\.|ProgrammingError|OperationalError"
)
STATEMENT = re.compile(
    r"\bSELECT \S+.{0,200}\bFROM\b|\bINSERT INTO\b|\bUPDATE \"?\w+\"? SET\b|\bDELETE FROM\b",
    re.S,
)
# Lists of staff show what the hostile models of other tests wrote, statements too.
STAFF_LIST = re.compile(r"(GET|POST) /admin/")
# A page's own words may speak of these; what people and models wrote is judged by other tests.
PERSONAL = re.compile(
    r"canary-[a-z0-9]+-[0-9a-f]{8}@example\.com|\+4930[0-9]{8}|CANARY-(?!E)[A-Z0-9]+-[0-9a-f]{8}", re.I
)
SETTLED_S = 20.0
MOST = 4  # problems that one oracle prints
Oracle = Callable[[Arena], list[str]]


def judge(arena: Arena) -> list[str]:
    """Every oracle that the test did not waive, after its turns have settled."""
    found = o4_turns_settle(arena) if "O4" not in arena.waived else []
    for name, oracle in ORACLES.items():
        if name not in arena.waived:
            problems = oracle(arena)
            found += [f"{name}: {problem}" for problem in problems[:MOST]]
            found += [f"{name}: … and {len(problems) - MOST} more"] if len(problems) > MOST else []
    return found


# --- O1 ---------------------------------------------------------------------------------------------------------


def o1_no_foreign_canaries(arena: Arena) -> list[str]:
    """No byte that leaves for a customer, a model, a mail, a log or Redis names somebody else or a secret."""
    found = [problem for person in (*arena.people.values(), arena.stranger) for problem in _foreign(arena, person)]
    for number, body in enumerate(arena.model.bodies):
        owners = {tag for tag in tags_in(body) if tag[0] not in ("N",)}
        if len(owners) > 1 or any(letter == "E" for letter, _ in owners):
            found.append(f"request {number} to the model holds {sorted(owners)}")
    for mail in arena.mails():
        to = tags_in(str(message_from_string(mail, policy=default)["To"]).encode())
        if tags_in(mail.encode()) - to:
            found.append(f"a mail to {sorted(to)} holds {sorted(tags_in(mail.encode()) - to)}")
    if tags := tags_in(arena.logs().encode()):
        found.append(f"the logs hold {sorted(tags)}")
    found += [f"Redis holds {sorted(tags_in(data))} in {key!r}" for key, data in redis_dump(arena) if tags_in(data)]
    return found


def _foreign(arena: Arena, person: Person) -> list[str]:
    """Staff look at everybody's records; a customer sees their own and what B wrote for A, nobody a secret."""
    own = {(person.facts.letter, person.facts.code), ("N", arena.pair.facts("N").code)}
    may_see_all = person.facts.letter in ("S1", "S2", "S3", "SU")
    others = [other for other in arena.people.values() if other is not person and other.facts.letter in ("A", "B")]
    problems = []
    for where, data in person.received.everything():
        tags = {tag for tag in tags_in(data) if tag[0] == "E" or not (may_see_all or tag in own)}
        marks = [] if may_see_all else [mark for other in others for mark in other.facts.marks() if mark in data]
        if tags or marks:
            problems.append(f"{person} was sent {sorted(tags)} {marks} by {where}")
    return problems


def redis_dump(arena: Arena) -> Iterator[tuple[bytes, bytes]]:
    """(key, all of its values in one) of everything that Redis keeps."""
    with arena.redis() as store:
        readers = {
            b"string": lambda key: [store.get(key) or b""],
            b"list": lambda key: store.lrange(key, 0, -1),
            b"hash": lambda key: [part for pair in store.hgetall(key).items() for part in pair],
            b"set": store.smembers,
            b"zset": lambda key: store.zrange(key, 0, -1),
        }
        for key in store.scan_iter(count=1000):
            kind = store.type(key)
            if kind in readers:
                yield key, key + b"\n" + b"\n".join(readers[kind](key))


# --- O4, O5 -----------------------------------------------------------------------------------------------------


def o4_turns_settle(arena: Arena) -> list[str]:
    """Turns that still run when a test is over come to their end by themselves."""
    keys = list(arena.customer_ids().values())
    query = (
        "SELECT t.id FROM chat_turn t JOIN chat_conversation c ON c.id = t.conversation_id"
        " WHERE c.customer_id = ANY(%s) AND t.state NOT IN ('done', 'failed', 'cancelled')"
    )
    try:
        wait_until(lambda: not arena.sql(query, keys), what="the end of every turn", within=SETTLED_S)
    except AssertionError:
        return [f"O4: turns never ended: {[str(row[0]) for row in arena.sql(query, keys)]}"]
    return []


def o4_acked_is_kept_and_answered(arena: Arena) -> list[str]:
    """Every `ack` is a row, and its turn ended with an answer or an honest word."""
    problems = []
    for socket in sockets_of(arena):
        for ack in [f for f in socket.frames if f["type"] == "ack" and f.get("client_msg_id")]:
            query = "SELECT turn_id FROM chat_event WHERE conversation_id = %s AND client_msg_id = %s AND seq = %s"
            rows = arena.sql(query, socket.conversation, ack["client_msg_id"], ack["seq"])
            if not rows:
                problems.append(f"the acked message {ack} is not in the database")
            elif rows[0][0] is not None:
                problems += _unanswered(arena, rows[0][0])
    return problems


def _unanswered(arena: Arena, turn_id: object) -> list[str]:
    state = arena.sql("SELECT state, error FROM chat_turn WHERE id = %s", turn_id)
    said = arena.sql("SELECT author FROM chat_event WHERE turn_id = %s AND type = 'message'", turn_id)
    authors = {author for (author,) in said}
    if not state or state[0][0] not in ENDED:
        return [f"turn {turn_id} has no end: {state}"]
    if (state[0][0] == "done" and "assistant" not in authors) or (state[0][0] == "failed" and "system" not in authors):
        return [f"turn {turn_id} ended {state[0]} and told only {sorted(authors)}"]
    return []


def o5_numbers_without_gaps(arena: Arena) -> list[str]:
    """The log of each conversation is 1, 2, 3 …, and every socket was sent exactly its part of it."""
    problems = []
    for conversation in {socket.conversation for socket in sockets_of(arena)}:
        rows = arena.sql("SELECT seq, payload FROM chat_event WHERE conversation_id = %s ORDER BY seq", conversation)
        if [seq for seq, _ in rows] != list(range(1, len(rows) + 1)):
            problems.append(f"the numbers of {conversation} are {[seq for seq, _ in rows]}")
    for socket in sockets_of(arena):
        problems += _seen(arena, socket)
    return problems


def _seen(arena: Arena, socket: WatchedSocket) -> list[str]:
    """Frames in order and as the log has them. Frames sent again on request keep their old number."""
    rows = dict(arena.sql("SELECT seq, payload FROM chat_event WHERE conversation_id = %s", socket.conversation))
    newest = socket.resumed_from or 0
    problems = []
    for frame in socket.durable():
        if frame["seq"] > newest + 1:
            problems.append(f"after {newest} came {frame['seq']} on {socket.conversation}")
        newest = max(newest, frame["seq"])
        if frame["seq"] not in rows:
            problems.append(f"frame {frame['seq']} of {socket.conversation} is in no log")
        elif _without_text(rows[frame["seq"]]) != _without_text(frame):
            problems.append(f"frame {frame['seq']} differs from the log: {frame} != {rows[frame['seq']]}")
    return problems


def _without_text(frame: dict[str, object]) -> dict[str, object]:
    """What identifies a durable frame; the log may hold more than is sent."""
    return {name: frame.get(name) for name in ("seq", "type", "author", "state", "text", "call_id", "turn_id")}


# --- O6, O7, O8 -------------------------------------------------------------------------------------------------


def o6_still_standing(arena: Arena) -> list[str]:
    """Ready, and the same processes as before."""
    web = arena.product.web
    try:
        wait_until(lambda: http_status(f"{web.url}/readyz") == 200, what="200 from /readyz", within=60)
    except AssertionError as error:
        return [str(error)]
    gone = [pid for pid in arena.pids if not is_running(pid)]
    new = sorted(set(arena.product.pids()) - set(arena.pids))
    return [f"processes ended: {gone}, new: {new} of {children_of(web.pid)}"] if gone or new else []


def o7_every_step_is_audited(arena: Arena) -> list[str]:
    """Each call has an entry for its beginning and for the state it is in now."""
    keys = list(arena.customer_ids().values())
    query = (
        "SELECT c.id, c.tool, c.state FROM tools_toolcall c WHERE c.customer_id = ANY(%s) AND NOT EXISTS"
        " (SELECT 1 FROM tools_auditentry a WHERE a.call_id = c.id AND (a.outcome = c.state OR a.event LIKE"
        " '%%.' || c.state OR (c.state = 'awaiting_confirmation' AND a.event = 'call.requested')"
        " OR (c.state = 'refused' AND a.event IN ('call.refused', 'tool.rejected', 'authz.denied'))))"
    )
    return [f"call {row[0]} ({row[1]}) is {row[2]} without an audit entry" for row in arena.sql(query, keys)]


def o8_nothing_of_the_inside(arena: Arena) -> list[str]:
    """No traceback, SQL or secret in what anybody is sent or what is logged; no personal value in a log."""
    problems = []
    for person in (*arena.people.values(), arena.stranger):
        problems += _inside((f"{person}: {where}", data) for where, data in person.received.everything())
    for number, request in enumerate(arena.model.requests):
        told = [m["content"] for m in request["messages"] if m["role"] in ("tool", "system")]
        problems += _inside([(f"request {number} to the model", "\n".join(told).encode("utf-8", "replace"))])
    logs = arena.logs()
    problems += _inside([("the logs", logs.encode())])
    problems += [f"a log holds the personal value {value!r}" for value in sorted(set(PERSONAL.findall(logs)))]
    return problems


def _inside(texts: Iterable[tuple[str, bytes]]) -> list[str]:
    problems = []
    for where, data in texts:
        text = data.decode("utf-8", "replace")
        found = INSIDE.search(text) or (None if STAFF_LIST.search(where) else STATEMENT.search(text))
        if found:
            problems.append(f"{where} shows {text[max(0, found.start() - 40) : found.end() + 200]!r}")
        if NEVER_SEEN.lower() in text.lower():
            problems.append(f"{where} shows a secret of the environment")
    return problems


def sockets_of(arena: Arena) -> list[WatchedSocket]:
    found = [socket for person in arena.people.values() for socket in person.sockets()]
    return [socket for socket in found if isinstance(socket, WatchedSocket)]


ORACLES: dict[str, Oracle] = {
    "O1": o1_no_foreign_canaries,
    "O2": o2_every_change_was_decided,
    "O3": o3_one_effect_each,
    "O4": o4_acked_is_kept_and_answered,
    "O5": o5_numbers_without_gaps,
    "O6": o6_still_standing,
    "O7": o7_every_step_is_audited,
    "O8": o8_nothing_of_the_inside,
}
