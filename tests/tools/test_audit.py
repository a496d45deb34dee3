"""The trail: ids and outcomes, one record a line, in the transaction of what it tells of."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone

from tests.tools.steps import ask
from tools import audit
from tools.models import AuditEntry, ToolCall
from tracking.models import Customer

pytestmark = pytest.mark.django_db


def test_an_entry_names_who_what_which_and_how_it_ended(alice: Customer):
    call = ask(alice)
    now = timezone.now()

    audit.record(event="probe.done", actor=audit.user_actor(7), outcome="fine", now=now, call=call, steps=3)

    entry = AuditEntry.objects.get(event="probe.done")
    assert (entry.actor, entry.outcome, entry.call_id, entry.digest, entry.at, entry.details) == (
        "user:7",
        "fine",
        call.pk,
        call.digest,
        now,
        {"steps": 3},
    )


def test_an_entry_needs_no_call():
    audit.record(event="probe.done", actor=audit.customer_actor(7), outcome="fine", now=timezone.now())

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.call_id, entry.digest, entry.details) == ("customer:7", None, "", {})


def test_many_entries_are_one_statement(alice: Customer, django_assert_num_queries: object):
    calls = [ask(alice), ask(alice, city="Potsdam")]
    with django_assert_num_queries(1):  # type: ignore[operator]
        audit.record_all(event="probe.many", actor=audit.MODEL, outcome="fine", now=timezone.now(), calls=calls)

    made = AuditEntry.objects.filter(event="probe.many")
    assert set(made.values_list("call_id", flat=True)) == {call.pk for call in calls}


def test_an_entry_goes_with_what_it_tells_of():
    with transaction.atomic():
        audit.record(event="probe.done", actor=audit.WORKER, outcome="fine", now=timezone.now())
        transaction.set_rollback(True)

    assert not AuditEntry.objects.exists()


def test_an_entry_is_one_record_in_the_log_without_values(alice: Customer, caplog: pytest.LogCaptureFixture):
    ask(alice, phone="+493012345678", name="Alice Neu")

    (logged,) = [str(record.msg) for record in caplog.records if "call.requested" in str(record.msg)]
    assert str(ToolCall.objects.get().pk) in logged
    assert "+493012345678" not in logged
    assert "Alice" not in logged
