"""One request to an OpenAI-compatible server: asked once, and its failure told in our words."""

from __future__ import annotations

import math
from time import monotonic

import pytest

from support_bot.llm.base import LLMError, LLMRejected, LLMTooLong, LLMUnavailable, Prompt, UserMessage
from support_bot.llm.config import LLMConfig
from support_bot.llm.openai import make
from tests.model_server import Answer, Call, Raw, Reply, Status

PROMPT = Prompt(system="Be kind.", messages=(UserMessage("Hello"),))


async def failure(server, answer: Answer, **config) -> LLMError:
    server.always = answer
    provider = make(model="scripted", config=LLMConfig(openai_base_url=server.url, **config))
    try:
        with pytest.raises(LLMError) as caught:
            async for _ in provider.stream(PROMPT):
                pass
    finally:
        await provider.aclose()
    return caught.value


@pytest.mark.parametrize("code", [408, 409, 425, 429, 500, 503])
async def test_a_server_that_is_ill_is_asked_once(model_server, code):
    error = await failure(model_server, Status(code))

    assert isinstance(error, LLMUnavailable)
    assert error.counts
    assert error.retry_after is None
    assert len(model_server.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3600", 3600),
        ("0.5", 0.5),
        ("0", 0),
        ("-1", math.inf),
        ("nan", math.inf),
        ("Sat, 21 Nov 2026 10:00:00 GMT", math.inf),
    ],
)
async def test_when_to_come_again_is_kept_and_never_waited_for(model_server, header, seconds):
    begun = monotonic()

    error = await failure(model_server, Status(429, headers={"Retry-After": header}))

    assert isinstance(error, LLMUnavailable)
    assert error.retry_after == seconds
    assert monotonic() - begun < 2


async def test_a_refusal_says_nothing_of_the_servers_health(model_server):
    error = await failure(model_server, Status(400))

    assert isinstance(error, LLMRejected)
    assert not error.counts


LONG: dict[str, Answer] = {
    "too many bytes": Raw(tuple(b": " + b"x" * 5000 + b"\n\n" for _ in range(20))),
    "the model's own limit": Reply((), (Call("check_package", {}),), finish="length"),
}


@pytest.mark.parametrize("kind", list(LONG))
async def test_a_customer_can_ask_for_too_much_and_take_the_model_from_nobody(model_server, kind):
    error = await failure(model_server, LONG[kind], max_bytes=50_000)

    assert isinstance(error, LLMTooLong)
    assert not error.counts
