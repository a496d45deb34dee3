"""A model that is out: its customers are told in time, it is left alone, and it is found again soon after it healed.

Two web servers share it, so that what one learns counts for the other. `long`: ten minutes of each illness, at the
product's own intervals.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
import redis

from tests.faults.cuts import LAST_WORD, WANTED, WHOLE, Cutting, answer, final_text, places, shown
from tests.faults.outage import ILLNESSES, SEES, WELL, Patient, Told, Town, all_ask, ask, go_on_asking
from tests.processes import Running, Stack, manage
from tests.scaled import a_few_of
from tests.servers import Redis, as_application
from tests.wire import Socket

pytestmark = pytest.mark.servers

SHORT = {
    "BREAKER_PROBE_S": "1",
    "LLM_CONNECT_TIMEOUT_S": "1",
    "LLM_FIRST_TOKEN_TIMEOUT_S": "1.5",
    "LLM_IDLE_TIMEOUT_S": "1.5",
    "STILL_WORKING_S": "0.3",
}
ROOM = {
    "RATE_HANDSHAKES": "off",
    "RATE_LOGIN": "off",
    "RATE_MESSAGES": "off",
    "RATE_TOOL_CALLS": "off",
    "RATE_TRACK": "off",
    "PER_ADDRESS": "off",
    "DAILY_TOKENS": "off",
    "MAX_SOCKETS": "off",
    "PENDING_PER_DAY": "1000",
}
PEOPLE = 3
# What a process may still believe of a breaker, after another has changed it.
BELIEF_S = 1.0
TOLD_S = 10.0
RECONNECTING = "reconnecting_model"


@contextmanager
def build(folder: Path, database_url: str, **variables: str) -> Iterator[Town]:
    manage("seed_demo", "--customers", "8", database_url=database_url)
    server = Redis(folder)
    server.start()
    stack = Stack(folder=folder, database_url=as_application(database_url), redis_url=server.url)
    patient = Patient()
    flush = redis.Redis.from_url(server.url).flushall
    town = Town(patient=patient, database_url=database_url, flush=flush)
    try:
        for _ in range(2):
            town.web.append(stack.web(LLM_MODEL="openai:only", OPENAI_BASE_URL=patient.url, **ROOM, **variables))
        if "BREAKER_PROBE_S" in variables:
            names = {"LLM_MODEL": "openai:main", "LLM_FALLBACK_MODELS": "openai:spare"}
            town.with_spare.append(stack.web(OPENAI_BASE_URL=patient.url, **names, **ROOM, **variables))
        yield town
    finally:
        town.leave()
        stack.stop()
        patient.close()
        server.stop()


@pytest.fixture(scope="module")
def _town(postgres_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with build(tmp_path_factory.mktemp("outage"), postgres_database(), **SHORT) as made:
        yield made


@pytest.fixture
def town(_town: Town) -> Iterator[Town]:
    yield _town
    _town.reset()


@pytest.mark.parametrize("illness", a_few_of(ILLNESSES, 2))
def test_ft_09_an_outage_is_noticed_borne_and_over(town: Town, illness: str, record_property: Callable[..., None]):
    record_property("measured", live_through(town, illness, interval=1.0, seconds=2.5))


def live_through(town: Town, illness: str, *, interval: float, seconds: float, pause_s: float = 0.0) -> str:
    """The whole story; what was measured."""
    people = town.crowd(town.web, PEOPLE)
    go_on_asking(people, all_well, within=10)

    tries = fall_ill(town, people, illness)
    probes, slowest = bear(town, people, interval=interval, seconds=seconds, pause_s=pause_s)
    packages_are_found(town)
    closed_s = recover(town, people, pause_s=pause_s)
    assert closed_s <= 3 * interval + 2

    return (
        f"FT-09 {illness}: open after {tries} tries, {probes} probes in {seconds:.0f} s, told within {slowest:.1f} s,"
        f" closed {closed_s:.1f} s after it healed"
    )


def all_well(told: list[Told]) -> bool:
    return bool(told) and {one.code for one in told[-PEOPLE:]} == {"done"}


def fall_ill(town: Town, people: list[Socket], illness: str) -> int:
    """How often it was asked until every process knew."""
    before = town.tries("only") - town.probes("only")
    town.patient.fall_ill("only", illness)
    told = go_on_asking(people, lambda _: town.row("only")[0] != "closed")
    opened = time.monotonic()
    told += go_on_asking(people, lambda _: time.monotonic() > opened + BELIEF_S)
    tries = town.tries("only") - town.probes("only") - before
    assert {one.code for one in told} == {"model_unavailable"}
    assert tries <= 10
    return tries


def bear(town: Town, people: list[Socket], *, interval: float, seconds: float, pause_s: float) -> tuple[int, float]:
    """How often it was asked meanwhile, and how long the unluckiest customer waited to be told."""
    town.flush()  # what is known of a model does not lie in Redis
    before, begun = town.tries("only"), time.monotonic()
    told = go_on_asking(people, lambda _: time.monotonic() > begun + seconds, pause_s=pause_s)
    probes, lasted = town.tries("only") - before, time.monotonic() - begun
    assert {one.code for one in told} == {"model_unavailable"}
    assert 1 <= probes <= lasted / interval + 1
    assert len(told) > probes
    assert max(one.took_s for one in told) <= TOLD_S
    return probes, max(one.took_s for one in told)


def packages_are_found(town: Town) -> None:
    assert f"{SEES}: " in ask(town.alice, f"Where is {SEES.lower()}?").text
    assert httpx2.get(f"{town.web[1].url}/track/?number={SEES}", trust_env=False).status_code == 200


def recover(town: Town, people: list[Socket], *, pause_s: float) -> float:
    """Seconds from the healing to the first answer. Nobody asks but for a customer who asks now."""
    asked, healed = len(town.patient.asked), time.monotonic()
    town.patient.heal()
    told = go_on_asking(people, lambda told: any(one.code == "done" for one in told), pause_s=min(pause_s, 0.5))
    closed_s = time.monotonic() - healed
    told += go_on_asking(people, lambda _: time.monotonic() > healed + closed_s + BELIEF_S)
    told += (last := all_ask(people))
    assert {(one.code, WELL in one.text) for one in last} == {("done", True)}
    assert town.row("only") == ("closed", "")
    answered = sum(one.code == "done" for one in told)
    assert len(town.patient.asked) - asked <= answered + 1  # a probe may have been on its way
    return closed_s


def test_ft_09_with_a_spare_model_the_customer_hardly_notices(town: Town):
    people = town.crowd(town.with_spare, PEOPLE)
    town.patient.fall_ill("main", "hangs")

    told = go_on_asking(people, lambda _: town.row("main")[0] != "closed")
    assert {(one.code, WELL in one.text) for one in told} == {("done", True)}
    assert [RECONNECTING in one.notices for one in told[:PEOPLE]] == [True] * PEOPLE

    begun, before = time.monotonic(), len(town.patient.times("main"))
    told = go_on_asking(people, lambda _: time.monotonic() > begun + 3)
    assert {one.code for one in told} == {"done"}
    probes = len(town.patient.times("main")) - before
    assert 1 <= probes <= (time.monotonic() - begun) + 1
    assert sum(RECONNECTING in one.notices for one in told) <= probes  # who did not probe noticed nothing

    town.patient.fall_ill("spare", "500")
    told = go_on_asking(people, lambda _: town.row("spare")[0] != "closed")
    told = all_ask(people)
    assert {one.code for one in told} == {"model_unavailable"}
    assert {"tracking_form" in str(one.frames) for one in told} == {True}

    town.patient.heal()
    go_on_asking(people, lambda _: town.row("main") == ("closed", ""), within=60)  # the spare is not asked again


@pytest.mark.long
def test_ft_09_a_model_that_hangs_is_told_of_while_the_customer_waits(town: Town):
    [person] = town.crowd(town.web, 1)
    town.patient.fall_ill("only", "hangs")

    told = ask(person)

    assert told.code == "model_unavailable"
    assert told.notices == ["still_working"]
    assert 1.0 < told.took_s < TOLD_S
    town.patient.heal()


# --- FT-10: an answer that breaks off ---------------------------------------------------------------------------------


CALL_PLACES = (
    "after the headers",
    "in the name of a call",
    "in a character of the arguments",
    "between two calls",
    "before the reason",
    "after the reason",
    "before the end",
)


def cut_turn(town: Town, webs: list[Running], cutting: Cutting) -> tuple[Told, list[str]]:
    """One turn whose first answer breaks off, in a conversation of its own; and the calls that were recorded."""
    browser = town.browser(webs[0], 0)
    browser.post("/chat/new/", {}, page="/accounts/password/change/")
    talk = browser.socket()
    town.sql("DELETE FROM chat_breaker")  # so many failures would open it
    town.patient.well = cutting
    told = ask(talk)
    rows = town.sql("SELECT tool FROM tools_toolcall WHERE conversation_id = %s ORDER BY tool", talk.conversation)
    return told, [str(tool) for (tool,) in rows]


def is_honest(told: Told, calls: list[str], *, whole_text: str) -> bool:
    """True where the answer came whole, once; False where it is said that it did not. Anything else fails."""
    streamed, text = shown(told.frames), final_text(told.frames)
    assert whole_text.startswith(streamed)
    if told.code == "done":
        assert text == whole_text
        assert calls == WANTED
        return True
    assert told.code == "model_unavailable"
    assert text.startswith(streamed)
    assert whole_text.startswith(text)
    assert "tracking_form" in str([f for f in told.frames if f["type"] == "message"][-1]["data"])
    assert calls == []
    assert [f for f in told.frames if f["type"] == "call"] == []
    return False


@pytest.mark.parametrize("place", a_few_of(places(answer(with_text=True)), 8))
def test_ft_10_a_cut_answer_is_marked_runs_nothing_and_is_not_said_twice(town: Town, place: str):
    wire = answer(with_text=True)
    cutting = Cutting(wire, places(wire)[place])

    told, calls = cut_turn(town, town.web, cutting)

    came_whole = is_honest(told, calls, whole_text=WHOLE)
    assert came_whole is not cutting.has_text
    assert bool(final_text(told.frames)) is (came_whole or cutting.has_text)
    assert len(cutting.asked) == (3 if came_whole else 1)  # cut, once more, after the calls
    assert (RECONNECTING in told.notices) is came_whole


@pytest.mark.parametrize("place", a_few_of(CALL_PLACES, 3))
def test_ft_10_a_cut_call_is_never_run_and_the_spare_model_makes_it_once(town: Town, place: str):
    wire = answer(with_text=False)
    cutting = Cutting(wire, places(wire)[place])

    told, calls = cut_turn(town, town.with_spare, cutting)

    assert is_honest(told, calls, whole_text=LAST_WORD)
    assert len(cutting.asked) == 3
    if cutting.has_token:
        assert cutting.asked == ["main", "spare", "main"]


def test_ft_10_without_a_spare_a_cut_call_is_not_asked_for_again(town: Town):
    wire = answer(with_text=False)
    cutting = Cutting(wire, places(wire)["in the arguments"])

    told, calls = cut_turn(town, town.web, cutting)

    assert not is_honest(told, calls, whole_text=LAST_WORD)
    assert len(cutting.asked) == 1


def test_ft_10_after_a_cut_answer_the_conversation_goes_on(town: Town):
    wire = answer(with_text=True)
    cut_turn(town, town.web, Cutting(wire, places(wire)["in the arguments"]))
    talk = town.browser(town.web[0], 0).sockets[-1]
    town.patient.well = (again := Cutting(wire, len(wire)))

    told = ask(talk, "And now?")

    assert told.code == "done"
    assert final_text(told.frames) == WHOLE
    assert len(again.asked) == 2


@pytest.mark.long
@pytest.mark.parametrize("illness", list(ILLNESSES))
def test_ft_09_ten_minutes_of_each_illness(
    illness: str,
    postgres_database: Callable[[], str],
    tmp_path: Path,
    record_property: Callable[..., None],
):
    """At the intervals of the product as it ships: a probe gives up after 8 s, so that its customer is told in ten."""
    with build(tmp_path, postgres_database()) as town:
        record_property("measured", live_through(town, illness, interval=10.0, seconds=600.0, pause_s=0.5))
