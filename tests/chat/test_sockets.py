"""Who may open a socket, and what ends one."""

from __future__ import annotations

import uuid

import psycopg
import pytest
from websockets.exceptions import InvalidStatus

from tests.chat.conftest import Chat
from tests.model_server import Call, Gate, calls, text
from tests.wire import Browser, Socket


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


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE auth_user SET is_active = false WHERE username = %s",
        "UPDATE auth_user SET password = 'changed' WHERE username = %s",
        "DELETE FROM django_session WHERE %s <> ''",
    ],
)
def test_a_revoked_session_ends_its_sockets_and_its_turn(chat: Chat, statement: str):
    customer = chat.customer()
    socket = chat.socket(customer)
    gate = Gate()
    chat.model.script(lambda body: calls(Call("get_my_profile", {}), say="Let me look. "))
    chat.model.script(text("never", gate))
    socket.say("Hi")
    socket.until(type="ack")

    with psycopg.connect(chat.database_url) as rows:
        rows.execute(statement, [customer.name])

    assert socket.close_code(within=5) == 4401
    chat.model.clear()
    gate.set()
