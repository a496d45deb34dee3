"""Masking: personal values leave a text, ids and numbers of parcels stay, and long texts cost little."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.masking import is_card_number, mask_cards, mask_credentials, mask_email, mask_personal, mask_phone
from tools.result_types import Untrusted, quoted

CARDS = [
    "4111111111111111",
    "4222222222222",
    "5500000000000004",
    "2223003122003222",
    "378282246310005",
    "6011000990139424",
    "30569309025904",
    "3530111333300000",
    "6200000000000005",
    "6304000000000000",
    "1234567812345670",
]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("gap", ["", " ", "-", ".", "\u00a0", "\u200b", " - ", "\n"])
def test_a_card_number_is_masked_however_it_is_grouped(card: str, gap: str):
    grouped = gap.join([card[:4], card[4:8], card[8:12], card[12:]])

    masked = mask_cards(f"paid with {grouped}, thanks")

    assert masked == f"paid with [card ending {card[-4:]}], thanks"


# Signs that part the groups of a card, and as often the numbers of a list.
SIGNS = [",", "|", "/", "_", ";", ":", "+", "*", "~", "=", "\u00b7", "\u2022", "\\", "'", "\uff0c", "\uff5c", "\uff0f"]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize(
    "groups",
    [
        ["4111", "1111", "1111", "1111"], ["5500", "0000", "0000", "0004"], ["3782", "822463", "10005"],
        ["3056", "930902", "5904"], ["6304", "0000", "0000", "0000"], ["4242", "4242", "4242", "4242"],
        ["4444", "4444", "4444", "4448"], ["2223", "0031", "2200", "3222"],
    ],
)  # fmt: skip
def test_a_card_number_is_masked_whatever_sign_parts_its_groups(sign: str, blank: str, groups: list[str]):
    grouped = f"{blank}{sign}{blank}".join(groups)

    assert mask_cards(f"paid with {grouped}, thanks") == f"paid with [card ending {groups[-1][-4:]}], thanks"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("[4111, 1111, 1111, 1111]", "[[card ending 1111]]"),
        ("4111|1111|1111|1111|12/27|123", "[card ending 1111]|12/27|123"),
        ("4111,1111,1111,1111,123", "[card ending 1111],123"),
        ("4111 1111,1111 1111", "[card ending 1111]"),
        ("card=4111%201111%201111%201111&cvc=123", "card=[card ending 1111]&cvc=123"),
        ("4111&nbsp;1111&nbsp;1111&nbsp;1111", "[card ending 1111]"),
        ("4111&#160;1111&#xA0;1111&#160;1111.", "[card ending 1111]."),
        ("3782%2D822463%2d10005", "[card ending 0005]"),
        ("1234%201234%201234%201234", "1234%201234%201234%201234"),
        ("4,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "[card ending 1111]"),
        ("41|11|11|11|11|11|11|11", "[card ending 1111]"),
        ("4321, 4111 1111 1111 1111", "4321, [card ending 1111]"),
    ],
)
def test_a_card_number_is_found_among_signs(text: str, masked: str):
    assert mask_cards(text) == masked == mask_cards(masked)


# No check digit keeps these: each has sixteen digits that could be a card's.
LISTS_THAT_CHECK = [
    "4001, 4002, 4003, 4010", "4001|4002|4003|4010", "4009, 4005, 4003, 4001",
    "1001 1002 1003 1006", "1001\n1002\n1003\n1006",
    "1234,5678,1234,5670", "1234 | 5678 | 1234 | 5670",  # no issuer begins so
    "4,111,111,111,111,111",
    "2026-11-21 2026-11-19", "2026/11/21, 2026/11/27", "21.11.2026 19.11.2026", "2026-11-21 - 2026-11-27",
    "41, 11, 11, 11, 11, 11, 11, 11",
    "ABCD-4111, ABCD-1111, ABCD-1111, ABCD-1111", "ORD-4111,ORD-1111,ORD-1111,ORD-1111",
]  # fmt: skip
LISTS = ["1,234,567", "24.90, 180.00, 12.50, 1,234.00", "4111, 1111, 1111, 1111, 4002, 4003", "1, 2, 3, 4, 5, 6, 7, 8"]


@pytest.mark.parametrize("text", LISTS_THAT_CHECK)
def test_a_list_is_not_kept_for_its_check_digit_alone(text: str):
    digits = "".join(char for char in text if char.isdecimal())

    assert is_card_number(digits=digits)
    assert mask_cards(text) == text


@pytest.mark.parametrize("text", LISTS)
def test_an_ordinary_list_of_numbers_stays(text: str):
    assert mask_cards(text) == text


def test_digits_beside_a_card_number_do_not_hide_it():
    assert mask_cards("no 12 4111 1111 1111 1111 12/27 123") == "no 12 [card ending 1111] 12/27 123"
    assert mask_cards("x4111111111111111y") == "x[card ending 1111]y"
    assert mask_cards(" ".join("4111111111111111")) == "[card ending 1111]"


def test_digits_of_other_scripts_are_digits():
    assert mask_cards("４１１１１１１１１１１１１１１１") == "[card ending 1111]"
    assert mask_cards("४१११ ११११ ११११ ११११") == "[card ending 1111]"
    assert mask_cards("٤١١١١١١١١١١١١١١١") == "[card ending 1111]"
    assert mask_cards("４１１１，１１１１，１１１１，１１１１") == "[card ending 1111]"
    assert mask_cards("④①①① ①①①① ①①①① ①①①①") == "[card ending 1111]"
    assert mask_cards("4\u0301111 1111 1111 1111") == "[card ending 1111]"
    assert mask_cards(" ".join("4111111111111111").replace(" ", "\ufe0f\u20e3 ") + ".") == "[card ending 1111]."


def test_what_is_no_card_number_stays():
    for text in (
        "4111 1111 1111 1112",  # wrong check digit
        "0000 0000 0000 0000",
        "00340434161094021501",  # a carrier's number
        "1Z999AA10123456784",
        "dad5d6a1-4111-4111-8111-111111111111",
        "2026-11-21T14:42:22.123456+00:00",
        "f" + "4111111111111111" * 3 + "a" * 15,  # a digest
    ):
        assert mask_cards(text) == text


def test_an_email_address_is_masked_and_hinted_at():
    assert mask_email("Key (email)=(a.b+c@example.co.uk) exists") == "Key (email)=([email]) exists"
    assert mask_email("alice@example.com", hint=True) == "a…@example.com"
    assert mask_email("/find/a%40example.com/") == "[email]/"
    assert mask_email('"john doe"@example.com') == "[email]"
    assert mask_email("worker effects.12@host, price 5 @ 3") == "worker effects.12@host, price 5 @ 3"


@pytest.mark.parametrize(
    "phone",
    [
        "+493012345678", "+49 30 12345678", "+49 (30) 123-456", "0049 30 1234567", "030 12345678", "(030) 123 45 67",
        "030/123456-7", "0176-1234-5678", "01 23 45 67 89", "01.23.45.67.89", "(555) 123-4567", "555-123-4567",
        "+1 555.123.4567",
    ],
)  # fmt: skip
def test_a_telephone_number_is_masked(phone: str):
    assert mask_phone(f"ring {phone}, please") == "ring [phone], please"
    assert mask_phone(f"({phone})", hint=True) == f"([phone ending {''.join(c for c in phone if c.isdigit())[-2:]}])"


@pytest.mark.parametrize(
    "text",
    [
        "01.02.2026 14:30", "2026-11-21 14:42", "+00:00", "00340434161094021501", "ORD-1001", "ABCD-1337",
        "10115 Berlin", "127.0.0.1:45678", "1763736142123", "EUR 24.90", "0.123456789",
    ],
)  # fmt: skip
def test_dates_ids_and_amounts_are_no_telephone_numbers(text: str):
    assert mask_phone(text) == text


def test_a_password_in_an_address_is_masked():
    assert mask_credentials("redis://:geheim@127.0.0.1:6379/0") == "redis://[credentials]@127.0.0.1:6379/0"
    assert mask_credentials("postgres://me:pw@db/x") == "postgres://[credentials]@db/x"
    assert mask_credentials("https://example.com/a") == "https://example.com/a"


def test_masking_twice_changes_nothing_more():
    once = mask_personal("a@b.de, +49 30 12345678, 4111 1111 1111 1111, redis://:x@h/0")
    assert mask_personal(once) == once == "[email], [phone], [card ending 1111], redis://[credentials]@h/0"


@given(st.text(max_size=200))
def test_any_text_can_be_masked(text: str):
    assert isinstance(mask_personal(text), str)
    assert isinstance(mask_personal(text, hint=True), str)


@given(st.integers(min_value=10**14, max_value=10**15 - 1), st.sampled_from(["", " ", "-"]))
def test_every_sixteen_digits_with_a_right_check_digit_are_masked(stem: int, gap: str):
    card = next(f"{stem}{check}" for check in range(10) if is_card_number(digits=f"{stem}{check}"))
    assert card not in mask_cards(gap.join([card[:4], card[4:8], card[8:12], card[12:]])).replace(gap or "~", "")


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "a",
        "+4",
        "0",
        "a@",
        "(((",
        "4111 1111 1111 1111 ",
        "02 ",
        "a.b.",
        '"',
        "ab0-",
        "1,",
        "41|",
        "4111,",
        "4111%20",
        "4111&nbsp;",
        "4111&#12",
        "4111 , ",
    ],
)
def test_a_long_text_costs_time_in_proportion_to_its_length(piece: str):
    text = piece * (40_000 // len(piece))

    began = time.process_time()
    mask_personal(text)

    assert time.process_time() - began < 2.0  # a quadratic pattern would take minutes


@pytest.mark.parametrize(
    "written",
    [
        "4111    1111    1111    1111",
        "4111\n\n\n\n1111\n\n\n\n1111\n\n\n\n1111",
        "4111 -- 1111 -- 1111 -- 1111",
        "4111   -   1111   -   1111   -   1111",
        "4111~~1111~~1111~~1111",
        "4111\u3164\u31641111\u31641111\u31641111",
        "4111" + "\ufe0f" * 4 + "1111 1111 1111",
        "4111" + "\U000e0101" * 4 + "1111 1111 1111",
        "(4111) (1111) (1111) (1111)",
    ],
)
def test_a_card_is_found_however_wide_its_groups_are_apart(written):
    assert mask_cards(f"my card {written}, thanks").replace("(", "").replace(")", "") == (
        "my card [card ending 1111], thanks"
    )


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        ("4111    1111    1111    1111", "[card ending 1111]"),
        ("4\u200b\u200b\u200b\u200b111111111111111", "[card ending 1111]"),
        ("x" * 190 + " 4111 1111 1111 1111", "x" * 190 + " [card en…"),
        ("write b\u200bob@exa\u200bmple.com", "write [email]"),
        ("bob\uff20example\uff0ecom", "[email]"),
        ("bob @ example.com", "[email]"),
        ("bob@localhost", "[email]"),
        ("bob@[10.0.0.1]", "[email]"),
        ("bob\u2060@\u2060example.com", "[email]"),
        ("call 030\u200b\u200b\u200b\u200b1234567", "call [phone]"),
        ("+49    30    1234567", "[phone]"),
        ("3 boxes @ 2.50 each, meet @ noon", "3 boxes @ 2.50 each, meet @ noon"),
    ],
)
def test_a_quotation_is_cleaned_before_it_is_masked(note, kept):
    assert quoted(note, "sender") == Untrusted(untrusted_text=kept, written_by="sender")
