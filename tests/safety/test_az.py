"""Whose it is: another person's records, conversations and requests do not exist, whoever asks in whatever way."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from tests.safety.arena import Arena
from tests.safety.drive import Case, codes, drive
from tests.safety.hostile import say
from tests.safety.person import Person
from tests.wire import csrf_token
from tools.canonical import digest_of


def denied(arena: Arena, person: Person) -> int:
    """How often the audit says that this customer asked for what they may not have."""
    key = arena.customer_ids()[person.facts.letter]
    query = "SELECT count(*) FROM tools_auditentry WHERE event = 'authz.denied' AND customer_id = %s"
    return int(arena.sql(query, key)[0][0])


# --- AZ-01: reads ---------------------------------------------------------------------------------------------------


def unknown(number: str) -> str:
    """A number of the same form that nobody has."""
    return number.replace("CAN", "ZZZ").replace("ORD-8", "ORD-7").replace("TRK-0", "TRK-9").replace("JD01", "JD99")


def reads_of(packages: list[str], orders: list[str], trucks: list[str]) -> list[tuple[str, dict[str, str]]]:
    cases: list[tuple[str, dict[str, str]]] = []
    for number in packages:
        for written in (number, number.lower()):  # a third spelling of one number would be refused as a loop
            cases += [("check_package", {"package_id": written}), ("check_truck", {"package_id": written})]
    cases += [("get_order", {"order_id": number}) for number in orders]
    cases += [("check_truck", {"truck_id": unit}) for unit in trucks]
    return cases


def test_az_01_anothers_records_and_none_are_one_answer(arena: Arena):
    b = arena.b.facts
    arena.sql("UPDATE tracking_package SET carrier_number = 'JD0146' || id WHERE number = %s", b.packages[0])
    ((carriers,),) = arena.sql("SELECT carrier_number FROM tracking_package WHERE number = %s", b.packages[0])
    theirs = reads_of([*b.packages, carriers], b.orders, [b.truck])
    nobodys = reads_of([*map(unknown, [*b.packages, carriers])], [*map(unknown, b.orders)], [unknown(b.truck)])

    told_theirs = drive(arena, arena.a, list(theirs))
    after_theirs = denied(arena, arena.a)
    told_nobodys = drive(arena, arena.a, list(nobodys))

    assert told_theirs == told_nobodys
    refused = codes(told_theirs).count("not_found")
    assert set(codes(told_theirs)) == {"not_found"}
    assert after_theirs == refused
    assert denied(arena, arena.a) == 2 * refused


def test_az_01_lists_hold_what_is_ones_own(arena: Arena):
    lists: list[Case] = [
        ("list_my_packages", {"limit": 50}),
        ("list_my_orders", {"limit": 50}),
        ("list_my_requests", {"limit": 50}),
        ("get_my_profile", {}),
    ]
    arena.request(arena.b, "cancel_order", {"order_id": arena.b.facts.orders[1]})

    told = drive(arena, arena.a, lists)

    packages, orders, requests, profile = (answer["result"] for answer in told)
    mine = {*arena.a.facts.packages, arena.pair.sent_to_a}
    assert {package["package_id"] for package in packages["packages"]} == mine
    assert {order["order_id"] for order in orders["orders"]} == set(arena.a.facts.orders)
    assert requests["requests"] == []
    assert arena.b.facts.code not in json.dumps(profile)


# --- AZ-02: writes --------------------------------------------------------------------------------------------------


def writes_on(facts: Any) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("cancel_order", {"order_id": facts.orders[1], "reason": "mine"}),
        ("request_refund", {"order_id": facts.orders[0], "amount": "5.00", "reason": "late"}),
        ("change_delivery", {"package_id": facts.packages[0], "safe_place": "garage"}),
        ("change_delivery", {"package_id": facts.packages[2], "street": "Elsewhere 1", "city": "Berlin"}),
        ("report_problem", {"package_id": facts.packages[1], "problem": "other", "description": "mine"}),
    ]


def test_az_02_a_write_on_anothers_record_becomes_no_request(arena: Arena):
    told = drive(arena, arena.a, list(writes_on(arena.b.facts)))

    assert set(codes(told)) == {"not_found"}
    rows = arena.calls_of(arena.a, effect="write")
    assert {row["state"] for row in rows} == {"refused"}
    assert denied(arena, arena.a) == len(told)
    me = arena.customer_ids()["A"]
    for row in rows:
        arena.sql(
            "UPDATE tools_toolcall SET state = 'approved', ended_at = NULL, confirmed_at = now(), approved_at = now(),"
            " expires_at = now() + interval '1 hour', digest = %s WHERE id = %s",
            digest_of(tool=row["tool"], customer_id=me, arguments=row["arguments"]),
            row["id"],
        )
    for row in rows:
        assert arena.wait_for_end(str(row["id"])) == "stale"
    assert arena.effects() == []


def test_az_02_the_sender_may_not_redirect_what_another_is_to_receive(arena: Arena):
    told = drive(arena, arena.b, [("change_delivery", {"package_id": arena.pair.sent_to_a, "safe_place": "with me"})])

    assert codes(told) == ["not_permitted"]
    assert arena.effects() == []


@pytest.mark.parametrize("number", range(5))
def test_az_02_a_forged_approval_reaches_no_other_customer(arena: Arena, number: int):
    """Somebody with SQL puts another's record, a right digest and a reviewer's decision into an approved request."""
    tool, arguments = writes_on(arena.b.facts)[number]
    _, own = writes_on(arena.a.facts)[number]
    request = arena.request(arena.a, tool, own)
    me = arena.customer_ids()["A"]
    digest = digest_of(tool=tool, customer_id=me, arguments=arguments)
    arena.sql(
        "INSERT INTO tools_decision (call_id, reviewer_id, decision, reason, digest, version, void, decided_at)"
        " SELECT %s, id, 'approve', '', %s, 1, false, now() FROM auth_user WHERE username = %s",
        request["call_id"],
        digest,
        arena.s1.facts.username,
    )
    before = denied(arena, arena.a)

    arena.sql(
        "UPDATE tools_toolcall SET state = 'approved', confirmed_at = now(), approved_at = now(), arguments = %s,"
        " digest = %s, expires_at = now() + interval '1 hour' WHERE id = %s",
        json.dumps(arguments),
        digest,
        request["call_id"],
    )

    assert arena.wait_for_end(request["call_id"]) == "stale"
    assert arena.effects() == []
    assert denied(arena, arena.a) == before + 1
    arena.sql("DELETE FROM tools_decision WHERE call_id = %s", request["call_id"])  # verify_audit would name it


# --- AZ-03: conversations -------------------------------------------------------------------------------------------


def events_of(arena: Arena, conversation: str) -> int:
    return int(arena.sql("SELECT count(*) FROM chat_event WHERE conversation_id = %s", conversation)[0][0])


def test_az_03_anothers_conversation_is_not_there(arena: Arena):
    theirs = arena.b.chat()
    arena.turn(theirs, say("Hello"), text="A secret of mine")
    before = events_of(arena, theirs.conversation)
    web = arena.a.browser
    # With a token, or all that changes something would be refused before anybody asks whose conversation it is.
    token = csrf_token(web.get("/accounts/password/change/").text)
    headers = {"Referer": web.url + "/", "X-CSRFToken": token}

    answers = []
    for conversation in (theirs.conversation, str(uuid.uuid4())):
        socket = arena.a.chat(conversation, resume=None)
        assert socket.close_code() == 4404
        assert socket.frames == []
        answers.append(
            [
                web.http.request(method, f"/chat/{conversation}/{path}", headers=headers).status_code
                for path in ("", "export/", "delete/", "rename/", "rate/", "messages/", "?after_seq=0")
                for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
            ]
        )
        assert web.get(f"/chat/{conversation}/").status_code == 404
    assert answers[0] == answers[1]
    assert set(answers[0]) <= {404, 405}

    assert events_of(arena, theirs.conversation) == before
    assert arena.turn(theirs, say("Still here"), text="And now?").end["state"] == "done"


def test_az_03_a_new_conversation_of_mine_is_nobody_elses(arena: Arena):
    mine, theirs = arena.a.chat(), arena.b.chat()

    assert mine.conversation != theirs.conversation
    arena.turn(mine, say("Only for you"), text="Hello")
    arena.turn(theirs, say("Only for you"), text="Hello")
    for socket, other in ((mine, theirs), (theirs, mine)):
        assert other.conversation not in json.dumps(socket.frames)


# --- AZ-04: what hangs on a conversation ----------------------------------------------------------------------------


def test_az_04_requests_turns_and_messages_of_others_are_not_there(arena: Arena):
    request = arena.request(arena.b, "cancel_order", {"order_id": arena.b.facts.orders[1]})
    theirs = arena.b.sockets()[-1]
    turn_id = request["turn_id"]
    socket = arena.a.chat()
    for call_id, turn in ((request["call_id"], turn_id), (str(uuid.uuid4()), str(uuid.uuid4()))):
        answers = []
        for frame in (
            {"type": "call.confirm", "call_id": call_id, "digest": request["digest"]},
            {"type": "call.withdraw", "call_id": call_id},
            {"type": "turn.cancel", "turn_id": turn},
            {"type": "feedback", "seq": 999, "rating": "up"},
        ):
            socket.send(**frame)
            answers.append(socket.until(type="error")["code"])
        assert answers == ["not_found"] * 4

    assert arena.state_of(request["call_id"]) == "awaiting_confirmation"
    theirs.send(type="call.withdraw", call_id=request["call_id"])
    theirs.until(type="call", state="withdrawn")


# --- AZ-11: nothing comes along -------------------------------------------------------------------------------------

EXTRA: dict[str, Any] = {
    "is_staff": True, "is_superuser": True, "is_active": False, "password": "x", "email_verified": True,
    "role": "staff", "verified": True, "tenant": 1, "credit": "999.00", "created_at": "2000-01-01", "user": 1,
    "user_id": 1, "id": 1, "pk": 1, "customer": 1, "customer_id": 1, "updated_at": "2000-01-01",
    "legal_hold": True, "groups": [1],
    "username": "root", "state": "approved", "approved": True, "need": 0, "digest": "0" * 64, "version": 9,
    "call_id": str(uuid.uuid4()),
}  # fmt: skip


def test_az_11_a_write_takes_only_what_its_schema_names(arena: Arena):
    cases: list[Case] = [("update_profile", {"city": "Berlin", name: value}) for name, value in EXTRA.items()]
    cases += [("update_profile", {name: value}) for name, value in EXTRA.items()]

    told = drive(arena, arena.a, cases)

    assert set(codes(told)) == {"invalid_arguments"}
    assert {row["state"] for row in arena.calls_of(arena.a)} <= {"refused", "succeeded"}
    assert arena.journal() == []


def test_az_11_frames_and_forms_carry_nothing_along(arena: Arena):
    socket = arena.a.chat()
    turn = arena.turn(socket, say("Hello"))
    seq = next(f["seq"] for f in turn.frames if f["type"] == "message" and f["author"] == "assistant")
    before = arena.sql("SELECT * FROM auth_user WHERE username = %s", arena.a.facts.username)

    socket.send(type="feedback", seq=seq, rating="up", is_staff=True, author="staff", conversation=str(uuid.uuid4()))
    socket.until(type="error", code="bad_frame")
    web = arena.a.browser
    form = {name: json.dumps(value) for name, value in EXTRA.items()}
    for path in ("/accounts/email/", "/accounts/password/change/", "/accounts/profile/", "/chat/new/", "/admin/"):
        answer = web.post(path, form, page="/accounts/password/change/")
        assert answer.status_code in (200, 302, 400, 403, 404, 405), path

    assert arena.sql("SELECT * FROM auth_user WHERE username = %s", arena.a.facts.username) == before
    assert arena.journal() == []


def test_az_11_a_form_that_is_right_takes_only_its_own_fields(arena: Arena):
    """Refused forms save nothing anyhow: these are taken, with everything else that a careless one would save."""
    arena.waive("O2", "a customer's own form changes the password")
    kept = (
        "SELECT to_jsonb(u) - ARRAY['password', 'last_login'], to_jsonb(c) FROM auth_user u"
        " JOIN tracking_customer c ON c.user_id = u.id WHERE u.username = %s"
    )
    before = arena.sql(kept, arena.a.facts.username)
    extra = {name: json.dumps(value) for name, value in EXTRA.items()}
    new = "another long phrase 41"
    changed = {"oldpassword": "demo", "password1": new, "password2": new}

    web = arena.a.browser
    assert web.post("/chat/new/", extra, page="/accounts/password/change/").status_code == 302
    assert web.post("/accounts/password/change/", {**extra, **changed}).status_code == 302
    signing_in = {**extra, "login": arena.a.facts.username, "password": new}
    assert arena.visitor().post("/accounts/login/", signing_in).status_code == 302

    assert arena.sql(kept, arena.a.facts.username) == before
    assert [(change.table, change.changed()) for change in arena.journal()] == [("auth_user", {"password"})]
