"""The trail: ids and outcomes, one record a line, in the transaction of what it tells of."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.tools.steps import ask
from tools import audit, origin
from tools.audit_view import MOST_ROWS
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
    with django_assert_num_queries(1):  # type: ignore[operator]  # a fixture without a public type
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


def test_staff_find_entries_by_exact_values(alice: Customer, rita: User, client: Client):
    call = ask(alice)
    with origin.bound(request_id="request-1"):
        audit.record(event="probe.done", actor=audit.user_actor(7), outcome="fine", now=timezone.now())
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "demo"))

    def found(text: str, **query: str) -> list[str]:
        page = client.get("/admin/tools/auditentry/", {"q": text, **query})
        assert page.status_code == 200
        return [entry.event for entry in page.context["cl"].result_list]

    assert found(str(call.pk)) == ["call.requested"]
    assert found("user:7") == found("probe.done") == found("request-1") == ["probe.done"]
    assert found("%") == found("' OR 1=1--") == found("x" * 500) == []
    assert "probe.done" in found("\0")  # no search at all
    assert found("", about="call") == ["call.requested"]
    assert "probe.done" in found("")
    assert "probe.done" in found("", about="nonsense")


def test_a_page_of_the_trail_never_counts_all_of_it(client: Client):
    for _ in range(3):
        audit.record(event="probe.done", actor=audit.WORKER, outcome="fine", now=timezone.now())
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "demo"))

    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/tools/auditentry/")

    counted = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "tools_auditentry" in query["sql"]]
    assert counted
    assert all(f"LIMIT {MOST_ROWS}" in sql for sql in counted)
