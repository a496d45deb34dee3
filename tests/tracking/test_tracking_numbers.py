"""Numbers as people type them."""

import pytest

from tracking.tracking_numbers import (
    new_order_reference,
    new_package_number,
    order_reference,
    package_number,
    truck_unit,
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ABCD-1337", "ABCD-1337"),
        (" abcd-1337\n", "ABCD-1337"),
        ("abcd 1337", "ABCD-1337"),
        ("Abcd1337", "ABCD-1337"),
        ("1z 999 aa1 0123 4567 84", "1Z999AA10123456784"),
        ("LOAD-0001", "LOAD-0001"),
    ],
)
def test_a_package_number_has_one_spelling(typed, meant):
    assert package_number(text=typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["", "abc", "hello", "ABCD-١٣٣٧", "ABCD‑1337", "ABCD-1337' OR 1=1", "ABCD-1337;", "A" * 61 + "1", "ABCD-13\x0037"],
)
def test_anything_else_is_no_package_number(typed):
    assert package_number(text=typed) is None


@pytest.mark.parametrize("typed", ["ORD-1001", "ord 1001", " ord1001 "])
def test_an_order_number_has_one_spelling(typed):
    assert order_reference(text=typed) == "ORD-1001"


@pytest.mark.parametrize("typed", ["1001", "ORD-", "ORD-10", "ORD-1001x", "ORD-١٠٠١", "XORD-1001"])
def test_anything_else_is_no_order_number(typed):
    assert order_reference(text=typed) is None


def test_a_truck_number_has_one_spelling():
    assert truck_unit(text="trk 01") == "TRK-01"
    assert truck_unit(text="TRK-1") is None


def test_new_numbers_can_be_read_back_and_do_not_repeat():
    packages = {new_package_number() for _ in range(200)}
    orders = {new_order_reference() for _ in range(200)}

    assert len(packages) == len(orders) == 200
    assert all(package_number(text=number) == number for number in packages)
    assert all(order_reference(text=reference) == reference for reference in orders)


@pytest.mark.parametrize("typed", ["A B C D 1 3 3 7", "AB CD 13 37", "ABCD  1337", "ABCD-1337\x1c", "\u00a0ABCD-1337"])
def test_a_number_in_pieces_is_none(typed):
    assert package_number(text=typed) is None


def test_a_carriers_number_may_be_in_its_groups():
    assert package_number(text="1Z 999 AA1 01 2345 678 4") == "1Z999AA10123456784"
