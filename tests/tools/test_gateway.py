"""The only way from a model's answer to a tool, with the model as the attacker: everything is answered and recorded."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pydantic import BaseModel, Field

from tests.tools.steps import NEW_PHONE, admit, ask, confirmed, context, effects, raw
from tools import gateway
from tools.errors import NotPossible, Unavailable
from tools.gateway import Admitted, RawCall, printable_name, refuse_step, run_call, tool_specs
from tools.models import AuditEntry, ToolCall
from tools.registry import REGISTRY, tool
from tools.signals import call_changed
from tracking.errors import NotPossible as TrackingNotPossible
from tracking.factories import OrderFactory, PackageFactory
from tracking.models import Customer

pytestmark = pytest.mark.django_db

ERROR_KEYS = {"code", "message", "field", "allowed", "retryable", "next_step"}
CANARY = "canary-7f3a"


class Answer(BaseModel):
    text: str = "yes"


def error_of(admitted: Admitted) -> dict[str, Any]:
    """The error the model is told; it always has the whole shape of the contract."""
    assert admitted.told is not None
    assert admitted.told["ok"] is False
    assert set(admitted.told) == {"ok", "error"}
    assert set(admitted.told["error"]) == ERROR_KEYS
    assert admitted.error_code == admitted.told["error"]["code"]
    return admitted.told["error"]


def assert_recorded_as_refused(admitted: Admitted, code: str) -> None:
    call = ToolCall.objects.get(pk=admitted.call.pk)
    assert (call.state, call.reason) == ("refused", code)
    assert call.ended_at is not None
    entry = AuditEntry.objects.get(call_id=call.pk)
    assert (entry.event, entry.actor, entry.outcome) == ("tool.rejected", "model", code)


@pytest.fixture
def seen() -> Any:
    """(state, sentence) of every call that was told of."""
    told: list[tuple[str, str | None]] = []

    def note(sender: Any, *, call: ToolCall, sentence: str | None, **_: Any) -> None:
        told.append((str(call.state), sentence))

    call_changed.connect(note, weak=False)
    yield told
    call_changed.disconnect(note)


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "",
        "delete_all",
        "__import__",
        "check_package.__globals__",
        "Check_Package",
        "find_order",
        "a\x00b",
        "\ud83d",
        "🚚" * 99,
        "x" * 100_000,
        "check_package\r\nlog line",
    ],
    ids=lambda name: repr(name)[:30],
)
def test_an_unknown_name_is_refused_recorded_and_runs_nothing(alice: Customer, seen: list, name: str):
    admitted = admit(context(alice), RawCall(name=name, arguments='{"package_id": "ABCD-1337"}'))[0]

    error = error_of(admitted)
    assert error["code"] == "unknown_tool"
    assert error["allowed"]
    assert_recorded_as_refused(admitted, "unknown_tool")
    assert ToolCall.objects.get().tool == printable_name(name)
    assert seen == []


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\nb\x00c", "a?b?c"), ("\u202egnp", "?gnp"), ("é", "?"), ("x" * 200, "x" * 64), ("\x1b[31m", "?[31m")],
)
def test_a_made_up_name_is_harmless_in_record_and_log(name: str, shown: str):
    assert printable_name(name) == shown


# --- arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("", "invalid_json"),
        ('{"package_id": "ABCD-13', "invalid_json"),
        ('{"package_id": "ABCD-1337",}', "invalid_json"),
        ("{'package_id': 'ABCD-1337'}", "invalid_json"),
        ("null", "invalid_json"),
        ("[]", "invalid_json"),
        ('"ABCD-1337"', "invalid_json"),
        ('"{\\"package_id\\": \\"ABCD-1337\\"}"', "invalid_json"),
        ('\ufeff{"package_id": "ABCD-1337"}', "invalid_json"),
        ('{"package_id": "ABCD-1337"}' + " " * 9000, "invalid_json"),
        ('{"package_id": "ABCD-1337", "package_id": "WXYZ-2001"}', "invalid_json"),
        ('{"package_id": "\\ud800"}', "invalid_json"),
        ('{"package_id": "\\u0000"}', "invalid_json"),
        ("[" * 4000, "invalid_json"),
        ('import os; os.system("id")', "invalid_json"),
        ("{}", "invalid_arguments"),
        ('{"package_id": null}', "invalid_arguments"),
        ('{"package_id": 1337}', "invalid_arguments"),
        ('{"package_id": ["ABCD-1337"]}', "invalid_arguments"),
        ('{"package_id": {"$gt": ""}}', "invalid_arguments"),
        ('{"package_id": ""}', "invalid_arguments"),
        ('{"package_id": "\' OR 1=1--"}', "invalid_arguments"),
        ('{"package_id": "%"}', "invalid_arguments"),
        ('{"package_id": "ABCD-1337\\u202e"}', "invalid_arguments"),
        ('{"package_id": "ＡＢＣＤ-1337"}', "invalid_arguments"),
        ('{"package_id": "ABCD-1337", "customer_id": 1}', "invalid_arguments"),
        ('{"package_id": "ABCD-1337", "approved": true}', "invalid_arguments"),
        ('{"package_id": "ABCD-1337", "__class__": "x"}', "invalid_arguments"),
    ],
)
def test_wrong_arguments_are_refused_recorded_and_never_repaired(
    alice: Customer, seen: list, arguments: str, code: str
):
    PackageFactory.create(number="ABCD-1337", booker=alice)

    admitted = admit(context(alice), RawCall(name="check_package", arguments=arguments))[0]

    assert error_of(admitted)["code"] == code
    assert_recorded_as_refused(admitted, code)
    assert ToolCall.objects.get().arguments == {}
    assert seen == []


def test_a_refused_write_leaves_no_request(alice: Customer):
    requests = [
        RawCall(name="update_profile", arguments="{"),
        raw("update_profile"),
        raw("update_profile", phone="call me"),
        raw("update_profile", phone=NEW_PHONE, customer_id=1),
        raw("request_refund", order_id="ORD-9999", amount="1.00", reason="x"),
    ]

    codes = [error_of(admitted)["code"] for admitted in admit(context(alice), *requests)]

    assert codes == ["invalid_json", *["invalid_arguments"] * 3, "not_found"]
    assert set(ToolCall.objects.values_list("effect", "state")) == {("write", "refused")}


# --- who --------------------------------------------------------------------------------------------------------


def test_a_disabled_account_may_use_no_tool(alice: Customer):
    assert alice.user is not None
    alice.user.is_active = False
    alice.user.save()

    read, write = admit(context(alice), raw("list_services"), raw("update_profile", phone=NEW_PHONE))

    assert error_of(read)["code"] == error_of(write)["code"] == "not_permitted"
    assert_recorded_as_refused(write, "not_permitted")


def test_an_erased_account_may_use_no_tool(alice: Customer):
    alice.user = None
    alice.save()

    admitted = admit(context(alice), raw("list_services"))[0]

    assert error_of(admitted)["code"] == "not_permitted"


def test_a_tool_with_a_permission_is_for_those_who_have_it(alice: Customer, bob: Customer, registry: dict):
    @tool(effect="read", label="Peek", permission="tracking.view_truck")
    def peek(ctx: Any) -> Answer:
        """Peeks."""
        return Answer()

    assert bob.user is not None
    bob.user.user_permissions.add(Permission.objects.get(codename="view_truck"))

    (without,) = admit(context(alice), raw("peek"))
    (having,) = admit(context(bob), raw("peek"))

    assert error_of(without)["code"] == "not_permitted"
    assert having.told is None


@pytest.mark.parametrize(
    ("tool_name", "argument", "theirs", "nowhere"),
    [
        ("check_package", "package_id", "WXYZ-2001", "NONE-0000"),
        ("check_truck", "package_id", "WXYZ-2001", "NONE-0000"),
        ("get_order", "order_id", "ORD-2001", "ORD-9999"),
    ],
)
def test_not_yours_and_not_there_are_one_answer_with_as_many_queries(
    alice: Customer, bob: Customer, tool_name: str, argument: str, theirs: str, nowhere: str
):
    order = OrderFactory.create(customer=bob, reference="ORD-2001")
    PackageFactory.create(number="WXYZ-2001", booker=bob, order=order, recipient_name=CANARY)
    answers, queries = [], []

    for number in (theirs, nowhere):
        (admitted,) = admit(context(alice), raw(tool_name, **{argument: number}))
        with CaptureQueriesContext(connection) as captured:
            answers.append(run_call(ctx=context(alice), admitted=admitted))
        queries.append(len(captured))

    assert answers[0] == answers[1]
    assert answers[0]["error"]["code"] == "not_found"
    assert queries[0] == queries[1]
    denied = AuditEntry.objects.filter(event="authz.denied").values_list("actor", "outcome", "customer_id", "details")
    assert list(denied) == [("model", "not_found", alice.pk, {"tool": tool_name})] * 2


@pytest.mark.parametrize(
    ("tool_name", "arguments"),
    [
        ("cancel_order", {"order_id": "ORD-2001"}),
        ("request_refund", {"order_id": "ORD-2001", "amount": "1.00", "reason": "late"}),
        ("change_delivery", {"package_id": "WXYZ-2001", "street": "Elsewhere 1"}),
        ("report_problem", {"package_id": "WXYZ-2001", "problem": "damaged", "description": "wet"}),
    ],
)
def test_a_write_on_anothers_record_makes_no_request_and_tells_nothing(
    alice: Customer, bob: Customer, tool_name: str, arguments: dict[str, str]
):
    order = OrderFactory.create(customer=bob, reference="ORD-2001", state="booked")
    PackageFactory.create(number="WXYZ-2001", booker=bob, order=order)
    nowhere = {key: value.replace("2001", "9999") for key, value in arguments.items()}

    theirs, missing = admit(context(alice), raw(tool_name, **arguments), raw(tool_name, **nowhere))

    assert error_of(theirs) == error_of(missing)
    assert error_of(theirs)["code"] == "not_found"
    denied = AuditEntry.objects.filter(event="authz.denied").values_list("call_id", flat=True)
    assert set(denied) == {theirs.call.pk, missing.call.pk}
    assert not ToolCall.objects.exclude(state="refused").exists()


# --- how many ---------------------------------------------------------------------------------------------------


def test_a_step_of_a_thousand_calls_runs_eight_and_answers_all_in_order(
    alice: Customer, django_assert_max_num_queries: Any
):
    requests = [raw("get_order", order_id=f"ORD-{n:06}") for n in range(1000)]
    ctx = context(alice, turn_id=uuid.uuid4())

    with django_assert_max_num_queries(80):
        admitted = admit(ctx, *requests)

    assert len(admitted) == 1000
    assert [one.told is None for one in admitted] == [True] * 8 + [False] * 992
    assert {error_of(one)["code"] for one in admitted[8:]} == {"too_many_calls"}
    assert [one.call.arguments.get("order_id") for one in admitted[:8]] == [f"ORD-{n:06}" for n in range(8)]
    assert ToolCall.objects.filter(state="refused").count() == 992
    assert AuditEntry.objects.filter(event="tool.rejected", outcome="too_many_calls").count() == 992


def test_a_thousand_writes_in_a_step_make_no_more_requests_than_the_cap(alice: Customer, settings: Any):
    settings.MAX_TOOL_CALLS_PER_STEP = 100
    for n in range(100):
        OrderFactory.create(customer=alice, reference=f"ORD-{n:06}", state="booked")

    admitted = admit(context(alice), *(raw("cancel_order", order_id=f"ORD-{n:06}") for n in range(1000)))

    open_requests = [one for one in admitted if one.told and one.told["ok"]]
    assert len(open_requests) == settings.PENDING_PER_CONVERSATION == 3
    assert {error_of(one)["code"] for one in admitted[3:100]} == {"rate_limited"}
    assert {error_of(one)["code"] for one in admitted[100:]} == {"too_many_calls"}


def test_the_third_identical_read_of_a_turn_is_refused(alice: Customer):
    ctx = context(alice, turn_id=uuid.uuid4())
    first, second = admit(ctx, raw("get_order", order_id="ORD-1001"), raw("get_order", order_id=" ord 1001"))

    third, other = admit(ctx, raw("get_order", order_id="ORD-1001"), raw("get_order", order_id="ORD-1002"))

    assert first.told is second.told is other.told is None
    assert error_of(third)["code"] == "too_many_calls"
    assert_recorded_as_refused(third, "too_many_calls")


def test_identical_reads_are_counted_for_each_turn_alone(alice: Customer, bob: Customer):
    request = raw("get_order", order_id="ORD-1001")
    turn = uuid.uuid4()
    admit(context(alice, turn_id=turn), request, request)

    (next_turn,) = admit(context(alice, turn_id=uuid.uuid4()), request)
    (somebody_else,) = admit(context(bob, turn_id=uuid.uuid4()), request)

    assert next_turn.told is somebody_else.told is None


def test_a_fast_model_is_slowed_down_and_told_when_to_come_back(alice: Customer, bob: Customer, settings: Any):
    settings.RATE_TOOL_CALLS = "3/minute"
    requests = [raw("get_order", order_id=f"ORD-100{n}") for n in range(4)]

    *allowed, over = admit(context(alice), *requests)
    (others,) = admit(context(bob), requests[0])

    assert [one.told for one in allowed] == [None] * 3
    assert error_of(over)["code"] == "rate_limited"
    assert error_of(over)["retryable"] is True
    assert "seconds" in error_of(over)["message"]
    assert others.told is None


def test_a_rate_that_is_off_limits_nothing(alice: Customer, settings: Any):
    settings.RATE_TOOL_CALLS = None
    settings.MAX_TOOL_CALLS_PER_STEP = 100

    admitted = admit(context(alice), *(raw("get_order", order_id=f"ORD-{n:05}") for n in range(100)))

    assert [one.told for one in admitted] == [None] * 100


def test_a_tools_own_rate_counts_beside_the_common_one(alice: Customer, registry: dict):
    @tool(effect="read", label="Peek", rate="1/minute")
    def peek(ctx: Any) -> Answer:
        """Peeks."""
        return Answer()

    first, second, common = admit(context(alice), raw("peek"), raw("peek"), raw("list_services"))

    assert first.told is common.told is None
    assert error_of(second)["code"] == "rate_limited"


def test_calls_that_come_too_late_in_a_turn_are_recorded_and_not_run(alice: Customer, seen: list):
    refused = refuse_step(ctx=context(alice), requests=[raw("check_package", package_id="ABCD-1337"), raw("nonsense")])

    assert [error_of(one)["code"] for one in refused] == ["too_many_calls"] * 2
    assert [one.call.tool for one in refused] == ["check_package", "nonsense"]
    assert_recorded_as_refused(refused[0], "too_many_calls")
    assert seen == []
    assert refuse_step(ctx=context(alice), requests=[]) == []


# --- reads ------------------------------------------------------------------------------------------------------


def test_a_read_is_recorded_told_of_and_answered(alice: Customer, seen: list):
    PackageFactory.create(number="ABCD-1337", booker=alice)
    (admitted,) = admit(context(alice), raw("check_package", package_id="abcd 1337"))
    before = ToolCall.objects.get()

    told = run_call(ctx=context(alice), admitted=admitted)

    assert (before.state, before.effect, before.arguments) == ("running", "read", {"package_id": "ABCD-1337"})
    assert set(told) == {"ok", "result"}
    assert told["ok"] is True
    assert "ABCD-1337" in json.dumps(told["result"])
    after = ToolCall.objects.get()
    assert after.state == "succeeded"
    assert after.ended_at is not None
    assert seen == [("running", None), ("succeeded", None)]
    assert list(AuditEntry.objects.order_by("pk").values_list("event", flat=True)) == ["call.running", "call.succeeded"]


def _divide(ctx: Any) -> Answer:
    """Fails in our own code."""
    raise ZeroDivisionError(CANARY)


def _nothing(ctx: Any) -> Any:
    """Returns no result."""


def _broken_query(ctx: Any) -> Any:
    """Fails in the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT canary FROM {CANARY.replace('-', '_')}")


def _wrong_arguments(ctx: Any) -> Any:
    """Fails deep inside."""
    return REGISTRY["check_package"].function(ctx)


@pytest.mark.parametrize("function", [_divide, _nothing, _broken_query, _wrong_arguments])
def test_a_defect_in_a_read_is_answered_without_its_details(alice: Customer, registry: dict, function: Any):
    tool(effect="read", label="Probe")(function)
    broken, sound = admit(context(alice), raw(function.__name__), raw("list_services"))

    told = run_call(ctx=context(alice), admitted=broken)
    after = run_call(ctx=context(alice), admitted=sound)

    assert told["error"]["code"] == "internal"
    assert "canary" not in json.dumps(told)
    assert "Error" not in json.dumps(told)
    assert ToolCall.objects.get(pk=broken.call.pk).state == "failed"
    assert after["ok"] is True


def test_what_the_records_forbid_is_told_in_their_words(alice: Customer, registry: dict):
    @tool(effect="read", label="Probe")
    def closed(ctx: Any) -> Answer:
        """Is closed."""
        raise TrackingNotPossible("It was delivered.", "Offer a report.")

    (admitted,) = admit(context(alice), raw("closed"))

    told = run_call(ctx=context(alice), admitted=admitted)

    error = told["error"]
    assert (error["code"], error["message"], error["next_step"]) == (
        "not_possible",
        "It was delivered.",
        "Offer a report.",
    )


def test_a_tool_may_say_in_its_own_words_that_it_is_away(alice: Customer, registry: dict):
    @tool(effect="read", label="Probe", fallback="Maps are away; ask for the city instead.")
    def fails(ctx: Any) -> Answer:
        """Fails."""
        raise ZeroDivisionError

    @tool(effect="read", label="Probe")
    def away(ctx: Any) -> Answer:
        """Is away."""
        raise Unavailable("The carrier does not answer.")

    first, second = admit(context(alice), raw("fails"), raw("away"))

    told = [run_call(ctx=context(alice), admitted=one)["error"] for one in (first, second)]

    assert told[0]["message"] == "Maps are away; ask for the city instead."
    assert (told[1]["code"], told[1]["retryable"]) == ("unavailable", True)


@pytest.mark.servers
@pytest.mark.parametrize("timeout_s", [0.05, 0.0001])
def test_a_slow_query_is_ended_by_the_database(alice: Customer, registry: dict, timeout_s: float):
    @tool(effect="read", label="Probe", timeout_s=timeout_s)
    def slow(ctx: Any) -> Answer:
        """Takes long."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        return Answer()

    (admitted,) = admit(context(alice), raw("slow"))

    told = run_call(ctx=context(alice), admitted=admitted)

    assert (told["error"]["code"], told["error"]["retryable"]) == ("timeout", True)
    assert ToolCall.objects.get().reason == "timeout"
    assert not ToolCall.objects.filter(state="running").exists()


# --- writes -----------------------------------------------------------------------------------------------------


def test_a_write_is_answered_as_not_done_and_changes_nothing(alice: Customer, seen: list, wakeups: list):
    (admitted,) = admit(context(alice), raw("update_profile", phone="+49 30 1234 5678"))

    call = ToolCall.objects.get()
    assert admitted.told is not None
    assert {key: admitted.told[key] for key in ("ok", "status", "reference", "note")} == {
        "ok": True,
        "status": "awaiting_confirmation",
        "reference": str(call.pk),
        "note": "not done yet",
    }
    assert call.arguments == {"phone": NEW_PHONE}
    alice.refresh_from_db()
    assert alice.phone == "+493023125001"
    assert effects(call) == 0
    assert seen == [("awaiting_confirmation", None)]
    assert wakeups == []


def test_the_same_write_again_says_how_far_it_is(alice: Customer):
    call = confirmed(alice)

    (again,) = admit(context(alice), raw("update_profile", phone=NEW_PHONE))

    assert again.told is not None
    assert (again.told["status"], again.told["reference"]) == ("awaiting_approval", str(call.pk))


@pytest.fixture
def broken_write(registry: dict) -> Any:
    """A write tool whose plan fails by a defect of ours; `broken_write(error)` says how."""

    def register(error: Exception) -> None:
        def load(ctx: Any, *, lock: bool, **arguments: Any) -> Customer:
            return ctx.customer

        def apply(*_: Any, **__: Any) -> None: ...

        @tool(effect="write", label="Break", load=load, apply=apply)
        def break_it(ctx: Any, record: Any, *, note: str = Field(default="", description="A note.")) -> Any:
            """Breaks."""
            raise error

    return register


def test_a_defect_in_a_plan_is_answered_and_the_rest_of_the_step_goes_on(alice: Customer, broken_write: Any):
    broken_write(KeyError(CANARY))

    broken, sound = admit(context(alice), raw("break_it"), raw("update_profile", phone=NEW_PHONE))

    assert error_of(broken)["code"] == "internal"
    assert "canary" not in json.dumps(broken.told)
    assert_recorded_as_refused(broken, "internal")
    assert sound.told is not None
    assert sound.told["ok"] is True


def test_what_the_record_forbids_is_told_with_the_reason(alice: Customer, broken_write: Any):
    broken_write(NotPossible("It is on its way.", next_step="Tell the customer."))

    (admitted,) = admit(context(alice), raw("break_it"))

    error = error_of(admitted)
    assert (error["code"], error["message"], error["next_step"]) == (
        "not_possible",
        "It is on its way.",
        "Tell the customer.",
    )


def test_no_news_means_no_request(alice: Customer):
    """Where the chat cannot write its event, the request does not exist either."""

    def fail(**_: Any) -> None:
        raise OSError

    call_changed.connect(fail)
    try:
        (admitted,) = admit(context(alice), raw("update_profile", phone=NEW_PHONE))
    finally:
        call_changed.disconnect(fail)

    assert error_of(admitted)["code"] == "internal"
    assert not ToolCall.objects.exclude(state="refused").exists()


# --- what is shown, what is kept --------------------------------------------------------------------------------


def test_the_model_is_given_every_tool_in_a_stable_order():
    specs = tool_specs()

    assert [spec["name"] for spec in specs] == sorted(REGISTRY)
    assert all(set(spec) == {"name", "description", "parameters"} for spec in specs)
    assert json.dumps(specs) == json.dumps(tool_specs())


def test_the_audit_holds_no_personal_value(alice: Customer):
    admit(context(alice), raw("update_profile", phone=NEW_PHONE, email="new@example.org", name="Alice Canary"))
    admit(context(alice), raw("update_profile", phone="not a phone " + CANARY))
    admit(context(alice), RawCall(name=CANARY, arguments=CANARY))

    kept = json.dumps(list(AuditEntry.objects.values("event", "actor", "outcome", "details")))

    assert AuditEntry.objects.count() == 3
    for value in (NEW_PHONE, "new@example.org", "Canary", CANARY, alice.email, alice.name, "Lindenallee"):
        assert value not in kept


def test_open_requests_of_a_conversation_are_the_customers_own(alice: Customer, bob: Customer):
    mine = ask(alice)
    here = uuid.uuid4()
    ToolCall.objects.filter(pk=mine.pk).update(conversation_id=here)
    theirs = ask(bob)
    ToolCall.objects.filter(pk=theirs.pk).update(conversation_id=here)

    found = gateway.open_requests(customer_id=alice.pk, conversation_id=here)

    assert [call.pk for call in found] == [mine.pk]


def test_the_trail_tells_what_was_refused_and_repeats_none_of_it(alice: Customer):
    for name in ("lookup_Bob_Canary", "check_package", "check_package"):
        admit(context(alice), RawCall(name, f'{{"package_id": "{CANARY}"'))

    details = list(AuditEntry.objects.filter(event="tool.rejected").order_by("pk").values_list("details", flat=True))
    assert [told["tool"] for told in details] == ["unknown", "check_package", "check_package"]
    assert len({told["arguments"] for told in details}) == 1
    assert {len(text) for text in (details[0]["name"], details[0]["arguments"])} == {32}
    assert "canary" not in str(details).lower()
