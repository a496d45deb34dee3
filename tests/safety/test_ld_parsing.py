"""Load: texts made to be slow to read - for patterns, parsers and normalisation - are read at once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from tests.safety.arena import Arena
from tests.safety.drive import Case, codes, dice, drive
from tests.safety.hostile import say, status
from tests.safety.measure import Watch
from tests.safety.test_ld_wire import PATIENCE_S
from tools.invisible import shows_nothing

MOST = 4000  # characters of a message
BYTES = 8000  # of arguments, below the cap


def slow_texts(size: int) -> dict[str, str]:
    """Each is the worst case of a pattern or an algorithm that a program like this one may use."""
    marks = "".join(chr(0x300 + n % 0x50) for n in range(size))
    return {
        "words": "a" * size,
        "digits": "1" * size,
        "digits and dashes": "1-" * (size // 2),
        "letters, then a digit": "A" * (size - 1) + "1",
        "nearly numbers": "ABC-123 " * (size // 8),
        "blanks": "x" + " " * (size - 2) + "x",
        "line ends": "\n" * size,
        "dots": "." * size,
        "an e-mail without an end": "a@" + "a." * (size // 2 - 1),
        "many ats": "@" * size,
        "phone marks": "+" + "(" * (size - 1),
        "phone blanks": "+49" + " " * (size - 4) + "1",
        "brackets": "[" * (size // 2) + "]" * (size // 2),
        "markdown": "*_" * (size // 2),
        "links": "[a](" * (size // 4),
        "ticks": "`" * size,
        "tags": "<a " * (size // 3),
        "quotes": '"\\' * (size // 2),
        "entities": "&#" * (size // 2),
        "persons": "person " * (size // 7),
        "combining marks": "a" + marks[: size - 1],
        "marks in the wrong order": ("a" + "\u0345\u0301\u0323" * 60) * (size // 181),
        "one that grows": "\ufdfa" * (size // 3),
        "hangul": "\u1100\u1161\u11a8" * (size // 3),
        "emoji": "\U0001f468\u200d" * (size // 2),
        "right to left": "\u202e" * size,
        "money": "0" * (size - 3) + ".00",
        "dates": "2026-" * (size // 5),
        "percent": "%" * size,
        "slashes": "/.." * (size // 3),
    }


def pieces(texts: dict[str, str], size: int) -> Iterator[tuple[str, str]]:
    for kind, words in texts.items():
        yield kind, words[:size]


@pytest.mark.parametrize("model", ["answers", "is away"])
def test_ld_08_messages_that_are_slow_to_read_hold_nobody_up(arena: Arena, model: str):
    """With a model, and without one: then the records' own answer looks for numbers in the text."""
    arena.model.always = say("I see.") if model == "answers" else lambda body: status(400)
    socket = arena.a.chat()
    slow = {}
    with Watch(arena.product.web) as seen:
        for kind, words in pieces(slow_texts(MOST), MOST):
            if shows_nothing(words):
                continue  # refused as empty
            begun = time.monotonic()
            turn_id = socket.until(type="message", client_msg_id=socket.say(words))["turn_id"]
            socket.until_turn_ends(turn_id)
            slow[kind] = time.monotonic() - begun
    print(f"slowest: {sorted(slow.items(), key=lambda item: -item[1])[:3]}; bystander {seen.longest_s:.2f} s")
    assert max(slow.values()) < 2 * PATIENCE_S
    assert seen.longest_s < PATIENCE_S


def test_ld_08_arguments_that_are_slow_to_read_are_refused_at_once(arena: Arena):
    """8 KiB in every kind of argument: numbers, phone, e-mail, money, dates, names, free text."""
    places: list[tuple[str, str, dict[str, str]]] = [
        ("check_package", "package_id", {}), ("get_order", "order_id", {}), ("check_truck", "truck_id", {}),
        ("update_profile", "phone", {}), ("update_profile", "email", {}), ("update_profile", "name", {}),
        ("update_profile", "postal_code", {}), ("update_profile", "country", {}),
        ("request_refund", "amount", {"order_id": arena.a.facts.orders[0], "reason": "x"}),
        ("change_delivery", "date", {"package_id": arena.a.facts.packages[2]}),
        ("schedule_callback", "at", {"topic": "x"}),
        ("report_problem", "description", {"package_id": arena.a.facts.packages[0], "problem": "other"}),
    ]  # fmt: skip
    cases: list[Case] = []
    for number, words in enumerate(slow_texts(BYTES // 3).values()):
        for tool, key, rest in places[number % 3 :: 3]:
            raw = json.dumps({**rest, key: words}, ensure_ascii=False)
            cases.append(
                (tool, raw[: BYTES - 2] if len(raw.encode()) < BYTES else json.dumps({**rest, key: words[:600]}))
            )
    begun = time.monotonic()
    with Watch(arena.product.web) as seen:
        told = drive(arena, arena.a, cases)
    each = (time.monotonic() - begun) / len(cases)

    print(f"{len(cases)} cases, {each * 1000:.0f} ms each; bystander {seen.longest_s:.2f} s")
    # Words that are only long are a description like any other: such a request waits for its customer.
    assert set(codes(told)) <= {"invalid_arguments", "invalid_json", "not_found", "ok", "rate_limited"}
    assert each < 0.5
    assert seen.longest_s < PATIENCE_S
    assert arena.journal() == []


@pytest.mark.parametrize("place", ["path", "query", "cookie", "accept", "language", "host", "referer", "origin"])
def test_ld_08_headers_that_are_slow_to_read_are_answered_at_once(arena: Arena, place: str):
    browser = arena.visitor()
    with Watch(arena.product.web) as seen:
        for words in (
            "a=1;" * 4000,
            ",;q=0.5" * 2000,
            "x-y," * 3000,
            "[" * 8000,
            "%25" * 2500,
            "en-" * 2500,
            "http://a@" * 800,
        ):
            begun = time.monotonic()
            headers = {
                "cookie": {"Cookie": words}, "accept": {"Accept": words}, "language": {"Accept-Language": words},
                "host": {"Host": words.replace("/", "")}, "referer": {"Referer": words}, "origin": {"Origin": words},
            }.get(place, {})  # fmt: skip
            path = {"path": f"/accounts/{words}", "query": f"/track/?number={words}"}.get(place, "/accounts/login/")
            answer = browser.http.get(path, headers=headers)
            assert answer.status_code in (200, 302, 400, 403, 404, 414, 431)
            assert time.monotonic() - begun < PATIENCE_S
    assert seen.longest_s < PATIENCE_S


def test_ld_08_form_values_that_are_slow_to_read_are_answered_at_once(arena: Arena):
    browser = arena.visitor()
    with Watch(arena.product.web) as seen:
        for kind, words in dice("ld_08").sample(list(pieces(slow_texts(MOST), MOST)), 8):
            begun = time.monotonic()
            browser.get("/track/?number=" + "".join(char for char in words if char.isalnum())[:3000])
            answer = browser.post("/accounts/login/", {"login": words, "password": words})
            assert answer.status_code in (200, 400), kind
            assert time.monotonic() - begun < 3 * PATIENCE_S, kind
    assert seen.longest_s < PATIENCE_S
