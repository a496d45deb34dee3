"""What is said beside an answer that claims more than the records hold, and that a true one is left alone."""

import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from support_bot.chat.inbox import open_conversation
from support_bot.chat.models import Step, Turn
from support_bot.chat.truth import correction_of
from tools.models import ToolCall
from tracking.factories import OrderFactory, PackageFactory

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
        "Our records say: No refund has been requested in this chat."
    )
    assert said(talk, "Done!") == "Our records say: No change has been requested in this chat."
    assert said(talk, "Hello! Your package was delivered.") is None


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("awaiting_confirmation", "not done yet, waits for you to confirm it in the chat"),
        ("awaiting_approval", "not done yet, waits for our staff to decide"),
        ("executing", "being carried out"),
    ],
)
def test_a_claim_about_an_open_request_is_told_its_state(talk, state, words):
    call = made(talk, state, **REFUND)

    found = correction_of(text="Refund completed, id 991.", customer_id=talk.customer_id, conversation_id=talk.pk)

    assert found is not None
    assert found.text == (f"Our records say: Refund 24.90 EUR for order ORD-1001: {words}.")
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
        "Our records say: No refund has been requested in this chat."
        " Change phone number of Alice Example: not done yet, waits for our staff to decide."
    )


def order(customer, **fields):
    return OrderFactory.create(customer=customer, **({"state": "booked"} | fields))


def test_what_a_named_order_says_may_be_said(talk):
    order(talk.customer, reference="ORD-1002")
    order(talk.customer, reference="ORD-1008", state="cancelled", refunded=Decimal("5.00"))

    assert said(talk, "Your order ORD-1002 was booked on Monday and can be cancelled.") is None
    assert said(talk, "Your order **ord 1008** has been cancelled.") is None
    assert said(talk, "Order ORD-1008 is there. It was cancelled.") is None
    assert said(talk, "5.00 EUR of the 24.90 EUR for order ORD-1008 have been refunded.") is None
    assert said(talk, "Ihre Bestellung ORD-1008 wurde storniert.") is None
    assert said(talk, "Se ha cancelado su pedido ORD-1008.") is None

    assert said(talk, "Order ORD-1002 has been cancelled.") == (
        "Our records say: No cancellation has been requested in this chat."
    )
    assert said(talk, "ORD-1008: cancelled\nORD-1002: booked") is None
    assert said(talk, "| ORD-1008 | cancelled |") is None
    assert said(talk, "Refund for ORD-1008: paid (5.00 EUR)") is None

    assert said(talk, "ORD-1002: cancelled") == "Our records say: No cancellation has been requested in this chat."
    assert said(talk, "| Refund | paid |") == "Our records say: No refund has been requested in this chat."
    assert said(talk, "Orders ORD-1002 and ORD-1008 have been cancelled.") is not None
    assert said(talk, "The refund of 24.90 EUR for ORD-1008 has been paid.") is not None
    assert said(talk, "The refund for ORD-1002 has been paid.") is not None
    assert said(talk, "Order ORD-1008 is cancelled. I have booked your delivery.") is not None
    assert said(talk, "About ORD-1008: your phone number was changed.") is not None


def test_what_a_named_package_says_may_be_said(talk):
    PackageFactory.create(number="TEST-1001", booker=talk.customer, safe_place="Shed")
    PackageFactory.create(number="TEST-1002", booker=talk.customer)

    assert said(talk, "Your delivery of TEST-1001 has been changed to the shed.") is None
    assert said(talk, "Your delivery of TEST-1002 has been changed to the shed.") is not None


def test_anothers_record_bears_nothing_out(talk, bob):
    order(bob, reference="ORD-1008", state="cancelled", refunded=Decimal("5.00"))
    PackageFactory.create(number="TEST-1001", booker=bob, safe_place="Shed")

    theirs = said(talk, "Order ORD-1008 has been cancelled.")
    assert theirs == said(talk, "Order ORD-9999 has been cancelled.") is not None
    assert said(talk, "5.00 EUR of ORD-1008 have been refunded.") is not None
    assert said(talk, "Your order ORD-1008 was booked on Monday.") is not None
    assert said(talk, "Your delivery of TEST-1001 has been changed to the shed.") is not None


def test_a_foreign_number_beside_ones_own_record_changes_nothing(talk):
    order(talk.customer, reference="ORD-1008", state="cancelled")

    assert said(talk, "Order ORD-1008 has been cancelled (case REF-99120).") is None


def test_what_another_did_is_not_ours_to_deny(talk):
    assert said(talk, "Der Liefertermin wurde vom Zusteller auf Freitag verschoben.") is None
    assert said(talk, "Your delivery was rescheduled by the driver.") is None
