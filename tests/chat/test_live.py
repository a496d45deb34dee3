"""The running text of a turn on its way to the sockets."""

import asyncio
import uuid

from support_bot.chat.frames import Frame
from support_bot.chat.live import MOST_CHARS, PIECE, LiveTurn
from support_bot.chat.turn_rows import Claimed


def claimed() -> Claimed:
    return Claimed(
        turn_id=uuid.uuid4(),
        conversation_id=uuid.uuid4(),
        customer_id=1,
        message_seq=1,
        session_key="",
        rights="",
        fence=1,
        text="hello",
    )


async def test_text_is_streamed_with_its_offset():
    sent: asyncio.Queue[Frame] = asyncio.Queue()
    live = LiveTurn(turn=claimed(), send=sent.put)

    live.add("Your ")
    first = await asyncio.wait_for(sent.get(), 5)
    live.add("package")
    second = await asyncio.wait_for(sent.get(), 5)
    await live.close()

    assert [(frame["offset"], frame["text"]) for frame in (first, second)] == [(0, "Your "), (5, "package")]


async def test_an_answer_has_an_end_and_its_frames_are_small():
    sent: list[Frame] = []

    async def send(frame: Frame) -> None:
        sent.append(frame)

    live = LiveTurn(turn=claimed(), send=send)
    for _ in range(30):
        assert not live.is_full
        live.add("x" * (MOST_CHARS // 29))
    live.add("y")
    async with asyncio.timeout(5):
        while sum(len(frame["text"]) for frame in sent) < MOST_CHARS:  # noqa: ASYNC110 - told by what was sent
            await asyncio.sleep(0.01)
    await live.close()

    assert live.is_full
    assert "".join(frame["text"] for frame in sent) == live.text == "x" * MOST_CHARS
    assert max(len(frame["text"]) for frame in sent) <= PIECE


async def test_it_closes_even_where_a_send_swallows_the_cancellation():
    sending = asyncio.Event()

    async def send(frame):
        sending.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    live = LiveTurn(turn=claimed(), send=send)
    live.add("Your package")
    await sending.wait()

    await asyncio.wait_for(live.close(), 5)
