"""How long everything is kept, in one table, and the purge that holds to it. What is in no rule is kept for good.

A customer on legal hold loses nothing. Each batch is a transaction of its own: a purge may be killed and begun again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailConfirmation
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from support_bot.chat.models import Conversation, Event, Feedback, ModelCall, Turn
from tools import audit
from tools import erasure as requests
from tools.models import Heartbeat, Notice, ToolCall
from tools.notices import MOST_TRIES
from tools.states import END_STATES, OPEN_WRITE_STATES
from tracking.batches import in_batches
from tracking.erasure import DELIVERY_BLANK, ORDER_BLANK, SENDER_BLANK, blank_news
from tracking.models import Callback, Customer, GeoPing, Order, Package, ProblemReport, TrackingEvent
from tracking.statuses import FINAL_STATUSES, OrderState

Rows = QuerySet[Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows of `table` that are older than `days`, and what becomes of them. `rows` is given the moment of that age."""

    table: str
    days: int
    what: str
    rows: Callable[[datetime], Rows]
    change: Callable[[Rows], Any]
    at_once: int = 500


@dataclass(frozen=True, slots=True)
class Purged:
    """What one rule did. `finished` is False where the time was over first."""

    rule: Rule
    count: int
    finished: bool


# --- which rows -------------------------------------------------------------------------------------------------


def _turns(before: datetime) -> Rows:
    return Turn.objects.filter(ended_at__lt=before, conversation__customer__legal_hold=False)


def _conversations(before: datetime) -> Rows:
    newest = Event.objects.filter(conversation=OuterRef("pk")).order_by("-seq").values("created_at")[:1]
    waiting = ToolCall.objects.filter(conversation_id=OuterRef("pk"), state__in=OPEN_WRITE_STATES)
    rows = Conversation.objects.filter(created_at__lt=before, customer__legal_hold=False)
    return rows.annotate(used_at=Coalesce(Subquery(newest), "created_at")).filter(~Exists(waiting), used_at__lt=before)


def _comments(before: datetime) -> Rows:
    rows = Feedback.objects.filter(created_at__lt=before, conversation__customer__legal_hold=False)
    return rows.exclude(comment="")


def _model_calls(before: datetime) -> Rows:
    return ModelCall.objects.filter(created_at__lt=before, customer__legal_hold=False)


def _look_ups(before: datetime) -> Rows:
    return ToolCall.objects.filter(effect="read", created_at__lt=before, customer__legal_hold=False)


def _requests(before: datetime) -> Rows:
    ended = ToolCall.objects.filter(effect="write", state__in=END_STATES, ended_at__lt=before)
    return ended.filter(requests.not_blank(), customer__legal_hold=False)


def _mails(before: datetime) -> Rows:
    given_up = Q(sent_at=None, tries__gte=MOST_TRIES, created_at__lt=before)
    return Notice.objects.filter(Q(sent_at__lt=before) | given_up, call__customer__legal_hold=False)


def _callbacks(before: datetime) -> Rows:
    rows = Callback.objects.filter(done_at__lt=before, customer__legal_hold=False)
    return rows.exclude(phone="", topic="")


def _reports(before: datetime) -> Rows:
    rows = ProblemReport.objects.filter(closed_at__lt=before, customer__legal_hold=False)
    return rows.exclude(description="")


def _packages(before: datetime) -> Rows:
    ended = Package.objects.filter(status__in=FINAL_STATUSES, first_seen__lt=before, booker__legal_hold=False)
    ended = ended.filter(Q(delivered_at=None) | Q(delivered_at__lt=before))
    return ended.exclude(recipient__legal_hold=True).exclude(**DELIVERY_BLANK, **SENDER_BLANK)


def _orders(before: datetime) -> Rows:
    done = Q(state__in=[OrderState.DELIVERED, OrderState.CANCELLED])
    rows = Order.objects.filter(done, booked_at__lt=before, customer__legal_hold=False)
    return rows.exclude(**ORDER_BLANK)


# Rows that are nobody's.


def _sessions(before: datetime) -> Rows:
    return Session.objects.filter(expire_date__lt=before)


def _confirmations(before: datetime) -> Rows:
    sent: Rows = EmailConfirmation.objects.filter(created__lt=before)
    return sent


def _heartbeats(before: datetime) -> Rows:
    return Heartbeat.objects.filter(at__lt=before)


def _pings(before: datetime) -> Rows:
    return GeoPing.objects.filter(recorded_at__lt=before)


def _admin_log(before: datetime) -> Rows:
    return LogEntry.objects.filter(action_time__lt=before)


# --- what becomes of them ---------------------------------------------------------------------------------------


def _delete(rows: Rows) -> None:
    rows.delete()


def _blank(**values: Any) -> Callable[[Rows], Any]:
    def change(rows: Rows) -> None:
        rows.update(**values)

    return change


def _blank_requests(rows: Rows) -> None:
    requests.blank_calls(calls=rows)


def _blank_packages(rows: Rows) -> None:
    blank_news(events=TrackingEvent.objects.filter(package__in=rows))
    rows.update(**DELIVERY_BLANK, **SENDER_BLANK)


RULES = (
    Rule("django_session", 0, "deleted once they have ended", _sessions, _delete),
    Rule("account_emailconfirmation", 7, "deleted", _confirmations, _delete),
    Rule("tools_heartbeat", 7, "deleted", _heartbeats, _delete),
    Rule("tools_notice", 30, "deleted once sent or given up", _mails, _delete),
    Rule("tracking_geoping", 30, "deleted", _pings, _delete),
    Rule("chat_turn", 90, "deleted with their steps", _turns, _delete),
    Rule("chat_modelcall", 90, "deleted", _model_calls, _delete),
    Rule("tools_toolcall (look-ups)", 90, "deleted", _look_ups, _delete),
    Rule("tracking_callback", 90, "blanked once done (phone, topic)", _callbacks, _blank(phone="", topic="")),
    Rule("chat_feedback", 180, "blanked (comment)", _comments, _blank(comment="")),
    Rule("chat_conversation", 365, "deleted with everything said", _conversations, _delete, at_once=50),
    Rule("tools_toolcall (requests)", 365, "blanked once ended (words, values, mails)", _requests, _blank_requests),
    Rule("tracking_problemreport", 730, "blanked once closed (description)", _reports, _blank(description="")),
    Rule("django_admin_log", 730, "deleted", _admin_log, _delete),
    Rule("tracking_package", 1095, "blanked once over (names, address, notes, news)", _packages, _blank_packages),
    Rule("tracking_order", 3650, "blanked once over (names, addresses)", _orders, _blank(**ORDER_BLANK)),
)


def due(*, now: datetime) -> list[tuple[Rule, int]]:
    """How many rows each rule would take now."""
    return [(rule, rule.rows(now - timedelta(days=rule.days)).count()) for rule in RULES]


def held() -> int:
    """Customers whose rows are kept whatever their age."""
    return Customer.objects.filter(legal_hold=True).count()


def purge(*, now: datetime, tell: Callable[[Purged], None], seconds: float | None = None) -> bool:
    """Do what the rules say. `tell` hears of each rule. False where `seconds` were over first: then go on later."""
    ends = time.monotonic() + seconds if seconds is not None else None
    for rule in RULES:
        count = 0
        for taken in in_batches(rows=rule.rows(now - timedelta(days=rule.days)), change=rule.change, size=rule.at_once):
            count += taken
            if ends is not None and time.monotonic() > ends:
                _record(rule, count, now)
                tell(Purged(rule, count, finished=False))
                return False
        _record(rule, count, now)
        tell(Purged(rule, count, finished=True))
    return True


def _record(rule: Rule, count: int, now: datetime) -> None:
    """What went because of its age, and how much of it, is in the audit trail; whose it was is not."""
    if count:
        what = rule.what.partition(" ")[0]
        audit.record(
            event="data.purged",
            actor=audit.CLOCK,
            outcome=what,
            now=now,
            table=rule.table,
            count=count,
            older_than_days=rule.days,
        )
