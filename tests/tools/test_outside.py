"""An effect outside of our database: sent once, asked for before it is sent again, booked as the gateway has it."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from support_bot import status
from support_bot.chat.models import Conversation, Event
from tests.effect_gateway import CUTS, DRIPS, DROPS, HANGS, HANGS_AFTER, EffectGateway, Mood, says
from tests.tools.steps import admit, again, approve, approved, ask, carried_out, change_row, context, effects, raw
from tools import approvals, erasure, execution, health, outside_http, outside_steps
from tools.canonical import digest_of
from tools.execution import due_calls, execute_call
from tools.models import AuditEntry, Decision, Effect, ToolCall
from tools.moves import LostRace
from tools.outside import MOST_ASKS
from tools.outside_steps import Sending
from tools.registry import REGISTRY, find_tool
from tools.requests import plan_call
from tracking.factories import OrderFactory
from tracking.models import Customer, Order, Refund

pytestmark = pytest.mark.django_db

REFUND = {"order_id": "ORD-1001", "amount": "4.90", "reason": "It came late."}


@pytest.fixture
def gateway(settings: Any) -> Iterator[EffectGateway]:
    with EffectGateway() as server:
        settings.EFFECT_GATEWAY_URL = server.url
        settings.EFFECT_TIMEOUT_S = 0.8  # what works must have answered by then, also on a busy machine
        yield server


@pytest.fixture(autouse=True)
def _rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test found hanging is nothing to the next."""
    monkeypatch.setattr(outside_http.rest, "begin", lambda: None)


@pytest.fixture
def refund(alice: Customer, rita: User) -> ToolCall:
    """4.90 of the 24.90 of ORD-1001, approved."""
    OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))
    return approved(alice, rita, "request_refund", **REFUND)


def later(call: ToolCall, seconds: float = 3600) -> ToolCall:
    """Time passes: leases and pauses are over, and nothing that was sent is under way any more."""
    past = timezone.now() - timedelta(seconds=seconds)
    columns = {"lease_until": past}
    return change_row(call, **columns, **({"sent_at": past} if again(call).sent_at else {}))


def sweep(call: ToolCall) -> ToolCall:
    later(call)
    return carried_out(call)


def until_settled(call: ToolCall, *, rounds: int = 30) -> ToolCall:
    for _ in range(rounds):
        if sweep(call).state not in ("approved", "executing"):
            break
    return again(call)


def booked(reference: str = "ORD-1001") -> Decimal:
    """What our books say, where order and refunds agree."""
    order = Order.objects.get(reference=reference)
    total = sum((refund.amount for refund in Refund.objects.filter(order=order)), Decimal(0))
    assert order.refunded == total
    return total


def assert_paid_once(gateway: EffectGateway, call: ToolCall) -> None:
    assert gateway.payments == [(str(call.pk), {"order": "ORD-1001", "amount": "4.90", "currency": "EUR"})]
    assert again(call).state == "succeeded"
    assert effects(call) == 1
    assert booked() == Decimal("4.90")


def assert_nothing_was_paid(gateway: EffectGateway, call: ToolCall, state: str = "failed") -> None:
    assert gateway.payments == []
    assert again(call).state == state
    assert effects(call) == 0
    assert booked() == 0


def events_of(call: ToolCall) -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(call_id=call.pk).order_by("pk")
    return [(entry.event, entry.outcome) for entry in entries][3:]


# --- the contract -----------------------------------------------------------------------------------------------


def test_it_is_posted_under_the_calls_id_and_booked(gateway: EffectGateway, refund: ToolCall):
    done = carried_out(refund)

    (posted,) = gateway.requests
    assert (posted.method, posted.key) == ("POST", str(refund.pk))
    assert posted.body == {"order": "ORD-1001", "amount": "4.90", "currency": "EUR"}
    assert_paid_once(gateway, refund)
    assert (done.lease_until, done.reason) == (None, "")
    assert Effect.objects.get().digest == refund.digest
    assert events_of(refund) == [
        ("call.executing", "executing"),
        ("call.sent_outside", "first"),
        ("call.answered_outside", "done"),
        ("call.succeeded", "succeeded"),
    ]


def test_nothing_is_sent_where_no_gateway_is_set(gateway: EffectGateway, refund: ToolCall, settings: Any):
    settings.EFFECT_GATEWAY_URL = ""

    assert carried_out(refund).state == "succeeded"
    assert gateway.requests == []
    assert booked() == Decimal("4.90")


def test_no_transaction_is_open_while_it_is_sent(
    gateway: EffectGateway, refund: ToolCall, monkeypatch: pytest.MonkeyPatch
):
    depths: list[int] = []
    outer = len(connection.savepoint_ids)
    real = outside_http._status

    def look(*what: Any, **more: Any) -> Any:
        depths.append(len(connection.savepoint_ids))
        return real(*what, **more)

    monkeypatch.setattr(outside_http, "_status", look)
    gateway.next("POST", DROPS)

    carried_out(refund)

    assert depths == [outer, outer]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_status_of_success_is_done(gateway: EffectGateway, refund: ToolCall, status: int):
    gateway.next("POST", says(status, applies=True))

    carried_out(refund)

    assert len(gateway.requests) == 1
    assert_paid_once(gateway, refund)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 422, 451])
def test_a_refusal_is_told_as_one(gateway: EffectGateway, refund: ToolCall, status: int):
    gateway.next("POST", says(status))

    failed = carried_out(refund)

    assert len(gateway.requests) == 1
    assert_nothing_was_paid(gateway, refund)
    assert failed.reason == "The payment service refused it; nothing was paid back."
    assert ("call.answered_outside", "refused") in events_of(refund)


UNCLEAR = [says(status) for status in (302, 408, 409, 429, 500, 503)] + [CUTS, HANGS]
APPLIED = [says(status, applies=True) for status in (302, 408, 409, 429, 500, 503)] + [DROPS, HANGS_AFTER]


@pytest.mark.parametrize("mood", APPLIED, ids=str)
def test_what_was_done_and_not_said_is_found_by_its_key(gateway: EffectGateway, refund: ToolCall, mood: Mood):
    gateway.next("POST", mood)

    until_settled(refund)

    assert len(gateway.posts()) == 1
    assert_paid_once(gateway, refund)


@pytest.mark.parametrize("mood", UNCLEAR, ids=str)
def test_what_was_not_done_is_sent_again_under_the_same_key(gateway: EffectGateway, refund: ToolCall, mood: Mood):
    gateway.next("POST", mood)

    until_settled(refund)

    methods = [request.method for request in gateway.requests]
    assert methods.count("POST") == 2
    assert methods[methods.index("POST") + 1] == "GET"
    assert {request.key for request in gateway.requests} == {str(refund.pk)}
    assert_paid_once(gateway, refund)


@pytest.mark.parametrize("mood", [says(302), says(409), says(500), CUTS, HANGS], ids=str)
def test_it_is_never_sent_again_while_the_gateway_cannot_be_asked(
    gateway: EffectGateway, refund: ToolCall, settings: Any, mood: Mood
):
    settings.EFFECT_TRIES, settings.EFFECT_TIMEOUT_S = 3, 0.2
    gateway.next("POST", dataclasses.replace(mood, applies=True))
    gateway.always["GET"] = mood

    unsettled = until_settled(refund)

    assert len(gateway.posts()) == 1
    assert unsettled.state == "needs_reconciliation"
    assert effects(refund) == 0
    assert booked() == 0


def test_a_redirect_is_not_followed(gateway: EffectGateway, refund: ToolCall):
    with EffectGateway() as elsewhere:
        gateway.always["POST"] = says(307, Location=f"{elsewhere.url}/refunds")
        gateway.always["GET"] = says(302, Location=f"{elsewhere.url}/refunds/{refund.pk}")
        elsewhere.always["GET"] = says(200)

        assert until_settled(refund).state == "needs_reconciliation"
        assert elsewhere.requests == []


def test_no_answer_is_waited_for_longer_than_said(gateway: EffectGateway, refund: ToolCall):
    gateway.always["POST"] = DRIPS
    gateway.always["GET"] = HANGS
    began = timezone.now()

    carried_out(refund)

    assert timezone.now() - began < timedelta(seconds=3)
    assert again(refund).state == "executing"


def test_a_gateway_that_is_not_there_ends_before_staff(refund: ToolCall, settings: Any):
    with EffectGateway() as gone:
        settings.EFFECT_GATEWAY_URL = gone.url

    assert until_settled(refund).state == "needs_reconciliation"
    assert again(refund).tries == settings.EFFECT_TRIES


def test_a_password_of_the_gateway_is_sent_and_never_told(
    gateway: EffectGateway, refund: ToolCall, settings: Any, caplog: Any
):
    settings.EFFECT_GATEWAY_URL = gateway.url.replace("http://", "http://shop:canary-7f3a@")
    gateway.next("POST", CUTS, DROPS)

    until_settled(refund)

    assert_paid_once(gateway, refund)
    assert {request.headers["authorization"][:6] for request in gateway.requests} == {"Basic "}
    assert "outside.no_answer" in caplog.text
    told = caplog.text + json.dumps(list(AuditEntry.objects.values_list("details", flat=True)))
    assert "canary-7f3a" not in told
    assert gateway.url.partition("://")[2] not in told


# --- tries and ends ---------------------------------------------------------------------------------------------


def test_ft_14_poison_effect_is_tried_as_often_as_said_and_told(
    gateway: EffectGateway, refund: ToolCall, bob: Customer, rita: User, settings: Any, caplog: Any
):
    OrderFactory.create(customer=bob, reference="ORD-2001", price=Decimal("24.90"))
    other = approved(bob, rita, "request_refund", order_id="ORD-2001", amount="4.90", reason="late")
    gateway.by_rule = lambda r: says(500) if r.method == "POST" and r.key == str(refund.pk) else None

    failed = until_settled(refund)

    assert len(gateway.posts(refund.pk)) == settings.EFFECT_TRIES == failed.tries
    assert (failed.state, failed.reason) == ("failed", "Nothing was paid back.")
    assert effects(refund) == 0
    assert carried_out(other).state == "succeeded"
    assert "call.given_up" in caplog.text
    staff = Client()
    staff.force_login(rita, backend="django.contrib.auth.backends.ModelBackend")
    (line,) = [line for line in status._for_people(health.work()) if line.name == "Could not be carried out"]
    listed = staff.get(line.link).content.decode()
    assert line.value == "1 request today"
    assert str(refund.pk) in listed
    assert str(other.pk) not in listed


def test_it_is_not_given_up_while_it_may_be_under_way(gateway: EffectGateway, refund: ToolCall, settings: Any):
    """Sent, not answered, not known there yet: the payment may be made a moment later."""
    settings.EFFECT_TRIES = 1
    settings.EFFECT_TIMEOUT_S = 5
    gateway.next("POST", says(502))

    carried_out(refund)
    assert again(refund).state == "executing"
    change_row(refund, lease_until=timezone.now() - timedelta(seconds=1))
    carried_out(refund)

    assert again(refund).state == "executing"
    gateway.pay(gateway.posts()[0])
    sweep(refund)
    assert_paid_once(gateway, refund)
    assert len(gateway.posts()) == 1


@pytest.mark.parametrize("ends", ["expired", "stale", "refused", "awaiting_approval"])
def test_what_may_be_under_way_is_not_ended_by_a_check(
    gateway: EffectGateway, refund: ToolCall, rita: User, settings: Any, ends: str
):
    settings.EFFECT_TIMEOUT_S = 5
    gateway.next("POST", says(502))
    carried_out(refund)
    if ends == "expired":
        change_row(refund, expires_at=timezone.now() - timedelta(seconds=1))
    elif ends == "stale":
        Order.objects.update(price=Decimal("30.00"))
    elif ends == "refused":
        User.objects.filter(customer=refund.customer).update(is_active=False)
    else:
        rita.groups.clear()
    change_row(refund, lease_until=timezone.now() - timedelta(seconds=1))

    assert carried_out(refund).state == "executing"
    assert not Event.objects.filter(type="message").exists()
    assert sweep(refund).state == ends
    assert len(gateway.posts()) == 1
    assert_nothing_was_paid(gateway, refund, state=ends)


def test_a_refusal_of_the_second_try_is_asked_about(gateway: EffectGateway, refund: ToolCall):
    """The first was done late; the second is refused as done already."""
    gateway.next("POST", says(500), says(422, applies=True))
    gateway.next("GET", says(404), says(404))

    until_settled(refund)

    assert_paid_once(gateway, refund)


def test_a_refusal_of_the_second_try_that_was_not_done_is_one(gateway: EffectGateway, refund: ToolCall):
    gateway.next("POST", says(500), says(422))

    assert until_settled(refund).reason == "The payment service refused it; nothing was paid back."
    assert_nothing_was_paid(gateway, refund)


def checked(claimed: ToolCall) -> Sending:
    """The call with everything checked and committed, right before it is sent."""
    step = execution._check_and_apply(claimed)
    assert isinstance(step, Sending)
    return step


# --- killed, or overtaken ---------------------------------------------------------------------------------------


class Killed(BaseException):
    """As kill -9: nothing after it is carried out."""


def test_a_worker_killed_before_it_sent_is_followed_by_one_that_asks(
    gateway: EffectGateway, refund: ToolCall, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(outside_http, "send", lambda **_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            execute_call(call_id=refund.pk)
    assert again(refund).sent_at is not None

    sweep(refund)

    assert [request.method for request in gateway.requests] == ["GET", "POST"]
    assert_paid_once(gateway, refund)


def test_a_worker_killed_after_it_sent_is_followed_by_one_that_books(
    gateway: EffectGateway, refund: ToolCall, monkeypatch: pytest.MonkeyPatch
):
    real = outside_http.send

    def send_and_die(**what: Any) -> None:
        real(**what)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(outside_http, "send", send_and_die)
        with pytest.raises(Killed):
            execute_call(call_id=refund.pk)
    assert booked() == 0

    sweep(refund)

    assert [request.method for request in gateway.requests] == ["POST", "GET"]
    assert_paid_once(gateway, refund)


def test_whatever_kills_every_worker_comes_before_staff(
    gateway: EffectGateway, refund: ToolCall, monkeypatch: pytest.MonkeyPatch, settings: Any
):
    settings.EFFECT_TRIES = 2
    gateway.next("POST", DROPS)

    def die(**_: Any) -> None:
        raise Killed

    monkeypatch.setattr("tools.settling.succeed", die)
    for _ in range(settings.EFFECT_TRIES + MOST_ASKS + 1):
        later(refund)
        try:
            execute_call(call_id=refund.pk)
        except Killed:
            continue

    assert again(refund).state == "needs_reconciliation"
    assert len(gateway.posts()) == 1


def test_a_worker_that_sends_while_it_loses_its_lease_books_nothing(gateway: EffectGateway, refund: ToolCall):
    """The newer one asks first, finds it done and books it; the older finds a newer fence."""
    slow = execution._claim(refund.pk)
    assert slow is not None
    sending = checked(slow)
    later(refund)
    newer = execution._claim(refund.pk)
    assert newer is not None

    with pytest.raises(LostRace):
        outside_steps.send(sending)
    assert booked() == 0
    assert outside_steps.ask_first(newer) == "succeeded"

    assert [request.method for request in gateway.requests] == ["POST", "GET"]
    assert_paid_once(gateway, refund)


def test_a_worker_that_was_frozen_past_its_lease_sends_nothing(gateway: EffectGateway, refund: ToolCall):
    slow = execution._claim(refund.pk)
    assert slow is not None
    sending = checked(slow)
    sending = dataclasses.replace(sending, until=sending.until - 60)

    with pytest.raises(LostRace):
        outside_steps.send(sending)

    assert gateway.requests == []


def test_the_lease_covers_what_is_sent_and_asked(gateway: EffectGateway, refund: ToolCall, settings: Any):
    settings.CALL_LEASE_S, settings.EFFECT_TIMEOUT_S = 1, 10
    held = execution._claim(refund.pk)
    assert held is not None
    execution._check_and_apply(held)

    lease = again(refund).lease_until
    assert lease is not None
    assert lease > timezone.now() + timedelta(seconds=20)


def test_what_cannot_be_booked_is_kept_and_tried_again(
    gateway: EffectGateway, refund: ToolCall, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr("tools.settling.succeed", lambda **_: (_ for _ in ()).throw(OSError))
        assert carried_out(refund).state == "executing"

    sweep(refund)

    assert len(gateway.posts()) == 1
    assert_paid_once(gateway, refund)


def test_what_can_never_be_booked_comes_before_staff(
    gateway: EffectGateway, refund: ToolCall, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("tools.settling.succeed", lambda **_: (_ for _ in ()).throw(OSError))

    assert until_settled(refund).state == "needs_reconciliation"
    assert len(gateway.posts()) == 1


# --- the record meanwhile ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns",
    [{"state": "in_transit"}, {"price": Decimal("100.00")}, {"customer": "bob"}],
    ids=["state", "price", "owner"],
)
def test_money_that_moved_is_booked_though_the_record_moved(
    gateway: EffectGateway, refund: ToolCall, bob: Customer, columns: dict[str, Any]
):
    gateway.next("POST", HANGS_AFTER)
    carried_out(refund)
    Order.objects.update(**{name: bob if value == "bob" else value for name, value in columns.items()})

    sweep(refund)

    assert_paid_once(gateway, refund)
    assert Refund.objects.get().customer == refund.customer


def test_money_above_the_price_is_booked_in_full_and_told(gateway: EffectGateway, refund: ToolCall):
    gateway.next("POST", HANGS_AFTER)
    carried_out(refund)
    Order.objects.update(price=Decimal("3.00"))

    assert sweep(refund).state == "succeeded"

    assert Refund.objects.get().amount == Decimal("4.90")
    assert Order.objects.get().refunded == Decimal("3.00")
    assert AuditEntry.objects.filter(event="refund.above_price", call_id=refund.pk).count() == 1


def test_arguments_that_were_changed_meanwhile_are_not_booked(gateway: EffectGateway, refund: ToolCall):
    gateway.next("POST", HANGS_AFTER)
    carried_out(refund)
    change_row(refund, arguments=REFUND | {"amount": "0.01"})

    assert until_settled(refund).state == "needs_reconciliation"
    assert booked() == 0


def test_a_record_that_moved_before_it_was_sent_is_stale(gateway: EffectGateway, refund: ToolCall):
    Order.objects.update(state="in_transit")

    assert carried_out(refund).state == "stale"
    assert gateway.requests == []


# --- two about one order ----------------------------------------------------------------------------------------


def second(alice: Customer, *reviewers: User) -> ToolCall:
    """Another approved refund of the same order, made past the check that forbids to ask for it."""
    arguments = {"order_id": "ORD-1001", "amount": "2.00", "reason": "again"}
    call = ToolCall.objects.get(tool="request_refund")
    call.pk, call.state, call.sent_at, call.arguments = None, "approved", None, arguments
    call.digest = digest_of(tool="request_refund", customer_id=alice.pk, arguments=arguments)
    call.lease_until, call.fence, call.tries, call.need = None, 0, 0, 0
    call.save(force_insert=True)
    return call


def test_two_of_one_order_are_never_under_way_at_once(gateway: EffectGateway, refund: ToolCall, alice: Customer):
    gateway.next("POST", HANGS_AFTER)
    carried_out(refund)
    other = second(alice)

    assert carried_out(other).state == "approved"
    assert sweep(other).state == "approved"
    assert len(gateway.posts()) == 1

    sweep(refund)
    assert sweep(other).state == "stale"
    assert_paid_once(gateway, refund)


def test_two_of_one_order_that_were_claimed_at_once_are_sent_one_after_the_other(
    gateway: EffectGateway, refund: ToolCall, alice: Customer
):
    other = second(alice)
    first_claim, second_claim = execution._claim(refund.pk), execution._claim(other.pk)
    assert first_claim is not None
    assert second_claim is not None
    change_row(other, need=1)
    decision = Decision.objects.get(call=refund)
    Decision.objects.create(
        call=other,
        reviewer=decision.reviewer,
        decision="approve",
        digest=other.digest,
        version=1,
        decided_at=timezone.now(),
    )
    change_row(other, preconditions=again(refund).preconditions, changes=_changes_of(alice, other))

    execution._check_and_apply(first_claim)

    assert execution._check_and_apply(second_claim) == "executing"
    assert again(other).sent_at is None


def _changes_of(alice: Customer, call: ToolCall) -> Any:
    _, plan, _ = plan_call(ctx=context(alice), definition=find_tool(name=call.tool), arguments=call.arguments)
    return plan.changes_as_json()


def test_another_one_cannot_be_asked_for_while_one_is_under_way(
    gateway: EffectGateway, refund: ToolCall, alice: Customer
):
    gateway.next("POST", HANGS_AFTER)
    carried_out(refund)

    told = admit(context(alice), raw("request_refund", **REFUND | {"amount": "5.00"}))[0].told
    same = admit(context(alice), raw("request_refund", **REFUND))[0]

    assert told is not None
    assert told["error"]["code"] == "not_possible"
    assert same.call.pk == refund.pk


def test_the_limit_for_two_reviewers_counts_what_is_not_settled(
    gateway: EffectGateway, refund: ToolCall, alice: Customer, settings: Any
):
    settings.SECOND_APPROVER_ABOVE = Decimal("10.00")
    OrderFactory.create(customer=alice, reference="ORD-1002", price=Decimal("24.90"))
    gateway.always["POST"] = CUTS
    gateway.always["GET"] = CUTS
    assert until_settled(refund).state == "needs_reconciliation"
    change_row(refund, created_at=timezone.now() - timedelta(days=3))

    assert ask(alice, "request_refund", order_id="ORD-1002", amount="5.10", reason="late").need == 1
    assert ask(alice, "request_refund", order_id="ORD-1002", amount="5.11", reason="late").need == 2


# --- who is told ------------------------------------------------------------------------------------------------


@pytest.fixture
def unsettled(gateway: EffectGateway, refund: ToolCall, alice: Customer) -> ToolCall:
    """Paid, and nobody knows."""
    conversation = Conversation.objects.create(customer=alice, created_at=timezone.now())
    change_row(refund, conversation_id=conversation.pk)
    gateway.next("POST", DROPS)
    gateway.always["GET"] = says(503)
    call = until_settled(refund)
    assert call.state == "needs_reconciliation"
    return call


def messages() -> list[str]:
    return list(Event.objects.filter(type="message").order_by("seq").values_list("payload__text", flat=True))


def test_the_customer_is_told_once_that_nobody_knows_and_once_how_it_ended(gateway: EffectGateway, unsettled: ToolCall):
    states = Event.objects.filter(type="call").order_by("seq").values_list("payload__state", flat=True)
    assert list(states) == ["executing", "needs_reconciliation"]
    assert len(messages()) == 1
    assert "do not know yet whether the money was paid back" in messages()[0]
    sweep(unsettled)
    assert len(messages()) == 1

    gateway.always["GET"] = Mood()
    sweep(unsettled)

    assert messages()[1:] == ["4.90 EUR for order ORD-1001 was refunded."]
    assert_paid_once(gateway, unsettled)


def test_the_sweep_asks_with_growing_pauses_and_never_sends(gateway: EffectGateway, unsettled: ToolCall):
    pauses = []
    for _ in range(12):
        sweep(unsettled)
        lease = again(unsettled).lease_until
        assert lease is not None
        pauses.append((lease - timezone.now()).total_seconds())

    assert len(gateway.posts()) == 1
    doubled = [round(pause / before) for before, pause in itertools.pairwise(pauses[:8])]
    assert doubled == [2] * 7
    assert pauses[0] < 3
    assert 590 < pauses[-1] <= 600
    assert again(unsettled).version == unsettled.version


def test_what_turns_out_never_to_have_been_done_ends_so(gateway: EffectGateway, unsettled: ToolCall):
    gateway.paid.clear()
    gateway.payments.clear()
    gateway.always["GET"] = Mood()

    assert sweep(unsettled).reason == "Nothing was paid back."

    assert_nothing_was_paid(gateway, unsettled)
    assert "Nothing was paid back." in messages()[-1]
    assert len(gateway.posts()) == 1


def test_it_is_due_until_it_is_settled(gateway: EffectGateway, unsettled: ToolCall, bob: Customer, rita: User):
    approved_later = approved(bob, rita)
    assert due_calls() == [approved_later.pk]

    later(unsettled)

    assert due_calls() == [approved_later.pk, unsettled.pk]


def test_it_can_be_neither_withdrawn_nor_decided_nor_erased(
    unsettled: ToolCall, alice: Customer, rita: User, ravi: User
):
    with pytest.raises(approvals.DecisionError, match="being carried out"):
        approvals.withdraw(call_id=unsettled.pk, customer=alice)
    with pytest.raises(approvals.DecisionError):
        approve(again(unsettled), ravi)
    with pytest.raises(erasure.NotNow):
        erasure.end_open_calls(customer=alice, now=timezone.now())


def test_nobody_is_erased_while_their_money_is_under_way(gateway: EffectGateway, refund: ToolCall, alice: Customer):
    gateway.next("POST", HANGS_AFTER)
    assert carried_out(refund).state == "executing"

    with pytest.raises(erasure.NotNow):
        erasure.end_open_calls(customer=alice, now=timezone.now())

    sweep(refund)
    assert_paid_once(gateway, refund)


# --- a gateway that hangs ---------------------------------------------------------------------------------------


def test_a_gateway_that_hangs_is_left_alone_for_a_while(
    gateway: EffectGateway, refund: ToolCall, bob: Customer, rita: User, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.undo()
    OrderFactory.create(customer=bob, reference="ORD-2001", price=Decimal("24.90"))
    other = approved(bob, rita, "request_refund", order_id="ORD-2001", amount="4.90", reason="late")
    elsewhere = approved(bob, rita)
    gateway.next("POST", HANGS)

    carried_out(refund)
    carried_out(other)
    carried_out(elsewhere)

    assert len(gateway.requests) == 1
    assert again(other).state == "approved"
    assert again(elsewhere).state == "succeeded"
    monkeypatch.setattr(outside_http.rest, "until", 0.0)
    assert carried_out(other).state == "succeeded"


def test_only_a_write_has_an_outside_part():
    assert {name for name, definition in REGISTRY.items() if definition.outside} == {"request_refund"}
