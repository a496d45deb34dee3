"""Exporting and erasing a customer: all of theirs, nothing of anybody else's, and safe to repeat."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from support_bot.chat import frames, inbox, log
from support_bot.chat.models import Conversation, Feedback, Step, Turn
from tools.approvals import DecisionError, approve
from tools.models import Approval, AuditEntry, Decision, Notice, ToolCall
from tracking.factories import OrderFactory, PackageFactory, TrackingEventFactory
from tracking.models import Callback, Customer, Order, Package, ProblemReport, Refund

MARK = "CANARY-ALICE"
BOBS = "CANARY-BOB"
PACKAGE = ("recipient_name", "street", "city", "safe_place", "signed_by", "delivered_place")


def full(customer: Customer, mark: str) -> ToolCall:
    """Something of everything, with the mark wherever a text fits. Returns a request that waits for staff."""
    now, user = timezone.now(), customer.user
    assert user is not None
    User.objects.filter(pk=user.pk).update(first_name=mark, email=f"{mark}@example.com".lower())
    Customer.objects.filter(pk=customer.pk).update(
        name=mark, street=mark, city=mark, email=f"{mark}@example.com".lower(), phone="+49" + mark[-5:]
    )
    address = {f"to_{field}": mark for field in ("name", "street", "city")}
    order = OrderFactory.create(customer=customer, cancel_reason=mark, from_name=mark, **address)
    package = PackageFactory.create(
        booker=customer, order=order, sender_note=mark, contents=mark, **dict.fromkeys(PACKAGE, mark)
    )
    TrackingEventFactory.create(package=package, description=mark, place=mark)
    made = {"customer": customer, "created_at": now}
    Refund.objects.create(call_id=uuid.uuid4(), order=order, amount=1, currency="EUR", reason=mark, **made)
    ProblemReport.objects.create(call_id=uuid.uuid4(), package=package, problem="other", description=mark, **made)
    Callback.objects.create(call_id=uuid.uuid4(), at=now, phone="+49" + mark[-5:], topic=mark, **made)
    talk = inbox.open_conversation(customer=customer, now=now)
    turn = Turn.objects.create(conversation=talk, message_seq=1, state="done", created_at=now)
    log.append(conversation_id=talk.pk, frames=[frames.message(author="customer", text=mark, created_at=now)], now=now)
    Step.objects.create(turn=turn, number=1, text=mark, calls=[{"arguments": mark}], created_at=now)
    Feedback.objects.create(conversation=talk, seq=1, rating="up", comment=mark, created_at=now)
    return request_of(customer, talk, mark)


def request_of(customer: Customer, talk: Conversation, mark: str) -> ToolCall:
    now = timezone.now()
    call = ToolCall.objects.create(
        customer=customer,
        conversation_id=talk.pk,
        tool="cancel_order",
        effect="write",
        label=mark,
        state="awaiting_approval",
        arguments={"reason": mark},
        digest=uuid.uuid4().hex * 2,
        record="order",
        summary=mark,
        changes=[{"before": mark}],
        preconditions={"street": mark},
        verify_at=f"{mark}@example.com",
        need=2,
        reason=mark,
        excerpt=[{"text": mark}],
        provenance={"reason": mark},
        created_at=now,
        expires_at=now + timedelta(hours=1),
    )
    Approval.objects.create(call=call, need=2, created_at=now)
    Notice.objects.create(call=call, kind="contact_changed", to=f"{mark}@example.com", created_at=now, due_at=now)
    return call


@pytest.fixture
def both(alice, bob, rita, client):
    """Alice and Bob with something of everything, and a delivery from Bob to Alice."""
    PackageFactory.create(
        number="ABCD-7001",
        booker=bob,
        recipient=alice,
        sender_note="NOTE-OF-BOB",
        contents=BOBS,
        **dict.fromkeys(PACKAGE, MARK),
    )
    PackageFactory.create(
        number="ABCD-7002",
        booker=alice,
        recipient=bob,
        sender_note=MARK,
        contents=MARK,
        **dict.fromkeys(PACKAGE, BOBS) | {"city": "Hamburg"},
    )
    calls = full(alice, MARK), full(bob, BOBS)
    for call, mark in zip(calls, (MARK, BOBS), strict=True):
        Decision.objects.create(
            call=call,
            reviewer=rita,
            decision="approve",
            reason=mark,
            digest=call.digest,
            version=1,
            decided_at=call.created_at,
        )
    kind = ContentType.objects.get_for_model(Customer)
    LogEntry.objects.create(
        user=rita, content_type=kind, object_id=str(alice.pk), object_repr=MARK, action_flag=CHANGE, change_message=MARK
    )
    client.force_login(alice.user)
    return calls


def exported(name: str) -> tuple[dict, str]:
    out = StringIO()
    call_command("export_customer", name, stdout=out)
    return json.loads(out.getvalue()), out.getvalue()


def dump() -> str:
    """Every value of every table."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows += [f"{table}: {row}" for row in cursor.fetchall()]
    return "\n".join(rows)


# --- export -----------------------------------------------------------------------------------------------------


def test_an_export_holds_all_of_the_customer_and_nothing_of_another(both, alice):
    data, text = exported("alice")

    assert data["profile"]["street"] == data["profile"]["name"] == MARK
    assert {"orders", "packages", "refunds", "problem_reports", "callbacks", "messages", "feedback"} < data.keys()
    for name in ("orders", "refunds", "problem_reports", "callbacks", "messages", "feedback", "requests", "mails"):
        assert MARK in json.dumps(data[name]), name
    assert data["requests"][0]["decisions"] == [
        {"by": "reviewer", "decision": "approve", "reason": MARK, "at": data["requests"][0]["decisions"][0]["at"]}
    ]
    assert len(data["sessions"]) == 1
    assert Session.objects.get().session_key not in text
    assert BOBS not in text
    assert "rita" not in text


def test_each_party_of_a_delivery_is_given_what_they_may_see(both):
    mine = {package["number"]: package for package in exported("alice")[0]["packages"]}
    bobs = {package["number"]: package for package in exported("bob")[0]["packages"]}

    assert mine["ABCD-7001"]["you"] == "recipient"
    assert mine["ABCD-7001"]["street"] == MARK
    assert mine["ABCD-7001"]["sender_note"] == "NOTE-OF-BOB"
    assert "contents" not in mine["ABCD-7001"]
    assert "street" not in bobs["ABCD-7001"]
    assert bobs["ABCD-7001"]["contents"] == BOBS
    assert mine["ABCD-7001"]["order"] is None


def test_an_export_is_found_by_address_too_and_asks_few_queries(both, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        data, _ = exported("CANARY-alice@example.com")

    assert data["account"]["username"] == "alice"


@pytest.mark.parametrize("command", [["export_customer"], ["erase_customer", "--yes"]])
def test_nobody_of_that_name_is_one_clear_line(both, command):
    for name in ("nobody@example.com", "", "%", "alic", "Alice", "\u202ealice", "x" * 5000, "@", "' OR 1=1 --"):
        with pytest.raises(CommandError, match="No customer has this user name"):
            call_command(command[0], name, *command[1:])


# --- erasure ----------------------------------------------------------------------------------------------------


def erase(name: str, *flags: str) -> str:
    out = StringIO()
    call_command("erase_customer", name, *flags, stdout=out)
    return out.getvalue()


def test_without_yes_it_says_what_would_go_and_changes_nothing(both):
    before = dump()

    with pytest.raises(CommandError, match="Nothing was erased"):
        erase("alice")

    assert dump() == before


def test_nothing_of_an_erased_customer_is_left_and_all_of_the_others(both, alice, bob):
    bobs = exported("bob")[0]
    said = erase("alice", "--yes")

    left = dump().casefold()
    assert MARK.casefold() not in left
    assert "alice" not in left
    assert MARK not in said
    assert Customer.objects.get(pk=alice.pk).user is None
    after = exported("bob")[0]
    for name in bobs.keys() - {"exported_at", "packages", "audit"}:
        assert after[name] == bobs[name], name
    assert BOBS in json.dumps(after["packages"])


def test_what_the_law_keeps_stays_without_names(both, alice):
    money = list(Order.objects.filter(customer=alice).values_list("reference", "price", "refunded", "booked_at"))
    erase("alice", "--yes")

    assert (
        list(Order.objects.filter(customer=alice).values_list("reference", "price", "refunded", "booked_at")) == money
    )
    assert Refund.objects.filter(customer=alice, amount=1).count() == 1
    received = Package.objects.get(number="ABCD-7001")
    assert (received.recipient, received.street, received.sender_note) == (None, "", "NOTE-OF-BOB")


def test_open_requests_end_and_an_approval_afterwards_says_so(both, ravi):
    call = both[0]
    erase("alice", "--yes")

    call.refresh_from_db()
    assert call.state == "withdrawn"
    with pytest.raises(DecisionError, match="it is withdrawn"):
        approve(call_id=call.pk, reviewer=ravi, version=call.version, digest=call.digest)
    assert ToolCall.objects.get(pk=both[1].pk).state == "awaiting_approval"


def test_the_trail_stays_and_says_that_it_happened(both, alice):
    before = AuditEntry.objects.count()
    erase("alice", "--yes")

    assert AuditEntry.objects.count() > before
    entries = AuditEntry.objects.filter(event="customer.erased", details__customer=alice.pk).order_by("pk")
    assert [entry.outcome for entry in entries] == ["begun", "erased"]


@pytest.mark.parametrize("step", ["delete_conversations", "requests.blank_all_calls", "records.erase_profile"])
def test_an_erasure_that_was_killed_is_finished_by_the_same_command(both, monkeypatch, step):
    def killed(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"support_bot.chat.erasure.{step}", killed)
        with pytest.raises(KeyboardInterrupt):
            erase("alice", "--yes")

    assert User.objects.get(username="alice").is_active is False
    erase("alice", "--yes")
    assert MARK.casefold() not in dump().casefold()


def test_a_customer_on_legal_hold_is_kept_and_it_says_so(both, alice):
    Customer.objects.filter(pk=alice.pk).update(legal_hold=True)
    before = dump()

    with pytest.raises(CommandError, match="legal hold"):
        erase("alice", "--yes")

    assert dump() == before


def test_somebody_who_works_here_is_not_erased_by_mistake(both, alice):
    User.objects.filter(pk=alice.user_id).update(is_staff=True)

    with pytest.raises(CommandError, match="staff rights"):
        erase("alice", "--yes")


def test_who_decided_here_once_becomes_a_nameless_account(both, alice):
    Decision.objects.update(reviewer=alice.user)
    erase("alice", "--yes")

    left = User.objects.get(pk=alice.user_id)
    assert (left.username, left.email, left.is_active) == (f"erased-{left.pk}", "", False)
    assert MARK.casefold() not in dump().casefold()


def test_an_export_leaves_a_trace(both, alice):
    exported("alice")

    entry = AuditEntry.objects.get(event="customer.exported")
    assert (entry.actor, entry.details) == ("operator", {"customer": alice.pk})
