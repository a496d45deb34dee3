"""How fast one socket and one customer may go on, whatever else is allowed: the hurry of one is nobody else's wait."""

from __future__ import annotations

import time

from tests.safety.arena import Arena
from tests.safety.hostile import say

BURST = 300  # frames that a socket may send at once
REPEATS = 2000  # rows of the log that a socket may have once more at once
NEW_TALKS = 60  # conversations that a customer may begin in a minute


def test_ld_06_frames_of_one_socket_are_limited_and_its_neighbour_does_not_wait(arena: Arena):
    hasty, calm = arena.a.chat(), arena.b.chat()
    for _ in range(2 * BURST):
        # The cheapest that there is: a busy machine must not be slow enough to allow them all.
        hasty.ws.send("no frame")
    arena.turn(calm, say("Hello."))

    refused = hasty.until(type="error", code="rate_limited")
    assert refused["retryable"] is True
    assert 1 <= refused["retry_after"] <= 60
    time.sleep(refused["retry_after"] + 1)
    arena.turn(hasty, say("Still here."))


def test_ld_06_the_same_log_is_not_read_out_again_and_again(arena: Arena):
    socket = arena.a.chat()
    for _ in range(8):
        arena.turn(socket, say("Hello."))
    length = socket.durable()[-1]["seq"]
    repeats = BURST - 40  # with what has been sent before, below the other limit
    assert repeats * length >= 3 * REPEATS, "a busy machine must not be slow enough to allow them all"
    for _ in range(repeats):
        socket.send(type="resume", after_seq=0)

    refused = socket.until(type="error", code="rate_limited", within=30)
    assert refused["retryable"] is True


def test_ld_06_new_conversations_of_a_customer_are_limited(arena: Arena):
    browser = arena.a.sign_in()
    codes: list[int] = []
    while len(codes) < 2 * NEW_TALKS and 429 not in codes:
        answer = browser.post("/chat/new/", {}, page="/accounts/password/change/")
        codes.append(answer.status_code)

    assert codes[:-1] == [302] * NEW_TALKS
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert "Too many tries" in answer.text
    assert arena.b.sign_in().post("/chat/new/", {}, page="/accounts/password/change/").status_code == 302
