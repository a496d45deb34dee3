"""A change over the wire: what the customer agrees to, what staff decide, and what everybody is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from tests.chat.conftest import Chat
from tests.model_server import Call, calls, text
from tests.processes import wait_until
from tests.wire import Browser, Frame, Socket

PHONE = Call("update_profile", {"phone": "+49 30 5550001"})


def request(chat: Chat, socket: Socket, call: Call) -> Frame:
    """Let the model make a request; its card."""
    chat.model.script(calls(call), text("Prepared."))
    socket.ask("Please change it")
    return [f for f in socket.frames if f["type"] == "call" and f["state"] == "awaiting_confirmation"][-1]


def confirm(socket: Socket, card: Frame) -> Frame:
    socket.send(type="call.confirm", call_id=card["call_id"], digest=card["digest"])
    return socket.until(type="call", call_id=card["call_id"])


def order_of(browser: Browser, chat: Chat) -> str:
    with psycopg.connect(chat.database_url) as rows:
        query = (
            "SELECT o.reference FROM tracking_order o JOIN tracking_customer c ON c.id = o.customer_id"
            " JOIN auth_user u ON u.id = c.user_id WHERE u.username = %s"
        )
        found = rows.execute(query, [browser.name]).fetchone()
    assert found
    return str(found[0])


def test_the_card_shows_exactly_what_would_change_and_goes_away_at_the_end(chat: Chat):
    socket = chat.socket()

    card = request(chat, socket, PHONE)
    done = withdraw(socket, card)

    assert card["arguments"] == {"phone": "+49305550001"}
    [change] = card["changes"]
    assert (change["field"], change["after"]) == ("phone", "+49305550001")
    assert re.fullmatch("[0-9a-f]{64}", card["digest"])
    assert card["approvals"] == {"have": 0, "need": 1}
    assert done["state"] == "withdrawn"
    assert not {"digest", "arguments", "changes"} & set(done)


def withdraw(socket: Socket, card: Frame) -> Frame:
    socket.send(type="call.withdraw", call_id=card["call_id"])
    return socket.until(type="call", call_id=card["call_id"])


def test_confirm_takes_the_right_digest_only_and_is_idempotent(chat: Chat):
    socket = chat.socket()
    card = request(chat, socket, PHONE)

    socket.send(type="call.confirm", call_id=card["call_id"], digest="0" * 64)
    wrong = socket.until(type="error")
    confirmed = confirm(socket, card)
    again = confirm(socket, card)

    assert (wrong["code"], wrong["call_id"]) == ("conflict", card["call_id"])
    assert confirmed["state"] == "awaiting_approval"
    assert again == confirmed


def test_withdrawn_twice_gives_the_same_frame_and_cannot_be_confirmed_or_approved(chat: Chat):
    socket, rita = chat.socket(), chat.sign_in("rita")
    card = request(chat, socket, PHONE)
    confirm(socket, card)
    form = rita.review_form(card["call_id"])

    ended = withdraw(socket, card)
    again = withdraw(socket, card)
    still = confirm(socket, card)
    refused = rita.decide(card["call_id"], "approve", **form)

    assert ended == again == still
    assert refused.status_code == 409
    assert "withdrawn" in refused.text


def test_declined_with_a_reason_that_the_customer_reads(chat: Chat):
    socket, rita = chat.socket(), chat.sign_in("rita")
    card = request(chat, socket, PHONE)
    confirm(socket, card)

    without = rita.decide(card["call_id"], "decline")
    with_reason = rita.decide(card["call_id"], "decline", "We could not reach you <b>there</b>.")
    frame = socket.until(type="call", state="declined")
    line = socket.until(type="message", author="system")

    assert without.status_code == 400
    assert with_reason.status_code == 302
    assert frame["reason"] == "We could not reach you <b>there</b>."
    assert "We could not reach you <b>there</b>." in line["text"]
    assert line["turn_id"] is None


def test_a_newer_request_for_the_same_thing_replaces_the_older(chat: Chat):
    socket = chat.socket()
    older = request(chat, socket, PHONE)

    newer = request(chat, socket, Call("update_profile", {"phone": "+49 30 5550002"}))
    same = request(chat, socket, Call("update_profile", {"phone": "+49305550002"}))

    states = [f["state"] for f in socket.durable() if f["type"] == "call" and f["call_id"] == older["call_id"]]
    assert states == ["awaiting_confirmation", "superseded"]
    assert same["call_id"] == newer["call_id"]


def test_a_record_that_moved_makes_the_request_stale(chat: Chat):
    customer = chat.customer()
    socket, rita = chat.socket(customer), chat.sign_in("rita")
    order = order_of(customer, chat)
    card = request(chat, socket, Call("request_refund", {"order_id": order, "amount": "20.00", "reason": "late"}))
    confirm(socket, card)
    with psycopg.connect(chat.database_url) as rows:
        rows.execute("UPDATE tracking_order SET price = 10 WHERE reference = %s", [order])

    page = rita.get(f"/admin/tools/approval/{card['call_id']}/review/")
    refused = rita.decide(card["call_id"], "approve")
    frame = socket.until(type="call", state="stale")

    assert page.status_code == 200
    assert refused.status_code == 409
    assert frame["reason"]
    with psycopg.connect(chat.database_url) as rows:
        assert rows.execute("SELECT refunded FROM tracking_order WHERE reference = %s", [order]).fetchone() == (0,)


def test_a_refund_is_paid_once_and_told(chat: Chat):
    customer = chat.customer()
    socket, rita = chat.socket(customer), chat.sign_in("rita")
    order = order_of(customer, chat)
    card = request(chat, socket, Call("request_refund", {"order_id": order, "amount": "4.90", "reason": "late"}))
    confirm(socket, card)

    rita.decide(card["call_id"], "approve")
    socket.until(type="call", state="succeeded")
    line = socket.until(type="message", author="system")
    late = rita.decide(card["call_id"], "approve", version="1", digest=card["digest"])

    assert "4.90" in line["text"]
    assert late.status_code == 409
    assert "rita" in late.text
    with psycopg.connect(chat.database_url) as rows:
        query = "SELECT o.refunded, count(r.id) FROM tracking_order o JOIN tracking_refund r ON r.order_id = o.id"
        assert (
            str(rows.execute(f"{query} WHERE reference = %s GROUP BY 1", [order]).fetchone()) == "(Decimal('4.90'), 1)"
        )


def test_a_problem_report_needs_no_staff(chat: Chat):
    customer = chat.customer()
    socket = chat.socket(customer)
    number = customer.name.upper()
    card = request(
        chat, socket, Call("report_problem", {"package_id": number, "problem": "damaged", "description": "Wet box"})
    )

    confirm(socket, card)
    done = socket.until(type="call", state="succeeded")

    assert card["approvals"] == {"have": 0, "need": 0}
    assert done["call_id"] == card["call_id"]
    with psycopg.connect(chat.database_url) as rows:
        decisions = rows.execute("SELECT count(*) FROM tools_decision WHERE call_id = %s", [card["call_id"]])
        assert decisions.fetchone() == (0,)


def test_the_fourth_open_request_of_a_conversation_is_too_many(chat: Chat):
    socket = chat.socket()
    times = [(datetime.now(UTC) + timedelta(days=day)).isoformat(timespec="seconds") for day in range(1, 5)]
    chat.model.script(calls(*[Call("schedule_callback", {"at": at, "topic": "t"}) for at in times]), text("Prepared."))

    socket.ask("Call me four times")

    cards = [f for f in socket.durable() if f["type"] == "call"]
    assert [card["state"] for card in cards] == ["awaiting_confirmation"] * 3
    assert '"code":"rate_limited"' in chat.model.requests[1]["messages"][-1]["content"]


def test_an_email_change_is_agreed_to_at_the_old_address_first(chat: Chat, mail_folder: Path):
    customer = chat.customer()
    socket, rita = chat.socket(customer), chat.sign_in("rita")
    card = request(chat, socket, Call("update_profile", {"email": f"new-{customer.name}@example.com"}))

    waiting = confirm(socket, card)
    link = mail_link(mail_folder, to=f"{customer.name}@example.com")
    not_in_queue = rita.get(f"/admin/tools/approval/{card['call_id']}/review/")
    page = customer.get(link)
    agreed = customer.post(link, {})
    twice = customer.post(link, {}, page="/accounts/password/change/")
    socket.until(type="call", state="awaiting_approval")
    rita.decide(card["call_id"], "approve")
    socket.until(type="call", state="succeeded")

    assert waiting["state"] == "awaiting_verification"
    assert not_in_queue.status_code == 404
    assert (page.status_code, agreed.status_code, twice.status_code) == (200, 200, 410)
    with psycopg.connect(chat.database_url) as rows:
        query = "SELECT count(*) FROM tracking_customer WHERE email = %s"
        assert rows.execute(query, [f"new-{customer.name}@example.com"]).fetchone() == (1,)


def mail_link(folder: Path, *, to: str) -> str:
    """The path of the link in the mail to an address, once the worker has sent it."""
    found: list[str] = []

    def arrived() -> bool:
        mails = [path.read_text(encoding="utf-8") for path in folder.iterdir()]
        found[:] = [
            m for mail in mails if f"To: {to}\n" in mail for m in re.findall(r"/accounts/verify-change/\S+", mail)
        ]
        return bool(found)

    wait_until(arrived, what=f"a mail to {to}")
    return found[0]


def test_the_same_request_from_another_conversation_is_shown_in_both(chat: Chat):
    browser = chat.customer()
    first = chat.socket(browser)
    card = request(chat, first, PHONE)
    second = chat.socket(browser, new_conversation(browser))

    again = request(chat, second, PHONE)
    second.send(type="call.confirm", call_id=again["call_id"], digest=again["digest"])

    assert (again["call_id"], again["digest"]) == (card["call_id"], card["digest"])
    assert second.until(type="call", call_id=card["call_id"], state="awaiting_approval")
    assert first.until(type="call", call_id=card["call_id"], state="awaiting_approval")


def new_conversation(browser: Browser) -> str:
    answer = browser.post("/chat/new/", {}, page=f"/chat/{browser.conversation()}/")
    return answer.headers["location"].rstrip("/").rsplit("/", 1)[-1]
