"""Approvals: who can write to Redis cannot have anything done that the database does not allow, nor stop the worker."""

from __future__ import annotations

import base64
import json
import pickle
import time
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.processes import wait_until
from tests.safety.approving import REFUND, decided, effects_of
from tests.safety.arena import Arena
from tests.safety.drive import SEED, dice
from tests.safety.hostile import say
from tests.scaled import a_few_of

QUEUES = ("effects", "turns")


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def entry(task: Any, body: bytes, *, content: str = "application/json", **headers: Any) -> dict[str, Any]:
    """One entry of a queue, as Celery writes it."""
    tag = str(uuid.uuid4())
    return {
        "body": base64.b64encode(body).decode(),
        "content-encoding": "utf-8" if content == "application/json" else "binary",
        "content-type": content,
        "headers": {"lang": "py", "task": task, "id": tag, "root_id": tag, "argsrepr": "()", "kwargsrepr": "{}"}
        | headers,
        "properties": {
            "correlation_id": tag,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "effects"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": tag,
        },
    }


def order(task: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return entry(task, json.dumps([args, kwargs, {}]).encode())


def push(arena: Arena, *entries: Any, queue: str = "effects") -> None:
    with arena.redis() as store:
        for one in entries:
            store.lpush(queue, one if isinstance(one, bytes) else json.dumps(one))


def has_taken_all(arena: Arena) -> None:
    """The queues are empty, the workers heard a heartbeat since, and a request of B is carried out as ever."""
    ((before,),) = arena.sql("SELECT clock_timestamp()")
    with arena.redis() as store:
        wait_until(lambda: not any(store.llen(queue) for queue in QUEUES), what="empty queues", within=20)
    heard = "SELECT count(*) FROM tools_heartbeat WHERE at > %s AND name LIKE %s"
    for queue in QUEUES:
        beats = partial(arena.sql, heard, before, f"{queue}.%")
        wait_until(lambda: beats() != [(0,)], what=f"a beat of {queue}", within=20)  # noqa: B023 - awaited here
    proof = {"order_id": arena.b.facts.orders[0], **REFUND}
    assert arena.wait_for_end(decided(arena, arena.b, "request_refund", proof, by=[arena.s1])) == "succeeded"


def test_ap_14_a_task_for_what_is_not_approved_does_nothing(arena: Arena):
    """Ids of what waits, was declined or ended, of others, of nothing; extra arguments; other forms of an id."""
    unconfirmed = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})["call_id"]
    waiting = decided(arena, arena.a, "request_refund", {"order_id": arena.a.facts.orders[0], **REFUND}, by=[])
    declined = decided(arena, arena.a, "update_profile", {"phone": "+49 30 5551234"}, by=[])
    assert arena.s1.browser.decide(declined, "decline", "No.").status_code == 302
    known = [unconfirmed, waiting, declined]
    states = [arena.state_of(call_id) for call_id in known]
    run = "tools.tasks.execute"

    push(
        arena,
        *(order(run, call_id) for call_id in (*known, str(uuid.uuid4()))),
        *(order(run, call_id, *extra) for call_id in known for extra in ([True], ["approved", 1], [{"force": True}])),
        *(order(run, call_id=call_id, state="approved", force=True) for call_id in known),
        *(order(run, call_id=call_id) for call_id in known),
        *(order(run, value) for value in ([waiting], {"pk": waiting}, None, 1, True, "", "' OR 1=1--", "x" * 10_000)),
        order(run, f"{{{waiting}}}"),
        order(run, f"urn:uuid:{waiting}"),
        order(run),
        *(order("tools.tasks.send_notice", value) for value in (1, -1, "1; DROP TABLE x", None, 10**30, [1])),
    )

    has_taken_all(arena)
    assert [arena.state_of(call_id) for call_id in known] == states
    assert [effects_of(arena, call_id) for call_id in known] == [0, 0, 0]


def test_ap_14_other_tasks_than_ours_do_not_exist(arena: Arena):
    names = ["os.system", "builtins.eval", "celery.backend_cleanup", "celery.chord", "celery.map", "celery.group"]
    names += [
        "tools.execution.execute_call",
        "tools.approvals.approve",
        "support_bot.chat.tasks.nothing",
        "",
        "x" * 9999,
    ]
    odd = [None, 1, ["tools.tasks.execute"], {"a": 1}, True]

    for queue in QUEUES:
        push(arena, *(order(name, "id") for name in (*names, *odd)), queue=queue)

    has_taken_all(arena)


@pytest.mark.parametrize("protocol", a_few_of([0, 2, 4, 5], 2))
def test_ap_14_what_is_not_json_is_never_read(arena: Arena, tmp_path: Path, protocol: int):
    """Pickle, YAML and more as content types, and pickle where JSON is announced."""
    mark = tmp_path / "it ran"
    bomb = pickle.dumps(Bomb(mark), protocol=protocol)
    yaml = f"!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{mark}']]".encode()
    kinds = ["application/x-python-serialize", "application/x-pickle", "application/pickle", "application/data"]
    run = "tools.tasks.execute"

    for queue in QUEUES:
        push(
            arena,
            *(entry(run, bomb, content=kind) for kind in kinds),
            *(entry(run, yaml, content=kind) for kind in ("application/x-yaml", "text/yaml", "application/x-msgpack")),
            entry(run, bomb),
            entry(run, yaml),
            queue=queue,
        )

    has_taken_all(arena)
    assert not mark.exists()


def test_ap_14_what_is_no_message_at_all_keeps_the_worker_up(arena: Arena):
    """Bytes, JSON of another form, messages with parts missing or of other types; and entries `unacked` of nobody."""
    chance = dice("ap-14")
    wrong: list[Any] = [None, 7, [], {}, "x", {"a": {"b": []}}]
    never: list[Any] = ["never", 10**40, [], {}, [1, 2, 3], -1]
    good = order("tools.tasks.execute", str(uuid.uuid4()))
    odd: list[Any] = [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{}",
        b"[" * 5000,
        bytes(range(256)),
    ]
    for name in good:
        odd += [{k: v for k, v in good.items() if k != name}]
        odd += [{**good, name: value} for value in wrong]
    for part in ("headers", "properties"):
        for name in good[part]:
            kept = {k: v for k, v in good[part].items() if k != name}
            odd += [{**good, part: kept}, *({**good, part: {**kept, name: v}} for v in wrong)]
    for name in ("eta", "expires", "timelimit", "retries", "stamps", "group", "origin", "replaced_task_nesting"):
        odd += [{**good, "headers": {**good["headers"], name: v}} for v in never]
    chance.shuffle(odd)
    print(len(odd), "entries, seed", SEED)
    with arena.redis() as store:
        for number, value in enumerate((b"{", b"null", b"[1]", b"[[], 1, 2]", pickle.dumps(1))):
            store.hset("unacked", f"poison-{number}", value)
            store.zadd("unacked_index", {f"poison-{number}": 0})

    for queue in QUEUES:
        push(arena, *odd, queue=queue)

    has_taken_all(arena)
    with arena.redis() as store:
        wait_until(lambda: not store.hkeys("unacked"), what="nothing kept as begun", within=60)


def test_ap_14_nobody_commands_the_worker_through_redis(arena: Arena):
    """Celery's remote control: shutdown, no more consuming, no more processes."""
    commands: list[tuple[str, dict[str, Any]]] = [
        ("cancel_consumer", {"queue": "effects"}),
        ("pool_shrink", {"n": 2}),
        ("time_limit", {"task_name": "tools.tasks.execute", "hard": 0.001, "soft": 0.001}),
        ("rate_limit", {"task_name": "tools.tasks.execute", "rate_limit": "1/h"}),
        ("shutdown", {}),
    ]
    with arena.redis() as store:
        for method, arguments in commands:
            body = {"method": method, "arguments": arguments, "destination": None, "pattern": None, "matcher": None}
            message = entry("", json.dumps(body).encode())
            for channel in ("/0.celery.pidbox", "/{db}.celery.pidbox"):
                assert store.publish(channel, json.dumps(message)) == 0

    has_taken_all(arena)


POISON: list[Callable[[], bytes]] = [
    lambda: pickle.dumps(["x"]),
    lambda: b"\x80\x04N.",
    lambda: b"{",
    lambda: b"\xff",
    lambda: json.dumps({"_auth_user_id": "1", "is_superuser": True}).encode(),
]


@pytest.mark.parametrize("make", a_few_of(POISON, 2))
def test_ap_14_poisoned_keys_let_nobody_in_and_keep_nobody_out(arena: Arena, make: Callable[[], bytes]):
    """Sessions that Redis claims to know, and every key that the product itself keeps there."""
    arena.a.chat()
    arena.s1.browser.get("/admin/")
    stranger = arena.visitor()
    forged = f"forged{time.monotonic_ns()}"
    with arena.redis() as store:
        for name in (f":1:django.contrib.sessions.cache{forged}", f":1:django.contrib.sessions.cached_db{forged}"):
            store.set(name, make())
        for key in store.scan_iter():
            if store.type(key) == b"string" or key.startswith((b"LIMITS", b"sockets")):
                store.set(key, make())
    stranger.http.cookies.set("sessionid", forged, domain="127.0.0.1")

    assert stranger.get("/chat/").status_code == 302
    assert stranger.get("/admin/").status_code == 302
    again = arena.a.sign_in(by_password=True)
    assert again.get("/chat/").status_code == 302
    arena.model.script(say("Here I am."))
    assert arena.a.chat().ask("Hello")["text"] == "Here I am."
    has_taken_all(arena)
    with arena.redis() as store:
        store.flushall()
