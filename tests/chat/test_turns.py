"""What a model may answer, and what becomes of the turn: always one honest end, never an exception."""

from __future__ import annotations

import json

import pytest

from tests.chat.conftest import Chat
from tests.model_server import Answer, Call, Gate, Hang, Raw, Reply, Status, calls, cut, text
from tests.wire import Frame, Socket

CHECK = Call("check_package", {"package_id": "WXYZ-2001"})


def end_of(socket: Socket, question: str = "Where is it?") -> Frame:
    client_msg_id = socket.say(question)
    turn_id = socket.until(type="message", client_msg_id=client_msg_id)["turn_id"]
    return socket.until_turn_ends(turn_id)


def system_line(socket: Socket) -> Frame:
    return [f for f in socket.durable() if f["type"] == "message" and f["author"] == "system"][-1]


def told(request: Frame) -> list[Frame]:
    return [json.loads(m["content"]) for m in request["messages"] if m["role"] == "tool"]


def test_reads_of_one_step_are_answered_in_the_models_order(chat: Chat):
    chat.model.script(
        calls(Call("list_services", {}), CHECK, Call("get_my_profile", {}), say="Let me look."), text("Done.")
    )
    socket = chat.socket()

    answer = socket.ask("Everything, please")

    answers = told(chat.model.requests[1])
    assert answer["text"] == "Let me look.\n\nDone."
    assert "services" in answers[0]["result"]
    assert answers[1]["error"]["code"] == "not_found"
    assert "phone" in answers[2]["result"]
    ends = [f["state"] for f in socket.durable() if f["type"] == "call" and f["state"] != "running"]
    assert sorted(ends) == ["failed", "succeeded", "succeeded"]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Call("delete_all", {}), "unknown_tool"),
        (Call("Check_Package", {"package_id": "ABCD-1337"}), "unknown_tool"),
        (Call("check_package.__globals__", {}), "unknown_tool"),
        (Call("", {}), "unknown_tool"),
        (Call("check_package", ""), "invalid_json"),
        (Call("check_package", "null"), "invalid_json"),
        (Call("check_package", "[]"), "invalid_json"),
        (Call("check_package", '{"package_id": "ABCD-1337",}'), "invalid_json"),
        (Call("check_package", "{'package_id': 'ABCD-1337'}"), "invalid_json"),
        (Call("check_package", '{"package_id": "ABCD-1337", "package_id": "WXYZ-2001"}'), "invalid_json"),
        (Call("check_package", '{"package_id": NaN}'), "invalid_json"),
        (Call("check_package", '{"package_id": "' + "x" * 9000 + '"}'), "invalid_json"),
        (Call("check_package", '{"package_id": "\\u0000"}'), "invalid_json"),
        (Call("check_package", {"package_id": 7}), "invalid_arguments"),
        (Call("check_package", {"package_id": "ABCD-1337", "user_id": 1}), "invalid_arguments"),
        (Call("check_package", {}), "invalid_arguments"),
        (Call("request_refund", {"order_id": "ORD-900001", "amount": True, "reason": "x"}), "invalid_arguments"),
        (Call("request_refund", {"order_id": "ORD-900001", "amount": "1e9", "reason": "x"}), "invalid_arguments"),
    ],
)
def test_a_call_that_is_not_right_is_refused_so_that_the_model_can_mend_it(chat: Chat, wanted: Call, code: str):
    chat.model.script(calls(wanted), text("Sorry."))
    socket = chat.socket()

    assert end_of(socket)["state"] == "done"

    [answer] = told(chat.model.requests[1])
    assert answer["ok"] is False
    assert answer["error"]["code"] == code
    assert set(answer["error"]) == {"code", "message", "field", "allowed", "retryable", "next_step"}
    assert [frame for frame in socket.durable() if frame["type"] == "call"] == []


def test_an_id_that_no_database_can_keep_is_replaced(chat: Chat):
    chat.model.script(calls(Call("list_services", {}, id="call\0\ud800")), text("Done."))
    socket = chat.socket()

    assert end_of(socket)["state"] == "done"
    assert [m["tool_call_id"] for m in chat.model.requests[1]["messages"] if m["role"] == "tool"] == ["call_1"]


def test_a_history_of_nonsense_is_one_that_providers_take(chat: Chat):
    odd = (Call("track it/é", "{oops"), Call("get_my_profile", "[1]"), Call("x" * 90, "[" * 5000))
    chat.model.script(calls(*odd), text("Sorry."), text("Fine."))
    socket = chat.socket()
    assert end_of(socket)["state"] == "done"

    assert socket.ask("And now?")["text"] == "Fine."

    told = [call["function"] for m in chat.model.requests[-1]["messages"] for call in m.get("tool_calls", [])]
    assert [call["name"] for call in told] == ["track_it__", "get_my_profile", "x" * 64]
    assert [call["arguments"] for call in told] == ["{}", "{}", "{}"]


def test_two_steps_of_nonsense_end_the_turn(chat: Chat):
    chat.model.script(calls(Call("nope", {})), calls(Call("check_package", "broken")))
    socket = chat.socket()

    end = end_of(socket)

    assert (end["state"], end["error"]["code"]) == ("failed", "too_many_steps")
    assert len(chat.model.requests) == 2


def test_a_loop_ends_at_the_step_limit_and_the_last_calls_are_not_run(chat: Chat):
    chat.model.always = lambda body: calls(Call("list_my_packages", {"limit": len(body["messages"])}))
    socket = chat.socket()

    end = end_of(socket)

    assert (end["state"], end["error"]["code"]) == ("failed", "too_many_steps")
    assert len(chat.model.requests) == 6
    assert len([f for f in socket.durable() if f["type"] == "call" and f["state"] == "succeeded"]) == 5


def test_the_third_identical_read_and_the_ninth_call_of_a_step_are_refused(chat: Chat):
    chat.model.script(calls(*[CHECK] * 10), text("Enough."))
    socket = chat.socket()

    end_of(socket)

    codes = [answer["error"]["code"] for answer in told(chat.model.requests[1])]
    assert codes == ["not_found"] * 2 + ["too_many_calls"] * 8


def test_a_thousand_calls_are_each_answered_and_few_are_run(chat: Chat):
    chat.model.script(calls(*[Call("get_my_profile", {})] * 1000), text("Oh."))
    socket = chat.socket()

    assert end_of(socket)["state"] == "done"

    answers = told(chat.model.requests[1])
    assert len(answers) == 1000
    assert sum(bool(answer["ok"]) for answer in answers) == 2


def test_stop_really_stops_the_model_call(chat: Chat):
    gate = Gate()
    chat.model.script(text("I will talk ", gate, "for ever"))
    socket = chat.socket()
    socket.say("Go")
    turn_id = socket.until(type="delta")["turn_id"]

    socket.send(type="turn.cancel", turn_id=turn_id)
    end = socket.until_turn_ends(turn_id)

    assert end["state"] == "cancelled"
    assert end["error"] is None
    assert chat.model.hung_up.wait(5)
    assert socket.durable()[-2]["text"] == "I will talk "


FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
UNUSABLE: dict[str, Answer] = {
    "500": Status(500),
    "429 for an hour": Status(429, headers={"retry-after": "3600"}),
    "401": Status(401),
    "redirect": Status(302, headers={"location": "http://127.0.0.1:1/"}),
    "cut in text": cut("half an answer"),
    "cut in a call": Reply((), (CHECK,), finish=None),
    "a call at the length limit": Reply((), (CHECK,), finish="length"),
    "no JSON": Raw((b"data: {broken\n\n" + FINISH,)),
    "an array": Raw((b"data: [1,2]\n\n" + FINISH,)),
    "calls that are no list": Raw((b'data: {"choices":[{"delta":{"tool_calls":{"a":1}}}]}\n\n' + FINISH,)),
    "a function that is no object": Raw(
        (b'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":"x"}]}}]}\n\n' + FINISH,)
    ),
    "a finish reason that is no text": Raw((b'data: {"choices":[{"delta":{},"finish_reason":["stop"]}]}\n\n',)),
    "a number without an end": Raw((b'data: {"usage":' + b"9" * 5000 + b"}\n\n" + FINISH,)),
    "nested without an end": Raw((b"data: " + b"[" * 200000 + b"\n\n" + FINISH,)),
    "an error in the stream": Raw((b'data: {"error":{"message":"boom"}}\n\n',)),
    "nothing at all": Raw((b"",)),
    "too many bytes": Raw(tuple(b": " + b"x" * 50000 + b"\n\n" for _ in range(40))),
    "a hang before the first byte": Hang(),
    "a hang in the middle": text("half", Gate()),
    "invalid UTF-8": Raw((b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n',)),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_answer_is_told_honestly_and_offers_the_tracking_form(chat: Chat, name: str):
    answer = UNUSABLE[name]
    chat.model.always = answer
    socket = chat.socket()

    end = end_of(socket)

    line = system_line(socket)
    assert (end["state"], end["error"]["code"]) == ("failed", "model_unavailable"), end
    assert line["data"] == {"type": "tracking_form"}
    assert "Traceback" not in line["text"]
    assert [frame for frame in socket.durable() if frame["type"] == "call"] == []


def test_without_a_model_a_named_number_is_still_looked_up(chat: Chat):
    customer = chat.sign_in("alice")
    chat.model.always = Status(503)
    socket = chat.socket(customer)

    end_of(socket, "Where is abcd-1337 please? And WXYZ-2001?")

    line = system_line(socket)["text"]
    assert "ABCD-1337: " in line
    assert "WXYZ-2001: " not in line


def test_after_a_failed_turn_the_history_is_still_one_that_providers_take(chat: Chat):
    chat.model.script(calls(CHECK), cut("I was about to"))
    socket = chat.socket()
    assert end_of(socket)["state"] == "failed"

    chat.model.script(text("Here again."))
    assert socket.ask("And now?")["text"] == "Here again."

    messages = chat.model.requests[-1]["messages"]
    asked = [call["id"] for m in messages for call in m.get("tool_calls", [])]
    answered = [m["tool_call_id"] for m in messages if m["role"] == "tool"]
    assert asked == answered != []


def test_an_empty_answer_becomes_an_honest_sentence(chat: Chat):
    chat.model.script(text())
    socket = chat.socket()

    assert "no answer" in socket.ask("Hm?")["text"]


def test_a_slow_model_gets_a_notice(chat: Chat):
    gate = Gate()
    chat.model.script(text(gate, "Well then."))
    socket = chat.socket()
    socket.say("Think")

    notice = socket.until(type="notice")
    gate.set()

    assert notice["code"] == "still_working"
    assert socket.until(type="message", author="assistant")["text"] == "Well then."


def test_what_the_model_is_given(chat: Chat):
    chat.model.script(text("Hi."))
    socket = chat.socket()

    socket.ask("Hi")

    [request] = chat.model.requests
    names = [tool["function"]["name"] for tool in request["tools"]]
    assert names == sorted(names)
    assert {"check_package", "request_refund", "create_order"} <= set(names)
    for tool in request["tools"]:
        schema = tool["function"]["parameters"]
        assert tool["function"]["strict"] is True
        assert schema["additionalProperties"] is False
        assert schema["required"] == list(schema["properties"])
        assert not {"ctx", "customer", "record"} & set(schema["properties"])
