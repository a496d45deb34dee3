"""What the worker is woken for: ids that may be anything, and a sweep that makes up for every lost wake-up."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery, current_app
from django.contrib.auth.models import User
from django.core import mail
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from tests.tools.steps import again, approve, approved, ask, carried_out, change_row, confirmed, effects
from tools import execution, health, notices, tasks
from tools.models import Heartbeat, Notice
from tools.wakeups import EXECUTE, wake
from tracking.models import Customer

pytestmark = pytest.mark.django_db


def passed(**ago: float) -> Any:
    return timezone.now() - timedelta(**(ago or {"seconds": 1}))


# --- wake-ups ---------------------------------------------------------------------------------------------------


def test_a_wake_up_is_an_id_after_the_commit(wakeups: list, django_capture_on_commit_callbacks: Any):
    identifier = uuid.uuid4()

    with django_capture_on_commit_callbacks(execute=True):
        wake(EXECUTE, identifier)
        assert wakeups == []

    assert wakeups == [("tools.tasks.execute", str(identifier))]


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_wakes_nobody(wakeups: list):
    with transaction.atomic():
        wake(EXECUTE, 7)
        transaction.set_rollback(True)

    assert wakeups == []


@pytest.mark.parametrize("error", [OperationalError("broker"), ConnectionRefusedError(), OSError("amqp://u:secret@h")])
def test_a_broker_that_is_away_costs_no_decision(
    alice: Customer,
    rita: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
    error: Exception,
):
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(current_app, "send_task", refuse)
    call = confirmed(alice)

    with django_capture_on_commit_callbacks(execute=True):
        approve(call, rita)

    assert again(call).state == "approved"
    assert "wakeup.lost" in caplog.text
    assert "secret" not in caplog.text
    tasks.sweep()
    assert again(call).state == "succeeded"


# --- tasks ------------------------------------------------------------------------------------------------------


def test_the_task_carries_out_the_call_of_its_id(alice: Customer, rita: User):
    call = approved(alice, rita)

    tasks.execute(str(call.pk))
    tasks.execute(str(call.pk).upper())

    assert again(call).state == "succeeded"
    assert effects(call) == 1


@pytest.mark.parametrize(
    "nonsense", ["", "x", "../../x", "0" * 500, None, 7, [], {}, b"x", "\x00", str(uuid.UUID(int=7))]
)
def test_an_id_that_is_none_does_nothing(alice: Customer, rita: User, nonsense: Any):
    call = approved(alice, rita)

    tasks.execute(nonsense)

    assert again(call).state == "approved"


@pytest.mark.parametrize("nonsense", ["", "x", "²", "-1", "1.0", None, [], {}, "9" * 40, "\x00", " 1"])
def test_a_notice_id_that_is_none_does_nothing(alice: Customer, nonsense: Any):
    confirmed(alice, email="new@example.org")

    tasks.send_notice(nonsense)

    assert mail.outbox == []


def test_the_task_sends_the_mail_of_its_id(alice: Customer):
    confirmed(alice, email="new@example.org")

    tasks.send_notice(str(Notice.objects.get().pk))

    assert len(mail.outbox) == 1


# --- the sweep --------------------------------------------------------------------------------------------------


def test_the_sweep_does_all_that_is_due_and_nothing_else(alice: Customer, bob: Customer, rita: User):
    lost = approved(alice, rita)
    late = change_row(ask(alice, "schedule_callback", at=soon(), topic="x"), expires_at=passed())
    waiting = confirmed(bob, email="new@example.org")
    Notice.objects.update(due_at=passed())

    tasks.sweep()

    assert again(lost).state == "succeeded"
    assert again(late).state == "expired"
    assert again(waiting).state == "awaiting_verification"
    assert [message.to for message in mail.outbox] == [["bob@example.com"]]


def test_an_approved_call_that_is_late_expires_in_the_sweep_and_is_not_carried_out(alice: Customer, rita: User):
    call = change_row(approved(alice, rita), expires_at=passed())

    tasks.sweep()

    assert (again(call).state, effects(call)) == ("expired", 0)


def test_one_call_that_cannot_be_moved_does_not_keep_the_others(
    alice: Customer, bob: Customer, rita: User, no_news_of: Any
):
    stuck, other = approved(alice, rita), approved(bob, rita)
    no_news_of(stuck)

    tasks.sweep()
    tasks.sweep()

    assert again(other).state == "succeeded"
    assert effects(stuck) == 0


def test_one_mail_that_fails_in_an_unforeseen_way_does_not_keep_the_others(
    alice: Customer, bob: Customer, monkeypatch: pytest.MonkeyPatch
):
    first, second = [
        Notice.objects.get(call=confirmed(customer, email=f"new-{customer.pk}@example.org")).pk
        for customer in (alice, bob)
    ]
    Notice.objects.update(due_at=passed())
    send = notices.send

    def fail_for_the_first(*, notice_id: int) -> bool:
        if notice_id == first:
            raise MemoryError
        return send(notice_id=notice_id)

    monkeypatch.setattr(notices, "send", fail_for_the_first)

    tasks.sweep()

    assert Notice.objects.get(pk=second).sent_at is not None


def soon() -> str:
    return (timezone.now() + timedelta(days=2)).isoformat(timespec="minutes")


# --- health -----------------------------------------------------------------------------------------------------


def hear(queue: str, hostname: str = "host") -> None:
    """A heartbeat as the worker of this name takes it from this queue."""
    tasks.heartbeat.push_request(delivery_info={"routing_key": queue}, hostname=hostname)  # type: ignore[call-arg]  # takes any
    try:
        tasks.heartbeat.run()
    finally:
        tasks.heartbeat.pop_request()


def test_a_heartbeat_is_one_row_of_each_worker():
    assert health.heartbeat_age_s() is None

    for queue in ("effects", "effects", "turns"):
        hear(queue, f"{queue}.7@host")
    health.beat(name="effects.8@other")
    Heartbeat.objects.filter(name="effects.8@other").update(at=passed(minutes=10))

    assert Heartbeat.objects.count() == 3
    age = health.heartbeat_age_s()
    assert age is not None
    assert 0 <= age < 5
    assert [(hearing.queue, hearing.workers) for hearing in health.work().hearing] == [("effects", 1), ("turns", 1)]


def test_one_worker_of_all_queues_is_heard_on_each():
    hear("effects")
    assert health.heartbeat_age_s() is None
    hear("turns")

    assert health.heartbeat_age_s() is not None


def test_the_age_is_that_of_the_queue_that_nobody_hears():
    hear("effects")
    hear("turns")
    Heartbeat.objects.filter(name="turns.host").update(at=passed(seconds=100))

    age = health.heartbeat_age_s()

    assert age is not None
    assert 100 <= age < 110


@pytest.mark.parametrize("queue", ["", "other", "effects.x", None, 7])
def test_a_heartbeat_by_another_queue_is_none(queue: Any):
    hear(queue)

    assert not Heartbeat.objects.exists()


def test_the_age_of_a_dead_worker_is_told():
    for queue in health.QUEUES:
        hear(queue)
    Heartbeat.objects.update(at=passed(seconds=100))

    age = health.heartbeat_age_s()

    assert age is not None
    assert 100 <= age < 110


def test_a_clock_that_is_ahead_makes_no_negative_age(alice: Customer, rita: User):
    for queue in health.QUEUES:
        hear(queue)
    Heartbeat.objects.update(at=passed(hours=-1))
    change_row(approved(alice, rita), approved_at=passed(hours=-1))

    assert health.heartbeat_age_s() == 0
    assert health.outbox_age_s() == 0


def test_the_outbox_is_as_old_as_its_oldest_approved_call(alice: Customer, bob: Customer, rita: User):
    assert health.outbox_age_s() is None
    change_row(approved(alice, rita), approved_at=passed(seconds=100))
    approved(bob, rita)

    age = health.outbox_age_s()

    assert age is not None
    assert 100 <= age < 110


def test_what_is_not_approved_or_done_is_in_no_outbox(alice: Customer, bob: Customer, rita: User):
    carried_out(approved(alice, rita))
    confirmed(bob)
    claimed = approved(bob, rita, city="Potsdam")
    execution._claim(claimed.pk)

    assert health.outbox_age_s() is None


# --- a worker with more to do than it can -----------------------------------------------------------------------------


def test_a_sweep_leaves_a_place_for_the_heartbeat_after_a_while(
    alice: Customer, monkeypatch: pytest.MonkeyPatch, settings: Any
):
    due, elsewhere = [uuid.uuid4() for _ in range(9)], [uuid.uuid4() for _ in range(9)]
    clock = iter(range(100))
    done: list[uuid.UUID] = []
    settings.SWEEP_S = 3
    monkeypatch.setattr(tasks, "due_calls", lambda outside: elsewhere if outside else due)
    monkeypatch.setattr(tasks, "execute_call", lambda call_id: done.append(call_id))
    monkeypatch.setattr(tasks, "monotonic", lambda: next(clock))

    tasks.sweep()

    assert done == [*due[:2], *elsewhere[:2]]  # begun at 0, so at 3 it is over


@pytest.mark.servers
def test_heartbeats_and_sweeps_overtake_whatever_waits(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
):
    app = Celery(broker=redis_url, set_as_current=False)
    queue = f"overtaking-{uuid.uuid4().hex[:8]}"
    app.conf.task_default_queue = queue
    monkeypatch.setattr("tools.wakeups.current_app", app)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(20):
            wake(EXECUTE, uuid.uuid4())
    schedule = [entry for entry in current_app.conf.beat_schedule.values() if entry["task"].startswith("tools.")]
    for entry in schedule:
        app.send_task(entry["task"], **{**entry.get("options", {}), "queue": queue})

    with app.connection_for_read() as connection, connection.SimpleQueue(queue) as waiting:
        found = [waiting.get(timeout=5) for _ in range(20 + len(schedule))]
        for message in found:
            message.ack()

    names = [message.headers["task"] for message in found]
    assert set(names[-20:]) == {EXECUTE}
    assert EXECUTE not in names[:-20]
