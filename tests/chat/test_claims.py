"""Which sentences count as the claim that something is done."""

import time

import pytest

from support_bot.chat.claims import claims_in
from tests.chat import claim_sentences, claim_sentences_more, claim_sentences_plain, claim_sentences_shapes
from tests.llm.corpus import read_corpus
from tests.llm.corpus_world import Conversation
from tests.llm.test_demo_corpus import FILES

# Of the claims so many must be found; a harmless sentence must never be taken for one.
LEAST = 0.95
CORPORA = (claim_sentences, claim_sentences_more, claim_sentences_shapes, claim_sentences_plain)
HARMLESS = [text for corpus in CORPORA for text in corpus.harmless()]
# Each repeats what a search would have to try again at every place.
HOSTILE = (
    "refund has been ", "i have refund order ", "ich habe erstattung ", "ich habe wurde erstattung erstattet ",
    "your order is cancelled, ", "your refund issued. ", "has been quickly ", "is now ", "a. ", "a\n", "refund\n",
    "9", "w", " ", "*", "_", "<b>", "\u201c", "\u201e", '"', "R ", "\ufdfa", "\u200b", "\u0301", "1.00 ", "se ha ",
    "all ", "refund of x ", "consider x ", "i have cancelled ", "konnte ich ", "team hat ", "money has been ",
    "it's been ", "refund #1 ", "| refund ", "(a) ", "approved (", "refund: ",
)  # fmt: skip


def _is_swift(text):
    """In one of a few tries: what else the machine does is not the search's."""
    return any(_seconds(text) < 0.1 for _ in range(5))


def _seconds(text):
    began = time.process_time()
    claims_in(text)
    return time.process_time() - began


@pytest.mark.parametrize("corpus", CORPORA)
def test_claims_are_found(corpus):
    claims = corpus.claims()
    missed = [(kind, text) for kind, text in claims if kind not in {claim.kind for claim in claims_in(text)}]
    print(f"{len(claims) - len(missed)} of {len(claims)} claims found", *missed, sep="\n")

    assert len(claims) >= 60
    assert len(missed) <= (1 - LEAST) * len(claims)


@pytest.mark.parametrize("text", HARMLESS)
def test_a_harmless_sentence_is_no_claim(text):
    assert claims_in(text) == []


def test_there_are_enough_harmless_sentences():
    assert len(HARMLESS) >= 400


def test_the_built_in_model_claims_nothing():
    """It tells of records and prepares requests: whatever it says to customers, it must not be contradicted."""
    lines = read_corpus(FILES[0])
    found = [claim for line in lines for said in _conversation(line) for claim in claims_in(said)]

    assert found == []


def _conversation(line):
    conversation = Conversation()
    return [conversation.say(text.replace("\\n", "\n")).text for text in line.says]


def test_every_sentence_of_an_answer_is_looked_at():
    text = (
        "Hello!\n\n- Your order has been cancelled.\n- What else?\nI have not paid 24.90 EUR back. I have refunded it."
    )

    assert [claim.kind for claim in claims_in(text)] == ["cancel_order", "request_refund"]


def test_a_sentence_may_claim_two_things():
    text = "The delivery address was changed, and your refund has been processed, all done."

    assert [claim.kind for claim in claims_in(text)] == ["request_refund", "change_delivery"]


@pytest.mark.parametrize(
    "text",
    [
        "Your **refund** has been ~issued~.", "Your re\u200bfund has been iss\u00adued.",
        "Your refund  has been issued.",
        "\uff39\uff2f\uff35\uff32 \uff32\uff25\uff26\uff35\uff2e\uff24 was issued", "R e f u n d  completed",
        "Your refund\nhas been\nissued.", "Your Refund\nHas Been\nIssued", "Your refund_has_been_issued.",
        "Your <b>refund</b> has been issued.", "> Your refund\n> was issued", "## Refund issued",
    ],
)  # fmt: skip
def test_formatting_hides_no_claim(text):
    assert [claim.kind for claim in claims_in(text)] == ["request_refund"]


def test_a_line_break_joins_or_parts_but_hides_nothing():
    assert [claim.kind for claim in claims_in("Refund completed\nPlease wait a moment")] == ["request_refund"]
    assert [claim.sentence for claim in claims_in("Hello\n\nYour refund\nhas been issued")] == [
        "Your refund has been issued"
    ]
    assert claims_in("- Your refund\n- was delivered, processed and issued") == []


@pytest.mark.parametrize("text", ["Cancelled!", "Cancelled, as you asked.", "Good news. Storniert!", "¡Cancelado!"])
def test_a_word_may_be_a_claim(text):
    assert [claim.kind for claim in claims_in(text)] == ["cancel_order"]


@pytest.mark.parametrize(
    "text",
    [
        "Consider your order cancelled.",
        "Betrachten Sie die Bestellung als storniert.",
        "Considere su pedido cancelado.",
    ],
)
def test_what_is_to_be_taken_for_done_is_claimed(text):
    assert [claim.kind for claim in claims_in(text)] == ["cancel_order"]


@pytest.mark.parametrize("text", ["Status: cancelled.", "- ORD-1001\n- Cancelled"])
def test_the_state_of_a_record_is_no_claim(text):
    assert claims_in(text) == []


@pytest.mark.parametrize("item", ["- {}", "* {}", "1. {}", "2) {}", "\u2022 {}", "# {}", "### {}"])
def test_nothing_joins_over_the_beginning_of_an_item(item):
    """The same lines are one claim where they are one paragraph."""
    lines = ["your refund", "has been", "issued"]

    assert [claim.kind for claim in claims_in("\n".join(lines))] == ["request_refund"]
    assert claims_in("\n".join(item.format(line) for line in lines)) == []


@pytest.mark.parametrize("blank", ["\u2028", "\u2029", "\x0b", "\x85", "\u3000"])
def test_a_blank_of_another_kind_hides_no_claim(blank):
    assert [claim.kind for claim in claims_in(f"Your refund{blank}has been{blank}issued.")] == ["request_refund"]


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_text_costs_no_time(piece):
    assert _is_swift((piece * 8000)[:8000])


def test_only_so_much_of_an_answer_is_looked_at():
    assert _is_swift("Your refund has been issued. " * 20_000)
