"""The product as operators run it, behind a proxy that speaks https: `__Host-` cookies, a second factor for staff."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.processes import Running, Stack, wait_until
from tests.safety.cast import SECRETS
from tests.safety.conftest import app_url
from tests.servers import Redis
from tests.wire import Browser, csrf_token

HOST = "support.example.com"
ORIGIN = f"https://{HOST}"
VARIABLES = {
    "DEMO": "false",
    "ALLOWED_HOSTS": f"{HOST},127.0.0.1",  # the second for the probe of the tests
    "ALLOWED_ORIGINS": ORIGIN,
    "PUBLIC_URL": ORIGIN,
    "TRUSTED_PROXIES": "127.0.0.1",
}
SESSION, CSRF, KNOWN = "__Host-sessionid", "__Host-csrftoken", "__Host-known_browser"


class ProxiedBrowser(Browser):
    """A person's browser as the proxy hands its requests on. `address` is what the proxy saw of it."""

    def __init__(self, url: str, address: str = "203.0.113.7") -> None:
        super().__init__(url)
        self.jar: dict[str, str] = {}
        self.set_cookies: list[str] = []
        self.address = address
        hooks: dict[str, Any] = {"request": [self._dress], "response": [self._keep]}
        # Python's cookie jar keeps Secure cookies from the plain line between proxy and product; a browser has https.
        self.http = httpx2.Client(base_url=self.url, trust_env=False, timeout=30, event_hooks=hooks)

    def _dress(self, request: httpx2.Request) -> None:
        ours = {
            "host": HOST,
            "x-forwarded-proto": "https",
            "x-forwarded-for": self.address,
            "referer": f"{ORIGIN}/",
            "cookie": self.cookies(),
        }
        for name, value in ours.items():
            if name == "host" or name not in request.headers:
                request.headers[name] = value
        if "x-test-host" in request.headers:
            request.headers["host"] = request.headers.pop("x-test-host")

    def _keep(self, response: httpx2.Response) -> None:
        for line in response.headers.get_list("set-cookie"):
            self.set_cookies.append(line)
            for name, morsel in SimpleCookie(line).items():
                self.jar[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.jar[name]

    def cookies(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.jar.items())

    def post(self, path: str, data: dict[str, str], *, page: str | None = None) -> httpx2.Response:
        form = self.get(page or path)
        assert form.status_code == 200, (form.status_code, form.headers.get("location"))
        return self.http.post(path, data={"csrfmiddlewaretoken": csrf_token(form.text), **data})

    def try_password(self, name: str, password: str) -> httpx2.Response:
        return self.post("/accounts/login/", {"login": name, "password": password})

    def set_up_app(self) -> str:
        """An authenticator app for the signed-in account; its secret."""
        page = self.get("/accounts/2fa/totp/activate/")
        found = re.search(r'class="secret">([A-Z2-7]+)<', page.text)
        assert found, (page.status_code, page.headers.get("location"))
        secret = found.group(1)
        form = {"csrfmiddlewaretoken": csrf_token(page.text), "code": code_of(secret)}
        assert self.http.post("/accounts/2fa/totp/activate/", data=form).status_code == 302
        return secret


def code_of(secret: str, *, later: int = 0) -> str:
    """What an authenticator app shows, `later` half minutes from now (each code counts once)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + later), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


@dataclass
class Production:
    """The running product; everything seeded by the demo is there, passwords too."""

    web: Running
    database_url: str
    mail: Path
    browsers: list[ProxiedBrowser] = field(default_factory=list)

    def browser(self, address: str = "203.0.113.7") -> ProxiedBrowser:
        """Somebody at this address; closed when the test ends."""
        self.browsers.append(ProxiedBrowser(self.web.url, address))
        return self.browsers[-1]

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as rows:
            cursor = rows.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def add_staff(self, name: str) -> None:
        """A superuser with the usual password and a confirmed address, for one test alone."""
        self.add_account(name, staff=True)

    def add_account(self, name: str, *, staff: bool = False) -> None:
        """Somebody with the usual password and a confirmed address, for one test alone."""
        self.sql(
            "INSERT INTO auth_user (username, email, first_name, last_name, password, is_active, is_staff,"
            " is_superuser, date_joined) SELECT %s, %s, '', '', password, true, %s, %s, now() FROM auth_user"
            " WHERE username = 'alice'",
            name,
            f"{name}@example.com",
            staff,
            staff,
        )
        self.sql(
            'INSERT INTO account_emailaddress (user_id, email, verified, "primary")'
            " SELECT id, email, true, true FROM auth_user WHERE username = %s",
            name,
        )

    def mails_to(self, address: str, *, at_least: int = 1, about: str = "") -> list[str]:
        """The mails to an address that hold `about`, once there are so many."""
        found: list[str] = []

        def arrived() -> bool:
            text = "".join(path.read_text() for path in sorted(self.mail.iterdir()))
            parts = re.split(r"^-{79}$", text, flags=re.M)
            found[:] = [
                part for part in parts if about in part and re.search(rf"^To: .*{re.escape(address)}", part, re.M)
            ]
            return len(found) >= at_least

        wait_until(arrived, what=f"{at_least} mails to {address}", within=10)
        return found


@pytest.fixture
def production(_production: Production) -> Iterator[Production]:
    """One for all tests of a process; each takes an address and people of its own."""
    yield _production
    while _production.browsers:
        _production.browsers.pop().close()


@pytest.fixture(scope="session")
def _production(postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    folder = tmp_path_factory.mktemp("production")
    mail = folder / "mail"
    mail.mkdir()
    store = Redis(folder)
    store.start()
    database_url = postgres_database()
    stack = Stack(folder=folder, database_url=app_url(database_url), redis_url=store.url)
    try:
        web = stack.web(**VARIABLES, **SECRETS, EMAIL_URL=f"file://{mail}")
        yield Production(web=web, database_url=database_url, mail=mail)
    finally:
        stack.stop()
        store.stop()
