"""Every page, on a phone and on a desk: nothing sticks out, the CSP refuses nothing, nothing is asked of strangers."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.utils import timezone
from playwright.async_api import expect

from support_bot.chat import handoff, inbox
from tests.browser.doorway import DESK, PHONE, doorway
from tests.chromium import chromium
from tools.models import Approval, ToolCall
from tools.notices import verification_token
from tracking.factories import PackageFactory, TrackingEventFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PUBLIC = [
    "/",
    "/track/",
    "/track/?number=NONE-0001",
    "/nothing-here/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-nonsense/",
    "/accounts/password/reset/key/done/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/nonsense/",
    "/accounts/inactive/",
    "/accounts/verify-change/nonsense/",
]
PERSONAL = [
    "/",
    "/track/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/reauthenticate/",
]
STAFF = ["/admin/", "/admin/tools/approval/", "/admin/tools/toolcall/", "/admin/chat/conversation/"]


async def look(client: Client, paths: list[str], width: int) -> None:
    async with chromium() as browser, doorway(browser, client, width=width) as door:
        for path in paths:
            await door.page.goto(path)
            await expect(door.page.locator("h1").first).to_be_attached()
            assert await door.too_wide() == [], path
            assert door.complaints == [], path
            assert door.strangers == [], path


@pytest.fixture
def reviewer(rita):
    client = Client()
    client.force_login(rita)
    return client


@pytest.fixture
def waiting(alice):
    """A request of alice that waits for staff."""
    now = timezone.now()
    phone = {"field": "phone", "label": "Phone", "before": "+49301", "after": "+493012345678", "risk": True}
    street = {"field": "street", "label": "Street", "before": None, "after": "<b>Long</b> " * 40, "risk": False}
    call = ToolCall.objects.create(
        customer=alice,
        tool="update_profile",
        effect="write",
        label="Change your profile",
        state="awaiting_approval",
        arguments={"phone": "+493012345678"},
        digest="d" * 64,
        summary="Change the phone number to +493012345678",
        changes=[street, phone],
        need=1,
        excerpt=[{"author": "customer", "text": "Change it\u202e <script>", "created_at": now.isoformat()}],
        created_at=now,
        confirmed_at=now,
        expires_at=now + timedelta(days=1),
    )
    return Approval.objects.create(call=call, need=1, created_at=now)


@pytest.fixture
def link(alice):
    """The link that was sent to alice's old address: she asked for a new one."""
    change = {"field": "email", "label": "E-mail", "before": alice.email, "after": "new@example.com", "risk": True}
    now = timezone.now()
    call = ToolCall.objects.create(
        customer=alice,
        tool="update_profile",
        effect="write",
        label="Change your profile",
        state="awaiting_verification",
        arguments={"email": "new@example.com"},
        digest="e" * 64,
        summary="Change the e-mail address",
        changes=[change],
        need=1,
        created_at=now,
        confirmed_at=now,
        expires_at=now + timedelta(days=1),
    )
    return f"/accounts/verify-change/{verification_token(call=call)}/"


@pytest.fixture
def talk(alice):
    """A conversation that waits for a person."""
    talk = inbox.open_conversation(customer=alice, now=timezone.now())
    handoff.request_person(conversation_id=talk.pk)
    return talk


@pytest.mark.parametrize("width", [PHONE, pytest.param(DESK, marks=pytest.mark.long)])
async def test_public_pages(db, width):
    await look(Client(), PUBLIC, width)


@pytest.mark.parametrize("width", [PHONE, pytest.param(DESK, marks=pytest.mark.long)])
async def test_personal_pages(signed_in, width):
    await look(signed_in, PERSONAL, width)


@pytest.mark.parametrize("width", [DESK, pytest.param(PHONE, marks=pytest.mark.long)])
async def test_staff_pages(reviewer, waiting, talk, width):
    review, chat = f"/admin/tools/approval/{waiting.pk}/review/", f"/admin/chat/conversation/{talk.pk}/change/"

    await look(reviewer, [*STAFF, review, chat], width)


async def test_the_milestones_of_a_package_are_for_everybody(alice):
    package = await sync_to_async(PackageFactory.create)(booker=alice, number="ABCD-7001", city="Berlin")
    await sync_to_async(TrackingEventFactory.create)(package=package, place="Leipzig")
    async with chromium() as browser, doorway(browser, Client(), width=PHONE) as door:
        await door.page.goto("/")
        await door.page.get_by_label("Package number").fill("abcd 7001")
        await door.page.get_by_role("button", name="Track").click()

        await expect(door.page.locator(".sheet h2")).to_have_text("On its way")
        await expect(door.page.locator(".milestones li")).to_contain_text("Leipzig")
        await expect(door.page.locator("main")).not_to_contain_text("Lindenallee")
        await expect(door.page.locator("main")).not_to_contain_text(alice.name)


async def test_the_review_page_shows_what_is_risky_first_and_hides_nothing(reviewer, waiting):
    async with chromium() as browser, doorway(browser, reviewer) as door:
        await door.page.goto(f"/admin/tools/approval/{waiting.pk}/review/")
        await door.page.get_by_text("What was said before").click()

        await expect(door.page.locator(".diff tbody tr").first).to_contain_text("+493012345678")
        await expect(door.page.locator(".diff")).to_contain_text("<b>Long</b>")
        await expect(door.page.locator(".transcript")).to_contain_text("U+202E")
        await expect(door.page.get_by_role("button", name="Approve")).to_be_visible()
        form = door.page.locator("form.decide")
        assert await form.locator("[name]").evaluate_all("nodes => nodes.map((node) => node.name).sort()") == [
            "csrfmiddlewaretoken",
            "decision",
            "decision",
            "digest",
            "reason",
            "version",
        ]


@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_the_old_address_sees_what_it_agrees_to(link, width):
    async with chromium() as browser, doorway(browser, Client(), width=width) as door:
        await door.page.goto(link)

        await expect(door.page.locator(".compare")).to_contain_text("after: new@example.com")
        await expect(door.page.get_by_role("button", name="I agree")).to_be_visible()
        assert await door.too_wide() == []
        assert door.complaints == []


async def test_staff_answer_in_a_conversation_and_hand_it_back(reviewer, talk):
    async with chromium() as browser, doorway(browser, reviewer, width=PHONE) as door:
        await door.page.goto(f"/admin/chat/conversation/{talk.pk}/change/")
        await expect(door.page.locator(".state")).to_have_text("Waits for a person")
        await door.page.get_by_label("Your answer").fill("Hello, this is Rita.")
        await door.page.get_by_role("button", name="Send").click()
        await expect(door.page.locator(".said-staff")).to_contain_text("Hello, this is Rita.")
        await expect(door.page.locator(".state")).to_have_text("With staff")

        await door.page.get_by_role("button", name="Hand back to the assistant").click()

        await expect(door.page.locator(".state")).to_have_text("With the assistant")
        assert door.complaints == []
