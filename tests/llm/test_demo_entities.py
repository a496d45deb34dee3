"""What is found in a text: numbers, money, phones, days and times, places, parcels. All pure functions."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from support_bot.llm.demo.dates import find_moment
from support_bot.llm.demo.entities import find_numbers, find_phones, find_plain_amount
from support_bot.llm.demo.languages import foreign_apology
from support_bot.llm.demo.measures import Parcel, find_contents, find_parcels
from support_bot.llm.demo.places import Address, find_address, find_country, find_postal_code
from support_bot.llm.demo.spelling import distance
from support_bot.llm.demo.words import SPELLER, read_words

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("text", "packages"),
    [
        ("ABCD-1337", ["ABCD-1337"]),
        ("where is abcd1337?", ["ABCD-1337"]),
        ("abcd 1337 please", ["ABCD-1337"]),
        ("abcd - 1337, WXYZ–20010", ["ABCD-1337", "WXYZ-20010"]),
        ("LOAD 0001", ["LOAD-0001"]),
        ("please call 2001 times from 2024", []),
        ("ABC-1337 and ABCDE-1337", []),
        ("a@abcd-1337.example", []),
    ],
)
def test_our_package_numbers(text, packages):
    assert find_numbers(text).packages == packages


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("ORD-1001", ["ORD-1001"]),
        ("ord1001 and order no. 1002", ["ORD-1001", "ORD-1002"]),
        ("order number is 1003", ["ORD-1003"]),
        ("#1001", ["ORD-1001"]),
        ("ORD-9876543210", ["ORD-9876543210"]),
        ("I want to order 5 boxes", []),
    ],
)
def test_order_numbers(text, orders):
    assert find_numbers(text).orders == orders


@pytest.mark.parametrize("text", ["TRK-01", "trk01", "truck 1", "lorry no. 01"])
def test_truck_numbers(text):
    assert find_numbers(text).trucks == ["TRK-01"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1Z999AA10123456784", "1Z999AA10123456784"),
        ("1z 999 aa1 01 2345 6784", "1Z999AA10123456784"),
        ("track 00340434292135100186", "00340434292135100186"),
        ("RR123456785DE", "RR123456785DE"),
        ("9400 1000 0000 0000 0000 00", "9400100000000000000000"),
    ],
)
def test_numbers_of_carriers(text, number):
    assert find_numbers(text).carrier_numbers == [number]


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("call +49 30 1234567 now", "+49 30 1234567"),
        ("0171 2345678", "0171 2345678"),
        ("(030) 123-4567", "(030) 123-4567"),
        ("01712345678", "01712345678"),
    ],
)
def test_phones(text, phone):
    found = find_numbers(text)

    find_phones(found)

    assert found.phones == [phone]


@pytest.mark.parametrize(
    ("text", "amount"),
    [("€24.90", "24.90"), ("24,90 €", "24.90"), ("10 euros", "10.00"), ("EUR 5", "5.00"), ("4.90 back", "4.90")],
)
def test_money(text, amount):
    assert find_numbers(text).money == [Decimal(amount)]


def test_a_found_number_leaves_its_kind_behind():
    found = find_numbers("cancel ORD-1002 and mail a.b@example.com about ABCD-1337")

    assert found.masked.split() == ["cancel", "@order", "and", "mail", "@email", "about", "@package"]
    assert found.emails == ["a.b@example.com"]


def test_an_amount_without_currency():
    assert find_plain_amount("only 7,5 of it") == Decimal("7.50")
    assert find_plain_amount("nothing") is None


@pytest.mark.parametrize(
    ("text", "day", "at"),
    [
        ("tomorrow at 10", date(2026, 11, 21), time(10)),
        ("Monday 14:30", date(2026, 11, 23), time(14, 30)),
        ("next friday morning", date(2026, 11, 27), time(9)),
        ("in two days at 3pm", date(2026, 11, 22), time(15)),
        ("the day after tomorrow at noon", date(2026, 11, 22), time(12)),
        ("25 November", date(2026, 11, 25), None),
        ("Nov 30th 9.15", date(2026, 11, 30), time(9, 15)),
        ("25.11. at half past three", date(2026, 11, 25), time(15, 30)),
        ("12/24", date(2026, 12, 24), None),
        ("5 May", date(2027, 5, 5), None),
        ("the 25th", date(2026, 11, 25), None),
        ("2026-11-24T09:15", date(2026, 11, 24), time(9, 15)),
        ("tomorow between 2 and 4 pm", date(2026, 11, 21), time(14)),
        ("wensday, quarter to five", date(2026, 11, 25), time(16, 45)),
        ("tonight", date(2026, 11, 20), time(18)),
        ("I sat down in the sun", None, None),
        ("arrived 2 days late", None, None),
        ("31.2.", None, None),
        ("25:70", None, None),
    ],
)
def test_days_and_times(text, day, at):
    moment = find_moment(text, today=FRIDAY)

    assert (moment.day, moment.time) == (day, at)


@pytest.mark.parametrize(
    ("text", "street", "postal_code", "city", "country"),
    [
        ("Hauptstr. 5, 10115 Berlin", "Hauptstr. 5", "10115", "Berlin", None),
        ("My new address is Lindenweg 7, 50667 Köln, Germany please", "Lindenweg 7", "50667", "Köln", "DE"),
        ("I moved to Lindenweg 7 in 50667 Köln last week", "Lindenweg 7", "50667", "Köln", None),
        ("hauptstr 5 10115 berlin", "hauptstr 5", "10115", "berlin", None),
        ("12 Main Street, Springfield, IL 62704, USA", "12 Main Street", "62704", "Springfield", "US"),
        ("221B Baker Street, London NW1 6XE", "221B Baker Street", "NW1 6XE", "London", None),
        ("12 Rue de la Paix, 75002 Paris, France", "12 Rue de la Paix", "75002", "Paris", "FR"),
        ("Kerkstraat 12, 1012 AB Amsterdam", "Kerkstraat 12", "1012 AB", "Amsterdam", None),
        ("Lindenweg 7\n50667 Köln\nGermany", "Lindenweg 7", "50667", "Köln", "DE"),
        ("Hauptstr. 5, Berlin", "Hauptstr. 5", None, "Berlin", None),
        ("to 1010, Austria please", None, "1010", None, "AT"),
        ("send it to my sister", None, None, None, None),
    ],
)
def test_addresses(text, street, postal_code, city, country):
    expected = Address(street=street, postal_code=postal_code, city=city, country=country)

    assert find_address(text) == expected


def test_countries_and_postal_codes():
    assert find_country("from the Netherlands to austria") == "AT"
    assert find_country("1010 AT") == "AT"
    assert find_country("fr 75002") == "FR"
    assert find_country("is it in the box") is None
    assert find_postal_code("to 1010 AT") == "1010"
    assert find_postal_code("no code here") is None


@pytest.mark.parametrize(
    ("text", "parcels"),
    [
        ("5 kg, 30x20x10 cm", [Parcel(5.0, 30.0, 20.0, 10.0)]),
        ("30 cm long, 20 wide and 10 high, 500 g", [Parcel(0.5, 30.0, 20.0, 10.0)]),
        ("two boxes of 3kg each, 40 by 30 by 20", [Parcel(3.0, 40.0, 30.0, 20.0)] * 2),
        ("one 5kg 30x20x10 and one 3 kg 20x20x20", [Parcel(5.0, 30.0, 20.0, 10.0), Parcel(3.0, 20.0, 20.0, 20.0)]),
        ("10 lbs, 12x10x8 inches, with books", [Parcel(4.536, 30.5, 25.4, 20.3, "books")]),
        ("weighs 2,5 kg", [Parcel(2.5)]),
        ("a parcel to Berlin", []),
    ],
)
def test_parcels(text, parcels):
    assert list(find_parcels(text).parcels) == parcels


def test_what_a_parcel_lacks_and_holds():
    assert Parcel(weight_kg=3.0).lacks == ["the size (length x width x height)"]
    assert Parcel().lacks == ["the weight", "the size (length x width x height)"]
    assert find_contents("a box of old toys, please") == "old toys"


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("cancel", "cancle", 1),
        ("package", "pakage", 1),
        ("address", "adress", 1),
        ("late", "date", 1),
        ("a", "abcdef", 3),
    ],
)
def test_slips_between_words(one, other, slips):
    assert distance(one, other, limit=2) == slips


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ("pakage", ("package",)),
        ("cancle", ("cancel",)),
        ("refnd", ("refund",)),
        ("delivary", ("delivery",)),
        ("adress", ("address",)),
        ("dliver", ("deliver",)),
        ("mypackage", ("my", "package")),
        ("heeellp", ("help",)),
        ("arranging", ("arrange",)),
        ("date", ("date",)),
        ("qwertz", ("qwertz",)),
    ],
)
def test_spelling_is_put_right_towards_known_words(typed, right):
    assert SPELLER.correct(typed) == right


def test_names_are_not_corrected():
    assert SPELLER.respelled("send my pakage to Pakage Miller") == "send my package to Pakage Miller"
    assert "rude" not in read_words("I live in 12 Rue de la Paix").tokens


def test_phrases_use_their_words_up():
    assert "cancel" in read_words("please call it off").meanings
    assert "call_me" not in read_words("please call it off").meanings


@pytest.mark.parametrize(
    "text", ["has my order been cancelled?", "can you tell me if it was cancelled", "which ones are late"]
)
def test_questions_about_a_state(text):
    assert "state_question" in read_words(text)


@pytest.mark.parametrize(
    "text", ["cancel it", "can you cancel it?", "is it possible to cancel it?", "how do I cancel it?"]
)
def test_wishes_are_no_questions_about_a_state(text):
    assert "state_question" not in read_words(text)


@pytest.mark.parametrize(
    "text", ["Wo ist mein Paket?", "¿Dónde está mi paquete?", "Où est mon colis", "Где моя посылка?", "我的包裹在哪里"]
)
def test_other_languages_are_noticed(text):
    assert foreign_apology(text) is not None


@pytest.mark.parametrize("text", ["where is my package", "Lindenweg 7, 50667 Köln", "no", "ABCD-1337", "", "asdfgh"])
def test_english_and_nonsense_are_not_foreign(text):
    assert foreign_apology(text) is None
