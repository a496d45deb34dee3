"""The queue and the read-only views: staff find what waits, and nobody edits, adds or deletes anything by hand."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from tests.tools.steps import again, approve, approved, ask, carried_out, change_row, confirmed
from tools.models import Approval, AuditEntry, Decision, Effect, Notice, ToolCall
from tracking.factories import CustomerFactory, OrderFactory
from tracking.models import Customer

pytestmark = pytest.mark.django_db

QUEUE = "/admin/tools/approval/"
TABLES: dict[str, Any] = {
    "approval": Approval,
    "toolcall": ToolCall,
    "decision": Decision,
    "effect": Effect,
    "auditentry": AuditEntry,
    "notice": Notice,
}


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def listed(client: Client, **query: str) -> list[str]:
    """The call ids of the review links on the queue page, in its order."""
    answer = client.get(QUEUE, query)
    assert answer.status_code == 200
    return re.findall(rf'href="{QUEUE}([0-9a-f-]{{36}})/review/"', answer.content.decode())


def ids(*calls: ToolCall) -> list[str]:
    return [str(call.pk) for call in calls]


def booked(customer: Customer, number: int) -> ToolCall:
    OrderFactory.create(customer=customer, reference=f"ORD-{number}", state="booked")
    return confirmed(customer, "cancel_order", order_id=f"ORD-{number}")


def test_the_queue_shows_what_waits_for_staff_oldest_first(alice: Customer, bob: Customer, rita: User, sam: User):
    first = booked(alice, 1001)
    ask(alice, phone="+493012345678")
    booked(bob, 2001)
    second = ToolCall.objects.latest("created_at")
    approve(booked(alice, 1002), rita)

    assert listed(as_(rita)) == listed(as_(sam)) == ids(first, second)


def test_what_needs_to_be_reconciled_waits_for_staff_too(alice: Customer, rita: User):
    call = change_row(confirmed(alice), state="needs_reconciliation")

    assert listed(as_(rita)) == ids(call)


def test_one_call_is_found_in_any_state(alice: Customer, bob: Customer, rita: User):
    ended = carried_out(approved(alice, rita))
    confirmed(bob)

    assert listed(as_(rita), call_id=str(ended.pk)) == ids(ended)
    assert listed(as_(rita), call_id=str(uuid.uuid4())) == []


@pytest.mark.parametrize("nonsense", ["", "x", "' OR 1=1--", "%", "\x00", "9" * 500])
def test_an_id_that_is_none_finds_nothing_and_breaks_nothing(alice: Customer, rita: User, nonsense: str):
    confirmed(alice)

    answer = as_(rita).get(QUEUE, {"call_id": nonsense})

    assert answer.status_code in (200, 302)
    assert "Traceback" not in answer.content.decode()


def test_the_queue_is_filtered_by_state_tool_and_age(alice: Customer, bob: Customer, rita: User):
    old = booked(alice, 1001)
    Approval.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=9))
    young = confirmed(bob)
    done = carried_out(approved(alice, rita))
    client = as_(rita)

    assert set(listed(client, state="all")) == set(ids(old, young, done))
    assert listed(client, state="succeeded") == ids(done)
    assert listed(client, tool="update_profile") == ids(young)
    assert listed(client, tool="nonsense") == []
    assert listed(client, age="1") == listed(client, age="8") == ids(old)
    assert listed(client, age="20") == []
    assert set(listed(client, age="nonsense")) == set(ids(old, young))


def test_a_click_on_a_name_leaves_that_customers_requests(alice: Customer, bob: Customer, rita: User):
    hers, his = booked(alice, 1001), booked(bob, 2001)
    client = as_(rita)

    page = client.get(QUEUE).content.decode()

    assert f'href="{QUEUE}?customer={alice.pk}"' in page
    assert listed(client, customer=str(alice.pk)) == ids(hers)
    assert listed(client, customer=str(bob.pk)) == ids(his)


@pytest.mark.parametrize("nonsense", ["x", "-1", "9" * 30, "1 OR 1=1", "²"])
def test_a_customer_that_is_none_breaks_nothing(alice: Customer, rita: User, nonsense: str):
    booked(alice, 1001)

    assert as_(rita).get(QUEUE, {"customer": nonsense}).status_code in (200, 302)


def test_the_queue_is_searched_by_customer_and_record(alice: Customer, bob: Customer, rita: User):
    mine, theirs = booked(alice, 1001), confirmed(bob)
    client = as_(rita)

    assert listed(client, q="alice@example.com") == ids(mine)
    assert listed(client, q="Bob") == ids(theirs)
    assert listed(client, q="ORD-1001") == ids(mine)
    assert listed(client, q="' OR 1=1--") == []
    assert client.get(QUEUE, {"q": "\x00"}).status_code in (200, 302)


def test_a_row_says_who_what_how_many_and_how_long(alice: Customer, rita: User, ravi: User):
    OrderFactory.create(customer=alice, reference="ORD-1003", price=Decimal("180.00"))
    call = confirmed(alice, "request_refund", order_id="ORD-1003", amount="180.00", reason="late")
    approve(call, rita)
    late = change_row(booked(alice, 1001), expires_at=timezone.now() - timedelta(seconds=1))
    Decision.objects.create(
        call=late, reviewer=ravi, decision="approve", digest="x", version=1, void=True, decided_at=timezone.now()
    )

    html = as_(rita).get(QUEUE).content.decode()

    assert "Refund 180.00 EUR for order ORD-1003" in html
    assert "Alice Example" in html
    assert "1 of 2" in html
    assert "0 of 1" in html
    assert "expired" in html
    assert "23\u00a0hours" in html or "1\u00a0day" in html


def test_a_long_queue_takes_no_more_queries_than_a_short_one(rita: User, django_assert_max_num_queries: Any):
    for _ in range(12):
        confirmed(CustomerFactory.create())
    client = as_(rita)

    with django_assert_max_num_queries(12):
        assert len(listed(client)) == 12


@pytest.mark.parametrize("model", TABLES)
def test_staff_may_look_at_every_list_and_every_row(alice: Customer, sam: User, rita: User, model: str):
    carried_out(approved(alice, rita))
    row = TABLES[model].objects.first()
    assert row is not None

    client = as_(sam)

    assert client.get(f"/admin/tools/{model}/").status_code == 200
    assert client.get(f"/admin/tools/{model}/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("model", TABLES)
def test_what_others_wrote_is_shown_as_text_with_what_is_hidden_as_codes(alice: Customer, rita: User, model: str):
    hostile = "<script>alert(1)</script>\u202egnp\u200b"
    call = carried_out(approved(alice, rita))
    said = [{"author": "customer", "text": hostile, "created_at": "2026-11-20T10:00:00+00:00"}]
    change = {"field": "name", "label": "Name", "before": hostile, "after": hostile, "risk": False}
    Customer.objects.update(name=hostile)
    change_row(
        call, excerpt=said, label=hostile, summary=hostile, reason=hostile, record=hostile, arguments={"name": hostile},
        changes=[change], preconditions={"name": hostile}, tool="<script>alert(1)</script>",
    )  # fmt: skip
    Decision.objects.update(reason=hostile)
    row = TABLES[model].objects.first()
    query = "?state=all" if model == "approval" else ""
    client = as_(rita)

    pages = [client.get(f"/admin/tools/{model}/{query}"), client.get(f"/admin/tools/{model}/{row.pk}/change/")]

    for page in pages:
        html = page.content.decode()
        assert page.status_code == 200
        assert "<script>alert" not in html
        assert "\u202e" not in html
        assert "\u200b" not in html


@pytest.mark.parametrize("model", TABLES)
@pytest.mark.parametrize("who", ["sam", "rita", "root"])
def test_nobody_adds_edits_or_deletes_a_record_by_hand(
    alice: Customer, rita: User, root: User, model: str, who: str, request: pytest.FixtureRequest
):
    call = carried_out(approved(alice, rita))
    waiting = confirmed(alice, city="Potsdam")
    table = TABLES[model]
    before = list(table.objects.order_by("pk").values())
    row = table.objects.first()
    assert row is not None
    client = as_(request.getfixturevalue(who))
    base = f"/admin/tools/{model}/"
    fields = {"state": "approved", "decision": "approve", "need": "0", "version": str(call.version), "_save": "Save"}
    bulk = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    inline = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(row.pk), "form-0-need": "0"}

    statuses = [
        client.get(base + "add/").status_code,
        client.post(base + "add/", fields).status_code,
        client.post(f"{base}{row.pk}/change/", fields).status_code,
        client.post(f"{base}{row.pk}/delete/", {"post": "yes"}).status_code,
    ]
    client.post(base, bulk)
    client.post(base, {**inline, "_save": "Save"})

    assert statuses == [403] * 4
    after = list(table.objects.order_by("pk").values())
    assert after[: len(before)] == before
    # The trail alone grows: it tells of the sign-in and of what was refused.
    assert len(after) == len(before) or table is AuditEntry
    assert again(waiting).state == "awaiting_approval"


def test_customers_and_strangers_see_no_list(alice: Customer):
    assert alice.user is not None

    for client in (Client(), as_(alice.user)):
        for model in TABLES:
            answer = client.get(f"/admin/tools/{model}/")
            assert answer.status_code == 302
            assert "/login/" in answer["Location"]


@pytest.mark.parametrize("by", ["id", "record", "name", "address", "two words", "nobody"])
def test_calls_are_found_by_id_record_and_customer(alice, bob, rita, client, by):
    mine, other = (
        ToolCall.objects.create(
            customer=who, tool="get_order", state="succeeded", record=f"ORD-77{who.pk}", created_at=timezone.now()
        )
        for who in (alice, bob)
    )
    words = {
        "id": str(mine.pk),
        "record": f"ord-77{alice.pk}",
        "name": alice.name.split()[0],
        "address": alice.email,
        "two words": f"{alice.name.split()[0]} ORD-77",
        "nobody": str(uuid.uuid4()),
    }
    client.force_login(rita)
    answer = client.get("/admin/tools/toolcall/", {"q": words[by]})

    found = {call.pk for call in answer.context["cl"].result_list}
    assert found == (set() if by == "nobody" else {mine.pk})
    assert other.pk not in found
