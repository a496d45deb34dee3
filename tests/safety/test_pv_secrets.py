"""Privacy: no secret shows anywhere, and no error tells a personal value to a log, to Redis or to a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.processes import ROOT, children_of, wait_until
from tests.safety.arena import Arena
from tests.safety.cast import NEVER_SEEN, SECRETS
from tests.safety.hostile import call, say
from tests.safety.oracles import redis_dump
from tests.safety.person import WatchedBrowser

CODE = uuid4().hex[:8]
EMAIL = f"pv04-{CODE}@canary.example"
PHONE = "+4930987654321"
CARD = "4111 1111 1111 1111"
STREET = f"Canarystrasse {CODE} 5"
PERSONAL = [EMAIL, PHONE, CARD, CARD.replace(" ", ""), STREET, f"Canarystrasse {CODE}"]
ALL = f"{EMAIL} {PHONE} {CARD} {STREET}"

PAGES = """/ /healthz /readyz /track/ /track/?number=NONE-0000 /track/?number=%00 /accounts/login/ /accounts/signup/
/accounts/password/reset/ /accounts/password/change/ /accounts/email/ /accounts/reauthenticate/ /accounts/2fa/
/accounts/verify-change/nonsense/ /chat/ /chat/new/ /chat/00000000-0000-4000-8000-000000000000/ /admin/ /admin/login/
/admin/tools/approval/ /admin/tools/toolcall/ /admin/tools/auditentry/ /admin/auth/user/ /admin/jsi18n/ /nowhere/
/static/ /static/nothing.js /robots.txt /favicon.ico""".split()  # noqa: SIM905
# What must not be served at all.
FILES = """/.git/config /.git/HEAD /.env /.env.example /manage.py /pyproject.toml /support_bot/settings.py
/var/secret_key /var/demo.sqlite3 /docker-compose.yml /requirements.txt /static/../manage.py /static/%2e%2e/manage.py
/static/..%2f..%2f.env /static/%2e%2e%2f.env /static/....//manage.py /static//etc/passwd /static/js/chat.js.map
/static/css/base.css.map /__debug__/ /debug/ /metrics /server-status /admin/doc/""".split()  # noqa: SIM905


def test_pv_10_no_secret_shows_anywhere(arena: Arena):
    everybody = [arena.visitor(), arena.a.browser, arena.s1.browser, arena.s3.browser, arena.su.browser]
    scripts: set[str] = set()
    for browser in everybody:
        for path in PAGES:
            answer = browser.get(path)
            assert answer.status_code < 500, (path, answer.status_code)
            scripts |= set(re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text))
            scripts |= set(re.findall(r'"(/static/[^"]+\.js)"', answer.text))
    for path in FILES:
        for method in ("GET", "HEAD"):
            answer = everybody[0].http.request(method, path)
            assert answer.status_code in (301, 302, 400, 404), (path, answer.status_code)
    assert len(scripts) > 10
    for path in sorted(scripts):
        answer = everybody[0].get(path)
        assert answer.status_code == 200
        assert everybody[0].get(f"{path}.map").status_code == 404
    arena.turn(arena.a, say("Hello."))
    secrets = [*SECRETS.values(), NEVER_SEEN, arena.product.redis_url, arena.product.database_url]
    # The oracles look through everything that was answered; here the logs from their first line, and command lines.
    for running in arena.processes:
        text = running.log.read_text()
        assert not [secret for secret in secrets if secret in text]
        for pid in [running.pid, *children_of(running.pid)]:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
            assert not [secret for secret in secrets if secret in command], command
    assert not [key for key, data in redis_dump(arena) if NEVER_SEEN.encode() in data]


def test_pv_10_no_secret_stands_in_what_is_handed_out():
    """In the files of the project: no key that works, no map of the sources."""
    kept = [path for path in (ROOT / "static").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if path.suffix == ".map"]
    looks_secret = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY|sk-[A-Za-z0-9]{20}|AKIA[0-9A-Z]{16}")
    for folder in ("static", "templates", "support_bot", "tools", "tracking", "deploy"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                assert not looks_secret.search(path.read_bytes()), path


@contextmanager
def failing(arena: Arena, table: str, when: str) -> Iterator[None]:
    """The database refuses these rows of the table, and its error repeats them, as a constraint's own would."""
    name = f"pv04_{uuid4().hex[:8]}"
    arena.sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION 'no room for {ALL}' USING DETAIL = 'Failing row contains ({ALL}, ' || NEW::text || ').';"
        " END $$"
    )
    arena.sql(
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()"
    )
    try:
        yield
    finally:
        arena.sql(f"DROP TRIGGER {name} ON {table}")
        arena.sql(f"DROP FUNCTION {name}()")


@contextmanager
def held_up(arena: Arena, call_id: str) -> Iterator[None]:
    """A change of this call waits for a lock until its time is over; the error repeats the row in its context."""
    name = f"pv04_{uuid4().hex[:8]}"
    arena.sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " EXECUTE format('SELECT pg_advisory_xact_lock(704) /* %s */', NEW.arguments); RETURN NEW; END $$"
    )
    arena.sql(
        f"CREATE TRIGGER {name} BEFORE UPDATE ON tools_toolcall FOR EACH ROW WHEN (NEW.id = '{call_id}')"
        f" EXECUTE FUNCTION {name}()"
    )
    try:
        with psycopg.connect(arena.product.database_url, autocommit=True) as holder:
            holder.execute("SELECT pg_advisory_lock(704)")
            yield
    finally:
        arena.sql(f"DROP TRIGGER {name} ON tools_toolcall")
        arena.sql(f"DROP FUNCTION {name}()")


def look_for_personal_values(arena: Arena) -> None:
    logs = arena.logs()
    assert not [value for value in PERSONAL if value in logs]
    for key, data in redis_dump(arena):
        assert not [value for value in PERSONAL if value.encode() in data], key
    for other in (arena.b, arena.s3, arena.su):
        for where, data in other.received.everything():
            assert not [value for value in PERSONAL if value.encode() in data], where


def test_pv_04_errors_of_pages_and_frames_tell_no_personal_value(arena: Arena):
    key = arena.customer_ids()["A"]
    socket = arena.a.chat()
    with failing(arena, "chat_conversation", f"NEW.customer_id = {key}"):
        page = arena.a.browser.post("/chat/new/", {}, page="/chat/")
        assert page.status_code == 500
        socket.say(ALL)
        assert socket.until(type="error")["code"] == "internal"
    assert not [value for value in PERSONAL if value in page.text]
    typed = WatchedBrowser(arena.product.web.url, arena.a.received)
    arena.visitors.append(typed)
    typed.post("/accounts/login/", {"login": EMAIL, "password": ALL})
    typed.post(
        "/accounts/signup/", {"email": f"{EMAIL} {CARD}", "username": STREET, "password1": PHONE, "password2": ""}
    )
    typed.post("/accounts/password/reset/", {"email": EMAIL})
    for path in (
        f"/{EMAIL} {PHONE} {CARD}/",
        f"/track/?number={ALL}",
        f"/accounts/verify-change/{EMAIL}/",
        f"/chat/{CARD}/",
    ):
        assert typed.get(path).status_code < 500
    for frame in ({"type": ALL}, {"type": "resume", "after_seq": ALL}, {"type": "user.message", "text": ALL}):
        socket.send(**frame)
        message = socket.until(type="error")["message"]
        assert not [value for value in PERSONAL if value in message]
    look_for_personal_values(arena)
    assert any(record in arena.logs() for record in ("socket.frame_failed", "/chat/new/")), "the failure was not logged"


def test_pv_04_errors_of_tools_and_tasks_tell_no_personal_value(arena: Arena):
    key = arena.customer_ids()["A"]
    wrong = {"street": STREET, "phone": f"{PHONE} {CARD}", "email": f"{EMAIL} no mail", EMAIL: CARD, "city": 5}
    arena.turn(arena.a, call("update_profile", wrong), say("I cannot."))
    arena.turn(arena.a, call(EMAIL, {}), say("I cannot."))
    request = arena.request(arena.a, "update_profile", {"street": STREET, "phone": PHONE})
    with failing(arena, "tracking_customer", f"NEW.id = {key}"):
        arena.confirm(arena.a, request)
        assert arena.s1.browser.decide(request["call_id"], "approve").status_code == 302
        wait_until(lambda: "call.effect_error" in arena.logs(), what="the failure of the effect", within=20)
        look_for_personal_values(arena)
        reason = arena.sql("SELECT reason FROM tools_toolcall WHERE id = %s", request["call_id"])[0][0]
        assert not [value for value in PERSONAL if value in reason]
    assert arena.wait_for_end(request["call_id"], within=30) == "succeeded"
    look_for_personal_values(arena)
    told = arena.sql("SELECT string_agg(details::text || actor || outcome, ' ') FROM tools_auditentry")[0][0]
    assert not [value for value in PERSONAL if value in told]


def test_pv_04_a_time_out_tells_no_personal_value(arena: Arena):
    request = arena.request(arena.a, "update_profile", {"street": STREET, "email": EMAIL})
    socket = arena.socket_of(arena.a)
    change = "UPDATE tools_toolcall SET reason = 'x' WHERE id = %s"
    with held_up(arena, request["call_id"]):
        with (
            psycopg.connect(arena.product.database_url, options="-c lock_timeout=50") as other,
            pytest.raises(psycopg.errors.LockNotAvailable, match=STREET),  # such an error does tell of them
        ):
            other.execute(change, [request["call_id"]])
        socket.send(type="call.confirm", call_id=request["call_id"], digest=request["digest"])
        assert socket.until(type="error", within=15)["code"] == "internal"
    wait_until(lambda: "socket.frame_failed" in arena.logs(), what="the failure in the log", within=10)
    look_for_personal_values(arena)
    socket.send(type="call.withdraw", call_id=request["call_id"])
    socket.until(type="call", call_id=request["call_id"], state="withdrawn")
