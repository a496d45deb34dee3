"""Celery's Redis transport, which takes nothing from a queue but the name of one of our tasks and its arguments.

Whoever can write to Redis could else have a worker run callbacks, keep its few places with what it cannot take, or end
it with what it cannot read. Every message is made anew of those two; all other entries are thrown away.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from queue import Empty
from typing import Any
from uuid import uuid4

import structlog
from celery import current_app
from kombu.transport import TRANSPORT_ALIASES, redis

log = structlog.get_logger(__name__)

OURS = ("tools.tasks.", "support_bot.chat.tasks.")
LONGEST_ID = 64


class NoMessage(Exception):
    """An entry that none of our processes wrote."""


class QoS(redis.QoS):
    channel: Any  # kombu's types know little of its Redis transport

    def restore_by_tag(self, tag: Any, client: Any = None, leftmost: bool = False) -> None:
        """What a worker that died had taken goes back to its queue; what cannot have been taken is thrown away."""
        try:
            super().restore_by_tag(tag, client, leftmost)
        except self.channel.connection_errors:
            raise
        except Exception as error:  # whatever an entry that nobody of ours wrote leads to
            _tell(error)
            with self.channel.conn_or_acquire(client) as session:
                session.pipeline().zrem(self.unacked_index_key, tag).hdel(self.unacked_key, tag).execute()


class Channel(redis.Channel):
    QoS = QoS

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # kombu's types know no such method
        except (ValueError, RecursionError) as error:  # no JSON
            _tell(error)
            raise Empty from None


class Transport(redis.Transport):
    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        try:
            clean = made_anew(message, queue=queue)
        except Exception as error:  # whatever can be wrong with what somebody else wrote
            _tell(error)
            return
        super()._deliver(clean, queue)


def made_anew(entry: Any, *, queue: str | None) -> dict[str, Any]:
    """The message that our own processes would have written. Raises NoMessage or whatever the entry leads to."""
    headers, properties = entry["headers"], entry["properties"]
    task, identifier, expires = headers["task"], headers["id"], headers.get("expires")
    args, kwargs, _ = json.loads(base64.b64decode(entry["body"], validate=True))
    known = isinstance(task, str) and task.startswith(OURS) and task in current_app.tasks
    if not known or entry["content-type"] != "application/json" or properties["body_encoding"] != "base64":
        raise NoMessage
    if not isinstance(identifier, str) or len(identifier) > LONGEST_ID:
        raise NoMessage
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise NoMessage
    return _message(task, identifier, json.dumps([args, kwargs, {}]), expires=_moment(expires), queue=queue)


def _moment(expires: Any) -> str | None:
    return None if expires is None else datetime.fromisoformat(expires).isoformat()


def _message(task: str, identifier: str, body: str, *, expires: str | None, queue: str | None) -> dict[str, Any]:
    return {
        "body": base64.b64encode(body.encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": task,
            "id": identifier,
            "root_id": identifier,
            "expires": expires,
            "retries": 0,
            "timelimit": [None, None],
            "argsrepr": "",
            "kwargsrepr": "",
        },
        "properties": {
            "correlation_id": identifier,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid4()),
        },
    }


def _tell(error: Exception) -> None:
    log.error("broker.no_message", error=type(error).__name__)


def use() -> None:
    """From now on `redis://` is this transport."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
