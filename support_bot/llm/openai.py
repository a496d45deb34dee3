"""OpenAI chat completions (and every server that speaks them) as a Provider, by the SDK's cheap generic path.

Only `delta.content`, `delta.tool_calls`, `finish_reason` and `usage` of a stream are ever read; nothing else in an
answer has a meaning here. The SDK's typed `create()` walks the whole request and builds an object for every chunk,
which costs several times more than the rest of a turn; its own `post()` gives the same keys and deadlines.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream
from openai._streaming import ServerSentEvent

from support_bot.llm.accumulator import CallAccumulator
from support_bot.llm.base import (
    AssistantMessage,
    Done,
    LLMBroken,
    LLMError,
    LLMRejected,
    LLMTimeout,
    LLMTooLong,
    LLMUnavailable,
    Prompt,
    PromptMessage,
    StreamEvent,
    TextDelta,
    ToolResultMessage,
    ToolSpec,
    Usage,
)
from support_bot.llm.config import LLMConfig
from support_bot.llm.transport import capped_client

FINISH_REASONS = ("stop", "tool_calls", "length", "content_filter")
# Some compatible servers still send the old word for a call.
FINISH_ALIASES = {"function_call": "tool_calls"}


class _DataStream(AsyncStream[object]):
    """Without events that carry no data (keep-alives with an id): by the standard they are none, the SDK takes them for
    broken JSON."""

    async def _iter_events(self) -> AsyncIterator[ServerSentEvent]:
        async for event in super()._iter_events():
            if event.data:
                yield event


def make(*, model: str, config: LLMConfig) -> OpenAIProvider:
    """For llm/factory.py."""
    return OpenAIProvider(model=model, config=config)


class OpenAIProvider:
    """One model of one OpenAI-compatible server. Safe for many turns at once; holds only the connection pool."""

    def __init__(self, *, model: str, config: LLMConfig) -> None:
        self.name = f"openai:{model}"
        self.label = model
        self._model = model
        self._config = config
        self._tools_cache: tuple[tuple[ToolSpec, ...], list[dict[str, Any]]] = ((), [])
        self._client = AsyncOpenAI(
            base_url=config.openai_base_url or None,
            # A server without keys is reached by its base URL alone; the SDK insists on some text.
            api_key=config.openai_api_key or ("none" if config.openai_base_url else None),
            timeout=httpx2.Timeout(config.idle_timeout_s, connect=config.connect_timeout_s),
            max_retries=0,  # who asks here decides about another try: it knows the deadlines and the other models
            http_client=capped_client(max_bytes=config.max_bytes),
        )

    async def aclose(self) -> None:
        await self._client.close()

    async def stream(self, prompt: Prompt) -> AsyncIterator[StreamEvent]:
        """See Provider.stream. One request, never tried again here."""
        until = asyncio.get_running_loop().time() + self._config.first_token_timeout_s
        try:
            async with asyncio.timeout_at(until):
                stream = await self._open(prompt)
        except (TimeoutError, openai.OpenAIError, httpx2.HTTPError) as error:
            # Our own deadline: the request was sent, and only the answer did not begin.
            raise _with_cost(_our_error(error), began=isinstance(error, TimeoutError)) from error
        calls = CallAccumulator()
        try:
            async for event in self._events(stream, calls, until):
                yield event
        except LLMError as error:
            raise _with_cost(error, began=True, received=calls.size) from error.__cause__
        except (TimeoutError, openai.OpenAIError, httpx2.HTTPError, ValueError, RecursionError) as error:
            # ValueError: no JSON, no UTF-8, a number of five thousand digits; RecursionError: nested without an end.
            raise _with_cost(_our_error(error), began=True, received=calls.size) from error
        finally:
            await stream.close()

    async def _open(self, prompt: Prompt) -> AsyncStream[object]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": "system", "content": prompt.system}, *map(_wire_message, prompt.messages)],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if prompt.tools:
            body["tools"] = self._wire_tools(prompt.tools)
        return await self._client.post(
            "/chat/completions", body=body, cast_to=object, stream=True, stream_cls=_DataStream
        )

    def _wire_tools(self, tools: tuple[ToolSpec, ...]) -> list[dict[str, Any]]:
        """The tools' JSON, built once as long as the same tuple comes in."""
        known, wire = self._tools_cache
        if known is not tools:
            wire = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": tool.parameters,
                        "strict": True,
                    },
                }
                for tool in tools
            ]
            self._tools_cache = (tools, wire)
        return wire

    async def _events(
        self, stream: AsyncStream[object], calls: CallAccumulator, until: float
    ) -> AsyncIterator[StreamEvent]:
        """`until`: when (by the loop's clock) the first part of the answer must be here."""
        usage, finish = Usage(), ""
        chunks = stream.__aiter__()
        while True:
            try:
                async with asyncio.timeout_at(until):
                    chunk = await chunks.__anext__()
            except StopAsyncIteration:
                break
            if not isinstance(chunk, dict):
                raise LLMBroken("a chunk is no object")
            usage = _larger(usage, _usage(chunk.get("usage")))
            choice = _first_choice(chunk)
            if choice is None:
                continue
            if text := _take_delta(choice.get("delta"), calls, ended=bool(finish)):
                yield TextDelta(text)
            reason = choice.get("finish_reason")
            finish = reason if isinstance(reason, str) and reason else finish
            # Only a part of an answer (also of its thinking) is a sign of life: keep-alives buy no time.
            until = asyncio.get_running_loop().time() + self._config.idle_timeout_s
        finish = FINISH_ALIASES.get(finish, finish)
        if finish not in FINISH_REASONS:
            # The SDK reports a connection that ended early as a short but complete answer.
            raise LLMBroken("the stream ended without a known finish reason")
        if finish == "content_filter":
            # A word in somebody's note is enough for that: no answer, whatever was said before.
            raise LLMRejected("the model's server withheld its answer (content_filter)")
        requests = calls.finish()
        if requests and finish == "length":
            raise LLMTooLong("the answer was cut (length) while it asked for a tool")
        yield Done(finish_reason=finish, calls=requests, usage=usage)  # type: ignore[arg-type]  # checked above


def _take_delta(delta: Any, calls: CallAccumulator, *, ended: bool) -> str:
    """The text of one piece of the answer; what it says of calls goes to `calls`."""
    if not isinstance(delta, dict):
        return ""
    if delta.get("tool_calls") is not None:
        if ended:
            raise LLMBroken("a call went on after the answer had ended")
        calls.add(delta["tool_calls"])
    text = delta.get("content")
    return text if isinstance(text, str) else ""


def _first_choice(chunk: dict[str, Any]) -> dict[str, Any] | None:
    """The part of the one answer that was asked for: others (index 1 …) are nobody's."""
    choices = chunk.get("choices")
    if not isinstance(choices, list):
        return None
    ours = (choice for choice in choices if isinstance(choice, dict) and choice.get("index") in (0, None))
    return next(ours, None)


def _wire_message(message: PromptMessage) -> dict[str, Any]:
    if isinstance(message, ToolResultMessage):
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.content}
    if not isinstance(message, AssistantMessage):
        return {"role": "user", "content": message.text}
    if not message.calls:
        return {"role": "assistant", "content": message.text}
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": _name(call.name), "arguments": _object(call.arguments)},
        }
        for call in message.calls
    ]
    return {"role": "assistant", "content": message.text or None, "tool_calls": calls}


def _name(name: str) -> str:
    """A name the model made up, as providers take it: one they refuse would end the conversation for good."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", name)[:64] or "unknown"


def _object(arguments: str) -> str:
    """Arguments of the history as providers take them: many parse each again and refuse the whole request."""
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except (ValueError, RecursionError):
        return "{}"


def _usage(value: Any) -> Usage:
    if not isinstance(value, dict):
        return Usage()
    numbers = [value.get("prompt_tokens"), value.get("completion_tokens")]
    tokens = [n if type(n) is int and 0 <= n < 10**9 else 0 for n in numbers]
    return Usage(input_tokens=tokens[0], output_tokens=tokens[1])


def _larger(one: Usage, other: Usage) -> Usage:
    """A server may count more than once; what it takes back later was said all the same."""
    return Usage(max(one.input_tokens, other.input_tokens), max(one.output_tokens, other.output_tokens))


def _with_cost(error: LLMError, *, began: bool, received: int = 0) -> LLMError:
    error.began, error.received = began, received
    return error


def _our_error(error: Exception) -> LLMError:
    """Our tree for the SDK's and the transport's errors. Only class names and status codes are kept."""
    kind = type(error).__name__
    if isinstance(error, TimeoutError | openai.APITimeoutError | httpx2.TimeoutException):
        return LLMTimeout(kind)
    if isinstance(error, openai.APIStatusError):
        status = error.status_code
        if status in (408, 409, 425, 429) or status >= 500:
            unavailable = LLMUnavailable(f"{kind} {status}")
            unavailable.retry_after = _retry_after(error.response.headers.get("retry-after"))
            return unavailable
        return LLMRejected(f"{kind} {status}")
    if isinstance(error, openai.APIConnectionError | httpx2.TransportError):
        return LLMUnavailable(kind)
    return LLMBroken(kind)


def _retry_after(value: str | None) -> float | None:
    """Seconds; a date or what is no number is a time that nobody here waits for."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return math.inf
    return seconds if seconds >= 0 else math.inf
