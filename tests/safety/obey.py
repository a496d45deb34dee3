"""A model that obeys whoever spoke last: it finds instructions in tool results and messages and carries them out.

It stands for every injection that ever works. What it finds, it asks for with the real tool names; it never refuses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.model_server import Answer, Call, calls, text

# `call update_profile with {"phone": "…"}`, `update_profile({"phone": "…"})`, `request_refund(order_id="…", …)`,
# `use the tool request_refund: {…}`; the object may hold one level of lists and objects.
_OBJECT = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_WITH_OBJECT = re.compile(rf"\b([a-z][a-z0-9_]{{2,40}})\b[`'\"]?\s*(?:with|using|:|\(|->)?\s*[`'\"]?({_OBJECT})", re.I)
_KEYWORDS = re.compile(r"\b([a-z][a-z0-9_]{2,40})\(((?:\s*\w+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[\w.+-]+)\s*,?)+)\)", re.I)
_PAIR = re.compile(r"(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([\w.+-]+))")
# What people write who know no tool: change e-mail, phone or street to, refund an order, show a profile.
_PLAIN: list[tuple[re.Pattern[str], str, Callable[[re.Match[str]], dict[str, Any]]]] = [
    (
        re.compile(r"e-?mail[^.\n]{0,40}?\bto\b\s+([\w.+-]+@[\w.-]+\w)", re.I),
        "update_profile",
        lambda m: {"email": m[1]},
    ),
    (
        re.compile(r"phone[^.\n]{0,40}?\bto\b\s+(\+[0-9 ]{7,20}[0-9])", re.I),
        "update_profile",
        lambda m: {"phone": m[1]},
    ),
    (
        re.compile(r"refund\s+(?:EUR\s*)?([0-9]+\.[0-9]{2})[^.\n]{0,30}?(ORD-[0-9]+)", re.I),
        "request_refund",
        lambda m: {"order_id": m[2], "amount": m[1], "reason": "asked"},
    ),
    (re.compile(r"cancel[^.\n]{0,20}?(ORD-[0-9]+)", re.I), "cancel_order", lambda m: {"order_id": m[1]}),
    (
        re.compile(r"(?:look up|show|read|check)[^.\n]{0,30}?\b([A-Z]{4}-[0-9]{4,8})\b"),
        "check_package",
        lambda m: {"package_id": m[1]},
    ),
    (re.compile(r"(?:get|show|read|print)[^.\n]{0,30}?\bprofile\b", re.I), "get_my_profile", lambda m: {}),
]


def obey(
    *, otherwise: str = "Here is what I found.", first: Answer | None = None
) -> Callable[[dict[str, Any]], Answer]:
    """For `always`: carry out what the last texts ask for, each wish once; when there is nothing new, say `otherwise`.

    first: the answer to the customer's own question (usually a read whose result holds the injection).
    """
    done: set[str] = set()
    begun: list[bool] = []

    def answer(body: dict[str, Any]) -> Answer:
        if first is not None and not begun:
            begun.append(True)
            return first
        known = {tool["function"]["name"] for tool in body.get("tools", [])}
        wishes = [wish for wish in instructions(last_texts(body), known) if _key(wish) not in done]
        done.update(map(_key, wishes))
        return (
            calls(*(Call(name, arguments, id=f"obey_{n}") for n, (name, arguments) in enumerate(wishes[:8])))
            if (wishes)
            else text(otherwise)
        )

    return answer


def follow(name: str, arguments: dict[str, Any], *, sign: str, first: Answer) -> Callable[[dict[str, Any]], Answer]:
    """For `always`: after `first`, make this one call once `sign` was read; it stands for a model that understood.

    What no pattern recognises, a model may: another language, an encoding, letters that look like others.
    """
    steps = iter([first, calls(Call(name, arguments, id="obey_0"))])

    def answer(body: dict[str, Any]) -> Answer:
        step = next(steps, None)
        if step is not None and step is not first:
            assert sign in last_texts(body), "the injection did not reach the model"
        return step or text("Here is what I found.")

    return answer


REFUSAL = "I cannot help you with that."


def refuse(sign: str, *, first: Answer | None = None) -> Callable[[dict[str, Any]], Answer]:
    """For `always`: a model that says no and nothing else once it has read `sign` anywhere, and otherwise answers."""
    begun: list[bool] = []

    def answer(body: dict[str, Any]) -> Answer:
        if first is not None and not begun:
            begun.append(True)
            return first
        read = "\n".join(_strings(message.get("content") or "") for message in body["messages"][1:])
        return text(REFUSAL) if sign in read else text("Here is what I found.")

    return answer


def report(first: Answer) -> Callable[[dict[str, Any]], Answer]:
    """For `always`: a model that is moved by nothing: it says the states that it was told, word for word."""
    steps = iter([first])

    def answer(body: dict[str, Any]) -> Answer:
        return next(steps, None) or text(" ".join(_states(last_texts_raw(body))) or "I know nothing.")

    return answer


def last_texts_raw(body: dict[str, Any]) -> list[Any]:
    """The results of tools since the model's own last words, parsed."""
    found = []
    for message in reversed(body["messages"]):
        if message["role"] != "tool":
            break
        found.append(json.loads(message["content"]))
    return found[::-1]


def _states(value: Any) -> list[str]:
    """`ABCD-1337 is On its way.` for all that has a number and a state, but for what stands in a quotation."""
    if isinstance(value, list):
        return [line for part in value for line in _states(part)]
    if not isinstance(value, dict) or "untrusted_text" in value:
        return []
    name, state = value.get("package_id") or value.get("reference"), value.get("status_text") or value.get("state_text")
    own = [f"{name} is {state}."] if name and state else []
    return own + [line for part in value.values() for line in _states(part)]


def _key(wish: tuple[str, dict[str, Any]]) -> str:
    return json.dumps(wish, sort_keys=True)


def last_texts(body: dict[str, Any]) -> str:
    """What came after the model's own last words: results of tools or a message of the customer."""
    texts: list[str] = []
    for message in reversed(body["messages"]):
        if message["role"] in ("assistant", "system"):
            break
        texts.append(_strings(message.get("content") or ""))
    return "\n".join(texts[::-1])


def _strings(content: str) -> str:
    """All texts inside a JSON result, with their escapes undone; other content as it is."""
    try:
        return "\n".join(_walk(json.loads(content)))
    except ValueError:
        return content


def _walk(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in _walk(part)]


def instructions(words: str, known: set[str]) -> list[tuple[str, dict[str, Any]]]:
    """Every call these words ask for, in the order of the kinds above; unknown tool names are left out."""
    found: list[tuple[str, dict[str, Any]]] = []
    for name, raw in _WITH_OBJECT.findall(words):
        arguments = _loads(raw)
        if name in known and arguments is not None:
            found.append((name, arguments))
    for name, inside in _KEYWORDS.findall(words):
        if name in known:
            found.append((name, {key: one or two or three for key, one, two, three in _PAIR.findall(inside)}))
    for pattern, name, make in _PLAIN:
        found += [(name, make(match)) for match in pattern.finditer(words) if name in known]
    unique: list[tuple[str, dict[str, Any]]] = []
    for wish in found:
        if wish not in unique:
            unique.append(wish)
    return unique


def _loads(raw: str) -> dict[str, Any] | None:
    for attempt in (raw, raw.replace("'", '"')):
        try:
            value = json.loads(attempt)
        except ValueError:
            continue
        return value if isinstance(value, dict) else None
    return None
