"""Structured logs: one JSON record a line on stdout (readable lines on a terminal). Ids, never payloads."""

from __future__ import annotations

import logging.config
import warnings
from typing import Any

import structlog
from structlog.typing import Processor

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


def logging_config(*, readable: bool) -> dict[str, Any]:
    """Set up structlog and give the same shape to what libraries log. Returns the dictConfig that was applied."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "structured"}
        },
        "root": {"handlers": ["stdout"], "level": "INFO"},
        "loggers": {name: {"level": "WARNING"} for name in QUIET},
    }
    logging.config.dictConfig(config)
    # A warning of a library is a record like any other, not a loose line on stderr.
    logging.captureWarnings(capture=True)
    # WhiteNoise hands Django an iterator under ASGI; Django reads it in a thread, which is right for files.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")
    return config
