"""What staff see: every list and page opens, costs few queries, and edits nothing that matters."""

import uuid

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from tools.models import AuditEntry
from tracking.models import Callback, Order, Package, ProblemReport, Route

LISTS = ["customer", "order", "package", "truck", "route", "geoping", "service", "refund", "problemreport", "callback"]


@pytest.fixture
def desk(rita, client):
    call_command("seed_demo")
    client.force_login(rita)
    return client


@pytest.fixture
def report(desk):
    package = Package.objects.get(number="ABCD-1337")
    return ProblemReport.objects.create(
        call_id=uuid.uuid4(),
        customer=package.booker,
        package=package,
        problem="damaged",
        description="<b>wet</b>",
        created_at=timezone.now(),
    )


@pytest.mark.parametrize("model", LISTS)
def test_every_list_opens_with_few_queries(desk, report, model, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        answer = desk.get(reverse(f"admin:tracking_{model}_changelist"))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("model", "query"), [("package", "ABCD-1337"), ("order", "ORD-1001"), ("customer", "alice"), ("truck", "TRK-01")]
)
def test_search_finds(desk, model, query):
    answer = desk.get(reverse(f"admin:tracking_{model}_changelist"), {"q": query})

    assert answer.context["cl"].result_count == 1


@pytest.mark.parametrize("model", [Package, Order, Route])
def test_a_page_shows_what_belongs_to_it(desk, model, django_assert_max_num_queries):
    record = model.objects.first()
    name = model._meta.model_name

    with django_assert_max_num_queries(16):
        answer = desk.get(reverse(f"admin:tracking_{name}_change", args=[record.pk]))

    assert answer.status_code == 200


def test_nobody_edits_money_or_makes_records(desk, admin_client):
    order = Order.objects.get(reference="ORD-1001")
    page = reverse("admin:tracking_order_change", args=[order.pk])

    for client in (desk, admin_client):
        assert client.post(page, {"price": "1.00", "refunded": "0.00"}).status_code == 403
        assert client.get(reverse("admin:tracking_order_add")).status_code == 403
        assert client.post(reverse("admin:tracking_order_delete", args=[order.pk]), {"post": "yes"}).status_code == 403

    order.refresh_from_db()
    assert str(order.price) == "24.90"


def test_a_report_can_be_closed_and_nothing_else(desk, report):
    page = reverse("admin:tracking_problemreport_change", args=[report.pk])
    data = {"closed_at_0": "2026-11-20", "closed_at_1": "10:00:00", "description": "changed", "problem": "other"}

    assert b"&lt;b&gt;wet" in desk.get(page).content
    assert desk.post(page, data).status_code == 302

    report.refresh_from_db()
    assert report.closed_at is not None
    assert (report.description, report.problem) == ("<b>wet</b>", "damaged")


def test_who_may_only_look_closes_nothing(desk, report, sam, client):
    client.force_login(sam)
    page = reverse("admin:tracking_problemreport_change", args=[report.pk])

    assert client.get(page).status_code == 200
    assert client.post(page, {"closed_at_0": "2026-11-20", "closed_at_1": "10:00:00"}).status_code == 403

    report.refresh_from_db()
    assert report.closed_at is None


def test_callbacks_to_make_are_listed(desk):
    customer = Package.objects.get(number="ABCD-1337").booker
    now = timezone.now()
    Callback.objects.create(
        call_id=uuid.uuid4(), customer=customer, at=now, phone="+493023125001", topic="Damage", created_at=now
    )

    answer = desk.get(reverse("admin:tracking_callback_changelist"), {"done_at__isempty": "1"})

    assert answer.context["cl"].result_count == 1


# --- legal hold -------------------------------------------------------------------------------------------------


def hold_form(**fields):
    return {"legal_hold": "on", "legal_hold_reason": "case 7", **fields}


def test_only_a_superuser_puts_a_customer_on_legal_hold(alice, rita, client):
    page = reverse("admin:tracking_customer_change", args=[alice.pk])
    client.force_login(rita)

    assert client.post(page, hold_form()).status_code == 403

    alice.refresh_from_db()
    assert alice.legal_hold is False


def test_a_legal_hold_is_audited_and_nothing_else_changes(alice, admin_user, client):
    client.force_login(admin_user)
    answer = client.post(
        reverse("admin:tracking_customer_change", args=[alice.pk]), hold_form(name="Mallory", email="m@example.com")
    )

    assert answer.status_code == 302
    before = (alice.name, alice.email)
    alice.refresh_from_db()
    assert (alice.legal_hold, alice.legal_hold_reason) == (True, "case 7")
    assert (alice.name, alice.email) == before
    entry = AuditEntry.objects.get(event="customer.legal_hold")
    assert (entry.actor, entry.outcome) == (f"user:{admin_user.pk}", "held")
    assert "case 7" not in str(entry.details)
