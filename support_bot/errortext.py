"""What a log may tell of an error: its type, where it was raised, the database's codes. Never its own words.

An error's text quotes what it stumbled over: a row, an argument, an answer of somebody's server.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

ROOT = f"{Path(__file__).resolve().parent.parent}/"
MOST_FRAMES = 12
MOST_CAUSES = 5
# Told by their codes, which say more than the half a dozen classes.
DATABASE = ("django.db", "psycopg.", "sqlite3")
# Errors whose words are about code, the machine or a connection, not about data.
PLAIN = {
    "builtins": {"AttributeError", "ImportError", "ModuleNotFoundError", "NameError"},
    "django.core.exceptions": {"ImproperlyConfigured"},
    "kombu.exceptions": {"OperationalError"},
    "psycopg_pool": {"PoolTimeout", "PoolClosed"},
    "redis.exceptions": {"AuthenticationError", "ConnectionError", "TimeoutError"},
}
_REPR = re.compile(r"\s*([A-Za-z_][\w.]{0,80})\(")
_log = structlog.get_logger("uncaught")


def tell_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Processor: `exc_info` becomes `exception`, a list with the error first and what caused it after."""
    given = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if not given:
        return event
    if isinstance(given, BaseException):
        error: BaseException | None = given
    else:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1]
    if error is not None:
        event["exception"] = error_facts(error)
        event.pop("error", None)  # its type, which stands there now
    return event


def error_facts(error: BaseException) -> list[dict[str, Any]]:
    """The error, then its causes: type, database codes, innermost places last."""
    facts: list[dict[str, Any]] = []
    seen: BaseException | None = error
    while seen is not None and len(facts) < MOST_CAUSES:
        facts.append(_facts(seen))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return facts


def _facts(error: BaseException) -> dict[str, Any]:
    module = type(error).__module__
    told: dict[str, Any] = {"type": "database" if module.startswith(DATABASE) else type(error).__name__}
    if words := _plain_words(error):
        told["says"] = words
    diagnosis = getattr(error, "diag", None)
    for name in ("sqlstate", "schema_name", "table_name", "column_name", "constraint_name"):
        if value := getattr(diagnosis, name, None):
            told[name] = str(value)
    told["at"] = _places(error.__traceback__)
    return told


def _plain_words(error: BaseException) -> str:
    if isinstance(error, OSError):
        return f"{error.errno} {error.strerror}" if error.errno else ""
    kind = type(error)
    module = kind.__module__
    if kind.__name__ in PLAIN.get(module, ()):
        return " ".join(str(error).split())[:300]
    if (
        module.startswith("psycopg")
        and getattr(error, "sqlstate", None) is None
        and kind.__name__ == "OperationalError"
    ):
        return " ".join(str(error).split())[:300]  # there was no connection, so no statement either
    return ""


def _places(traceback: TracebackType | None) -> list[str]:
    places: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        name = code.co_filename.removeprefix(ROOT).rpartition("site-packages/")[2]
        places.append(f"{name}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places[-MOST_FRAMES:]


class ErrorsByType(logging.Filter):
    """For the lines of libraries: an error among their arguments is named by its type alone."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, BaseException):
            record.msg = type(record.msg).__name__
        if record.name == "asyncio" and isinstance(record.msg, str):
            record.msg = record.msg.partition("\n")[0]  # below stand the task and its error, in full
        if isinstance(record.args, dict):
            record.args = {name: _named(name, value) for name, value in record.args.items()}
        elif isinstance(record.args, tuple):
            record.args = tuple(_named("", value) for value in record.args)
        return True


def _named(name: str, value: Any) -> Any:
    if isinstance(value, BaseException):
        return type(value).__name__
    if name == "exc":  # Celery hands on the error's repr
        found = _REPR.match(str(value))
        return found[1] if found else "error"
    if name in ("traceback", "args", "kwargs"):
        return "[left out]"
    return value


def log_uncaught() -> None:
    """What nobody caught ends as a record of the log too, not as loose lines with all the error says."""

    def main(_kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
        if not isinstance(error, KeyboardInterrupt):
            _log.critical("uncaught", where="process", exc_info=error)

    def thread(arguments: threading.ExceptHookArgs) -> None:
        if not isinstance(arguments.exc_value, SystemExit):
            _log.error("uncaught", where="thread", exc_info=arguments.exc_value)

    def unraisable(arguments: Any) -> None:
        _log.error("uncaught", where="clean-up", exc_info=arguments.exc_value)

    sys.excepthook = main
    threading.excepthook = thread
    sys.unraisablehook = unraisable
