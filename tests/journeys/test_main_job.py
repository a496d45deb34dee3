"""The main job on the demo (one process, SQLite) and on PostgreSQL and Redis with separate processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import psycopg
import pytest

from tests.conftest import Stack
from tests.journeys.main_job import NEW_PHONE, walk
from tests.model_server import ModelServer, text
from tests.wire import Browser

TRAIL = [
    "call.requested",
    "call.awaiting_approval",
    "call.approved",
    "call.executing",
    "call.succeeded",
]


@pytest.mark.long
def test_on_the_demo(demo_stack: Stack, model_server: ModelServer):
    web = demo_stack.web(LLM_MODEL="openai:scripted", OPENAI_BASE_URL=model_server.url)

    done = walk(web.url, model_server)

    with sqlite3.connect(demo_stack.database_url.removeprefix("sqlite:///")) as rows:
        call_id = done["call_id"].replace("-", "")
        found = rows.execute("SELECT phone FROM tracking_customer WHERE email = 'alice@example.com'").fetchall()
        effects = rows.execute("SELECT count(*) FROM tools_effect WHERE call_id = ?", [call_id]).fetchone()
        trail = rows.execute("SELECT event FROM tools_auditentry WHERE call_id = ? ORDER BY id", [call_id]).fetchall()
    assert found == [(NEW_PHONE,)]
    assert effects == (1,)
    assert [event for (event,) in trail] == TRAIL


@pytest.mark.servers
def test_on_postgresql_and_redis(stack: Stack, model_server: ModelServer):
    web = stack.web(LLM_MODEL="openai:scripted", OPENAI_BASE_URL=model_server.url)
    stack.worker()

    done = walk(web.url, model_server)

    with psycopg.connect(stack.database_url) as rows:
        found = rows.execute("SELECT phone FROM tracking_customer WHERE email = 'alice@example.com'").fetchall()
        effects = rows.execute("SELECT count(*) FROM tools_effect WHERE call_id = %s", [done["call_id"]]).fetchone()
        query = "SELECT event FROM tools_auditentry WHERE call_id = %s ORDER BY id"
        trail = rows.execute(query, [done["call_id"]]).fetchall()
    assert found == [(NEW_PHONE,)]
    assert effects == (1,)
    assert [event for (event,) in trail] == TRAIL


@pytest.mark.long
def test_words_that_look_like_json_stay_words_on_sqlite(
    demo_stack: Stack, model_server: ModelServer, sign_in: Callable[[str, str], Browser]
):
    variables = {"LLM_MODEL": "openai:scripted", "OPENAI_BASE_URL": model_server.url, "RATE_MESSAGES": "off"}
    alice = sign_in(demo_stack.web(**variables).url, "alice")

    for words in ("80331", "true", "null", "[1]", '"quoted"', "1e400"):
        model_server.script(text("A number?"), text("I see."))
        alice.post("/chat/new/", {}, page="/chat/")
        socket = alice.socket()
        client_msg_id = socket.say(words)
        socket.until(type="turn", state="done")
        socket.say(words, client_msg_id)
        assert socket.until(type="ack")["seq"] == 1
        socket.ask("Yes")
        said = [m["content"] for m in model_server.requests[-1]["messages"] if m["role"] == "user"]
        assert said == [words, "Yes"]
