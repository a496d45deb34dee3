"""A careless cache in front of the product: it must find nothing personal that it may keep."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import httpx2

from tests.safety.arena import Arena


class Cache:
    """A proxy of the careless kind: keeps what it is allowed to, by address alone unless Vary names a header."""

    def __init__(self, upstream: str) -> None:
        cache = self
        self.kept: dict[str, tuple[int, list[tuple[str, str]], bytes, dict[str, str]]] = {}
        self.hits = 0

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, headers, body = cache.answer(upstream, self.path, dict(self.headers.items()))
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, upstream: str, path: str, sent: dict[str, str]) -> tuple[int, list[tuple[str, str]], bytes]:
        if path in self.kept:
            status, headers, body, by = self.kept[path]
            if all(sent.get(name, "") == value for name, value in by.items()):
                self.hits += 1
                return status, headers, body
        request = Request(upstream + path, headers={**sent, "Host": urlsplit(upstream).netloc})
        try:
            with build_opener(_Stay).open(request) as found:
                status, headers, body = found.status, list(found.headers.items()), found.read()
        except HTTPError as error:
            with error:
                status, headers, body = error.code, list(error.headers.items()), error.read()
        said = ",".join(value for name, value in headers if name.lower() == "cache-control").lower()
        vary = [part.strip() for name, value in headers if name.lower() == "vary" for part in value.split(",")]
        if "no-store" not in said and "private" not in said and "*" not in vary:
            self.kept[path] = (status, headers, body, {name: sent.get(name, "") for name in vary})
        return status, headers, body


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def test_ws_10_no_cache_keeps_or_mixes_up_a_personal_page(arena: Arena):
    url = arena.product.web.url
    cache = Cache(url)
    a, b = arena.a.browser, arena.b.browser
    mine = [f"/chat/{a.conversation()}/", f"/chat/{b.conversation()}/"]
    pages = ["/", "/chat/", *mine, "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/track/"]
    dressed = [
        *pages,
        *(f"{page}x.css" for page in pages),
        *(f"{page};x.js" for page in pages),
        *(f"{page}?x=.png" for page in pages),
    ]
    dressed += [f"{page.rstrip('/')}%2f..%2fstatic%2fcss%2fbase.css" for page in pages] + [
        "/static/..%2fchat%2f",
        "/static/x",
    ]
    dressed += ["/static/css/base.css"]
    who = {"A": a.cookies() + "; theme=dark", "B": "other=1; " + b.cookies(), "nobody": "", "odd": "x=y; sessionid="}
    seen: dict[str, list[tuple[str, bytes]]] = {}
    try:
        with httpx2.Client(base_url=cache.url, trust_env=False) as line:
            for path in dressed:
                for name, cookies in who.items():
                    headers = {"cookie": cookies, "accept-language": "de", "x-forwarded-host": "evil.example"}
                    seen.setdefault(name, []).append((path, line.get(path, headers=headers).content))
    finally:
        cache.close()

    marks = {"A": arena.a.facts, "B": arena.b.facts}
    for owner, facts in marks.items():
        for name, answers in seen.items():
            found = [path for path, body in answers if facts.username.encode() in body.lower()]
            assert found == [] or name == owner, (owner, name, found)
    kept = [path for path in cache.kept if not path.startswith("/static/css/")]
    assert kept == []
    assert cache.hits > 0
    digest = {name: hashlib.sha256(answers[-1][1]).hexdigest() for name, answers in seen.items()}
    assert len(set(digest.values())) == 1
