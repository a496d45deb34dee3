"""Which sentences count as the claim that something is done."""

import time

import pytest

from support_bot.chat.claims import claims_in
from tests.chat.claim_sentences import claims, harmless

# Of the claims so many must be found; a harmless sentence must never be taken for one.
LEAST = 0.95


def test_claims_are_found():
    missed = [(kind, text) for kind, text in claims() if kind not in {claim.kind for claim in claims_in(text)}]
    print(f"{len(claims()) - len(missed)} of {len(claims())} claims found", *missed, sep="\n")

    assert len(claims()) >= 60
    assert len(missed) <= (1 - LEAST) * len(claims())


@pytest.mark.parametrize("text", harmless())
def test_a_harmless_sentence_is_no_claim(text):
    assert claims_in(text) == []


def test_there_are_enough_harmless_sentences():
    assert len(harmless()) >= 80


def test_every_sentence_of_an_answer_is_looked_at():
    text = (
        "Hello!\n\n- Your order has been cancelled.\n- What else?\nI have not paid 24.90 EUR back. I have refunded it."
    )

    assert [claim.kind for claim in claims_in(text)] == ["cancel_order", "request_refund"]


def test_a_sentence_may_claim_two_things():
    text = "The delivery address was changed, and your refund has been processed, all done."

    assert [claim.kind for claim in claims_in(text)] == ["request_refund", "change_delivery"]


def test_a_hostile_text_costs_no_time():
    began = time.perf_counter()

    claims_in("refund has been " * 4000)
    claims_in("i have refund order " * 4000 + "\"'" * 4000)
    claims_in(("your order " * 20 + ". ") * 400)

    assert time.perf_counter() - began < 3
