"""The contract between the turn engine and a language model.

A Provider turns one Prompt into a stream of events; it must never run a tool, read a record or
keep state between calls.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

# --- what goes in -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool as the model is told about it. `parameters` is a JSON Schema object (strict form)."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCallRequest:
    """A call the model asks for. `id` is the provider's (never ours); `arguments` is raw, unparsed, untrusted text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class UserMessage:
    text: str


@dataclass(frozen=True, slots=True)
class AssistantMessage:
    """What the model said in one step, and the calls it asked for in the same step."""

    text: str
    calls: tuple[ToolCallRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolResultMessage:
    """The answer to one call: `content` is the JSON text of protocol's one object, `call_id` the provider's id."""

    call_id: str
    name: str
    content: str


PromptMessage = UserMessage | AssistantMessage | ToolResultMessage


@dataclass(frozen=True, slots=True)
class Prompt:
    """One model call: exactly one system text, the history in order, and the tools it may ask for."""

    system: str
    messages: tuple[PromptMessage, ...]
    tools: tuple[ToolSpec, ...] = ()


# --- what comes out ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer's text, to be shown at once."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model call, as the provider counts them (0 where it does not say)."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of a good stream: why it ended, and every call that arrived whole."""

    finish_reason: Literal["stop", "tool_calls", "length"]
    calls: tuple[ToolCallRequest, ...] = ()
    usage: Usage = field(default_factory=Usage)


StreamEvent = TextDelta | Done


class Provider(Protocol):
    """A model adapter. `name` is its `provider:model`; `label` is what the customer may read about it."""

    name: str
    label: str

    def stream(self, prompt: Prompt) -> AsyncIterator[StreamEvent]:
        """Yield TextDelta events and, last, exactly one Done. Raises LLMError; a stream without Done has failed."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


# --- what goes wrong --------------------------------------------------------------------------------------------


class LLMError(Exception):
    """A model call that gave no usable answer. Texts are for logs, never for a customer.

    LLMError
    ├── LLMUnavailable     not now: refused, 5xx, 429; another try or another model may do
    │   └── LLMTimeout     a deadline passed: connect, first token or idle
    ├── LLMRejected        never with this request or key: 4xx
    └── LLMBroken          the answer itself is unusable: cut off, not the wire's JSON
        └── LLMTooLong     there is more of it than anybody wants
    """

    permanent = False
    # Whether it says that the server is ill. What a customer can bring about by their text must not: it would take the
    # model from everybody.
    counts = True
    # Whether the server may have begun to work on it, and how many bytes of the answer's text came: it may cost that.
    began = False
    received = 0


class LLMUnavailable(LLMError):
    """The server could not be reached, is overloaded or failed.

    retry_after: in how many seconds the server wants to be asked again; None where it does not say.
    """

    retry_after: float | None = None


class LLMTimeout(LLMUnavailable):
    """A deadline of the call passed."""


class LLMRejected(LLMError):
    """The server refused the request for good: a wrong key, model name or request."""

    permanent = True
    counts = False


class LLMBroken(LLMError):
    """The stream ended early or does not follow the wire."""


class LLMTooLong(LLMBroken):
    """The answer met a cap: of bytes, of calls, or the model's own in the middle of a call."""

    counts = False
