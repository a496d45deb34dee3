"""A new SECRET_KEY: what was made under the earlier one goes on while SECRET_KEY_FALLBACKS names it, and no longer."""

from __future__ import annotations

import json
from contextlib import ExitStack, closing

from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.processes import Running, Stack
from tests.wire import Browser, Socket

OLD, NEW = "the-earlier-key-" + "0" * 40, "the-later-key-" + "1" * 40


def same_browser(browser: Browser, web: Running) -> Browser:
    """What is kept in the browser, at the server's new address."""
    moved = Browser(web.url)
    for cookie in browser.http.cookies.jar:
        moved.http.cookies.set(cookie.name, cookie.value or "", domain=cookie.domain, path=cookie.path)
    return moved


def is_signed_in(browser: Browser) -> bool:
    answer = browser.get("/accounts/password/change/")
    assert answer.status_code == 200 or "/accounts/login/" in answer.headers["location"], answer
    return answer.status_code == 200


def opens_socket(browser: Browser, conversation: str) -> bool:
    try:
        Socket(browser, conversation).close()
    except (InvalidStatus, ConnectionClosed):
        return False
    return True


def test_ws_14_a_new_secret_key_signs_nobody_out(stack: Stack):
    with ExitStack() as left:

        def enter(browser: Browser) -> Browser:
            return left.enter_context(closing(browser))

        before = stack.web(SECRET_KEY=OLD)
        page, chat = (enter(Browser(before.url).sign_in("alice")) for _ in range(2))
        conversation = chat.conversation()
        before.stop()

        both = stack.web(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=OLD)
        page, chat = enter(same_browser(page, both)), enter(same_browser(chat, both))
        assert "text" in json.dumps(chat.socket(conversation).ask("Hello"))
        assert is_signed_in(page)
        assert opens_socket(page, conversation)
        assert "login" not in page.get("/chat/").headers["location"]
        both.stop()

        # Without the earlier key its proofs are worth nothing. Who asked for a page meanwhile has newer ones.
        after = stack.web(SECRET_KEY=NEW)
        page, chat = enter(same_browser(page, after)), enter(same_browser(chat, after))
        assert is_signed_in(page)
        assert opens_socket(page, conversation)
        assert not opens_socket(chat, conversation)
        assert not is_signed_in(chat)
