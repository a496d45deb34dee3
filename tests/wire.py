"""A customer's and a reviewer's side of the wire, by the protocol alone: http with cookies, and the websocket."""

from __future__ import annotations

import json
import re
import time
import uuid
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from websockets import Origin
from websockets.sync.client import ClientConnection, connect

Frame = dict[str, Any]
WAIT_S = 20.0


class Browser:
    """Cookies and forms of one signed-in person."""

    def __init__(self, url: str) -> None:
        self.name = ""
        self.sockets: list[Socket] = []
        self.url = url.rstrip("/")
        self.http = httpx2.Client(base_url=self.url, follow_redirects=False, trust_env=False, timeout=30)

    def close(self) -> None:
        """Leave, with every socket that was opened."""
        for socket in self.sockets:
            socket.close()
        self.http.close()

    def get(self, path: str) -> httpx2.Response:
        return self.http.get(path)

    def post(self, path: str, data: dict[str, str], *, page: str | None = None) -> httpx2.Response:
        """POST a form with the CSRF token of `page` (default: the same path)."""
        form = self.get(page or path)
        if form.status_code == 302:
            form = self.get(form.headers["location"])
        token = csrf_token(form.text)
        return self.http.post(path, data={"csrfmiddlewaretoken": token, **data}, headers={"Referer": self.url + path})

    def sign_in(self, name: str, password: str = "demo") -> Browser:
        self.name = name
        answer = self.post("/accounts/login/", {"login": name, "password": password})
        assert answer.status_code == 302, answer.text[:2000]
        return self

    def hold(self, name: str, session_key: str) -> Browser:
        """The browser of somebody who is signed in already."""
        self.name = name
        self.http.cookies.set("sessionid", session_key, domain="127.0.0.1")
        return self

    def cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)

    def conversation(self) -> str:
        """The id of the current conversation."""
        answer = self.get("/chat/")
        assert answer.status_code == 302, answer.text[:2000]
        return answer.headers["location"].rstrip("/").rsplit("/", 1)[-1]

    def socket(self, conversation: str | None = None, **options: Any) -> Socket:
        self.sockets.append(Socket(self, conversation or self.conversation(), **options))
        return self.sockets[-1]

    # --- staff --------------------------------------------------------------------------------------------------

    def review_form(self, call_id: str) -> dict[str, str]:
        """The hidden fields of the review page."""
        page = self.get(f"/admin/tools/approval/{call_id}/review/")
        assert page.status_code == 200, (page.status_code, page.text[:500])
        return {name: hidden_field(page.text, name) for name in ("version", "digest")}

    def decide(self, call_id: str, decision: str, reason: str = "", **fields: str) -> httpx2.Response:
        path = f"/admin/tools/approval/{call_id}/review/"
        form = {**self.review_form(call_id), **fields} if "digest" not in fields else fields
        return self.post(path, {**form, "decision": decision, "reason": reason}, page="/accounts/password/change/")


def csrf_token(html: str) -> str:
    return hidden_field(html, "csrfmiddlewaretoken")


def hidden_field(html: str, name: str) -> str:
    for tag in re.findall(r"<input[^>]*>", html):
        if re.search(rf'name="{name}"', tag):
            found = re.search(r'value="([^"]*)"', tag)
            assert found, tag
            return found.group(1)
    raise AssertionError(f"no field {name}")


class Socket:
    """One websocket. Keeps every frame it got; `until` reads on to the first that fits."""

    def __init__(
        self,
        browser: Browser,
        conversation: str,
        *,
        resume: int | None = 0,
        origin: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        host = urlsplit(browser.url).netloc
        self.conversation = conversation
        self.frames: list[Frame] = []
        self.ws: ClientConnection = connect(
            f"ws://{host}/ws/chat/{conversation}/",
            origin=Origin(origin or browser.url),
            additional_headers={"Cookie": browser.cookies(), **(headers or {})},
            compression=None,
            max_queue=None,  # else a socket with unread frames would wait in vain for its closing handshake
            open_timeout=WAIT_S,
            legacy=True,  # the caller decides when it is closed
        )
        if resume is not None:
            self.until(type="hello")
            self.send(type="resume", after_seq=resume)
            self.until(type="resumed")

    def close(self) -> None:
        self.ws.close()

    def send(self, **frame: Any) -> None:
        self.ws.send(json.dumps(frame))

    def say(self, text: str, client_msg_id: str | None = None) -> str:
        client_msg_id = client_msg_id or str(uuid.uuid4())
        self.send(type="user.message", client_msg_id=client_msg_id, text=text)
        return client_msg_id

    def receive(self, timeout: float = WAIT_S) -> Frame:
        frame: Frame = json.loads(self.ws.recv(timeout=timeout))
        self.frames.append(frame)
        return frame

    def until(self, *, within: float = WAIT_S, **wanted: Any) -> Frame:
        """Read until a frame has all the wanted fields."""
        deadline = time.monotonic() + within
        while True:
            left = deadline - time.monotonic()
            try:
                frame = self.receive(max(left, 0.001))
            except TimeoutError:
                seen = "\n".join(json.dumps(frame)[:300] for frame in self.frames[-15:])
                raise AssertionError(f"no frame with {wanted} within {within} s; the last:\n{seen}") from None
            if all(frame.get(name) == value for name, value in wanted.items()):
                return frame

    def ask(self, text: str) -> Frame:
        """Say something and wait for the end of its turn; the assistant's message (or the last one of the turn)."""
        client_msg_id = self.say(text)
        turn_id = self.until(type="message", client_msg_id=client_msg_id)["turn_id"]
        self.until_turn_ends(turn_id)
        return [f for f in self.frames if f["type"] == "message" and f["turn_id"] == turn_id][-1]

    def until_turn_ends(self, turn_id: str, *, within: float = WAIT_S) -> Frame:
        deadline = time.monotonic() + within
        while True:
            frame = self.until(type="turn", turn_id=turn_id, within=deadline - time.monotonic())
            if frame["state"] != "running":
                return frame

    def durable(self) -> list[Frame]:
        return [frame for frame in self.frames if "seq" in frame and frame["type"] in ("message", "call", "turn")]

    def close_code(self, *, within: float = WAIT_S) -> int | None:
        """Read to the end; the code of the close frame."""
        try:
            while True:
                self.receive(within)
        except TimeoutError:
            raise AssertionError("the socket was not closed") from None
        except Exception:
            return self.ws.protocol.close_rcvd.code if self.ws.protocol.close_rcvd else None


def query(path: str, **fields: str) -> str:
    return f"{path}?{urlencode(fields)}"
