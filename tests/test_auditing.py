"""What happens to accounts and rights is in the trail, with who did it and without a name that was typed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tools import auditcap
from tools.models import AuditEntry
from tracking.models import Customer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_window(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(auditcap, "_window", auditcap._Window())


def told(event: str) -> list[tuple[str, str, dict]]:
    return list(AuditEntry.objects.filter(event=event).order_by("pk").values_list("actor", "outcome", "details"))


def test_signing_in_and_out_is_kept(client: Client, alice: Customer):
    client.post("/accounts/login/", {"login": "alice", "password": "demo"})
    client.post("/accounts/logout/")

    who = f"user:{alice.user_id}"
    assert [actor for actor, _, _ in told("auth.signed_in")] == [who]
    assert [actor for actor, _, _ in told("auth.signed_out")] == [who]


def test_a_failed_sign_in_keeps_a_stand_in_of_the_name(client: Client, alice: Customer):
    for name in ("alice", "ALICE ", "somebody@example.com"):
        client.post("/accounts/login/", {"login": name, "password": "wrong"})

    names = [details["name"] for _, _, details in told("auth.sign_in_failed")]
    assert len(set(names)) == 2
    assert names[0] == names[1]
    assert "alice" not in str(names)
    assert "example" not in str(names)


def test_proving_who_one_is_again_is_kept(client: Client, alice: Customer):
    client.post("/accounts/login/", {"login": "alice", "password": "demo"})
    client.post("/accounts/reauthenticate/", {"password": "demo"})

    assert told("auth.reauthenticated") == [(f"user:{alice.user_id}", "password", {})]


def test_rights_given_and_taken_are_kept_with_who_did_it(client: Client, sam: User):
    root = User.objects.create_superuser("chief", "chief@example.com", "demo")
    group = Group.objects.get(name="Reviewers")
    client.force_login(root)
    form = {"username": sam.username, "is_active": "on", "is_superuser": "on", "groups": [str(group.pk)]}
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "last_login_0": "", "last_login_1": ""}

    answer = client.post(f"/admin/auth/user/{sam.pk}/change/", {**form, **dates, "email": "", "_save": "Save"})

    assert answer.status_code == 302, answer.content[:3000]
    mine = [
        (outcome, details) for actor, outcome, details in told("staff.rights_changed") if actor == f"user:{root.pk}"
    ]
    assert ("changed", {"user": sam.pk, "changed": ["is_staff:False", "is_superuser:True"]}) in mine
    assert ("add", {"user": sam.pk, "what": "groups", "ids": [group.pk]}) in mine


def test_rights_changed_past_the_web_are_kept_as_the_operators(sam: User):
    group = Group.objects.get(name="Reviewers")
    permission = Permission.objects.get(codename="decide_approval")
    sam.user_permissions.add(permission)
    group.user_set.add(sam)
    group.permissions.clear()
    sam.is_active = False
    sam.save()
    key = sam.pk
    sam.delete()

    actors = {
        row.actor for row in AuditEntry.objects.filter(event__in=["staff.rights_changed", "group.rights_changed"])
    }
    assert actors == {"operator"}
    assert ("operator", "add", {"groups": group.pk, "what": "groups", "ids": [key]}) in told("staff.rights_changed")
    assert ("operator", "changed", {"user": key, "changed": ["is_active:False"]}) in told("staff.rights_changed")
    assert told("group.rights_changed")[-1:] == [("operator", "clear", {"group": group.pk, "ids": []})]
    assert told("account.removed") == [("operator", "removed", {"user": key})]


def test_a_password_set_by_hand_is_kept(sam: User):
    sam.set_password("another")
    sam.save()

    assert told("auth.password_set") == [("operator", "set", {"user": sam.pk})]


def test_a_sign_in_alone_changes_no_rights(client: Client, sam: User):
    before = AuditEntry.objects.filter(event="staff.rights_changed").count()
    client.post("/accounts/login/", {"login": sam.username, "password": "demo"})

    assert AuditEntry.objects.filter(event="staff.rights_changed").count() == before


def test_a_page_that_was_refused_is_kept_by_its_name(client: Client, sam: User):
    client.force_login(sam)
    assert client.get("/admin/auth/user/add/").status_code == 403

    ((actor, outcome, details),) = told("authz.denied")
    assert (actor, outcome) == (f"user:{sam.pk}", "refused")
    assert details == {"page": "admin:auth_user_add", "method": "GET"}


def test_a_flood_of_refusals_is_counted_and_not_kept_one_by_one(client: Client, sam: User, monkeypatch):
    client.force_login(sam)
    for _ in range(auditcap.MOST_EACH + 15):
        client.get("/admin/auth/user/add/")
    assert len(told("authz.denied")) == auditcap.MOST_EACH

    monkeypatch.setattr(auditcap, "WINDOW_S", 0.0)
    client.get("/admin/auth/user/add/")

    assert told("audit.left_out") == [("clock", "refused", {"of": "authz.denied", "count": 15})]
    assert len(told("authz.denied")) == auditcap.MOST_EACH + 1


def test_addresses_are_cheap_so_all_strangers_together_have_a_limit(client: Client, monkeypatch):
    monkeypatch.setattr(auditcap, "MOST_ALL", 3)
    for number in range(6):
        client.post("/accounts/login/", {"login": f"name{number}", "password": "x"}, REMOTE_ADDR=f"10.0.0.{number}")

    assert len(told("auth.sign_in_failed")) == 3


def test_an_account_born_with_rights_is_kept():
    made = User.objects.create_superuser("chief", "chief@example.com", "demo")
    User.objects.create_user("plain", "plain@example.com", "demo")

    told_of = [entry for entry in told("staff.rights_changed") if entry[1] == "created"]
    assert told_of[-1] == ("operator", "created", {"user": made.pk, "changed": ["is_staff:True", "is_superuser:True"]})
