"""What is said beside an answer that claims more than the records hold, and that a true one is left alone."""

import uuid

import pytest
from django.utils import timezone

from support_bot.chat.inbox import open_conversation
from support_bot.chat.models import Step, Turn
from support_bot.chat.truth import correction_of
from tools.models import ToolCall

pytestmark = pytest.mark.django_db
REFUND = {"tool": "request_refund", "summary": "Refund 24.90 EUR for order ORD-1001"}
PHONE = {"tool": "update_profile", "summary": "Change phone number of Alice Example"}


@pytest.fixture
def talk(alice):
    return open_conversation(customer=alice, now=timezone.now())


def made(talk, state, *, elsewhere=False, **fields):
    conversation_id = uuid.uuid4() if elsewhere else talk.pk
    rest = {"effect": "write", "digest": uuid.uuid4().hex, "created_at": timezone.now()}
    return ToolCall.objects.create(
        customer=talk.customer, conversation_id=conversation_id, state=state, **(rest | fields)
    )


def told(talk, tool, result):
    turn = Turn.objects.create(
        conversation=talk, message_seq=1, session_key="", state=Turn.State.DONE, created_at=timezone.now()
    )
    call = {"id": "1", "name": tool, "arguments": "{}", "call_id": "", "told": {"ok": True, "result": result}}
    Step.objects.create(turn=turn, number=1, calls=[call], created_at=timezone.now())


def said(talk, text):
    found = correction_of(text=text, customer_id=talk.customer_id, conversation_id=talk.pk)
    return found.text if found else None


def test_a_claim_about_nothing_is_told_so(talk):
    assert said(talk, "Your refund of 24.90 EUR has been processed.") == (
        "Our records say: No refund has been requested here, and none was made."
    )
    assert said(talk, "Done!") == "Our records say: No change has been requested here, and none was made."
    assert said(talk, "Hello! Your package was delivered.") is None


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("awaiting_confirmation", "waits for you to confirm it in the chat"),
        ("awaiting_approval", "waits for our staff to decide"),
        ("executing", "being carried out"),
    ],
)
def test_a_claim_about_an_open_request_is_told_its_state(talk, state, words):
    call = made(talk, state, **REFUND)

    found = correction_of(text="Refund completed, id 991.", customer_id=talk.customer_id, conversation_id=talk.pk)

    assert found is not None
    assert found.text == (
        f"Our records say: Nothing has been changed yet. Refund 24.90 EUR for order ORD-1001: {words}."
    )
    assert found.call_ids == (str(call.pk),)


def test_a_declined_request_is_not_approved(talk):
    made(talk, "declined", **REFUND)

    assert said(talk, "It was approved by Anna.") == (
        "Our records say: Refund 24.90 EUR for order ORD-1001: declined by our staff."
    )


def test_what_was_carried_out_may_be_said(talk):
    made(talk, "succeeded", **REFUND)

    assert said(talk, "Your refund of 24.90 EUR has been paid. Done!") is None
    assert said(talk, "The refund for ORD-1001 was approved.") is None
    assert said(talk, "Your refund of 180.00 EUR has been paid.") is not None
    assert said(talk, "The refund for ORD-1003 was issued.") is not None
    assert said(talk, "Your phone number has been changed.") is not None


def test_approved_is_not_done(talk):
    made(talk, "approved", **REFUND)

    assert said(talk, "Our staff have approved your refund.") is None
    assert said(talk, "Your refund has been paid out.") is not None


def test_a_change_of_another_conversation_counts_where_it_is_named(talk):
    made(talk, "succeeded", elsewhere=True, **REFUND)

    assert said(talk, "Your refund of 24.90 was processed on 3 Nov.") is None
    assert said(talk, "Your refund has been processed.") is not None


def test_anothers_change_bears_nothing_out(talk, bob):
    call = made(talk, "succeeded", **REFUND)
    ToolCall.objects.filter(pk=call.pk).update(customer=bob)

    assert said(talk, "Your refund of 24.90 EUR has been processed.") is not None


def test_what_a_record_told_may_be_said(talk):
    order = {"order_id": "ORD-1008", "price": "18.90", "refunded": "5.00", "status": "cancelled"}
    told(talk, "list_my_orders", {"orders": [order], "total": 1})

    assert said(talk, "5.00 EUR of order ORD-1008 have been refunded and your order is cancelled.") is None
    assert said(talk, "Order ORD-1008 was cancelled.") is None
    assert said(talk, "Order ORD-1002 was cancelled.") is not None
    assert said(talk, "18.90 EUR have been refunded.") is not None


def test_what_an_old_request_told_may_be_said(talk):
    item = {"tool": "update_profile", "state": "succeeded", "state_text": "done", "summary": {"untrusted_text": "x"}}
    told(talk, "list_my_requests", {"requests": [item], "total": 1})

    assert said(talk, "Change phone number: done.") is None
    assert said(talk, "Your phone number was updated.") is None


def test_several_claims_are_told_in_one_line(talk):
    made(talk, "awaiting_approval", **PHONE)

    assert said(talk, "I have refunded 24.90 EUR. Your phone number has been changed. Done!") == (
        "Our records say: No refund has been requested here, and none was made."
        " Nothing has been changed yet. Change phone number of Alice Example: waits for our staff to decide."
    )
