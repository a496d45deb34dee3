"""A person takes over: offered in words, asked for by a frame, answered by staff, handed back."""

from __future__ import annotations

from tests.chat.conftest import Chat
from tests.model_server import text


def test_asked_in_words_the_answer_offers_a_button_and_nothing_else_happens(chat: Chat):
    chat.model.script(text("Of course."), text("Sure."))
    socket = chat.socket()

    offered = socket.ask("I want to talk to a human being")
    plain = socket.ask("Thank you")

    assert offered["data"] == {"type": "handoff_offer"}
    assert plain["data"] is None


def test_staff_answer_while_the_model_is_silent_and_hand_back(chat: Chat):
    socket, rita = chat.socket(), chat.sign_in("rita")
    page = f"/admin/chat/conversation/{socket.conversation}/change/"

    socket.send(type="handoff.request")
    waiting = socket.until(type="message", author="system")
    socket.send(type="handoff.request")
    again = socket.until(type="ack")
    socket.say("Is anybody there?")
    silent = socket.until(type="message", author="customer")
    answered = rita.post(page, {"text": "Rita here, <b>hello</b>."})
    taken = socket.until(type="message", author="system")
    said = socket.until(type="message", author="staff")
    rita.post(page, {"hand_back": "1"})
    closed = socket.until(type="message", author="system")
    chat.model.script(text("I am back."))
    back = socket.ask("And now?")

    assert waiting["data"] == {"type": "handoff", "state": "waiting"}
    assert again["seq"] == waiting["seq"]
    assert silent["turn_id"] is None
    assert answered.status_code == 302
    assert taken["data"]["state"] == "with_staff"
    assert said["text"] == "Rita here, <b>hello</b>."
    assert closed["data"]["state"] == "closed"
    assert back["text"] == "I am back."
    assert len(chat.model.requests) == 1


def test_staff_see_the_conversation_as_text(chat: Chat):
    chat.model.script(text("<img src=x onerror=alert(1)>"))
    socket, sam = chat.socket(), chat.sign_in("sam")
    socket.ask("<script>alert(1)</script>\u202e")

    page = sam.get(f"/admin/chat/conversation/{socket.conversation}/change/")

    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert "<img src=x" not in page.text
    assert "[U+202E]" in page.text
