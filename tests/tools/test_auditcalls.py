"""Calls, decisions and effects tell of the trail: what was cut out of it consistently shows by them."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection

from tests.tools.steps import admit, approved, ask, carried_out, change_row, confirmed, context, raw
from tests.tools.trail import all_broken, force
from tools import sealing
from tools.approvals import decline
from tools.auditcalls import unrecorded
from tools.auditcheck import verify
from tools.gateway import run_call
from tools.models import AuditEntry, AuditSeal, ToolCall
from tracking.models import Customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(alice: Customer, rita: User) -> list[ToolCall]:
    """A look-up, a rejected call, a request that was carried out and one that was declined, oldest first."""
    looked_up, rejected = admit(context(alice), raw("list_my_orders"), raw("delete_all"))
    run_call(ctx=context(alice), admitted=looked_up)
    done = carried_out(approved(alice, rita))
    assert done.state == "succeeded"
    asked = confirmed(alice, city="Potsdam")
    declined = decline(call_id=asked.pk, reviewer=rita, version=asked.version, digest=asked.digest, reason="No.")
    sealing.seal_entries()
    sealing.seal_entries()
    verify(calls=True)
    return [looked_up.call, rejected.call, done, declined]


def cut_after(position: int) -> None:
    """The end of all three tables, consistently, as somebody does it who knows them."""
    force(
        "DELETE FROM tools_auditentry WHERE id NOT IN (SELECT entry_id FROM tools_auditseal WHERE position <= %s)",
        position,
    )
    force("DELETE FROM tools_auditseal WHERE position > %s", position)
    force("DELETE FROM tools_auditanchor")


def without(call: ToolCall, where: str) -> list[str]:
    """What is said of a call where some of its entries had never been written: not a gap in the chain."""
    force("DELETE FROM tools_auditseal")
    force("DELETE FROM tools_auditanchor")
    force("DELETE FROM tools_auditentry WHERE event = 'audit.anchor'")
    key = call.pk if connection.vendor == "postgresql" else call.pk.hex
    force(f"DELETE FROM tools_auditentry WHERE call_id = %s AND {where}", key)
    return all_broken(calls=True)


def test_an_emptied_trail_shows_by_the_calls(calls: list[ToolCall]):
    cut_after(0)

    found = all_broken(calls=True)

    of_calls = [line for line in found if line.startswith("call ")]
    assert of_calls[0].startswith(f"call {calls[0].pk}: no entry tells how it began")
    assert {f"call {call.pk}" for call in calls} == {line.split(":")[0] for line in found if "began" in line}


def test_a_cut_end_shows_by_the_first_call_behind_it(calls: list[ToolCall]):
    """The look-up and the rejected call are before the cut, the first request is not."""
    first = AuditEntry.objects.filter(call_id=calls[2].pk).order_by("pk")[0].pk
    cut_after(AuditSeal.objects.get(entry_id=first).position - 1)

    found = all_broken(calls=True)

    assert found[0].startswith(f"call {calls[2].pk}: no entry tells how it began")
    assert not any(str(call.pk) in line for call in calls[:2] for line in found)


def test_a_cut_within_a_call_shows_by_its_state(calls: list[ToolCall]):
    last = AuditEntry.objects.filter(event="call.declined").get().pk
    cut_after(AuditSeal.objects.get(entry_id=last).position - 1)

    found = all_broken(calls=True)

    assert found[0].startswith(f"call {calls[3].pk}: is declined, and no entry tells so")


def test_a_decision_without_an_entry_is_named(calls: list[ToolCall]):
    (found,) = without(calls[2], "event = 'call.approved'")

    assert found.startswith(f"call {calls[2].pk}: no entry tells of the decision of user:")


def test_a_decision_of_somebody_else_than_the_trail_tells_is_named(calls: list[ToolCall], sam: User):
    force("UPDATE tools_decision SET reviewer_id = %s WHERE decision = 'decline'", sam.pk)

    assert all_broken(calls=True) == [f"call {calls[3].pk}: no entry tells of the decision of user:{sam.pk} on it"]


def test_an_effect_without_an_entry_is_named(calls: list[ToolCall]):
    found = without(calls[2], "event = 'call.succeeded'")

    assert f"call {calls[2].pk}: no entry tells of its effect" in found


def test_a_state_that_was_written_by_sql_is_named(calls: list[ToolCall], alice: Customer):
    for call, state in ((calls[1], "succeeded"), (ask(alice, city="Erfurt"), "approved")):
        change_row(call, state=state)

    found = all_broken(calls=True)

    assert len(found) == 2
    assert found[0].startswith(f"call {calls[1].pk}: is succeeded, and no entry tells so")
    assert "is approved" in found[1]


def test_purged_calls_leave_the_trail_whole(calls: list[ToolCall]):
    ToolCall.objects.filter(pk__in=[call.pk for call in calls[:2]]).delete()

    verify(calls=True)


def test_no_table_is_read_once_a_call(calls: list[ToolCall], django_assert_num_queries: object):
    with django_assert_num_queries(4):  # type: ignore[operator]  # a fixture without a public type
        list(unrecorded())
