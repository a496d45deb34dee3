"""Signing in while Redis, which counts the tries, is away: nobody gets in uncounted, all are told, and it passes."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.processes import Running, Stack, wait_until
from tests.safety.oracles import INSIDE
from tests.safety.production import code_of
from tests.servers import Redis, as_application
from tests.wire import Browser, csrf_token

CANNOT = "You cannot sign in at the moment"
TRY_AGAIN = "Please try again in a minute."
LOGIN = "/accounts/login/"


@dataclass
class Place:
    """A web server and the Redis that is taken away from it."""

    web: Running
    redis: Redis
    browsers: list[Browser] = field(default_factory=list)

    def visitor(self) -> Browser:
        """Somebody signed out."""
        self.browsers.append(Browser(self.web.url))
        return self.browsers[-1]

    def signal(self, signum: int) -> None:
        assert self.redis.process is not None
        self.redis.process.send_signal(signum)


@pytest.fixture(scope="module")
def place(postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("signing-in")
    redis = Redis(folder)
    redis.start()
    stack = Stack(folder=folder, database_url=as_application(postgres_database()), redis_url=redis.url)
    try:
        made = Place(stack.web(RATE_LOGIN="100/minute"), redis)
        yield made
        for browser in made.browsers:
            browser.close()
    finally:
        stack.stop()
        redis.stop()


def shown(answer: httpx2.Response) -> str:
    """The page but for what is made anew for each."""
    return re.sub(r'(nonce|value)="[^"]*"', "", answer.text)


def try_password(browser: Browser, password: str, login: str = "alice") -> httpx2.Response:
    return browser.post(LOGIN, {"login": login, "password": password})


def is_signed_in(browser: Browser) -> bool:
    return not browser.get("/chat/").headers.get("location", LOGIN).startswith(LOGIN)


def refused(answer: httpx2.Response) -> bool:
    plain = answer.status_code == 503 and answer.headers["retry-after"].isdigit() and TRY_AGAIN in answer.text
    return plain and not INSIDE.search(answer.text) and "sessionid" not in answer.headers.get("set-cookie", "")


def test_ws_14_nobody_signs_in_while_tries_cannot_be_counted(place: Place):
    inside, outside = place.visitor().sign_in("bob"), place.visitor()
    place.redis.stop()

    right, wrong = try_password(outside, "demo"), try_password(outside, "wrong")
    nobody = try_password(outside, "demo", "nobody@example.com")
    for answer in (right, wrong, nobody):
        assert refused(answer), (answer.status_code, answer.text[:500])
        assert CANNOT in answer.text
    # The page tells neither whether the password was right nor whether there is such an account.
    assert shown(right) == shown(wrong) == shown(nobody)
    assert not is_signed_in(outside)
    for path, form in (
        ("/accounts/password/reset/", {"email": "alice@example.com"}),
        ("/accounts/signup/", {"email": "new@example.com", "password1": "long-enough-1", "password2": "long-enough-1"}),
    ):
        answer = outside.post(path, form)
        assert (path, refused(answer), CANNOT in answer.text) == (path, True, False), answer.status_code
    assert refused(inside.post("/accounts/reauthenticate/", {"password": "demo"}))
    # Who is in stays in.
    assert is_signed_in(inside)

    place.redis.start()
    assert try_password(outside, "demo").status_code == 302
    assert is_signed_in(outside)
    said = place.web.output()
    assert "redis.away" in said
    assert not INSIDE.search(said), INSIDE.search(said)
    assert place.web.process.poll() is None


def test_ws_14_a_redis_that_hangs_is_one_that_is_away(place: Place):
    outside = place.visitor()
    began = time.monotonic()
    assert try_password(outside, "wrong").status_code == 200
    usual = time.monotonic() - began
    place.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = try_password(outside, "demo")
        took = time.monotonic() - began
    finally:
        place.signal(signal.SIGCONT)

    assert refused(answer), answer.status_code
    assert CANNOT in answer.text
    assert took < 4 + 3 * usual  # one second, and what a busy machine takes
    # What Redis had already been sent is done when it wakes: a lock of the counting may stand until its time is over.
    wait_until(lambda: try_password(outside, "demo").status_code == 302, what="a sign-in", within=20)


def test_ws_14_no_code_counts_while_it_could_be_used_twice(place: Place):
    rita = place.visitor().sign_in("rita")
    page = rita.get("/accounts/2fa/totp/activate/")
    found = re.search(r'class="secret">([A-Z2-7]+)<', page.text)
    assert found, page.status_code
    form = {"csrfmiddlewaretoken": csrf_token(page.text), "code": code_of(found[1])}
    assert rita.http.post("/accounts/2fa/totp/activate/", data=form).status_code == 302
    rita = place.visitor()
    assert try_password(rita, "demo", "rita").headers["location"].startswith("/accounts/2fa/authenticate/")
    place.redis.stop()

    answer = rita.post("/accounts/2fa/authenticate/", {"code": code_of(found[1], later=1)})

    assert refused(answer), answer.status_code
    assert CANNOT in answer.text
    assert not is_signed_in(rita)
    place.redis.start()
    answer = rita.post("/accounts/2fa/authenticate/", {"code": code_of(found[1], later=1)})
    assert (answer.status_code, answer.headers.get("location")) == (302, "/chat/")
    assert is_signed_in(rita)
