"""Staff settle on the review page what nobody else can: with a reason, once, and only who may decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from support_bot.chat.models import Conversation, Event
from tests.effect_gateway import CUTS, DROPS, EffectGateway, Mood
from tests.tools.steps import again, approved, carried_out, change_row, confirmed, effects
from tests.tools.test_admin import as_, ids, listed
from tests.tools.test_review import address, age_sign_in, decide, form_of, signed_in, text_of
from tools.execution import execute_call
from tools.models import AuditEntry, Decision, Effect, ToolCall
from tracking.factories import OrderFactory
from tracking.models import Customer, Order, Refund

pytestmark = pytest.mark.django_db

WHY = "Looked it up there: reference 991."


@pytest.fixture(autouse=True)
def _no_login_limit(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def gateway(settings: Any) -> Iterator[EffectGateway]:
    with EffectGateway() as server:
        settings.EFFECT_GATEWAY_URL = server.url
        settings.EFFECT_TRIES = 1
        yield server


@pytest.fixture
def unsettle(gateway: EffectGateway, rita: User) -> Callable[..., ToolCall]:
    """A refund of 4.90 that was sent and of which nobody knows more."""

    def make(customer: Customer, reference: str = "ORD-1001") -> ToolCall:
        OrderFactory.create(customer=customer, reference=reference, price=Decimal("24.90"))
        call = approved(customer, rita, "request_refund", order_id=reference, amount="4.90", reason="late")
        conversation = Conversation.objects.create(customer=customer, created_at=timezone.now())
        change_row(call, conversation_id=conversation.pk)
        gateway.next("POST", DROPS)
        gateway.always["GET"] = CUTS
        call = carried_out(call)
        assert call.state == "needs_reconciliation"
        return call

    return make


@pytest.fixture
def unsettled(unsettle: Callable[..., ToolCall], alice: Customer) -> ToolCall:
    return unsettle(alice)


def assert_unsettled(call: ToolCall) -> None:
    assert again(call).state == "needs_reconciliation"
    assert not Decision.objects.filter(decision__startswith="mark").exists()
    assert not Refund.objects.exists()


def last_message() -> str:
    text: str = Event.objects.filter(type="message").latest("seq").payload["text"]
    return text


# --- taken ------------------------------------------------------------------------------------------------------


def test_what_is_marked_as_done_is_booked_and_told(unsettled: ToolCall, ravi: User):
    client = signed_in(ravi)

    answer = decide(client, unsettled, "mark_succeeded", reason=WHY)

    assert answer.status_code == 302
    assert answer["Location"].endswith("/admin/tools/approval/")
    done = again(unsettled)
    assert (done.state, done.reason, done.lease_until) == ("succeeded", "", None)
    assert (Order.objects.get().refunded, Refund.objects.get().call_id) == (Decimal("4.90"), unsettled.pk)
    assert effects(unsettled) == 1
    assert last_message() == "4.90 EUR for order ORD-1001 was refunded."
    taken = Decision.objects.get(decision="mark_succeeded")
    assert (taken.reviewer, taken.reason, taken.digest) == (ravi, WHY, unsettled.digest)
    trail = list(AuditEntry.objects.filter(call_id=unsettled.pk).order_by("pk").values_list("event", "actor"))[-2:]
    assert trail == [("call.mark_succeeded", f"user:{ravi.pk}"), ("call.succeeded", f"user:{ravi.pk}")]


def test_what_is_marked_as_not_done_is_told_without_the_reviewers_words(unsettled: ToolCall, ravi: User):
    assert decide(signed_in(ravi), unsettled, "mark_failed", reason=WHY).status_code == 302

    failed = again(unsettled)
    assert (failed.state, failed.reason) == ("failed", "Nothing was paid back.")
    assert not Effect.objects.exists()
    assert not Refund.objects.exists()
    assert WHY not in last_message()
    assert "Nothing was paid back." in last_message()


def test_whoever_approved_it_may_settle_it(unsettled: ToolCall, rita: User):
    client = signed_in(rita)

    shown = text_of(client.get(address(unsettled)))

    assert "Nobody knows yet whether this was done" in shown
    assert str(unsettled.pk) in shown
    assert 'value="mark_succeeded"' in shown
    assert 'value="approve"' not in shown
    form = form_of(client.get(address(unsettled)))
    assert client.post(address(unsettled), form | {"decision": "mark_failed", "reason": WHY}).status_code == 302


def test_a_form_stays_good_while_the_sweep_asks(unsettled: ToolCall, rita: User):
    client = signed_in(rita)
    form = form_of(client.get(address(unsettled)))
    change_row(unsettled, lease_until=timezone.now() - timedelta(seconds=1))
    execute_call(call_id=unsettled.pk)

    answer = client.post(address(unsettled), form | {"decision": "mark_failed", "reason": WHY})

    assert answer.status_code == 302


def test_a_request_whose_time_is_over_can_still_be_settled(unsettled: ToolCall, rita: User):
    change_row(unsettled, expires_at=timezone.now() - timedelta(days=2))

    assert decide(signed_in(rita), unsettled, "mark_succeeded", reason=WHY).status_code == 302


# --- not taken --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decision", ["mark_succeeded", "mark_failed"])
@pytest.mark.parametrize("reason", ["", "   ", "\u200b\u202e"])
def test_it_is_not_settled_without_a_reason(unsettled: ToolCall, rita: User, decision: str, reason: str):
    answer = decide(signed_in(rita), unsettled, decision, reason=reason)

    assert answer.status_code == 400
    assert "how you know" in text_of(answer)
    assert_unsettled(unsettled)


@pytest.mark.parametrize("fields", [{"version": "1"}, {"digest": "0" * 64}, {"version": "99"}])
def test_it_is_settled_only_as_it_was_seen(unsettled: ToolCall, rita: User, fields: dict[str, str]):
    assert decide(signed_in(rita), unsettled, "mark_succeeded", reason=WHY, **fields).status_code == 409
    assert_unsettled(unsettled)


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_it_is_no_request_to_decide_any_more(unsettled: ToolCall, ravi: User, decision: str):
    assert decide(signed_in(ravi), unsettled, decision, reason=WHY).status_code == 409
    assert_unsettled(unsettled)


@pytest.mark.parametrize("decision", ["mark_succeeded", "mark_failed"])
@pytest.mark.parametrize("state", ["approved", "executing", "succeeded", "failed", "expired"])
def test_nothing_else_is_settled(alice: Customer, rita: User, decision: str, state: str):
    call = change_row(confirmed(alice), state=state)

    assert decide(signed_in(rita), call, decision, reason=WHY).status_code == 409
    assert again(call).state == state
    assert not Effect.objects.exists()


def test_the_second_to_settle_is_told_who_was_first(unsettled: ToolCall, rita: User, ravi: User):
    decide(signed_in(rita), unsettled, "mark_failed", reason=WHY)

    answer = decide(signed_in(ravi), unsettled, "mark_succeeded", reason=WHY)

    assert answer.status_code == 409
    assert "marked as not done by rita" in text_of(answer)
    assert again(unsettled).state == "failed"
    assert not Refund.objects.exists()


def test_staff_who_may_only_look_and_the_customer_do_not_settle_it(
    unsettle: Callable[..., ToolCall], alice: Customer, sam: User, root: User
):
    hers = unsettle(alice)
    own = unsettle(root.customer, "ORD-3001")

    for user, call in ((sam, hers), (root, own)):
        client = signed_in(user)
        assert decide(client, call, "mark_succeeded", reason=WHY).status_code == 403
        assert 'name="digest"' not in text_of(client.get(address(call)))
        assert_unsettled(call)
    assert decide(signed_in(root), hers, "mark_succeeded", reason=WHY).status_code == 302


def test_an_old_sign_in_has_to_be_renewed_first(unsettled: ToolCall, rita: User, settings: Any):
    client = signed_in(rita)
    age_sign_in(client, settings.REAUTH_S + 1)

    answer = decide(client, unsettled, "mark_succeeded", reason=WHY)

    assert "/accounts/reauthenticate/" in answer["Location"]
    assert_unsettled(unsettled)


def test_changed_arguments_are_not_booked(unsettled: ToolCall, rita: User):
    changed = change_row(unsettled, arguments=unsettled.arguments | {"amount": "24.90"})

    answer = decide(signed_in(rita), changed, "mark_succeeded", reason=WHY)

    assert answer.status_code == 409
    assert_unsettled(unsettled)


def test_a_tool_that_does_nothing_outside_has_nothing_to_book(alice: Customer, rita: User):
    call = change_row(confirmed(alice), state="needs_reconciliation")

    assert decide(signed_in(rita), call, "mark_succeeded", reason=WHY).status_code == 409
    assert_unsettled(call)
    assert decide(signed_in(rita), call, "mark_failed", reason=WHY).status_code == 302
    assert again(call).state == "failed"


def test_what_was_settled_is_not_booked_again_by_an_answer(gateway: EffectGateway, unsettled: ToolCall, rita: User):
    decide(signed_in(rita), unsettled, "mark_succeeded", reason=WHY)
    gateway.always["GET"] = Mood()

    assert execute_call(call_id=unsettled.pk) is None
    assert Refund.objects.count() == 1


# --- the queue --------------------------------------------------------------------------------------------------


def test_the_queue_shows_first_what_nobody_knows(
    unsettle: Callable[..., ToolCall], alice: Customer, bob: Customer, rita: User
):
    older = confirmed(bob)
    unsettled = unsettle(alice)

    assert listed(as_(rita)) == ids(unsettled, older)
