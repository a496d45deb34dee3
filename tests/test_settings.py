"""The environment is right or the start stops with one line: the variable, what is wrong, an example."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from support_bot import env, logs
from support_bot.env import ConfigError
from tests.environment import process_environment, product_variables

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "SECRET_KEY": "k" * 50,
    "ALLOWED_HOSTS": "support.example.com",
    "ALLOWED_ORIGINS": "https://support.example.com",
    "DATABASE_URL": "postgres://support_bot:s3cret@db.internal:5432/support_bot",
    "REDIS_URL": "redis://redis.internal:6379/0",
    "EMAIL_URL": "smtp://user:s3cret@mail.example.com:587",
}
CANARY = "canary-7f3a"


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in product_variables(list(os.environ)):
        monkeypatch.delenv(name)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`read(NAME=value, …)`: the settings as a start with just this environment would have them."""
    monkeypatch.setattr(logs, "logging_config", lambda **_: {})
    monkeypatch.setattr(sys, "argv", ["manage.py", "check"])

    def start(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "support_bot" / "settings.py"))

    return start


def assert_one_line(error: BaseException | str, name: str) -> None:
    line = str(error)
    assert line.startswith(f"{name}: ")
    assert f"Example: {name}=" in line
    assert "\n" not in line
    assert "\r" not in line


# --- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["DEMO", "DEBUG"])
@pytest.mark.parametrize("value", ["True", "TRUE", "1", "yes", "on", "truee", "fa lse"])
def test_a_switch_is_true_or_false(read: Any, name: str, value: str):
    with pytest.raises(ConfigError) as stop:
        read(**PRODUCTION, **{name: value})

    assert_one_line(stop.value, name)


BAD = [
    ("PORT", "0"), ("PORT", "65536"), ("PORT", "80a"), ("PORT", "-1"), ("PORT", "8e3"), ("PORT", "٨"),
    ("TURN_MAX_STEPS", "0"), ("TURN_MAX_STEPS", "51"), ("TURN_MAX_STEPS", "6.5"), ("TURN_QUEUE", "five"),
    ("MAX_TOOL_CALLS_PER_STEP", "1000"), ("EFFECT_TRIES", "0"), ("DB_THREADS", "99999999999"),
    ("TURN_TIMEOUT_S", "0"), ("TURN_TIMEOUT_S", "-5"), ("TURN_TIMEOUT_S", "1e3"), ("TURN_TIMEOUT_S", "inf"),
    ("TOOL_TIMEOUT_S", "nan"), ("EFFECT_TIMEOUT_S", "10s"), ("CONFIRM_TTL_S", "x"), ("SWEEP_S", "0.0"),
    ("AUDIT_ANCHOR_S", "0"), ("SECRET_KEY_FALLBACKS", "short"), ("SECRET_KEY_FALLBACKS", f"{'a' * 40},{'a' * 40}"),
    ("APPROVAL_TTL_S", "1.23456"),
    ("SECOND_APPROVER_ABOVE", "-1"), ("SECOND_APPROVER_ABOVE", "1e2"), ("SECOND_APPROVER_ABOVE", "NaN"),
    ("SECOND_APPROVER_ABOVE", "100.001"), ("SECOND_APPROVER_ABOVE", "100,00"), ("SECOND_APPROVER_ABOVE", "Infinity"),
    ("RATE_MESSAGES", "20"), ("RATE_MESSAGES", "0/minute"), ("RATE_MESSAGES", "20/fortnight"),
    ("RATE_TOOL_CALLS", "20 / minute"), ("RATE_LOGIN", "-1/minute"), ("RATE_TRACK", "1/minute;DROP"),
    ("RATE_HANDSHAKES", "99999999/minute"),
    ("RATE_LOGIN", "off"), ("RATE_MESSAGES", "off"), ("MAX_SOCKETS", "off"), ("DAILY_TOKENS", "off"),
    ("DAILY_TOKENS_TOTAL", "off"), ("DAILY_TOKENS", "0"), ("DAILY_TOKENS", "many"), ("REAUTH_S", "0"),
    ("ALLOWED_HOSTS", "https://support.example.com"), ("ALLOWED_HOSTS", "support.example.com:443"),
    ("ALLOWED_HOSTS", "a b"), ("ALLOWED_HOSTS", "host/path"), ("ALLOWED_HOSTS", "ok.example.com,*.example.com"),
    ("ALLOWED_HOSTS", "*"),
    ("ALLOWED_ORIGINS", "support.example.com"), ("ALLOWED_ORIGINS", "https://support.example.com/"),
    ("ALLOWED_ORIGINS", "https://support.example.com/chat"), ("ALLOWED_ORIGINS", "https://*.example.com"),
    ("ALLOWED_ORIGINS", "*"), ("ALLOWED_ORIGINS", "null"), ("ALLOWED_ORIGINS", "ws://support.example.com"),
    ("ALLOWED_ORIGINS", "https://user@support.example.com"), ("ALLOWED_ORIGINS", "https://[::1"),
    ("ALLOWED_ORIGINS", "https://support.example.com:99999"), ("ALLOWED_ORIGINS", "https://support.example.com:x"),
    ("ALLOWED_ORIGINS", "https://Support.example.com"), ("ALLOWED_ORIGINS", "https://bücher.example"),
    ("ALLOWED_ORIGINS", "https://例え.jp"), ("ALLOWED_ORIGINS", "https://a.example;script-src *"),
    ("ALLOWED_ORIGINS", "https://support.example.com:443"), ("ALLOWED_ORIGINS", "http://support.example.com:80"),
    ("ALLOWED_ORIGINS", "https://support.example.com#x"), ("ALLOWED_ORIGINS", "https://support.example.com?x"),
    ("ALLOWED_ORIGINS", "https://ok.example.com,nonsense"), ("ALLOWED_ORIGINS", "https://a.example:0"),
    ("TRUSTED_PROXIES", "proxy.internal"), ("TRUSTED_PROXIES", "10.0.0.300"), ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ("TRUSTED_PROXIES", "*"), ("TRUSTED_PROXIES", "10.0.0.1:8000"),
    ("PUBLIC_URL", "support.example.com"), ("PUBLIC_URL", "https:"), ("PUBLIC_URL", "https://"),
    ("PUBLIC_URL", "ftp://support.example.com"), ("PUBLIC_URL", "https://[::1"), ("PUBLIC_URL", "javascript:alert(1)"),
    ("DATABASE_URL", "mysql://u:p@h/db"), ("DATABASE_URL", "postgres://u:p@h"), ("DATABASE_URL", "postgres://u:p@h:x/db"),
    ("DATABASE_URL", "postgres://u:p@[::1/db"), ("DATABASE_URL", "sqlite://"), ("DATABASE_URL", "db.sqlite3"),
    ("DATABASE_URL", "postgres://u:p@h:70000/db"),
    ("REDIS_URL", "http://h:6379"), ("REDIS_URL", "redis://h:x"), ("REDIS_URL", "redis:"), ("REDIS_URL", "redis://[::1"),
    ("EMAIL_URL", "mail.example.com"), ("EMAIL_URL", "smtp://"), ("EMAIL_URL", "smtp://h:x"), ("EMAIL_URL", "file://"),
    ("EMAIL_URL", "smtp://[::1"), ("EMAIL_URL", "smtp://u:p@h:99999"),
    ("DEFAULT_FROM_EMAIL", "support"), ("DEFAULT_FROM_EMAIL", "a@b\nBcc: evil@example.org"),
    ("DEFAULT_FROM_EMAIL", "Support <support>"), ("DEFAULT_FROM_EMAIL", "a@b, c@d"),
    ("LLM_MODEL", "gpt-5-mini"), ("LLM_MODEL", "openai:"), ("LLM_MODEL", ":x"), ("LLM_MODEL", "acme:large"),
    ("LLM_FALLBACK_MODELS", "demo:rules,gpt"), ("OPENAI_BASE_URL", "localhost:8001"), ("OPENAI_BASE_URL", "http://"),
    ("EFFECT_GATEWAY_URL", "payments.example.com"), ("EFFECT_GATEWAY_URL", "ftp://payments.example.com"),
    ("EFFECT_GATEWAY_URL", "https://"), ("EFFECT_GATEWAY_URL", "https://pay ments.example.com"),
    ("EFFECT_GATEWAY_URL", "https://payments.example.com/?key=x"), ("EFFECT_GATEWAY_URL", "https://a.example.com/#x"),
    ("EFFECT_GATEWAY_URL", "https://a.example.com:99999"), ("EFFECT_GATEWAY_URL", "https://[::1"),
    ("EFFECT_GATEWAY_URL", "https://payments..example.com"), ("EFFECT_GATEWAY_URL", "http://a.example.com/x y"),
    ("OPENAI_API_KEY", "sk-\u00e9"), ("OPENAI_API_KEY", "sk- x"), ("OPENAI_API_KEY", "sk-x\r\nHost: evil"),
    ("TOOL_MODULES", "tools.nothing"), ("TOOL_MODULES", "../tools"), ("TOOL_MODULES", "tools.read_tools,."),
    ("TIME_ZONE", "Berlin"), ("TIME_ZONE", "../etc/passwd"), ("TIME_ZONE", "Europe"), ("TIME_ZONE", "UTC\x01"),
    ("SECRET_KEY", "short"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_stops_the_start_with_one_line(read: Any, name: str, value: str):
    with pytest.raises(ConfigError) as stop:
        read(**{**PRODUCTION, name: value})

    assert_one_line(stop.value, name)


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "ALLOWED_ORIGINS", "DATABASE_URL", "EMAIL_URL"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_production_needs_is_asked_for(read: Any, name: str, value: str | None):
    variables = {key: text for key, text in PRODUCTION.items() if key != name}

    with pytest.raises(ConfigError, match="is required unless DEMO or DEBUG") as stop:
        read(**variables, **({} if value is None else {name: value}))

    assert_one_line(stop.value, name)


def test_a_list_of_nothing_is_missing(read: Any):
    with pytest.raises(ConfigError) as stop:
        read(**{**PRODUCTION, "ALLOWED_ORIGINS": " , ,"})

    assert_one_line(stop.value, "ALLOWED_ORIGINS")


def test_a_real_model_needs_a_key_or_an_address(read: Any):
    with pytest.raises(ConfigError) as stop:
        read(**PRODUCTION, LLM_FALLBACK_MODELS="openai:gpt-5-mini")
    assert_one_line(stop.value, "OPENAI_API_KEY")

    found = read(**PRODUCTION, LLM_MODEL="openai:local", OPENAI_BASE_URL="http://127.0.0.1:8001/v1")

    assert found["OPENAI_API_KEY"] == ""


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ("", ""),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
        ("https://user:pa%40ss@payments.example.com/v1/", "https://user:pa%40ss@payments.example.com/v1"),
        ("http://[::1]:9000/a/b", "http://[::1]:9000/a/b"),
        ("http://gateway_1", "http://gateway_1"),
    ],
)
def test_where_refunds_are_made_is_an_address_to_append_to(read: Any, value: str, read_as: str):
    assert read(**PRODUCTION, EFFECT_GATEWAY_URL=value)["EFFECT_GATEWAY_URL"] == read_as


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"postgres://u:{CANARY}@h:x/db"),
        ("DATABASE_URL", f"mysql://u:{CANARY}@h/db"),
        ("REDIS_URL", f"redis://:{CANARY}@h:x"),
        ("EMAIL_URL", f"smtp://u:{CANARY}@h:x"),
        ("OPENAI_API_KEY", f"{CANARY} \u00e9"),
        ("EFFECT_GATEWAY_URL", f"https://u:{CANARY}@h/?x"),
        ("SECRET_KEY", CANARY),
        ("SECRET_KEY_FALLBACKS", CANARY),
    ],
)
def test_no_error_repeats_a_secret(read: Any, name: str, value: str):
    with pytest.raises(ConfigError) as stop:
        read(**{**PRODUCTION, name: value})

    assert CANARY not in str(stop.value)


# --- what good values mean --------------------------------------------------------------------------------------


def test_production_is_strict(read: Any):
    found = read(**PRODUCTION, TRUSTED_PROXIES="10.0.0.7, 172.16.0.0/12,::1")

    assert found["DEBUG"] is found["DEMO"] is found["RELAXED"] is False
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert found["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] >= 31536000
    assert found["TRUSTED_PROXIES"] == [ip_network(text) for text in ("10.0.0.7", "172.16.0.0/12", "::1")]
    assert found["CACHES"]["default"]["OPTIONS"]["serializer"].endswith("JSONSerializer")
    assert found["PUBLIC_URL"] == "https://support.example.com"
    assert found["DEFAULT_FROM_EMAIL"] == "support@support.example.com"
    assert found["DATABASES"]["default"]["PASSWORD"] == "s3cret"


def test_the_demo_needs_nothing(read: Any):
    found = read(DEMO="true", PORT="8123", SECRET_KEY="short")

    assert found["RELAXED"]
    assert found["ALLOWED_HOSTS"] == ["127.0.0.1", "localhost"]
    assert found["ALLOWED_ORIGINS"] == ["http://127.0.0.1:8123", "http://localhost:8123"]
    assert found["SESSION_COOKIE_NAME"] == "sessionid"
    assert not found["SECURE_SSL_REDIRECT"]
    assert found["DATABASES"]["default"]["ENGINE"].endswith("sqlite3")
    assert found["EMAIL_BACKEND"].endswith("console.EmailBackend")
    assert found["CELERY_BROKER_URL"].startswith("memory:")


def test_the_defaults_are_those_of_the_contract(read: Any):
    found = read(**PRODUCTION)

    assert {name: found[name] for name in CONTRACT} == CONTRACT


CONTRACT: dict[str, Any] = {
    "TURN_MAX_STEPS": 6, "TURN_TIMEOUT_S": 60, "MAX_TOOL_CALLS_PER_STEP": 8, "TURN_QUEUE": 5,
    "LLM_CONNECT_TIMEOUT_S": 5, "LLM_FIRST_TOKEN_TIMEOUT_S": 15, "LLM_IDLE_TIMEOUT_S": 15, "LLM_MAX_BYTES": 4194304,
    "BREAKER_FAILURES": 5, "BREAKER_PROBE_S": 10,
    "STILL_WORKING_S": 8, "TURN_LEASE_S": 10, "CALL_LEASE_S": 30, "SWEEP_S": 5, "TOOL_TIMEOUT_S": 5,
    "EFFECT_TIMEOUT_S": 10, "EFFECT_TRIES": 5, "DRAIN_S": 15, "AUDIT_ANCHOR_S": 60,
    "MAX_MESSAGE_CHARS": 4000, "WS_MAX_BYTES": 65536, "HTTP_MAX_BYTES": 2621440, "HISTORY_TOKENS": 8000,
    "CONFIRM_TTL_S": 900, "APPROVAL_TTL_S": 86400, "PENDING_PER_CONVERSATION": 3, "PENDING_PER_DAY": 10,
    "SECOND_APPROVER_ABOVE": Decimal("100.00"), "REAUTH_S": 600,
    "RATE_MESSAGES": "20/minute", "RATE_TOOL_CALLS": "60/minute", "RATE_HANDSHAKES": "30/minute",
    "RATE_LOGIN": "10/minute", "RATE_TRACK": "20/minute", "MAX_SOCKETS": 10, "PER_ADDRESS": 20, "DAILY_TOKENS": 200000,
    "DAILY_TOKENS_TOTAL": None, "LLM_MODEL": "demo:rules", "LLM_FALLBACK_MODELS": [],
    "TOOL_MODULES": ["tools.read_tools", "tools.write_tools"], "PORT": 8000, "HOST": "127.0.0.1",
}  # fmt: skip


def test_limits_may_be_off_in_the_demo_alone(read: Any):
    names = ["RATE_MESSAGES", "RATE_TOOL_CALLS", "RATE_HANDSHAKES", "RATE_TRACK", "RATE_LOGIN", "MAX_SOCKETS"]

    found = read(DEMO="true", SECRET_KEY="x", DAILY_TOKENS="off", **dict.fromkeys(names, "off"))

    assert [found[name] for name in [*names, "DAILY_TOKENS"]] == [None] * 7
    assert found["ACCOUNT_RATE_LIMITS"] is False


@pytest.mark.parametrize(
    ("rate", "written"), [("10/second", "10/s"), ("10/minute", "10/m"), ("7/hour", "7/h"), ("3/day", "3/d")]
)
def test_the_limit_of_signing_in_is_written_as_the_accounts_read_it(read: Any, rate: str, written: str):
    found = read(**PRODUCTION, RATE_LOGIN=rate)

    limits = found["ACCOUNT_RATE_LIMITS"]
    assert (limits["login"], limits["login_failed"]) == (f"{written}/ip", f"{written}/ip,5/5m/key")


def test_a_secret_may_lie_in_a_file(read: Any, tmp_path: Path):
    path = tmp_path / "key"
    path.write_text("f" * 50 + "\n")

    found = read(**{**PRODUCTION, "SECRET_KEY": ""}, SECRET_KEY_FILE=str(path))

    assert found["SECRET_KEY"] == "f" * 50


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(read: Any, tmp_path: Path, content: bytes | None):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigError) as stop:
        read(**PRODUCTION, SECRET_KEY_FILE=str(path))

    assert_one_line(stop.value, "SECRET_KEY_FILE")


def test_the_demos_key_is_made_once_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "var" / "secret_key"

    first, second = env.secret_key(generated=path), env.secret_key(generated=path)

    assert first == second
    assert len(first) >= 48
    assert path.stat().st_mode & 0o077 == 0


def test_a_key_file_that_was_left_empty_is_filled(tmp_path: Path):
    path = tmp_path / "secret_key"
    path.touch()

    assert len(env.secret_key(generated=path)) >= 48


@pytest.mark.parametrize("argument", ["migrate", "setup_roles"])
def test_the_owner_of_the_tables_is_used_to_migrate_alone(read: Any, monkeypatch: pytest.MonkeyPatch, argument: str):
    owner = "postgres://owner:x@db.internal/support_bot"
    assert read(**PRODUCTION, MIGRATE_DATABASE_URL=owner)["DATABASES"]["default"]["USER"] == "support_bot"
    monkeypatch.setattr(sys, "argv", ["manage.py", argument])

    assert read(**PRODUCTION, MIGRATE_DATABASE_URL=owner)["DATABASES"]["default"]["USER"] == "owner"


def test_a_database_address_is_read_whole():
    found = env.database("X", "postgresql://us%40er:p%3Aw%2Fd@[::1]:5433/my%20db?sslmode=require", threads=4)

    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "us@er",
        "p:w/d",
        "::1",
        "5433",
        "my db",
    )
    assert found["OPTIONS"]["sslmode"] == "require"
    assert found["OPTIONS"]["pool"]["max_size"] == 6
    assert "lock_timeout=3000" in found["OPTIONS"]["options"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("console:", {"EMAIL_BACKEND": "console"}),
        ("file:///var/mail%20box", {"EMAIL_BACKEND": "filebased", "EMAIL_FILE_PATH": "/var/mail box"}),
        ("smtp://h", {"EMAIL_BACKEND": "smtp", "EMAIL_PORT": 587, "EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}),
        ("smtps://u:p%40@h", {"EMAIL_PORT": 465, "EMAIL_USE_SSL": True, "EMAIL_HOST_PASSWORD": "p@"}),
        ("smtp://u:p@h:25", {"EMAIL_PORT": 25, "EMAIL_USE_TLS": True, "EMAIL_HOST_USER": "u"}),
    ],
)
def test_a_mail_address_is_read_whole(value: str, expected: dict[str, Any]):
    found = env.email(value)

    found["EMAIL_BACKEND"] = found["EMAIL_BACKEND"].split(".")[-2]
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("value", ["support@example.com", "Support <support@example.com>", "Parcel desk <a@b.c>"])
def test_senders_that_are_addresses_are_taken(read: Any, value: str):
    assert read(**PRODUCTION, DEFAULT_FROM_EMAIL=value)["DEFAULT_FROM_EMAIL"] == value


@pytest.mark.parametrize(
    "value", ["https://support.example.com", "http://localhost:8000", "https://[::1]:8443", "https://a-b.example:8443"]
)
def test_origins_that_browsers_send_are_taken(read: Any, value: str):
    assert read(**{**PRODUCTION, "ALLOWED_ORIGINS": value})["ALLOWED_ORIGINS"] == [value]


@pytest.mark.parametrize("value", ["support.example.com", ".example.com", "[::1]", "127.0.0.1", "my_host"])
def test_host_names_are_taken(read: Any, value: str):
    assert read(**{**PRODUCTION, "ALLOWED_HOSTS": value})["ALLOWED_HOSTS"] == [value]


# --- real starts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["manage.py", "migrate"],
        ["-m", "support_bot.supervise", "web"],
        ["-m", "support_bot.supervise", "worker"],
    ],
    ids=lambda command: command[-1],
)
def test_every_way_to_start_says_it_in_one_line_and_ends(command: list[str]):
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=process_environment(os.environ, TURN_TIMEOUT_S="soon", DATABASE_URL="sqlite:///:memory:"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).splitlines()
    assert line.endswith("TURN_TIMEOUT_S: must be a positive number of seconds. Example: TURN_TIMEOUT_S=60")


def test_make_hands_every_variable_of_the_shell_through():
    assigned = re.findall(r"(?m)^([A-Za-z_]+)\s*[:?+]?=", (ROOT / "Makefile").read_text())

    assert assigned
    assert product_variables(assigned) == []


def test_earlier_keys_are_kept_in_their_order(read: Any):
    assert read(**PRODUCTION)["SECRET_KEY_FALLBACKS"] == []
    found = read(**PRODUCTION, SECRET_KEY_FALLBACKS=f"{'a' * 40}, {'b' * 40}")

    assert found["SECRET_KEY_FALLBACKS"] == ["a" * 40, "b" * 40]
