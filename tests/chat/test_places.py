"""Places for sockets: counted in all processes together, given back, and never in the way when Redis is away."""

from __future__ import annotations

import time

import pytest
from redis import Redis as Client

from support_bot.chat import places
from support_bot.chat.places import Place, give_back, is_free, renew, take
from tests.processes import wait_until
from tests.servers import Redis, free_port


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.MAX_SOCKETS, settings.PER_ADDRESS = 2, 2
    yield
    places._client.cache_clear()


@pytest.fixture
def redis(redis_server: Redis, settings) -> Redis:
    settings.REDIS_URL = redis_server.url
    places._client.cache_clear()
    return redis_server


def place(name: str, customer: int = 1, origin: str = "here") -> Place:
    return Place(name=name, customer_id=customer, origin=origin)


@pytest.mark.servers
def test_a_customer_and_an_address_have_so_many_and_get_them_back(redis):
    assert [take(place=place(name)) for name in "abc"] == [True, True, False]
    assert [take(place=place(name, customer=2)) for name in "de"] == [True, True]
    assert take(place=place("f", customer=3)) is False
    assert take(place=place("g", customer=3, origin="elsewhere")) is True

    give_back(place=place("a"))

    assert take(place=place("h", customer=3)) is True


@pytest.mark.servers
def test_who_was_refused_holds_nothing(redis):
    [take(place=place(name)) for name in "ab"]
    for _ in range(5):
        assert take(place=place("c")) is False

    assert [take(place=place(name, customer=2)) for name in "de"] == [True, True]


@pytest.mark.servers
def test_the_places_of_a_process_that_died_are_free_after_their_lease(redis, monkeypatch):
    held = [place("a"), place("b")]
    assert [take(place=each) for each in [*held, place("c")]] == [True, True, False]
    monkeypatch.setattr(places, "LEASE_S", 1)
    renew(places=held)  # for the last time

    wait_until(lambda: take(place=place("c")), what="a place whose lease ran out", within=5)


@pytest.mark.servers
def test_open_sockets_keep_their_places_even_when_redis_forgets(redis, monkeypatch):
    monkeypatch.setattr(places, "LEASE_S", 2)
    mine = [place("a"), place("b")]
    for each in mine:
        take(place=each)
    with Client.from_url(redis.url) as store:
        store.flushall()
    ends = time.monotonic() + 3
    while time.monotonic() < ends:
        renew(places=mine)
        assert take(place=place("c")) is False


def test_without_redis_each_process_counts_its_own(settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    places._client.cache_clear()
    taken = [place("a"), place("b")]

    assert take(place=place("c")) is True
    give_back(place=place("c"))
    renew(places=taken)
    assert is_free(place=place("c"), taken=taken) is False
    assert is_free(place=place("c", customer=2), taken=taken) is True
    assert is_free(place=place("f", customer=3), taken=[*taken, place("d", 2), place("e", 2)]) is False


def test_limits_that_are_off_limit_nothing(settings):
    settings.MAX_SOCKETS = None

    assert is_free(place=place("z"), taken=[place(str(n)) for n in range(500)])
