"""Chats that are each brought to one moment of a turn, to be there when their web server is killed."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.model_server import Gate
from tests.processes import wait_until
from tests.safety.hostile import Hostile, call, hang, say, text
from tests.wire import Browser, Frame, Socket

STEPS = "SELECT count(*) FROM chat_step s JOIN chat_turn t ON t.id = s.turn_id WHERE t.conversation_id = %s"
READ = "SELECT count(*) FROM tools_toolcall WHERE conversation_id = %s AND state = 'running'"
WAITS_FOR_LOCK = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@dataclass
class Chat:
    """A customer in a conversation of its own. `mark` stands in what is said, so the model knows whom it answers."""

    browser: Browser
    socket: Socket
    mark: str
    final: str
    said: dict[str, str] = field(default_factory=dict)  # client_msg_id -> text

    def say(self, words: str = "Hello") -> str:
        client_msg_id = str(uuid.uuid4())
        self.said[client_msg_id] = f"{words} {self.mark}"
        self.socket.say(self.said[client_msg_id], client_msg_id)
        return client_msg_id

    def come_back(self) -> None:
        """On a new socket: what this one has not had, and once more what was never acknowledged."""
        had = max((frame["seq"] for frame in self.socket.durable()), default=0)
        acked = {frame["client_msg_id"] for frame in self.socket.frames if frame["type"] == "ack"}
        before, self.socket = self.socket.frames, self.browser.socket(self.socket.conversation, resume=had)
        self.socket.frames[:0] = before
        for client_msg_id in self.said.keys() - acked:
            self.socket.say(self.said[client_msg_id], client_msg_id)
            self.socket.until(type="ack", client_msg_id=client_msg_id)

    def until_answered(self) -> None:
        for client_msg_id in self.said:
            said = self._known(client_msg_id=client_msg_id, type="message")
            turn_id = (said or self.socket.until(type="message", client_msg_id=client_msg_id))["turn_id"]
            if self._known(type="turn", turn_id=turn_id) is None:
                self.socket.until_turn_ends(turn_id)

    def _known(self, **wanted: Any) -> Frame | None:
        """A durable frame that came already."""
        return next(
            (f for f in self.socket.durable() if all(f.get(name) == value for name, value in wanted.items())), None
        )


class Moments:
    """Brings chats to their moments. Locks that hold the product there are released by `with`."""

    def __init__(self, *, browser: Browser, model: Hostile, database_url: str, held: ExitStack) -> None:
        self.browser, self.model, self.database_url, self.held = browser, model, database_url, held
        self.rows = held.enter_context(psycopg.connect(database_url, autocommit=True))
        self._marks = (f"moment-{number}." for number in itertools.count(1))

    def all(self) -> list[Chat]:
        # What needs all of the database to itself comes last.
        ways: list[Callable[[], Chat]] = [
            self.before_the_first_token,
            self.with_a_message_that_waits,
            self.in_the_middle_of_the_text,
            self.after_a_request,
            self.before_the_last_save,
            self.before_the_ack,
            self.in_a_tool,
            self.right_after_the_ack,
        ]
        return [way() for way in ways]

    def before_the_first_token(self) -> Chat:
        chat = self._chat("Answered after all.", hang())
        self._until_asked(chat, lambda: chat.say())
        return chat

    def with_a_message_that_waits(self) -> Chat:
        chat = self._chat("One of two.", hang())
        self._until_asked(chat, lambda: chat.say())
        chat.socket.until(type="ack", client_msg_id=chat.say("And"))
        return chat

    def in_the_middle_of_the_text(self) -> Chat:
        chat = self._chat("The whole answer.", text("Half an ans", Gate()))
        chat.say()
        chat.socket.until(type="delta")
        return chat

    def after_a_request(self) -> Chat:
        """The step that asks for a change is committed; the model is speaking on."""
        wanted = call("update_profile", {"city": "Bremen"}, say="I prepare it.")
        chat = self._chat("It is prepared.", wanted, text("It is ", Gate()))
        chat.say("I moved to Bremen")
        chat.socket.until(type="call", state="awaiting_confirmation")
        chat.socket.until(type="delta", text="\n\nIt is ")
        return chat

    def before_the_last_save(self) -> Chat:
        """The last step is committed, its answer is not in the conversation yet."""
        chat = self._chat("Never asked for.", text("All ", gate := Gate(), "said."))
        chat.final = "All said."
        chat.say()
        chat.socket.until(type="delta")
        self._lock("SELECT 1 FROM chat_conversation WHERE id = %s FOR UPDATE", chat.socket.conversation)
        gate.set()
        self._until(STEPS, chat, 1, "the last step")
        return chat

    def before_the_ack(self) -> Chat:
        chat = self._chat("Heard at last.")
        self._lock("SELECT 1 FROM chat_conversation WHERE id = %s FOR UPDATE", chat.socket.conversation)
        chat.say()
        return chat

    def in_a_tool(self) -> Chat:
        chat = self._chat("It was delivered.", call("check_package", {"package_id": "ABCD-1337"}))
        self._lock("LOCK TABLE tracking_package IN ACCESS EXCLUSIVE MODE")
        chat.say("Where is ABCD-1337?")
        self._until(READ, chat, 1, "a look-up that hangs")
        return chat

    def right_after_the_ack(self) -> Chat:
        chat = self._chat("Never forgotten.")
        chat.socket.until(type="ack", client_msg_id=chat.say())
        return chat

    # --- what they are made of ----------------------------------------------------------------------------------

    def _chat(self, final: str, *first: Any) -> Chat:
        """`final` is what the model says once `first` is used up, in whatever process asks it."""
        mark = next(self._marks)
        self.model.script_for(mark, *first, always=say(final))
        self.browser.post("/chat/new/", {}, page="/accounts/password/change/")
        return Chat(browser=self.browser, socket=self.browser.socket(), mark=mark, final=final)

    def _until_asked(self, chat: Chat, begin: Callable[[], object]) -> None:
        begin()
        asked = chat.mark.encode()
        wait_until(lambda: any(asked in body for body in list(self.model.bodies)), what="a request", within=20)

    def _until(self, query: str, chat: Chat, count: int, what: str) -> None:
        def there() -> bool:
            found = self.rows.execute(query.encode(), [chat.socket.conversation]).fetchone()
            return found is not None and found[0] >= count

        wait_until(there, what=what, within=20)

    def _lock(self, statement: str, *values: object) -> None:
        session = self.held.enter_context(psycopg.connect(self.database_url))
        session.execute(statement.encode(), values or None)


@contextmanager
def brought(*, browser: Browser, model: Hostile, database_url: str) -> Iterator[list[Chat]]:
    """Chats at their moments, held there for the length of the block."""
    with ExitStack() as held:
        yield Moments(browser=browser, model=model, database_url=database_url, held=held).all()
