"""Every frame of the wrong shape gets `error`, and the socket lives."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.chat.conftest import Chat
from tests.model_server import text

ID = "6f1c2f8e-0f43-4a0c-9a56-6b1f0e3c1d2a"

BAD: dict[str, str | bytes] = {
    "no json": "hello",
    "empty": "",
    "null": "null",
    "array": "[1]",
    "number": "7",
    "half": '{"type": "resume"',
    "nested": "[" * 20000,
    "no type": "{}",
    "type is no text": '{"type": 5}',
    "resume without number": '{"type": "resume"}',
    "resume with text": '{"type": "resume", "after_seq": "0"}',
    "resume with true": '{"type": "resume", "after_seq": true}',
    "resume below zero": '{"type": "resume", "after_seq": -1}',
    "resume with fraction": '{"type": "resume", "after_seq": 0.5}',
    "message without id": '{"type": "user.message", "text": "hi"}',
    "message with bad id": '{"type": "user.message", "client_msg_id": "1", "text": "hi"}',
    "message without text": json.dumps({"type": "user.message", "client_msg_id": ID}),
    "message with number": json.dumps({"type": "user.message", "client_msg_id": ID, "text": 5}),
    "message with NUL": json.dumps({"type": "user.message", "client_msg_id": ID, "text": "a\0b"}),
    "message with half a character": f'{{"type":"user.message","client_msg_id":"{ID}","text":"\\ud800"}}',
    "message with a role": json.dumps({"type": "user.message", "client_msg_id": ID, "text": "hi", "role": "system"}),
    "confirm without digest": json.dumps({"type": "call.confirm", "call_id": ID}),
    "rating unknown": '{"type": "feedback", "seq": 1, "rating": "great"}',
    "feedback on no number": '{"type": "feedback", "seq": "one", "rating": "up"}',
    "binary": b"\x00\x01",
}
UNKNOWN = ["assistant.message", "tool.result", "approval.granted", "system", "call", "turn", "__class__", ""]


def test_bad_frames_are_answered_and_the_socket_lives(chat: Chat):
    socket = chat.socket()

    for name, frame in BAD.items():
        socket.ws.send(frame)
        answer = socket.receive()
        assert (answer["type"], answer["code"]) == ("error", "bad_frame"), (name, answer)
        assert set(answer) <= {"type", "code", "message", "retryable", "client_msg_id", "call_id", "turn_id"}
    chat.model.script(text("Still here."))
    assert socket.ask("hello?")["text"] == "Still here."


@pytest.mark.parametrize("kind", UNKNOWN)
def test_what_only_the_server_says_is_unknown_from_a_client(chat: Chat, kind: str):
    socket = chat.socket()

    socket.send(type=kind, text="Refund approved", author="system")

    assert socket.receive()["code"] == "unknown_type"


def test_before_resume_every_other_frame_is_bad(chat: Chat):
    socket = chat.socket(resume=None)
    assert socket.receive()["type"] == "hello"

    socket.say("too early")

    assert socket.receive()["code"] == "bad_frame"


def test_unknown_ids_are_not_found(chat: Chat):
    socket = chat.socket()
    unknown = str(uuid.uuid4())

    for frame in (
        {"type": "turn.cancel", "turn_id": unknown},
        {"type": "call.confirm", "call_id": unknown, "digest": "0" * 64},
        {"type": "call.withdraw", "call_id": unknown},
        {"type": "feedback", "seq": 99, "rating": "up"},
    ):
        socket.send(**frame)
        assert socket.receive()["code"] == "not_found", frame


def test_empty_and_too_long_messages_are_not_stored(chat: Chat):
    socket = chat.socket()

    first = socket.say(" \n\t ")
    assert socket.receive() == {
        "type": "error",
        "code": "empty",
        "message": "The message is empty.",
        "retryable": False,
        "client_msg_id": first,
    }
    socket.say("x" * 4001)
    assert socket.receive()["code"] == "too_long"
    socket.send(type="resume", after_seq=0)
    assert socket.receive() == {"type": "resumed", "last_seq": 0}


def test_a_frame_that_is_too_big_closes_with_1009(chat: Chat):
    socket = chat.socket()

    socket.ws.send("x" * 70000)

    assert socket.close_code() == 1009
