"""Lines that break and servers that restart: nothing acked is lost, nothing is told twice, and all of it in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest

from tests.faults.lines import Line, standing
from tests.faults.town import Town, problems_of, town
from tests.safety.hostile import delta, drip, say, sse

SEED = 11
IN_FLIGHT = 10
PAIRS, PAIRS_FULL = 12, 90  # of three customers each
SPREAD_S = 10.0

Note = Callable[[str, object], None]


@pytest.fixture(scope="module")
def place(
    postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Town]:
    is_full = any(item.get_closest_marker("long") for item in request.session.items)
    with town(tmp_path_factory.mktemp("lines"), postgres_database(), pairs=PAIRS_FULL if is_full else PAIRS) as made:
        for running in (made.begin_web(), made.begin_web(), made.begin_worker()):
            made.wait(running)
        yield made


@pytest.fixture(autouse=True)
def _clear(place: Town) -> Iterator[None]:
    yield
    place.model.clear()


async def until_acks(line: Line, count: int) -> None:
    await line.until(lambda: len(line.acked) >= count)


async def with_a_person(line: Line) -> None:
    """From here on its messages start no turn: many of them cost little."""
    await line.send(type="handoff.request")
    await line.until(lambda: any((f.get("data") or {}).get("type") == "handoff" for f in line.frames.values()))


# --- FT-11 ------------------------------------------------------------------------------------------------------


async def talk_on_a_bad_line(line: Line, *, drops: int, messages: int, dice: random.Random) -> None:
    """Ten messages are on their way each time the cable is pulled."""
    for _ in range(drops):
        await line.until(lambda: line.is_up)
        known = len(line.acked)
        for number in range(messages):
            await line.say(f"message {number} of {known}")
        if dice.random() < 0.5:
            wanted = known + dice.randint(0, messages)
            await until_acks(line, wanted)
        else:
            await asyncio.sleep(dice.random() * 0.05)
        line.cut()
        await line.until(lambda: not line.is_up)
    await line.until(lambda: not line.unacked)


async def drop_lines(place: Town, *, people: int, drops: int) -> list[str]:
    """Half of them with the assistant, whose answers stream while the line breaks; half with a person."""
    place.model.always = lambda body: say(*(f"word {n} " for n in range(30)))
    lines = place.lines(people)
    dice = random.Random(SEED)
    async with standing(lines):
        await asyncio.gather(*(with_a_person(line) for line in lines[: people // 2]))
        talks = [
            talk_on_a_bad_line(
                line,
                drops=drops,
                messages=IN_FLIGHT if number < people // 2 else 1,
                dice=random.Random(dice.random()),
            )
            for number, line in enumerate(lines)
        ]
        await asyncio.gather(*talks)
        for line in lines:
            await line.until_all_answered()
        assert sum(len(line.closes) for line in lines) >= people * drops
        await everybody_has_the_last(place, lines)
    return problems_of(place, lines)


async def everybody_has_the_last(place: Town, lines: list[Line]) -> None:
    last = dict(await asyncio.to_thread(place.sql, "SELECT id::text, last_seq FROM chat_conversation"))
    for line in lines:
        await line.until_told(last[line.conversation])


async def test_ft_11_dropped_lines_lose_and_repeat_nothing(place: Town):
    assert await drop_lines(place, people=10, drops=5) == []


@pytest.mark.long
async def test_ft_11_a_thousand_dropped_lines_lose_and_repeat_nothing(place: Town):
    assert await drop_lines(place, people=20, drops=50) == []


# --- FT-13 ------------------------------------------------------------------------------------------------------


async def keep_talking(line: Line, over: asyncio.Event, *, pause_s: float) -> None:
    while not over.is_set():
        client_msg_id = await line.say("Hello")
        await line.until_acked(client_msg_id)
        await line.until_answered(client_msg_id)
        await asyncio.sleep(pause_s)


async def restart_under_load(place: Town, *, sockets: int, turns: int, rounds: int, hurry: float) -> list[Line]:
    """Web servers and worker are restarted one after the other while people talk; nobody's message fails."""
    words = sse(*(delta(content=f"word {n} ") for n in range(40)))
    place.model.always = lambda body: drip(words, interval=0.05, size=200)
    lines = place.lines(sockets, hurry=hurry)
    tabs = [Line(line.urls, line.session, line.conversation, hurry) for line in lines for _ in range(2)]
    for number, line in enumerate([*lines, *tabs]):
        line._at = number
    over = asyncio.Event()
    async with standing([*lines, *tabs]):
        talks = [asyncio.create_task(keep_talking(line, over, pause_s=0.3)) for line in lines[:turns]]
        for _ in range(rounds):
            worker = asyncio.create_task(place.restart_worker())
            for number in range(len(place.web)):
                assert await place.restart_web(number) == 0
            assert await worker == 0
        over.set()
        await asyncio.gather(*talks)
        await everybody_has_the_last(place, [*lines, *tabs])
    assert all(line.closes for line in lines)
    return [*lines, *tabs]


def check_restarts(place: Town, lines: list[Line]) -> None:
    assert problems_of(place, lines) == []
    closes = [close for line in lines for close in line.closes]
    assert [close for close in closes if close.code != 1012] == []
    # Each socket is told a wait of its own.
    waits = [int(close.reason) for close in closes]
    assert max(waits) - min(waits) >= SPREAD_S
    assert max(map(waits.count, set(waits))) <= len(waits) / 3
    logs = [running.output() for running in place.stack.running]  # also of those that are gone
    assert not any("Exception in ASGI" in log or "socket.failed" in log for log in logs)
    ends = [end for line in lines for end in line.ended().values()]
    assert ends
    assert set(ends) == {"done"}, {end: ends.count(end) for end in set(ends)}
    rooms = "SELECT count(*) FROM chat_turn WHERE state IN ('waiting', 'running')"
    assert place.sql(rooms) == [(0,)]


async def test_ft_13_a_rolling_restart_under_load_fails_no_message(place: Town):
    """The waits of those that come back are shortened; the case in full size keeps them."""
    check_restarts(place, await restart_under_load(place, sockets=20, turns=5, rounds=1, hurry=10))


@pytest.mark.long
async def test_ft_13_rolling_restarts_in_full_size(place: Town, record_property: Note):
    lines = await restart_under_load(place, sockets=200, turns=50, rounds=10, hurry=1)

    check_restarts(place, lines)
    back = [close.back_at - close.at for line in lines for close in line.closes if close.back_at]
    record_property("measured", f"FT-13 {len(back)} sockets came back after {min(back):.1f} to {max(back):.1f} s")
    assert max(back) - min(back) >= SPREAD_S
