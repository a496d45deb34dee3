"""What is read from Redis, the broker, the cache and sessions can never run as code."""

from __future__ import annotations

import pickle
from inspect import signature
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.serializers import JSONSerializer as SessionSerializer
from kombu import Connection, Consumer, Exchange, Producer, Queue
from kombu.exceptions import ContentDisallowed

from support_bot.cache import JSONSerializer
from support_bot.celery import app
from support_bot.chat import tasks as turns
from tools import tasks as effects


class Bomb:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was loaded",))


def test_sessions_and_tasks_are_json():
    assert issubclass(SessionStore().serializer, SessionSerializer)
    assert settings.SESSION_ENGINE == "django.contrib.sessions.backends.db"
    assert (app.conf.task_serializer, app.conf.result_serializer) == ("json", "json")
    assert list(app.conf.accept_content) == ["json"]
    assert app.conf.task_ignore_result is True


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_cache_takes_a_pickle_for_broken_data(protocol: int):
    stored = pickle.dumps(Bomb(), protocol)

    with pytest.raises((ValueError, UnicodeError)):
        JSONSerializer().loads(stored)


def test_the_cache_gives_back_what_was_put_in():
    for value in (7, -1, "text", None, [1, "two"], {"a": {"b": [True, 1.5]}}):
        stored = JSONSerializer().dumps(value)
        assert JSONSerializer().loads(str(stored).encode() if isinstance(stored, int) else stored) == value


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-python-serialize", pickle.dumps(Bomb())),
        ("application/x-yaml", b"!!python/object/apply:os.system ['true']"),
    ],
)
def test_a_message_that_is_not_json_is_refused_by_the_worker(content_type: str, body: bytes):
    with Connection("memory://") as connection:
        exchange = Exchange("probe")
        queue = Queue("probe", exchange, routing_key="probe")
        refused: list[BaseException] = []

        def broken(message: Any, error: BaseException) -> None:
            refused.append(error)
            message.ack()

        def taken(body: Any, message: Any) -> None:
            pytest.fail("it was decoded")

        accept = app.conf.accept_content
        with Consumer(connection, [queue], accept=accept, callbacks=[taken], on_decode_error=broken):
            Producer(connection, exchange, "probe").publish(
                body, content_type=content_type, content_encoding="binary", serializer=None
            )
            connection.drain_events(timeout=2)

    assert [type(error) for error in refused] == [ContentDisallowed]


def test_what_a_task_carries_is_an_id_and_nothing_else():
    """Wake-ups and the names of tasks are all that the broker ever sees."""
    carried = {
        task.name: list(signature(task.run).parameters)
        for task in (effects.execute, effects.send_notice, effects.sweep, turns.purge)
    }

    assert [names for names in carried.values() if names] == [["call_id"], ["notice_id"]]
    assert not any("args" in entry or "kwargs" in entry for entry in app.conf.beat_schedule.values())
