"""Arguments: many ways to write a thing, one spelling of it, and a clear word where it is none."""

import pytest
from pydantic import TypeAdapter, ValidationError

from tools import arguments
from tools.parcels import BookedParcels, MeasuredParcels


def accept(kind, value):
    return TypeAdapter(kind).validate_python(value, strict=True)


@pytest.mark.parametrize(
    ("kind", "typed", "canonical"),
    [
        (arguments.PackageId, " abcd-1337 ", "ABCD-1337"),
        (arguments.OrderId, "ord-1001", "ORD-1001"),
        (arguments.TruckId, "trk-01", "TRK-01"),
        (arguments.Amount, "24.90", "24.90"),
        (arguments.Amount, "0.01", "0.01"),
        (arguments.Phone, "+49 (0)30 23125-002", "+493023125002"),
        (arguments.Phone, "0049 30 23125002", "+493023125002"),
        (arguments.Phone, "+1 202 555 0143", "+12025550143"),
        (arguments.Phone, "030 / 231 250 02", "03023125002"),
        (arguments.Email, "New.Name@Example.COM", "new.name@example.com"),
        (arguments.Country, "de", "DE"),
        (arguments.PostalCode, "sw1a 1aa", "SW1A 1AA"),
        (arguments.IsoDate, "2027-02-28", "2027-02-28"),
        (arguments.IsoMoment, "2027-02-28T10:30", "2027-02-28T10:30:00+00:00"),
        (arguments.IsoMoment, "2027-02-28 10:30:00Z", "2027-02-28T10:30:00+00:00"),
        (arguments.IsoMoment, "2027-02-28T10:30+01:00", "2027-02-28T10:30:00+01:00"),
        (arguments.ServiceCode, "Express", "express"),
        (arguments.Street, "  Lindenallee\n 12 ", "Lindenallee 12"),
        (arguments.Name, "Zoe\u0308 Example", "Zoë Example"),
    ],
)
def test_one_spelling(kind, typed, canonical):
    assert accept(kind, typed) == canonical
    assert accept(kind, canonical) == canonical


@pytest.mark.parametrize("typed", ["", "24.9", "24", "24,90", "-1.00", "0.00", "1e9", "024.90", "+1.00", " 1.00"])
def test_no_amount(typed):
    with pytest.raises(ValidationError, match=r"two decimals"):
        accept(arguments.Amount, typed)


@pytest.mark.parametrize("value", [24.9, 24, True, None, ["24.90"], {"$gt": ""}])
def test_an_amount_is_a_string(value):
    with pytest.raises(ValidationError):
        accept(arguments.Amount, value)


def test_an_amount_is_bounded():
    assert accept(arguments.Amount, "99999999.99")
    with pytest.raises(ValidationError):
        accept(arguments.Amount, "100000000.00")


@pytest.mark.parametrize("typed", ["call me", "+49", "12", "+٤٩ 30 23125002", "+999999999999999", "1" * 41, "++4930"])
def test_no_phone(typed):
    with pytest.raises(ValidationError, match=r"\+49 30"):
        accept(arguments.Phone, typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "name",
        "name@",
        "a@b",
        "a@example.com\nBcc: c@example.com",
        "a b@example.com",
        "name@exämple.com",
        "é@example.com",
    ],
)
def test_no_email(typed):
    with pytest.raises(ValidationError, match=r"name@example\.com"):
        accept(arguments.Email, typed)


@pytest.mark.parametrize("typed", ["Germany", "XX", "AC", "D", "ß"])
def test_no_country(typed):
    with pytest.raises(ValidationError, match="ISO 3166"):
        accept(arguments.Country, typed)


@pytest.mark.parametrize("typed", ["", "-1", "1" * 13, "10115;", "１０１１５"])
def test_no_postal_code(typed):
    with pytest.raises(ValidationError, match="postal code"):
        accept(arguments.PostalCode, typed)


@pytest.mark.parametrize("typed", ["tomorrow", "2027-02-30", "27-02-28", "20270228", "2027-W08-1", "2027-02-28T10:00"])
def test_no_date(typed):
    with pytest.raises(ValidationError, match="YYYY-MM-DD"):
        accept(arguments.IsoDate, typed)


@pytest.mark.parametrize("typed", ["tomorrow at 10", "2027-02-28", "2027-02-28T25:00", "0001-01-01T00:00+14:00"])
def test_no_moment(typed):
    with pytest.raises(ValidationError, match="date and time"):
        accept(arguments.IsoMoment, typed)


@pytest.mark.parametrize(
    "odd",
    [
        "\x00",
        "\x1b[31m",
        "\u202e",
        "\u200b",
        "\u2066",
        "\ue000",
        "\U000e0041",
        "\ufeff",
        "\u3164",
        "\u2800",
        "\ufe01",
        "\ufe0f",
        "\U000e0101",
        "\u034f",
        "\U000e0fff",
    ],
)
def test_text_holds_nothing_invisible(odd):
    with pytest.raises(ValidationError, match="invisible"):
        accept(arguments.Street, f"Linden{odd}allee 12")


@pytest.mark.parametrize("text", ["", "   ", "x" * 121])
def test_text_has_a_length(text):
    with pytest.raises(ValidationError, match="1 to 120 characters"):
        accept(arguments.Street, text)


PARCEL = {"weight_kg": 2, "length_cm": 30.04, "width_cm": 20, "height_cm": 10, "contents": "Books"}


def test_parcels_are_numbers_that_a_scale_can_tell():
    parcel = accept(BookedParcels, [PARCEL])[0]

    assert parcel.model_dump() == {
        "weight_kg": 2.0,
        "length_cm": 30.0,
        "width_cm": 20.0,
        "height_cm": 10.0,
        "contents": "Books",
    }


def test_a_price_needs_no_contents_and_a_booking_does():
    bare = {name: value for name, value in PARCEL.items() if name != "contents"}

    assert accept(MeasuredParcels, [bare])
    with pytest.raises(ValidationError, match="contents"):
        accept(BookedParcels, [bare])


@pytest.mark.parametrize(
    "change",
    [
        {"weight_kg": 0},
        {"weight_kg": -1},
        {"weight_kg": 0.001},
        {"weight_kg": 5001},
        {"weight_kg": "2"},
        {"weight_kg": True},
        {"weight_kg": float("inf")},
        {"weight_kg": float("nan")},
        {"height_cm": 1001},
        {"contents": ""},
        {"price": "0.01"},
    ],
)
def test_no_parcel(change):
    with pytest.raises(ValidationError):
        accept(BookedParcels, [PARCEL | change])


@pytest.mark.parametrize("count", [0, 21])
def test_no_list_of_parcels(count):
    with pytest.raises(ValidationError, match="1 to 20 parcels"):
        accept(BookedParcels, [PARCEL] * count)


@pytest.mark.parametrize("blank", ["\u3164", "\u3164 \u115f", "\u2800" * 5, "\ufe0f", "\u00a0\u2003"])
def test_a_name_that_nobody_sees_is_no_name(blank):
    with pytest.raises(ValidationError):
        accept(arguments.Name, blank)


def test_an_emoji_has_one_spelling_and_blanks_are_one():
    assert accept(arguments.Street, "Love \u2764\ufe0f\u00a0\u2003 Lane 1") == "Love \u2764 Lane 1"


@pytest.mark.parametrize("edge", ["\u00a0", "\u2003", "\x1c", "\x85", "\u3000", "\x00", "\x0b"])
@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (arguments.PackageId, "ABCD-1337"),
        (arguments.OrderId, "ORD-1001"),
        (arguments.TruckId, "TRK-01"),
        (arguments.Amount, "24.90"),
        (arguments.Email, "a@example.com"),
        (arguments.IsoDate, "2027-02-28"),
        (arguments.Country, "DE"),
        (arguments.ServiceCode, "express"),
    ],
)
def test_an_exact_value_has_nothing_around_it(kind, text, edge):
    for typed in (f"{edge}{text}", f"{text}{edge}"):
        with pytest.raises(ValidationError):
            accept(kind, typed)


def test_blanks_around_a_number_are_not_kept():
    assert accept(arguments.PackageId, " abcd-1337\n") == "ABCD-1337"


@pytest.mark.parametrize("address", ["a@[127.0.0.1]", "a@[IPv6:::1]"])
def test_an_address_at_a_bare_machine_is_none(address):
    with pytest.raises(ValidationError, match="e-mail"):
        accept(arguments.Email, address)
