"""The log: one record a line whatever is in it, and nothing personal however it got there."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import structlog
from django.db import IntegrityError, connection, transaction

from support_bot.errortext import error_facts, log_uncaught
from support_bot.logs import logging_config
from tracking.models import Customer

NASTY = 'a\r\nb\u2028c\u0085d\x1b[31m\x00\ud800 {"event": "forged"}\n{"level": "info", "event": "forged"}'
PERSONAL = ["canary@example.com", "+493012345678", "4111 1111 1111 1111", "Canary Street 5"]
ALL = " / ".join(PERSONAL)


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was written to the log as JSON, by the product's own configuration."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    kept, level = logging.root.handlers[:], logging.root.level
    was = structlog.get_config()
    logging_config(readable=False)
    monkeypatch.undo()
    yield lambda: [json.loads(line) for line in out.getvalue().split("\n") if line]
    logging.root.handlers[:] = kept
    logging.root.setLevel(level)
    structlog.configure(**was)


def none_of(found: Any) -> None:
    text = json.dumps(found)
    for value in PERSONAL:
        assert value not in text


@pytest.mark.parametrize("place", ["event", "value", "key", "list", "path"])
def test_whatever_a_text_holds_it_is_one_record(records: Callable[[], list[dict[str, Any]]], place: str):
    log = structlog.get_logger("probe")
    if place == "event":
        log.info(NASTY)
    elif place == "value":
        log.info("probe", text=NASTY)
    elif place == "key":
        log.info("probe", facts={NASTY: 1})
    elif place == "list":
        log.info("probe", texts=[NASTY, {"deep": (NASTY,)}])
    else:
        logging.getLogger("django.request").warning("Not Found: %s", NASTY)

    (record,) = records()
    assert record["level"] in ("info", "warning")
    assert json.loads(json.dumps(record).encode("utf-8")) == record


def test_personal_values_are_masked_in_our_lines_and_in_those_of_libraries(records: Any):
    structlog.get_logger("probe").info(
        "probe", a=PERSONAL[0], b=[PERSONAL[1]], c={"d": PERSONAL[2]}, n=4111111111111111
    )
    logging.getLogger("lib").warning("for %s and %s", PERSONAL[0], PERSONAL[1])
    logging.getLogger("kombu").error("Cannot connect to %s", "redis://:geheim@127.0.0.1/0")

    ours, library, broker = records()
    none_of([ours, library])
    assert (ours["a"], ours["b"], ours["c"], ours["n"]) == (
        "[email]", ["[phone]"], {"d": "[card ending 1111]"}, "[card ending 1111]",
    )  # fmt: skip
    assert library["event"] == "for [email] and [phone]"
    assert "geheim" not in json.dumps(broker)


def test_ids_and_times_stay_readable(records: Any):
    call_id, digest = "dad5d6a1-4111-4111-8111-111111111111", "4111111111111111" * 3 + "a" * 16
    structlog.get_logger("probe").info("probe", other=call_id, digest=digest, seconds=1763736142123, share=0.25)

    (record,) = records()
    assert (record["other"], record["digest"]) == (call_id, digest)
    assert (record["seconds"], record["share"]) == (1763736142123, 0.25)


def test_an_error_is_told_without_its_words(records: Any):
    def fail() -> None:
        try:
            int(ALL)
        except ValueError as error:
            raise KeyError(ALL) from error

    try:
        fail()
    except KeyError:
        structlog.get_logger("probe").exception("probe.failed")
        logging.getLogger("lib").exception("%s went wrong", "it")

    for record in records():
        none_of(record)
        assert [error["type"] for error in record["exception"]] == ["KeyError", "ValueError"]
        assert record["exception"][0]["at"][-1].startswith("tests/test_logs.py:")
        assert record["exception"][0]["at"][-1].endswith(" fail")


def test_an_error_among_the_arguments_of_a_line_is_named_by_its_type(records: Any):
    error = ValueError(ALL)
    logging.getLogger("lib").error("it failed: %r, again: %s", error, error)
    logging.getLogger("lib").error(error)
    never = f"Task exception was never retrieved\nfuture: <Task exception={error!r}>"
    logging.getLogger("asyncio").error(never)
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s raised unexpected: %(exc)s\n%(traceback)s",
        {"name": "tools.tasks.seal", "exc": repr(error), "traceback": ALL, "args": ALL},
    )

    found = records()
    none_of(found)
    assert found[0]["event"] == "it failed: 'ValueError', again: ValueError"
    assert found[1]["event"] == "ValueError"
    assert found[2]["event"] == "Task exception was never retrieved"
    assert found[3]["event"] == "Task tools.tasks.seal raised unexpected: ValueError\n[left out]"


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="the codes are PostgreSQL's")
def test_an_error_of_the_database_is_told_by_its_codes(alice: Customer):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Customer.objects.create(pk=alice.pk, name=PERSONAL[3], email=PERSONAL[0], phone=PERSONAL[1])

    facts = error_facts(caught.value)

    none_of(facts)
    assert facts[1]["sqlstate"] == "23505"
    assert facts[1]["table_name"] == "tracking_customer"


def test_errors_of_connections_keep_their_words():
    assert error_facts(psycopg.OperationalError("connection refused"))[0]["says"] == "connection refused"
    assert error_facts(ConnectionRefusedError(111, "Connection refused"))[0]["says"] == "111 Connection refused"
    assert "says" not in error_facts(psycopg.DataError(ALL))[0]


def test_what_nobody_caught_is_a_record_too(records: Any, monkeypatch: pytest.MonkeyPatch):
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    import threading

    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    log_uncaught()
    error = ValueError(ALL)

    sys.excepthook(ValueError, error, None)
    threading.excepthook(threading.ExceptHookArgs((ValueError, error, None, None)))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    found = records()
    none_of(found)
    assert [record["event"] for record in found] == ["uncaught", "uncaught"]
