"""One person of a safety test at the product's wire; every byte that reaches them is kept for the oracles."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.safety.cast import Facts
from tests.wire import Browser, Frame, Socket


@dataclass
class Received:
    """All that reached one person: answers over HTTP as one text each, and the text of every socket frame."""

    answers: list[tuple[str, bytes]] = field(default_factory=list)
    frames: list[tuple[str, bytes]] = field(default_factory=list)

    def everything(self) -> list[tuple[str, bytes]]:
        return [*self.answers, *self.frames]


class WatchedBrowser(Browser):
    """A browser that keeps what it is answered. `address`: the one it says it comes from, where it says so."""

    address = ""

    def __init__(self, url: str, received: Received) -> None:
        super().__init__(url)
        self.received = received
        self.http.event_hooks = {"response": [self._keep]}

    def _keep(self, response: httpx2.Response) -> None:
        response.read()
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items())
        where = f"{response.request.method} {response.request.url.raw_path.decode()} -> {response.status_code}"
        self.received.answers.append((where, headers.encode() + b"\n\n" + response.content))

    def socket(self, conversation: str | None = None, **options: Any) -> Socket:
        self.sockets.append(WatchedSocket(self, conversation or self.conversation(), **options))
        return self.sockets[-1]


class WatchedSocket(Socket):
    """A socket that keeps its frames as they came. `resumed_from` is the `after_seq` of its last resume."""

    def __init__(self, browser: WatchedBrowser, conversation: str, *, resume: int | None = 0, **options: Any) -> None:
        self.received = browser.received
        self.resumed_from = resume
        super().__init__(browser, conversation, resume=resume, **options)

    def receive(self, timeout: float = 20.0) -> Frame:
        frame = super().receive(timeout)
        self.received.frames.append(
            (f"socket {self.conversation}", json.dumps(frame, ensure_ascii=False).encode("utf-8", "replace"))
        )
        return frame


class Person:
    """A, B, a reviewer …: `facts` says who they are; nothing is opened before it is asked for."""

    def __init__(self, *, facts: Facts, url: str) -> None:
        self.facts = facts
        self.url = url
        self.received = Received()
        self.browsers: list[WatchedBrowser] = []

    def __repr__(self) -> str:
        return self.facts.tag

    @property
    def browser(self) -> WatchedBrowser:
        """The first browser of this person, signed in."""
        return self.browsers[0] if self.browsers else self.sign_in()

    def sign_in(self, *, by_password: bool | None = None) -> WatchedBrowser:
        """Another browser. Customers get the session that the pool holds ready unless a password is wanted."""
        browser = WatchedBrowser(self.url, self.received)
        has_session = self.facts.letter in ("A", "B", "SU") and not self.browsers
        self.browsers.append(browser)
        if by_password or (by_password is None and not has_session):
            browser.sign_in(self.facts.username)
        else:
            browser.name = self.facts.username
            browser.http.cookies.set("sessionid", self.facts.session_key, domain="127.0.0.1")
        return browser

    def chat(self, conversation: str | None = None, **options: Any) -> Socket:
        """A socket on the current (or the named) conversation, resumed from the beginning."""
        return self.browser.socket(conversation, **options)

    def sockets(self) -> list[Socket]:
        return [socket for browser in self.browsers for socket in browser.sockets]

    def leave(self) -> None:
        for browser in self.browsers:
            browser.close()
