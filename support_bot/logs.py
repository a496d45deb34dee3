"""Structured logs: one JSON record a line on stdout (readable lines on a terminal). Ids, never payloads.

Errors are told by type, place and the database's codes: what they say may quote a row, so it stays out.
"""

from __future__ import annotations

import logging.config
import sys
import warnings
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from support_bot import errortext
from support_bot.bearers import without_bearers
from tools.masking import mask_personal

# Libraries whose lines would repeat what our own events say.
QUIET = (
    "httpx2",
    "httpx",
    "openai",
    "uvicorn.access",
    "celery.app.trace",
    "celery.worker.strategy",
    "celery.beat",
)
LONGEST_TEXT = 4000
# Made by us, and free of what others write.
_OURS = frozenset({"timestamp", "level", "logger", "request_id", "call_id", "turn_id"})
STDOUT = {
    "class": "logging.StreamHandler",
    "stream": "ext://sys.stdout",
    "formatter": "structured",
    "filters": ["errors by type"],
}


def logging_config(*, readable: bool) -> dict[str, Any]:
    """Set up structlog and give the same shape to what libraries log. Returns the dictConfig that was applied."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        errortext.tell_error,
        mask,
    ]
    renderer: Processor = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    config: dict[str, Any] = {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"errors by type": {"()": errortext.ErrorsByType}},
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "handlers": {"stdout": STDOUT},
        "root": {"handlers": ["stdout"], "level": "INFO"},
        "loggers": {name: {"level": "WARNING"} for name in QUIET},
    }
    logging.config.dictConfig(config)
    # A warning of a library is a record like any other, not a loose line on stderr.
    logging.captureWarnings(capture=True)
    # WhiteNoise hands Django an iterator under ASGI; Django reads it in a thread, which is right for files.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")
    return config


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Last look at every record, ours or a library's: no mail, telephone or card number, no password in an address, and
    no key of a link."""
    for name, value in event.items():
        if name not in _OURS and not name.startswith("_"):
            event[name] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        text = mask_personal(str(value))
        return value if text == str(value) else text
    if isinstance(value, dict):
        return {_masked(str(name)): _masked(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(part) for part in value]
    text = mask_personal(without_bearers(str(value)[:LONGEST_TEXT]))
    # Half of a pair is no character: strict readers of JSON would stumble over the record.
    return text.encode("utf-8", "replace").decode()


def keep_stdout_free() -> None:
    """From here on records go to stderr: for a command whose output is data."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
            handler.setStream(sys.stderr)
