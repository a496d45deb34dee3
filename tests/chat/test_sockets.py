"""Who may open a socket, and what ends one."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest
from websockets.exceptions import InvalidStatus

from tests.chat.conftest import Chat
from tests.model_server import Call, calls, text
from tests.processes import wait_until
from tests.wire import Browser, Frame, Socket


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://[",
        "http://127.0.0.1.evil.example",
    ],
)
def test_a_foreign_origin_is_refused_before_anything_else(chat: Chat, origin: str):
    customer = chat.customer()

    with pytest.raises(InvalidStatus) as refused:
        Socket(customer, str(uuid.uuid4()), origin=origin)

    assert refused.value.response.status_code == 403


def test_without_a_session_4401_and_without_the_conversation_4404(chat: Chat):
    owner, other = chat.customer(), chat.customer()
    conversation = owner.conversation()
    nobody = Browser(chat.url)

    def code(browser: Browser, path: str) -> int | None:
        socket = Socket(browser, path, resume=None)
        try:
            return socket.close_code()
        finally:
            socket.close()

    assert code(nobody, conversation) == 4401
    assert code(other, conversation) == 4404
    assert code(owner, str(uuid.uuid4())) == 4404
    assert code(owner, "no-uuid") == 4404
    assert code(owner, "a/b") == 4404
    nobody.close()


def test_another_customers_page_does_not_exist(chat: Chat):
    owner, other = chat.customer(), chat.customer()
    conversation = owner.conversation()

    assert owner.get(f"/chat/{conversation}/").status_code == 200
    assert other.get(f"/chat/{conversation}/").status_code == 404
    assert other.get(f"/chat/{uuid.uuid4()}/").status_code == 404


def test_signing_out_closes_every_socket_of_the_session(chat: Chat):
    customer = chat.customer()
    one = chat.socket(customer)
    two = chat.socket(customer, one.conversation)

    customer.post("/accounts/logout/", {})

    assert one.close_code(within=5) == 4401
    assert two.close_code(within=5) == 4401


REVOKED = [
    "UPDATE auth_user SET is_active = false WHERE username = %s",
    "UPDATE auth_user SET password = 'changed' WHERE username = %s",
    "UPDATE auth_user SET is_staff = true WHERE username = %s",
    "INSERT INTO auth_user_user_permissions (user_id, permission_id)"
    " SELECT u.id, p.id FROM auth_user u, auth_permission p WHERE u.username = %s LIMIT 1",
    "DELETE FROM django_session WHERE session_key = (SELECT session_key FROM chat_turn WHERE conversation_id ="
    " (SELECT c.id FROM chat_conversation c JOIN tracking_customer t ON t.id = c.customer_id"
    " JOIN auth_user u ON u.id = t.user_id WHERE u.username = %s))",
]


@pytest.mark.parametrize("statement", REVOKED)
def test_a_revoked_session_ends_its_sockets(chat: Chat, statement: str):
    customer = chat.customer()
    socket = chat.socket(customer)
    chat.model.script(text("Hello."))
    socket.ask("Hi")

    with psycopg.connect(chat.database_url) as rows:
        rows.execute(statement, [customer.name])

    assert socket.close_code(within=5) == 4401


@pytest.mark.parametrize("statement", REVOKED)
def test_no_tool_runs_for_a_session_that_ended_while_the_model_spoke(chat: Chat, statement: str):
    customer = chat.customer()
    socket = chat.socket(customer)

    def revoke_and_call(body: Frame) -> Any:
        with psycopg.connect(chat.database_url) as rows:
            rows.execute(statement, [customer.name])
        return calls(Call("get_my_profile", {}), Call("report_problem", {"package_id": "LOAD-0001"}))

    chat.model.script(revoke_and_call)
    turn_id = turn_of(socket, socket.say("Hi"))

    assert turn_end(chat, turn_id, within=5) == ("failed", "not_permitted")
    assert states_of_calls(chat, turn_id) == [("get_my_profile", "refused"), ("report_problem", "refused")]


def rows_of(chat: Chat, query: str, *values: Any) -> list[Any]:
    with psycopg.connect(chat.database_url) as rows:
        return rows.execute(query, values).fetchall()


def turn_of(socket: Socket, client_msg_id: str) -> str:
    turn_id: str = socket.until(type="message", client_msg_id=client_msg_id)["turn_id"]
    return turn_id


def turn_end(chat: Chat, turn_id: str, *, within: float) -> tuple[str, str]:
    """(state, error) of a turn that ends within so many seconds."""
    found: list[Any] = []

    def ended() -> bool:
        found[:] = rows_of(chat, "SELECT state, error FROM chat_turn WHERE id = %s", turn_id)
        return found[0][0] not in ("waiting", "running")

    wait_until(ended, what="the end of the turn", within=within)
    return found[0][0], found[0][1]


def states_of_calls(chat: Chat, turn_id: str) -> list[Any]:
    return rows_of(chat, "SELECT tool, state FROM tools_toolcall WHERE turn_id = %s ORDER BY tool", turn_id)
