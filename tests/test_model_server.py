"""The scripted model speaks the wire as the SDK reads it."""

from typing import Any

import openai
import pytest

from tests.model_server import Call, Gate, Hang, ModelServer, Raw, Status, calls, cut, text


def client(server: ModelServer, **options) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=server.url, api_key="none", max_retries=0, **options)


async def stream(server: ModelServer, **options) -> list[Any]:
    messages: list[Any] = [{"role": "user", "content": "hello"}]
    async with client(server, **options) as sdk:
        answer = await sdk.chat.completions.create(
            model="scripted", messages=messages, stream=True, stream_options={"include_usage": True}
        )
        return [chunk async for chunk in answer]


async def test_text_comes_in_pieces_with_finish_reason_and_usage(model_server):
    model_server.script(text("Hel", "lo"))

    chunks = await stream(model_server)

    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == "Hello"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 150
    assert model_server.requests[0]["messages"] == [{"role": "user", "content": "hello"}]


async def test_tool_calls_come_in_pieces_of_which_the_first_has_the_id(model_server):
    model_server.script(calls(Call("check_package", {"package_id": "ABCD-1337"}), Call("list_my_orders", "{broken")))

    deltas = [chunk.choices[0].delta for chunk in await stream(model_server) if chunk.choices]
    pieces = [piece for delta in deltas for piece in delta.tool_calls or []]

    assert [piece.id for piece in pieces if piece.id] == ["call_1", "call_2"]
    assert "".join(piece.function.arguments for piece in pieces if piece.index == 0) == '{"package_id": "ABCD-1337"}'
    assert "".join(piece.function.arguments for piece in pieces if piece.index == 1) == "{broken"


async def test_a_status_is_the_error_of_the_sdk(model_server):
    model_server.script(Status(429, headers={"retry-after": "1"}))

    with pytest.raises(openai.RateLimitError):
        await stream(model_server)


async def test_a_cut_answer_has_no_finish_reason(model_server):
    model_server.script(cut("Your package is"))

    chunks = await stream(model_server)

    assert all(choice.finish_reason is None for chunk in chunks for choice in chunk.choices)


async def test_raw_bytes_reach_the_client_as_they_are(model_server):
    model_server.script(Raw((b'data: {"error": {"message": "overloaded"}}\n\n',)))

    with pytest.raises(openai.APIError, match="overloaded"):
        await stream(model_server)


async def test_a_hanging_model_notices_that_the_client_left(model_server):
    model_server.script(Hang())

    with pytest.raises(openai.APITimeoutError):
        await stream(model_server, timeout=0.2)

    assert model_server.hung_up.wait(5)


async def test_a_gate_holds_the_answer_back(model_server):
    gate = Gate()
    model_server.script(text("first", gate, "second"))

    async with client(model_server) as sdk:
        answer = await sdk.chat.completions.create(model="m", messages=[], stream=True)
        seen = []
        async for chunk in answer:
            seen.append(chunk.choices[0].delta.content if chunk.choices else None)
            if seen[-1] == "first":
                assert not gate.is_set()
                gate.set()

    assert "second" in seen


async def test_a_request_without_a_reply_and_a_reply_without_a_request_are_errors():
    with ModelServer() as server:
        server.script(text("never asked for"))
        with pytest.raises(AssertionError, match="never asked for"):
            server.check()

        await stream(server)
        with pytest.raises(openai.InternalServerError):
            await stream(server)

        with pytest.raises(AssertionError, match="had no reply"):
            server.check()
