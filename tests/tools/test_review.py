"""The review page over HTTP: who sees it, who may decide, and every answer of the contract's table."""

from __future__ import annotations

import re
import time
import uuid
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.tools.steps import NEW_PHONE, again, approve, ask, carried_out, change_row, confirmed, effects
from tools.approvals import withdraw
from tools.models import Decision, ToolCall
from tracking.factories import CustomerFactory, OrderFactory, UserFactory
from tracking.models import Customer

pytestmark = pytest.mark.django_db

QUEUE = "/admin/tools/approval/"


@pytest.fixture(autouse=True)
def _no_login_limit(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


def address(call: ToolCall) -> str:
    return f"{QUEUE}{call.pk}/review/"


def signed_in(user: User, **options: Any) -> Client:
    """Somebody who typed their password just now."""
    client = Client(**options)
    answer = client.post("/accounts/login/", {"login": user.username, "password": "demo"})
    assert answer.status_code == 302, answer.content[:500]
    return client


def age_sign_in(client: Client, seconds: float) -> None:
    """The password was typed that long ago."""
    session = client.session
    for proof in session["account_authentication_methods"]:
        proof["at"] = time.time() - seconds
    session.save()


def html_of(answer: HttpResponseBase) -> str:
    content: bytes = answer.content  # type: ignore[attr-defined]  # every answer here is a whole page
    return content.decode()


def text_of(answer: HttpResponseBase) -> str:
    return unescape(html_of(answer))


def form_of(answer: HttpResponseBase) -> dict[str, str]:
    """The hidden fields of the form that decides."""
    html = html_of(answer)
    return {name: re.findall(rf'name="{name}" value="([^"]*)"', html)[0] for name in ("version", "digest")}


def decide(client: Client, call: ToolCall, decision: str = "approve", **fields: str) -> HttpResponseBase:
    """Posts what the form of this call as it stands would post."""
    form = {"version": str(call.version), "digest": call.digest, "decision": decision, "reason": "", **fields}
    return client.post(address(call), form)


def assert_undecided(call: ToolCall) -> None:
    assert again(call).state == "awaiting_approval"
    assert not Decision.objects.exists()


# --- who sees it ------------------------------------------------------------------------------------------------


def test_nobody_sees_it_without_signing_in_as_staff(alice: Customer, client: Client):
    call = confirmed(alice)
    assert alice.user is not None

    for visitor in (client, signed_in(alice.user)):
        answer = visitor.get(address(call))
        posted = decide(visitor, call)

        assert answer.status_code == posted.status_code == 302
        assert "/login/" in answer["Location"]
        assert "/login/" in posted["Location"]
    assert_undecided(call)


def test_staff_who_may_look_see_it_without_a_form(alice: Customer, sam: User):
    call = confirmed(alice)

    answer = signed_in(sam).get(address(call))

    assert answer.status_code == 200
    assert NEW_PHONE in text_of(answer)
    assert 'name="digest"' not in text_of(answer)
    assert "not decide" in text_of(answer)


def test_staff_without_the_right_to_look_are_refused(alice: Customer):
    call = confirmed(alice)
    temp = UserFactory.create(username="temp", is_staff=True)
    temp.user_permissions.add(Permission.objects.get(codename="decide_approval"))
    client = signed_in(temp)

    assert client.get(address(call)).status_code == 403
    assert decide(client, call).status_code == 403
    assert client.get(QUEUE).status_code == 403
    assert_undecided(call)


def test_reviewers_see_the_form_with_what_it_binds(alice: Customer, rita: User):
    call = confirmed(alice)

    answer = signed_in(rita).get(address(call))

    assert answer.status_code == 200
    assert form_of(answer) == {"version": str(call.version), "digest": call.digest}
    assert "no-store" in answer["Cache-Control"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]


def test_what_is_no_request_before_staff_is_not_found(alice: Customer, rita: User):
    client = signed_in(rita)
    unconfirmed = ask(alice)

    assert client.get(address(unconfirmed)).status_code == 404
    assert decide(client, unconfirmed).status_code == 404
    assert client.get(f"{QUEUE}{uuid.uuid4()}/review/").status_code == 404
    assert client.get(f"{QUEUE}not-a-uuid/review/").status_code in (302, 404)
    assert again(unconfirmed).state == "awaiting_confirmation"


# --- deciding ---------------------------------------------------------------------------------------------------


def test_an_approval_goes_back_to_the_queue(alice: Customer, rita: User):
    call = confirmed(alice)
    client = signed_in(rita)
    form = form_of(client.get(address(call)))

    answer = client.post(address(call), {**form, "decision": "approve"})

    assert (answer.status_code, answer["Location"]) == (302, QUEUE)
    assert again(call).state == "approved"
    assert carried_out(call).state == "succeeded"


def test_a_decline_goes_back_to_the_queue_with_its_reason_stored(alice: Customer, rita: User):
    call = confirmed(alice)

    answer = decide(signed_in(rita), call, "decline", reason="Not your <b>number</b>.")

    assert (answer.status_code, answer["Location"]) == (302, QUEUE)
    assert (again(call).state, again(call).reason) == ("declined", "Not your <b>number</b>.")


def test_the_first_of_two_approvals_is_taken_and_the_state_stays(alice: Customer, rita: User, ravi: User):
    OrderFactory.create(customer=alice, reference="ORD-1003", price=Decimal("180.00"))
    call = confirmed(alice, "request_refund", order_id="ORD-1003", amount="180.00", reason="late")
    first, second = signed_in(rita), signed_in(ravi)

    assert decide(first, call).status_code == 302
    assert again(call).state == "awaiting_approval"
    assert "1 of 2" in text_of(second.get(address(call)))
    assert "second person" in text_of(first.get(address(call)))
    assert decide(first, call).status_code == 409
    assert decide(second, call).status_code == 302
    assert again(call).state == "approved"


@pytest.mark.parametrize("reason", ["", "   ", "\n", "\x00", "\u200b"], ids=repr)
def test_a_decline_without_a_reason_shows_the_form_again(alice: Customer, rita: User, reason: str):
    call = confirmed(alice)

    answer = decide(signed_in(rita), call, "decline", reason=reason)

    assert answer.status_code == 400
    assert form_of(answer)["digest"] == call.digest
    assert_undecided(call)


@pytest.mark.parametrize("decision", ["", "Approve", "approved", "approve ", "mark_succeeded", "mark_failed", "delete"])
def test_an_unknown_decision_shows_the_form_again(alice: Customer, rita: User, decision: str):
    call = confirmed(alice)

    answer = decide(signed_in(rita), call, decision, reason="x")

    assert answer.status_code == 400
    assert form_of(answer)["digest"] == call.digest
    assert_undecided(call)


@pytest.mark.parametrize("version", ["", "x", "-1", "1.0", "²", " 2", "0x2", "\x00"])
def test_a_version_that_is_no_number_shows_the_form_again(alice: Customer, rita: User, version: str):
    call = confirmed(alice)

    answer = decide(signed_in(rita), call, version=version)

    assert answer.status_code == 400
    assert_undecided(call)


@pytest.mark.parametrize(
    "fields",
    [{"version": "1"}, {"version": "9" * 400}, {"digest": "0" * 64}, {"digest": ""}, {"digest": "\x00"}],
    ids=lambda fields: str(fields)[:40],
)
def test_a_form_about_something_else_is_a_conflict(alice: Customer, rita: User, fields: dict[str, str]):
    call = confirmed(alice)

    for decision in ("approve", "decline"):
        answer = decide(signed_in(rita), call, decision, reason="x", **fields)
        assert answer.status_code == 409
        assert "changed since" in text_of(answer)
    assert_undecided(call)


def test_a_form_with_nothing_in_it_decides_nothing(alice: Customer, rita: User):
    call = confirmed(alice)

    assert signed_in(rita).post(address(call), {}).status_code == 400
    assert_undecided(call)


def test_staff_who_may_only_look_cannot_post(alice: Customer, sam: User):
    call = confirmed(alice)
    client = signed_in(sam)

    assert decide(client, call).status_code == 403
    assert decide(client, call, "decline", reason="x").status_code == 403
    assert_undecided(call)


def test_nobody_decides_their_own_request_not_even_a_superuser(root: User, rita: User):
    CustomerFactory.create(user=rita, phone="+493011111111")

    for user in (root, rita):
        own = confirmed(user.customer)
        client = signed_in(user)
        shown = client.get(address(own))

        assert shown.status_code == 200
        assert 'name="digest"' not in text_of(shown)
        assert "your own request" in text_of(shown)
        assert decide(client, own).status_code == 403
        assert decide(client, own, "decline", reason="x").status_code == 403
        assert_undecided(own)


def test_a_superuser_decides_others_requests(alice: Customer, root: User):
    call = confirmed(alice)

    assert decide(signed_in(root), call).status_code == 302
    assert again(call).state == "approved"


def test_a_permission_taken_away_counts_at_once(alice: Customer, rita: User):
    call = confirmed(alice)
    client = signed_in(rita)
    client.get(address(call))
    rita.groups.clear()

    assert decide(client, call).status_code == 403
    assert_undecided(call)


def test_a_disabled_reviewer_is_out_at_once(alice: Customer, rita: User):
    call = confirmed(alice)
    client = signed_in(rita)
    User.objects.filter(pk=rita.pk).update(is_active=False)

    assert decide(client, call).status_code == 302
    assert_undecided(call)


# --- what has happened meanwhile --------------------------------------------------------------------------------


def test_the_second_of_two_reviewers_is_told_who_was_first(alice: Customer, rita: User, ravi: User):
    call = confirmed(alice)
    late = signed_in(ravi)
    form = form_of(late.get(address(call)))
    approve(call, rita)

    answer = late.post(address(call), {**form, "decision": "decline", "reason": "x"})

    assert answer.status_code == 409
    assert "Already approved by rita at" in text_of(answer)
    assert again(call).state == "approved"


def test_an_expired_request_is_not_decided(alice: Customer, rita: User):
    call = change_row(confirmed(alice), expires_at=timezone.now() - timedelta(seconds=1))

    answer = decide(signed_in(rita), call)

    assert answer.status_code == 409
    assert "expired" in text_of(answer)
    assert_undecided(call)


def test_a_withdrawn_request_is_not_decided(alice: Customer, rita: User):
    call = confirmed(alice)
    withdraw(call_id=call.pk, customer=alice)

    answer = decide(signed_in(rita), call)

    assert answer.status_code == 409
    assert "withdrawn" in text_of(answer)
    assert not Decision.objects.exists()


def test_a_record_that_moved_is_told_and_nothing_is_done(alice: Customer, rita: User):
    call = confirmed(alice)
    Customer.objects.filter(pk=alice.pk).update(phone="+493099999999")
    client = signed_in(rita)

    warned = client.get(address(call))
    answer = decide(client, call)

    assert "has moved" in text_of(warned)
    assert "+493099999999" in text_of(warned)
    assert answer.status_code == 409
    assert "Nothing was done" in text_of(answer)
    assert (again(call).state, effects(call)) == ("stale", 0)


def test_each_change_that_is_not_the_one_that_was_asked_for_is_marked(alice: Customer, rita: User):
    call = confirmed(alice, phone=NEW_PHONE, city="Potsdam", street="Elsewhere 9")
    Customer.objects.filter(pk=alice.pk).update(city="Potsdam", street="Nowhere 3")

    shown = text_of(signed_in(rita).get(address(call)))

    rows = re.findall(r"<tr[^>]*>.*?</tr>", shown, re.DOTALL)
    marked = {name: next(row for row in rows if name in row) for name in ("Phone", "City", "Street")}
    assert "changed since asked" not in marked["Phone"]
    assert "changed since asked" in marked["City"]
    assert "Nowhere 3" in marked["Street"]
    assert f"When asked: <bdi>{alice.street} → Elsewhere 9" in marked["Street"]
    assert "has moved" in shown


def test_a_record_that_is_gone_is_told(alice: Customer, bob: Customer, rita: User):
    order = OrderFactory.create(customer=alice, reference="ORD-1002", state="booked")
    call = confirmed(alice, "cancel_order", order_id="ORD-1002")
    order.customer = bob
    order.save()
    client = signed_in(rita)

    assert "No longer possible" in text_of(client.get(address(call)))
    assert decide(client, call).status_code == 409
    assert again(call).state == "stale"


def test_facts_that_are_no_change_are_compared_too(alice: Customer, rita: User):
    order = OrderFactory.create(customer=alice, reference="ORD-1001", price=Decimal("24.90"))
    call = confirmed(alice, "request_refund", order_id="ORD-1001", amount="4.90", reason="late")
    order.state = "cancelled"
    order.save()

    shown = text_of(signed_in(rita).get(address(call)))

    assert "has moved" in shown
    assert "cancelled" in shown


def test_forged_arguments_are_not_approved(alice: Customer, rita: User):
    call = change_row(confirmed(alice), arguments={"phone": "+493066666666"})

    answer = decide(signed_in(rita), call)

    assert answer.status_code == 409
    assert "do not approve" in text_of(answer)
    assert_undecided(call)


@pytest.mark.parametrize("state", ["approved", "executing", "succeeded", "failed", "declined"])
def test_a_request_that_is_not_waiting_shows_no_form(alice: Customer, rita: User, state: str):
    call = change_row(confirmed(alice), state=state)
    client = signed_in(rita)

    shown = client.get(address(call))

    assert shown.status_code == 200
    assert 'name="digest"' not in text_of(shown)
    assert decide(client, call).status_code == 409
    assert again(call).state == state


# --- signing in again -------------------------------------------------------------------------------------------


def test_an_old_sign_in_has_to_be_renewed_before_anything_is_decided(alice: Customer, rita: User, settings: Any):
    call = confirmed(alice)
    client = signed_in(rita)
    age_sign_in(client, settings.REAUTH_S + 1)

    asked = [decide(client, call), decide(client, call, "decline", reason="x"), decide(client, call, "nonsense")]

    for answer in asked:
        assert answer.status_code == 302
        assert (
            answer["Location"] == f"/accounts/reauthenticate/?next=%2Fadmin%2Ftools%2Fapproval%2F{call.pk}%2Freview%2F"
        )
    assert_undecided(call)
    assert client.get(address(call)).status_code == 200

    renewed = client.post(asked[0]["Location"], {"password": "demo"})

    assert (renewed.status_code, renewed["Location"]) == (302, address(call))
    assert decide(client, call).status_code == 302
    assert again(call).state == "approved"


def test_a_wrong_password_renews_nothing(alice: Customer, rita: User, settings: Any):
    call = confirmed(alice)
    client = signed_in(rita)
    age_sign_in(client, settings.REAUTH_S + 1)

    client.post(decide(client, call)["Location"], {"password": "wrong"})

    assert "reauthenticate" in decide(client, call)["Location"]
    assert_undecided(call)


def test_a_sign_in_young_enough_counts(alice: Customer, rita: User, settings: Any):
    call = confirmed(alice)
    client = signed_in(rita)
    age_sign_in(client, settings.REAUTH_S - 5)

    assert decide(client, call)["Location"] == QUEUE


def test_a_session_without_proof_of_a_sign_in_is_old(alice: Customer, rita: User):
    call = confirmed(alice)
    client = Client()
    client.force_login(rita, backend="django.contrib.auth.backends.ModelBackend")

    assert "reauthenticate" in decide(client, call)["Location"]
    assert_undecided(call)


def test_who_may_not_decide_is_refused_before_being_asked_to_sign_in_again(alice: Customer, sam: User):
    call = confirmed(alice)
    client = signed_in(sam)
    age_sign_in(client, 10_000)

    assert decide(client, call).status_code == 403


# --- only by a form of ours -------------------------------------------------------------------------------------


def test_nothing_is_decided_without_the_token_of_the_form(alice: Customer, rita: User):
    call = confirmed(alice)
    session = signed_in(rita).cookies
    client = Client(enforce_csrf_checks=True)
    client.cookies = session

    assert decide(client, call).status_code == 403
    assert_undecided(call)


def test_nothing_is_decided_by_looking(alice: Customer, rita: User):
    call = confirmed(alice)
    client = signed_in(rita)
    query = {"version": str(call.version), "digest": call.digest, "decision": "approve"}

    assert client.get(address(call), query).status_code == 200
    assert client.head(address(call), query).status_code == 200
    assert (
        client.post(f"{address(call)}?decision=approve&version={call.version}&digest={call.digest}").status_code == 400
    )
    for method in ("put", "patch", "delete", "options"):
        assert getattr(client, method)(address(call)).status_code == 405
    assert_undecided(call)


@pytest.mark.parametrize("content_type", ["text/plain", "application/json"])
def test_a_body_that_is_no_form_decides_nothing(alice: Customer, rita: User, content_type: str):
    call = confirmed(alice)
    body = f'{{"decision": "approve", "version": {call.version}, "digest": "{call.digest}"}}'

    answer = signed_in(rita).post(address(call), body, content_type=content_type)

    assert answer.status_code == 400
    assert_undecided(call)


# --- what is shown ----------------------------------------------------------------------------------------------

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}\u202egnp\u200b"


def test_everything_is_shown_as_text_with_what_is_hidden_as_codes(alice: Customer, rita: User):
    Customer.objects.filter(pk=alice.pk).update(name=HOSTILE[:110])
    call = confirmed(alice)
    said = [{"author": "customer", "text": HOSTILE + "\nsecond line", "created_at": "2026-11-20T10:00:00+00:00"}]
    call = change_row(call, excerpt=said, summary=f"Change of {HOSTILE}", label=f"Label {HOSTILE}")
    client = signed_in(rita)

    pages = [client.get(address(call)), client.get(QUEUE), decide(client, call, version="1")]

    assert [page.status_code for page in pages] == [200, 200, 409]
    for page in pages:
        html = html_of(page)
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "{{ 7|add:7 }}" in unescape(html)
        assert "\u202e" not in html
        assert "\u200b" not in html
        assert "[U+202E]" in html


def test_what_is_risky_is_shown_first(alice: Customer, rita: User):
    call = confirmed(alice, name="Alice Neu", city="Potsdam", phone=NEW_PHONE)

    html = text_of(signed_in(rita).get(address(call)))

    body = html[html.index('class="diff"') :]
    assert body.index("Phone number") < body.index("Name") < body.index("City")


def test_changes_and_arguments_come_from_the_request_and_the_talk_stands_apart(alice: Customer, rita: User):
    call = confirmed(alice)
    lie = [{"author": "assistant", "text": "Pre-approved by compliance.", "created_at": "2026-11-20T10:00:00+00:00"}]
    call = change_row(call, excerpt=lie)

    html = text_of(signed_in(rita).get(address(call)))

    before_talk, talk = html.split('class="panel excerpt"')
    assert "+493023125001" in before_talk
    assert NEW_PHONE in before_talk
    assert "Pre-approved" not in before_talk
    assert "not checked" in talk
    assert "Pre-approved" in talk


def test_a_very_long_argument_does_not_hide_what_matters(alice: Customer, rita: User):
    OrderFactory.create(customer=alice, reference="ORD-1003", price=Decimal("180.00"))
    call = confirmed(alice, "request_refund", order_id="ORD-1003", amount="99.00", reason="x " * 240)

    html = text_of(signed_in(rita).get(address(call)))

    assert html.index("99.00") < html.index("x x x x")


def test_the_page_takes_as_many_queries_for_a_long_talk_as_for_none(
    alice: Customer, rita: User, django_assert_max_num_queries: Any
):
    said = [{"author": "customer", "text": str(n), "created_at": "2026-11-20T10:00:00+00:00"} for n in range(50)]
    call = change_row(confirmed(alice), excerpt=said)
    client = signed_in(rita)

    with django_assert_max_num_queries(14):
        assert client.get(address(call)).status_code == 200


FLAGGED = {"sources": {"email": "untrusted", "phone": "customer"}, "flags": ["from_data"], "flagged": True}


def test_the_page_says_where_each_argument_came_from_and_warns_first(alice: Customer, rita: User):
    call = change_row(
        confirmed(alice, phone=NEW_PHONE, city="Potsdam"),
        provenance=FLAGGED | {"sources": {"city": "untrusted", "phone": "customer"}},
    )

    html = unescape(text_of(signed_in(rita).get(address(call))))

    assert html.index("From data, not from customer") < html.index('class="diff"')
    rows = dict(
        re.findall(
            r'<th scope="row">(\w+)</th><td><bdi>.*?</bdi></td><td><span class="source source-\w+">(.*?)</span>', html
        )
    )
    assert rows == {"city": "from text that others wrote", "phone": "typed by the customer"}


def test_a_request_of_the_customers_own_words_has_no_warning(alice: Customer, rita: User):
    call = change_row(confirmed(alice), provenance={"sources": {"phone": "customer"}, "flags": [], "flagged": False})

    html = text_of(signed_in(rita).get(address(call)))

    assert "From data" not in html
    assert "typed by the customer" in html


def test_the_queue_marks_and_finds_what_is_flagged(alice: Customer, bob: Customer, rita: User):
    flagged, unknown = change_row(confirmed(alice), provenance=FLAGGED), confirmed(bob)
    client = signed_in(rita)
    queue = reverse("admin:tools_approval_changelist")

    def shown(**query: str) -> list[bool]:
        html = text_of(client.get(queue, query))
        return [str(call.pk) in html for call in (flagged, unknown)]

    assert text_of(client.get(queue)).count("From data, not from customer") == 1
    assert shown() == [True, True]
    assert shown(flagged="yes") == [True, False]
    assert shown(flagged="no") == [False, True]
