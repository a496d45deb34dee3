"""The queue of one socket: bounded, in order, nothing lost or said twice, and the running text right in the end."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.db import OperationalError

from support_bot.chat import outgoing
from support_bot.chat.frames import Frame
from support_bot.chat.outgoing import ROOM, Outgoing


class Peer:
    """Reads when it is let; `log` is the conversation's, `text` what the running turn has said."""

    def __init__(self) -> None:
        self.got: list[Frame] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.log: list[Frame] = []
        self.text = ""
        self.away = 0
        self.taken: list[Frame] = []
        self.most = 0
        self.out = Outgoing(send=self.send, read=self.read, text_of=self.text_of, taken=self.taken.append)
        self.out.seq = 0

    async def send(self, text: str) -> None:
        self.most = max(self.most, self.out._size)
        await self.reads.wait()
        self.got.append(json.loads(text))

    async def read(self, after: int, limit: int) -> list[Frame]:
        await asyncio.sleep(0)
        if self.away:
            self.away -= 1
            raise OperationalError
        found = self.log[after : after + limit]
        await asyncio.sleep(0)
        return found

    async def text_of(self, turn_id: str) -> str:
        assert turn_id == "t"
        await asyncio.sleep(0)
        return self.text

    def commit(self, *, tell: bool = True, **frame: Any) -> Frame:
        self.log.append({"type": "message", "text": "", **frame, "seq": len(self.log) + 1})
        if tell:
            self.out.durable(self.log[-1])
        return self.log[-1]

    def say(self, text: str, *, tell: bool = True) -> None:
        offset, self.text = len(self.text), self.text + text
        if tell:
            self.out.live({"type": "delta", "turn_id": "t", "offset": offset, "text": text})

    def seqs(self) -> list[int]:
        return [frame["seq"] for frame in self.got if "seq" in frame and frame["type"] != "ack"]

    def shows(self) -> str:
        """What the peer's screen shows of the running turn, by the protocol's rule; fails where a piece is missing."""
        shown = ""
        for frame in self.got:
            if frame["type"] == "delta":
                assert frame["offset"] <= len(shown)
                shown = shown[: frame["offset"]] + frame["text"]
        return shown


@asynccontextmanager
async def running(peer: Peer) -> AsyncIterator[Peer]:
    task = asyncio.create_task(peer.out.run())
    yield peer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not happened():  # noqa: ASYNC110 - any condition of the peer
            await asyncio.sleep(0.001)


async def test_frames_go_out_in_their_order():
    async with running(Peer()) as peer:
        peer.commit(text="one")
        peer.say("Hel")
        peer.out.answer({"type": "ack", "seq": 1})
        peer.say("lo")
        await until(lambda: len(peer.got) == 4)

    assert [frame["type"] for frame in peer.got] == ["message", "delta", "ack", "delta"]


async def test_news_never_wait_and_never_pile_up_for_a_peer_that_does_not_read():
    async with running(Peer()) as peer:
        peer.reads.clear()
        for number in range(3000):
            peer.commit(text="x" * 1000)
            peer.say(f"{number} " * 50)
        await asyncio.sleep(0)

        assert peer.out._size <= ROOM
        peer.reads.set()
        await until(lambda: len(peer.seqs()) == 3000 and peer.shows() == peer.text)

    assert peer.seqs() == list(range(1, 3001))
    assert peer.taken == peer.log
    assert peer.most <= ROOM


async def test_a_frame_larger_than_the_queue_goes_alone():
    async with running(Peer()) as peer:
        peer.reads.clear()
        peer.commit(text="small")
        peer.commit(text="x" * 2 * ROOM)
        peer.commit(text="y" * 2 * ROOM)
        await asyncio.sleep(0)
        assert peer.out._size < 1000
        peer.reads.set()
        await until(lambda: peer.seqs() == [1, 2, 3])

        peer.commit(text="z" * 2 * ROOM)
        await until(lambda: peer.seqs() == [1, 2, 3, 4])


async def test_lost_hints_are_read_from_the_log():
    async with running(Peer()) as peer:
        peer.commit()
        peer.commit(tell=False)
        peer.commit()
        await until(lambda: peer.seqs() == [1, 2, 3])
        peer.commit(tell=False)
        peer.out.look()
        await until(lambda: peer.seqs() == [1, 2, 3, 4])
        peer.out.durable(peer.log[1])
        peer.commit()
        await until(lambda: peer.seqs() == [1, 2, 3, 4, 5])


async def test_what_is_committed_while_the_log_is_read_is_not_lost():
    class Late(Peer):
        async def read(self, after: int, limit: int) -> list[Frame]:
            found = await super().read(after, limit)
            if not found and len(self.log) < 20:
                self.commit()
            return found

    async with running(Late()) as peer:
        peer.commit(tell=False)
        peer.out.look()
        await until(lambda: peer.seqs() == list(range(1, 21)))


async def test_an_answer_comes_before_the_news_it_caused():
    async with running(Peer()) as peer:
        for stale in (False, True):
            if stale:
                peer.commit(tell=False)
            with peer.out.held():
                if stale:
                    peer.out.look()
                frame = peer.commit(text="mine")
                await asyncio.sleep(0.01)
                peer.out.answer({"type": "ack", "seq": frame["seq"]})
            await until(lambda: peer.seqs() == [frame["seq"] for frame in peer.log])

    assert [frame["type"] for frame in peer.got] == ["ack", "message", "ack", "message", "message"]


async def test_what_is_held_is_bounded_too():
    async with running(Peer()) as peer:
        with peer.out.held():
            for _ in range(1000):
                peer.commit(text="x" * 1000)
                peer.say("y" * 1000)
            assert peer.out._aside_size <= ROOM
            assert peer.got == []
        await until(lambda: len(peer.seqs()) == 1000 and peer.shows() == peer.text)
    assert peer.seqs() == list(range(1, 1001))


async def test_a_resume_begins_anew_and_ends_when_all_is_told():
    async with running(Peer()) as peer:
        for _ in range(40):
            peer.commit()
        await until(lambda: len(peer.seqs()) == 40)
        with peer.out.held():
            peer.out.rewind(30)
            await asyncio.wait_for(peer.out.caught_up(), 5)
            peer.commit()
            peer.out.answer({"type": "resumed"})
        await until(lambda: len(peer.seqs()) == 51)

    assert peer.seqs() == [*range(1, 41), *range(31, 41), 41]
    assert peer.got[-2]["type"] == "resumed"


async def test_a_database_that_is_away_costs_no_socket():
    async with running(Peer()) as peer:
        peer.away = 1
        peer.commit(tell=False)
        with pytest.raises(OperationalError):
            await asyncio.wait_for(peer.out.caught_up(), 5)
        peer.away = 1
        peer.commit()
        await until(lambda: not peer.away)
        peer.commit()
        await until(lambda: peer.seqs() == [1, 2, 3])


async def test_an_answer_waits_for_room():
    async with running(Peer()) as peer:
        await peer.out.room()
        peer.reads.clear()
        peer.out.answer({"type": "error", "message": "x" * ROOM})
        waiting = asyncio.create_task(peer.out.room())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        peer.reads.set()
        await asyncio.wait_for(waiting, 5)


async def test_no_delta_is_sent_behind_a_gap_that_nobody_can_fill():
    async with running(Peer()) as peer:
        peer.text = "what was said before, somewhere else"
        real, peer.text = peer.text, ""
        peer.out.live({"type": "delta", "turn_id": "t", "offset": len(real), "text": "more"})
        await until(lambda: len(peer.got) == 1)
        assert peer.got[0]["type"] == "turn"

        peer.text = real + "more"
        peer.say("!")
        await until(lambda: peer.shows() == real + "more!")


async def test_text_of_a_turn_that_another_process_took_over_is_cut():
    async with running(Peer()) as peer:
        peer.say("The first ")
        peer.say("step, lost.")
        await until(lambda: len(peer.got) == 2)
        peer.reads.clear()
        peer.out.answer({"type": "error", "message": "x" * ROOM})
        peer.text = "The first "
        peer.say("try again.")
        peer.reads.set()
        await until(lambda: peer.shows() == "The first try again.")


async def test_nothing_live_of_a_turn_comes_after_its_end():
    async with running(Peer()) as peer:
        peer.say("Hello")
        peer.commit(type="turn", turn_id="t", state="done", error=None)
        peer.say(" again")
        peer.out.live({"type": "turn", "turn_id": "t", "state": "running"})
        peer.commit()
        await until(lambda: len(peer.seqs()) == 2)

    assert [frame["type"] for frame in peer.got] == ["delta", "turn", "message"]


async def test_what_was_lost_of_a_turn_that_has_ended_is_not_asked_for():
    async with running(Peer()) as peer:
        peer.reads.clear()
        peer.say("x" * 2 * ROOM)
        await asyncio.sleep(0)
        peer.say("lost")
        peer.commit(type="turn", turn_id="t", state="done")
        peer.reads.set()
        await until(lambda: len(peer.got) == 2)
        peer.commit(text="and on")
        await until(lambda: len(peer.got) == 3)

    assert [frame["type"] for frame in peer.got] == ["delta", "turn", "message"]
    assert peer.got[1]["state"] == "done"


async def test_a_peer_that_is_gone_ends_it():
    async def gone(text: str) -> None:
        raise BrokenPipeError

    peer = Peer()
    peer.out._send = gone
    peer.commit()

    await asyncio.wait_for(peer.out.run(), 5)


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_the_peer_ends_up_with_the_whole(monkeypatch: pytest.MonkeyPatch, seed: int):
    """Random news, losses, resumes, outages and pauses of a peer that reads now and then."""
    monkeypatch.setattr(outgoing, "ROOM", 2000)
    dice = random.Random(seed)
    async with running(Peer()) as peer:
        begun: list[int] = []  # where each resume began among the frames
        for _ in range(400):
            what = dice.randrange(10)
            if what < 3:
                peer.commit(tell=dice.random() < 0.8, text="x" * dice.choice((1, 300, 3000)))
            elif what < 7:
                peer.say("y" * dice.choice((1, 100, 900)), tell=dice.random() < 0.9)
            elif what == 7:
                (peer.reads.clear if dice.random() < 0.5 else peer.reads.set)()
            elif what == 8:
                peer.away = dice.choice((0, 0, 1))
            elif peer.reads.is_set():
                begun.append(len(peer.got))
                with peer.out.held():
                    peer.out.rewind(dice.randint(0, len(peer.log)))
                    try:
                        await asyncio.wait_for(peer.out.caught_up(), 5)
                    except OperationalError:
                        continue
                    peer.out.running(turn_id="t", text=peer.text)
            if dice.random() < 0.5:
                await asyncio.sleep(0)
        peer.away = 0
        peer.reads.set()
        peer.commit()
        peer.say("!")
        last = peer.log[-1]["seq"]
        await until(lambda: peer.out.seq == last and peer.got[-1:] != [] and peer.shows() == peer.text)
        await until(lambda: last in peer.seqs())

    assert set(peer.seqs()) == set(range(1, last + 1)) or begun
    steps = list(zip(peer.seqs(), peer.seqs()[1:], strict=False))
    assert sum(b != a + 1 for a, b in steps) <= len(begun)
