"""Reads the environment, strictly: a value is right or the start stops with one line that shows how to write it."""

from __future__ import annotations

import os
import re
import secrets
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

TRUE_FALSE = {"true": True, "false": False}
RATE = re.compile(r"([1-9][0-9]{0,6})/(second|minute|hour|day)")
HOST_NAME = re.compile(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]", re.IGNORECASE)
ORIGIN = re.compile(r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
SERVICE = re.compile(ORIGIN.pattern.replace("://", r"://([^\s/?#@]+@)?", 1) + r"(/[\w.~%/-]*)?", re.ASCII)
SENDER = re.compile(r"[^\s@<>]+@[^\s@<>]+|[^@<>\r\n]+ <[^\s@<>]+@[^\s@<>]+>")


class ConfigError(Exception):
    """A variable is missing or wrong. The text is one line: the variable, what is wrong, an example."""

    def __init__(self, name: str, problem: str, example: str) -> None:
        super().__init__(f"{name}: {problem}. Example: {name}={example}")


def text(name: str, default: str = "") -> str:
    """The variable, or the content of the file that `NAME_FILE` names (for secrets), or the default."""
    if path := os.environ.get(f"{name}_FILE", ""):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"{name}_FILE", "the file cannot be read", f"/run/secrets/{name.lower()}") from None
    return os.environ.get(name, "").strip() or default


def flag(name: str, default: bool = False) -> bool:
    value = text(name, str(default).lower())
    if value not in TRUE_FALSE:
        raise ConfigError(name, "must be true or false", "true")
    return TRUE_FALSE[value]


def integer(name: str, default: int, *, low: int = 1, high: int = 10**9) -> int:
    value = text(name, str(default))
    if not re.fullmatch(r"[0-9]{1,10}", value) or not low <= int(value) <= high:
        raise ConfigError(name, f"must be a whole number from {low} to {high}", str(default))
    return int(value)


def seconds(name: str, default: float) -> float:
    """A positive number of seconds; fractions are allowed."""
    value = text(name, f"{default:g}")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", value) or float(value) <= 0:
        raise ConfigError(name, "must be a positive number of seconds", f"{default:g}")
    return float(value)


def money(name: str, default: str) -> Decimal:
    value = text(name, default)
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal(-1)
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,2})?", value) or amount < 0:
        raise ConfigError(name, "must be an amount with at most two decimals", default)
    return amount


def csv(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def rate(name: str, default: str, *, may_be_off: bool) -> str | None:
    """A limit such as `20/minute`; None where it is `off`."""
    value = text(name, default)
    if value == "off" and may_be_off:
        return None
    if value == "off":
        raise ConfigError(name, "may be off only where DEMO or DEBUG is true", default)
    if not RATE.fullmatch(value):
        raise ConfigError(name, "must be COUNT/second, /minute, /hour or /day", default)
    return value


def limit(name: str, default: int | None, *, may_be_off: bool) -> int | None:
    """A count; None where it is `off` or has no default."""
    value = text(name)
    if value == "off" and may_be_off:
        return None
    if value == "off":
        raise ConfigError(name, "may be off only where DEMO or DEBUG is true", str(default or 1000000))
    if not value:
        return default
    return integer(name, default or 1000000)


def hosts(name: str, default: str = "") -> list[str]:
    """Host names as a browser asks for them: no scheme, no port; a leading dot takes in the names below."""
    found = csv(name, default)
    for host in found:
        if not HOST_NAME.fullmatch(host):
            raise ConfigError(name, f"{host!r} is no host name", "support.example.com")
    return found


def origins(name: str, default: str = "") -> list[str]:
    """Full origins as browsers send them: `https://host[:port]`, lower case, no path, no port that goes without."""
    found = csv(name, default)
    for origin in found:
        usual = origin.endswith(":443" if origin.startswith("https:") else ":80")
        if not ORIGIN.fullmatch(origin) or usual or _port(name, origin, "https://support.example.com") == 0:
            raise ConfigError(name, f"{origin!r} is no full origin", "https://support.example.com")
    return found


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks of machines, such as 10.0.0.1 or 10.0.0.0/8."""
    found = []
    for value in csv(name):
        try:
            found.append(ip_network(value))
        except ValueError:
            raise ConfigError(name, f"{value!r} is no address or network", "10.0.0.0/8") from None
    return found


def zone(name: str, default: str) -> str:
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ConfigError(name, f"{value!r} is no time zone", "Europe/Berlin") from None
    return value


def sender(name: str, default: str) -> str:
    """Whom mails are from: `address` or `Name <address>`, on one line."""
    value = text(name, default)
    if not SENDER.fullmatch(value):
        raise ConfigError(name, "is no mail address", "Support <support@example.com>")
    return value


def token(name: str) -> str:
    """A secret that travels in a header; it is never repeated in an error."""
    value = text(name)
    if not re.fullmatch(r"[!-~]*", value):
        raise ConfigError(name, "holds a blank or a character that no header can carry", "sk-...")
    return value


def _port(name: str, value: str, example: str) -> int | None:
    """The port of an address. Raises ConfigError where the address is none."""
    try:
        return urlsplit(value).port
    except ValueError:
        raise ConfigError(name, "is no valid address; a port is a number up to 65535", example) from None


def url(name: str, default: str, *, schemes: tuple[str, ...], example: str) -> str:
    value = text(name, default)
    if not value:
        return ""
    _port(name, value, example)
    parts = urlsplit(value)
    if parts.scheme not in schemes:
        raise ConfigError(name, f"must start with one of {', '.join(f'{s}:' for s in schemes)}", example)
    if not parts.hostname and parts.scheme != "unix":
        raise ConfigError(name, "names no host", example)
    return value


def service_url(name: str, *, example: str) -> str:
    """Where paths are appended, or nothing: no query, no slash at the end. It may hold a password, never repeated."""
    if (value := url(name, "", schemes=("http", "https"), example=example)) and not SERVICE.fullmatch(value):
        raise ConfigError(name, "must be a host with no more than a port and a path", example)
    return value.rstrip("/")


def model(name: str, default: str, *, providers: tuple[str, ...]) -> str:
    """A `provider:model` of a known provider."""
    return _check_model(name, text(name, default), providers)


def models(name: str, *, providers: tuple[str, ...]) -> list[str]:
    return [_check_model(name, value, providers) for value in csv(name)]


def _check_model(name: str, value: str, providers: tuple[str, ...]) -> str:
    provider, _, found = value.partition(":")
    if provider not in providers or not found:
        known = " or ".join(f"{provider}:<model>" for provider in providers)
        raise ConfigError(name, f"{value!r} is not {known}", "openai:gpt-5-mini")
    return value


def modules(name: str, default: str) -> list[str]:
    """Names of Python modules that exist; they are not imported yet."""
    found = csv(name, default)
    for module in found:
        try:
            known = find_spec(module) is not None
        except (ImportError, ValueError):
            known = False
        if not known:
            raise ConfigError(name, f"there is no module {module!r}", default)
    return found


def secret_key(*, generated: Path | None) -> str:
    """SECRET_KEY; without one, and where `generated` is given, a key that is made once and kept in that file."""
    example = "$(openssl rand -base64 48)"
    key = text("SECRET_KEY")
    if key and (len(key) >= 32 or generated is not None):
        return key
    if key:
        raise ConfigError("SECRET_KEY", "is shorter than 32 characters", example)
    if generated is None:
        raise ConfigError("SECRET_KEY", "is required unless DEMO or DEBUG is true", example)
    if not generated.exists() or not generated.stat().st_size:
        generated.parent.mkdir(exist_ok=True)
        generated.touch(mode=0o600)
        generated.write_text(secrets.token_urlsafe(48), encoding="utf-8")
    return generated.read_text(encoding="utf-8")


def secret_key_fallbacks(*, relaxed: bool) -> list[str]:
    """SECRET_KEY_FALLBACKS: earlier keys, newest first, separated by commas; they check but prove nothing new."""
    found = csv("SECRET_KEY_FALLBACKS")
    if any(len(key) < 32 for key in found) and not relaxed:
        raise ConfigError(
            "SECRET_KEY_FALLBACKS", "one of the keys is shorter than 32 characters", "$OLD_KEY,$OLDER_KEY"
        )
    if len(set(found)) < len(found):
        raise ConfigError("SECRET_KEY_FALLBACKS", "names a key twice", "$OLD_KEY,$OLDER_KEY")
    return found


def database(name: str, value: str, *, threads: int) -> dict[str, Any]:
    """Django's database settings for `postgres://user:password@host:port/name?sslmode=…` or `sqlite:///path`."""
    example = "postgres://support_bot:secret@127.0.0.1:5432/support_bot"
    port, parts = _port(name, value, example), urlsplit(value)
    if parts.scheme not in ("sqlite", "postgres", "postgresql") or not parts.path.strip("/"):
        raise ConfigError(name, "must start with postgres:// or sqlite:/// and name a database", example)
    if parts.scheme == "sqlite":
        return _sqlite(unquote(parts.path[1:]))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # What waits must not hold a chat: 10 s for any statement, 3 s for a lock.
            "options": "-c statement_timeout=10000 -c lock_timeout=3000",
            "connect_timeout": 5,
            **dict(parse_qsl(parts.query)),
            # A pool that gives up soon begins anew with who asks next; else its pauses grow with the outage.
            "pool": {"min_size": 1, "max_size": threads + 2, "timeout": 10, "reconnect_timeout": 2},
        },
    }


def _sqlite(path: str) -> dict[str, Any]:
    """WAL and immediate transactions: measured, they are what lets threads write side by side without errors."""
    pragmas = "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
    options = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "CONN_MAX_AGE": None, "OPTIONS": options}


def email(value: str) -> dict[str, Any]:
    """Django's mail settings for `console:`, `file:///folder` or `smtp(s)://user:password@host:port`."""
    example = "smtp://user:secret@mail.example.com:587"
    port = _port("EMAIL_URL", value, example)
    parts = urlsplit(value)
    backends = "django.core.mail.backends"
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": f"{backends}.console.EmailBackend"}
    if parts.scheme == "file" and parts.path.strip("/"):
        return {"EMAIL_BACKEND": f"{backends}.filebased.EmailBackend", "EMAIL_FILE_PATH": unquote(parts.path)}
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ConfigError("EMAIL_URL", "must be smtp://…, console: or file:///folder", example)
    return {
        "EMAIL_BACKEND": f"{backends}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or (465 if parts.scheme == "smtps" else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and bool(parts.username),
        "EMAIL_TIMEOUT": 10,
    }
