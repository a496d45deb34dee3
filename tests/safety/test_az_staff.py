"""Staff who may only look, and reviewers, at every door that would change something: nothing moves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.safety.arena import Arena
from tests.safety.person import WatchedBrowser
from tests.wire import csrf_token

MODELS = {
    "tools": ("approval", "toolcall", "decision", "effect", "auditentry", "notice"),
    "tracking": (
        "customer", "order", "package", "truck", "route", "service", "refund", "problemreport", "callback",
        "trackingevent",
    ),
    "chat": ("conversation", "event", "turn", "feedback"),
    "auth": ("user", "group"),
    "account": ("emailaddress",),
    "mfa": ("authenticator",),
    "sessions": ("session",),
}  # fmt: skip


def token(browser: WatchedBrowser) -> str:
    """A good CSRF token: what is refused must not be refused for the want of one."""
    return csrf_token(browser.get("/accounts/password/change/").text)


def submit(browser: WatchedBrowser, path: str, **form: Any) -> int:
    data = {"csrfmiddlewaretoken": token(browser), **form}
    return browser.http.post(path, data=data, headers={"Referer": browser.url + path}).status_code


def snapshot(arena: Arena) -> list[Any]:
    """Everything a reviewer's or an onlooker's form could have changed, of the people of this test."""
    people = [person.facts.username for person in arena.people.values()]
    users = (
        "SELECT username, is_staff, is_superuser, is_active, password, email FROM auth_user WHERE username = ANY(%s)"
    )
    groups = (
        "SELECT u.username, g.group_id FROM auth_user_groups g JOIN auth_user u ON u.id = g.user_id"
        " WHERE u.username = ANY(%s)"
    )
    return [sorted(arena.sql(users, people)), sorted(arena.sql(groups, people))]


def denied(arena: Arena, username: str) -> int:
    query = (
        "SELECT count(*) FROM tools_auditentry a JOIN auth_user u ON a.actor = 'user:' || u.id"
        " WHERE u.username = %s AND a.event = 'authz.denied'"
    )
    return int(arena.sql(query, username)[0][0])


def test_az_10_who_may_only_look_decides_nothing(arena: Arena):
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.confirm(arena.a, request)
    browser, call_id = arena.s3.browser, request["call_id"]
    path = f"/admin/tools/approval/{call_id}/review/"
    ((version, digest),) = arena.sql("SELECT version, digest FROM tools_toolcall WHERE id = %s", call_id)

    page = browser.get(path)
    assert page.status_code == 200
    assert not re.search(r'name="decision"', page.text)
    for decision in ("approve", "decline", "mark_succeeded", "mark_failed", ""):
        form = {"version": str(version), "digest": digest, "decision": decision, "reason": "because"}
        assert submit(browser, path, **form) == 403

    assert arena.state_of(call_id) == "awaiting_approval"
    assert arena.sql("SELECT 1 FROM tools_decision WHERE call_id = %s", call_id) == []
    assert denied(arena, arena.s3.facts.username) >= 1
    assert arena.effects() == []


@pytest.mark.parametrize("who", ["S3", "S1"])
def test_az_10_no_list_form_or_action_of_the_admin_changes_anything(arena: Arena, who: str):
    request = arena.request(arena.a, "cancel_order", {"order_id": arena.a.facts.orders[1]})
    arena.confirm(arena.a, request)
    person = arena.people[who]
    browser, before = person.browser, snapshot(arena)
    events = arena.sql("SELECT count(*) FROM tools_toolcall")
    ((user_id,),) = arena.sql("SELECT id FROM auth_user WHERE username = %s", person.facts.username)
    row = {"tools": request["call_id"], "auth": str(user_id), "tracking": str(arena.customer_ids()["A"])}
    reached = set()

    for app, models in MODELS.items():
        for model in models:
            key = row.get(app, "1")
            base = f"/admin/{app}/{model}/"
            editable = {
                "form-TOTAL_FORMS": "1",
                "form-INITIAL_FORMS": "1",
                "form-0-id": key,
                "form-0-state": "approved",
            }
            rights = {"is_staff": "on", "is_superuser": "on", "groups": "1", "username": person.facts.username}
            for path, form in (
                (base, {"action": "delete_selected", "_selected_action": key, "post": "yes"}),
                (base, {**editable, "_save": "Save", "form-0-price": "0", "form-0-refunded": "0"}),
                (f"{base}add/", {**rights, "name": "made", "state": "approved", "decision": "approve"}),
                (f"{base}{key}/change/", {**rights, "state": "approved", "name": "changed", "_save": "Save"}),
                (f"{base}{key}/delete/", {"post": "yes"}),
            ):
                status = submit(browser, path, **form)
                assert status in (302, 403, 404, 405, 200), (path, status)
                reached.add((path, status))
    assert {status for path, status in reached if path.endswith(("/add/", "/delete/"))} <= {403, 404}

    assert snapshot(arena) == before
    assert arena.sql("SELECT count(*) FROM tools_toolcall") == events
    assert arena.state_of(request["call_id"]) == "awaiting_approval"
    assert arena.effects() == []
    assert denied(arena, person.facts.username) >= 1


def test_az_10_side_doors_of_the_admin_show_onlookers_nothing_more(arena: Arena):
    """Autocomplete, history and related-object addresses of what S3 may not view."""
    ((user_id,),) = arena.sql("SELECT id FROM auth_user WHERE username = %s", arena.su.facts.username)
    for path in (
        "/admin/autocomplete/?app_label=tools&model_name=decision&field_name=reviewer&term=",
        "/admin/autocomplete/?app_label=auth&model_name=user&field_name=groups&term=",
        f"/admin/auth/user/{user_id}/history/",
        f"/admin/auth/user/{user_id}/password/",
        "/admin/auth/user/?password__startswith=md5",
        "/admin/auth/group/",
        "/admin/account/emailaddress/",
        "/admin/sessions/session/",
    ):
        answer = arena.s3.browser.get(path)
        assert answer.status_code in (302, 400, 403, 404), (path, answer.status_code)


def test_az_10_customers_have_no_door_to_the_admin(arena: Arena):
    request = arena.request(arena.b, "cancel_order", {"order_id": arena.b.facts.orders[1]})
    for path in ("/admin/", "/admin/tools/approval/", f"/admin/tools/approval/{request['call_id']}/review/"):
        for browser in (arena.a.browser, arena.visitor()):
            answer = browser.get(path)
            assert answer.status_code in (302, 403), path
            assert request["call_id"] not in answer.text or answer.status_code == 302
    # As a reviewer could send it now: nothing but the right to is missing.
    arena.confirm(arena.b, request)
    path = f"/admin/tools/approval/{request['call_id']}/review/"
    ((version, digest),) = arena.sql("SELECT version, digest FROM tools_toolcall WHERE id = %s", request["call_id"])
    for browser in (arena.a.sign_in(by_password=True), arena.b.sign_in(by_password=True)):
        assert submit(browser, path, decision="approve", version=str(version), digest=digest) in (302, 403)
    assert arena.state_of(request["call_id"]) == "awaiting_approval"
    assert arena.sql("SELECT 1 FROM tools_decision WHERE call_id = %s", request["call_id"]) == []
