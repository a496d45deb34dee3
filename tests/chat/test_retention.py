"""The purge: exactly what is old enough goes, twice is as good as once, and a legal hold keeps everything."""

from __future__ import annotations

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from support_bot.chat import frames, inbox, log, retention
from support_bot.chat.models import Conversation, Feedback, ModelCall, Step, Turn
from support_bot.chat.tasks import purge as purge_task
from tools import audit
from tools.models import AuditEntry, Heartbeat, Notice, ToolCall
from tracking.factories import GeoPingFactory, OrderFactory, PackageFactory, TrackingEventFactory, TruckFactory
from tracking.models import Callback, Customer, GeoPing, Order, Package, ProblemReport, TrackingEvent

OLD = {rule.table: timedelta(days=rule.days, hours=1) for rule in retention.RULES}
YOUNG = {rule.table: timedelta(days=rule.days) - timedelta(hours=1) for rule in retention.RULES}
WORD = "kept-word"


def talk(customer, at, turn_at=None):
    made = inbox.open_conversation(customer=customer, now=at)
    frame = frames.message(author="customer", text=WORD, created_at=at)
    log.append(conversation_id=made.pk, frames=[frame], now=at)
    turn = Turn.objects.create(
        conversation=made, message_seq=1, state="done", created_at=turn_at or at, ended_at=turn_at or at
    )
    Step.objects.create(turn=turn, number=1, text=WORD, created_at=at)
    return made


def request(customer, at, effect="write", **fields):
    return ToolCall.objects.create(
        customer=customer,
        tool="cancel_order",
        effect=effect,
        state="succeeded",
        arguments={"reason": WORD},
        summary=WORD,
        created_at=at,
        ended_at=at,
        **fields,
    )


def add(table, customer, age, rita):
    """One row of the table that is `age` old."""
    at = timezone.now() - age
    made = {"customer": customer, "created_at": at}
    one = uuid.uuid4()
    match table:
        case "django_session":
            Session.objects.create(session_key=one.hex, session_data="", expire_date=at)
        case "tools_heartbeat":
            Heartbeat.objects.create(name=one.hex, at=at)
        case "tools_notice":
            call = request(customer, timezone.now())
            Notice.objects.create(
                call=call, kind="contact_changed", to="a@example.com", created_at=at, due_at=at, sent_at=at
            )
        case "tracking_geoping":
            GeoPingFactory.create(truck=TruckFactory.create(), recorded_at=at)
        case "chat_turn":
            talk(customer, timezone.now(), turn_at=at)
        case "chat_modelcall":
            ModelCall.objects.create(turn_id=one, input_tokens=1, output_tokens=1, **made)
        case "tools_toolcall (look-ups)":
            request(customer, at, effect="read")
        case "tracking_callback":
            Callback.objects.create(call_id=one, at=at, phone="+49", topic=WORD, done_at=at, **made)
        case "chat_feedback":
            of = talk(customer, timezone.now())
            Feedback.objects.create(conversation=of, seq=1, rating="up", comment=WORD, created_at=at)
        case "chat_conversation":
            talk(customer, at, turn_at=timezone.now())
        case "tools_toolcall (requests)":
            request(customer, at)
        case "tracking_problemreport":
            package = PackageFactory.create(booker=customer)
            ProblemReport.objects.create(
                call_id=one, package=package, problem="other", description=WORD, closed_at=at, **made
            )
        case "django_admin_log":
            entry = LogEntry.objects.create(user=rita, object_repr=WORD, action_flag=CHANGE)
            LogEntry.objects.filter(pk=entry.pk).update(action_time=at)
        case "tracking_package":
            package = PackageFactory.create(booker=customer, status="delivered", delivered_at=at, first_seen=at)
            TrackingEventFactory.create(package=package, description=WORD)
        case "tracking_order":
            OrderFactory.create(customer=customer, state="delivered", booked_at=at)


# What is still there of the rows that a rule takes.
LEFT = {
    "django_session": lambda: Session.objects.count(),
    "tools_heartbeat": lambda: Heartbeat.objects.count(),
    "tools_notice": lambda: Notice.objects.count(),
    "tracking_geoping": lambda: GeoPing.objects.count(),
    "chat_turn": lambda: Step.objects.count(),
    "chat_modelcall": lambda: ModelCall.objects.count(),
    "tools_toolcall (look-ups)": lambda: ToolCall.objects.filter(effect="read").count(),
    "tracking_callback": lambda: Callback.objects.filter(topic=WORD).count(),
    "chat_feedback": lambda: Feedback.objects.filter(comment=WORD).count(),
    "chat_conversation": lambda: Conversation.objects.count(),
    "tools_toolcall (requests)": lambda: ToolCall.objects.filter(effect="write", summary=WORD).count(),
    "tracking_problemreport": lambda: ProblemReport.objects.filter(description=WORD).count(),
    "django_admin_log": lambda: LogEntry.objects.count(),
    "tracking_package": lambda: Package.objects.exclude(street="").count(),
    "tracking_order": lambda: Order.objects.exclude(to_street="").count(),
}


def purge() -> dict[str, int]:
    out = StringIO()
    call_command("purge_expired", stdout=out)
    lines = [line.rpartition(": ") for line in out.getvalue().splitlines() if ": " in line]
    return {table: int(rest.split()[0]) for table, _, rest in lines if rest[0].isdigit()}


@pytest.mark.parametrize("table", LEFT)
def test_exactly_what_is_old_enough_goes(table, alice, rita):
    add(table, alice, OLD[table], rita)
    add(table, alice, YOUNG[table], rita)

    gone = purge()

    assert LEFT[table]() == 1
    assert gone[table] == 1
    assert purge()[table] == 0


@pytest.mark.parametrize(
    "table", sorted(set(LEFT) - {"django_session", "tools_heartbeat", "tracking_geoping", "django_admin_log"})
)
def test_a_legal_hold_keeps_everything(table, alice, bob, rita):
    Customer.objects.filter(pk=alice.pk).update(legal_hold=True)
    add(table, alice, OLD[table], rita)
    add(table, bob, OLD[table], rita)

    assert purge()[table] == 1
    assert LEFT[table]() == 1


def test_every_rule_is_tried_here():
    assert set(LEFT) | {"account_emailconfirmation"} >= {rule.table for rule in retention.RULES}


def test_a_package_is_kept_while_either_party_is_on_hold(alice, bob):
    then = timezone.now() - OLD["tracking_package"]
    Customer.objects.filter(pk=bob.pk).update(legal_hold=True)
    PackageFactory.create(booker=alice, recipient=bob, status="delivered", delivered_at=then, first_seen=then)
    free = PackageFactory.create(booker=alice, status="delivered", delivered_at=then, first_seen=then)
    TrackingEventFactory.create(package=free, description=WORD, place=WORD, status="in_transit")

    assert purge()["tracking_package"] == 1
    assert Package.objects.exclude(street="").get().recipient == bob
    assert TrackingEvent.objects.values_list("description", "place").get() == ("on its way", "")


def test_a_talk_with_an_open_request_or_new_words_is_kept(alice):
    then = timezone.now() - OLD["chat_conversation"]
    waiting, lively = talk(alice, then), talk(alice, then)
    request(alice, then, conversation_id=waiting.pk)
    ToolCall.objects.update(state="needs_reconciliation", ended_at=None)
    log.append(
        conversation_id=lively.pk,
        frames=[frames.message(author="customer", text="again", created_at=timezone.now())],
        now=timezone.now(),
    )

    assert purge()["chat_conversation"] == 0


def test_the_trail_is_never_purged(alice):
    long_ago = timezone.now() - timedelta(days=20000)
    audit.record(event="call.refused", actor="model", outcome="x", now=long_ago)
    purge()

    assert AuditEntry.objects.filter(at=long_ago).exists()


def test_what_was_purged_is_in_the_trail(alice, rita):
    add("tools_heartbeat", alice, OLD["tools_heartbeat"], rita)
    purge()
    purge()

    (entry,) = AuditEntry.objects.filter(event="data.purged", details__table="tools_heartbeat")
    assert (entry.actor, entry.outcome, entry.details["count"]) == ("clock", "deleted", 1)


def test_a_dry_run_only_counts(alice, rita):
    add("tools_heartbeat", alice, OLD["tools_heartbeat"], rita)
    out = StringIO()
    call_command("purge_expired", "--dry-run", stdout=out)

    assert "tools_heartbeat, older than 7 days: 1 would be deleted" in out.getvalue()
    assert Heartbeat.objects.count() == 1


def test_a_nightly_purge_that_runs_out_of_time_goes_on(alice, rita, monkeypatch):
    began_again = []
    monkeypatch.setattr("support_bot.chat.tasks.PURGE_S", -1.0)
    monkeypatch.setattr(purge_task, "delay", lambda: began_again.append(True))
    for table in ("tools_heartbeat", "tools_notice"):
        add(table, alice, OLD[table], rita)

    purge_task()
    assert (Heartbeat.objects.count(), Notice.objects.count(), began_again) == (0, 1, [True])

    purge_task()
    assert Notice.objects.count() == 0
