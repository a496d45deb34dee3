"""Which address limits count: the visitor's, told by our own proxies and by nobody else."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client, RequestFactory

from support_bot.clients import address_of, is_trusted, request_address
from tracking.models import Customer

PROXY = "10.0.0.7"
VISITOR = "203.0.113.9"


@pytest.fixture
def behind_proxies(settings: Any) -> None:
    settings.TRUSTED_PROXIES = [ip_network(PROXY), ip_network("172.16.0.0/12")]


def seen(peer: str | None, forwarded: str | None = None) -> str:
    """The address as the socket sees it; http must see the same."""
    headers = [(b"x-forwarded-for", forwarded.encode("latin-1"))] if forwarded is not None else []
    by_socket = address_of(scope={"client": (peer, 1) if peer is not None else None, "headers": headers})
    request = RequestFactory().get("/", REMOTE_ADDR=peer or "")
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    by_http = request_address(request=request)
    assert by_socket == by_http
    return by_socket


@pytest.mark.parametrize("forwarded", [None, "", "1.2.3.4", "1.2.3.4, 5.6.7.8", "127.0.0.1", "x" * 5000])
def test_without_proxies_the_peer_counts_whatever_it_says(forwarded: str | None):
    assert seen(VISITOR, forwarded) == VISITOR


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        (PROXY, VISITOR, VISITOR),
        (PROXY, f"1.2.3.4, {VISITOR}", VISITOR),
        (PROXY, f"1.2.3.4, {VISITOR}, 172.20.0.3", VISITOR),
        (PROXY, f"{VISITOR}, {PROXY}, 172.20.0.3", VISITOR),
        (PROXY, f" ,{VISITOR} , ", VISITOR),
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (f"::ffff:{PROXY}", VISITOR, VISITOR),
        (VISITOR, PROXY, VISITOR),
        (VISITOR, f"1.2.3.4, {PROXY}", VISITOR),
    ],
)
def test_behind_proxies_the_last_address_that_is_not_ours_counts(
    behind_proxies: None, peer: str, forwarded: str | None, counted: str
):
    assert seen(peer, forwarded) == counted


@pytest.mark.parametrize("nonsense", ["unknown", "_hidden", "1.2.3", "1.2.3.4:80", "<script>", "\xff", "é"])
def test_what_is_no_address_counts_as_one_unknown(behind_proxies: None, nonsense: str):
    assert seen(PROXY, f"1.2.3.4, {nonsense}") == "unknown"


@pytest.mark.parametrize("peer", [None, "", "unix:"])
def test_no_peer_counts_as_unknown(peer: str | None):
    assert seen(peer) == "unknown"


def test_a_household_of_ipv6_addresses_is_one():
    household = {seen(f"2001:db8:1:2::{n:x}") for n in range(1, 50)}

    assert household == {"2001:db8:1:2::/64"}
    assert seen("2001:db8:1:3::1") == "2001:db8:1:3::/64"


def test_a_mapped_address_is_the_one_inside():
    assert seen(f"::ffff:{VISITOR}") == VISITOR


@pytest.mark.parametrize("address", ["", "x", "10.0.0.7/32", "10.0.0.7 ", "010.0.0.7", "167772167"])
def test_what_is_no_address_is_never_trusted(address: str):
    assert not is_trusted(address=address, networks=[ip_network("0.0.0.0/0")])


@pytest.mark.django_db
def test_signing_in_is_limited_for_each_visitor_behind_the_proxy(alice: Customer, behind_proxies: None, settings: Any):
    settings.ACCOUNT_RATE_LIMITS = {"login": "2/m/ip", "login_failed": "2/m/ip"}
    client = Client()

    def try_as(address: str, *, spoofed: str = "") -> int:
        forwarded = f"{spoofed}, {address}" if spoofed else address
        form = {"login": "nobody", "password": "wrong"}
        return client.post("/accounts/login/", form, REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded).status_code

    attacker = [try_as("203.0.113.66", spoofed=f"10.9.9.{n}") for n in range(5)]
    somebody_else = try_as("203.0.113.77")

    assert 429 in attacker
    assert somebody_else == 200
