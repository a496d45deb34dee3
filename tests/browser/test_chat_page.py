"""The chat in Chromium against a server's end that each test holds in its hand: every state a customer can see."""

from contextlib import asynccontextmanager
from uuid import UUID

import pytest
from playwright.async_api import expect

from tests.browser.doorway import DESK, PHONE, doorway
from tests.browser.server_end import ASKED, CALL, TURN, ServerEnd
from tests.chromium import chromium

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SECOND = str(UUID(int=9))


@asynccontextmanager
async def chat(client, *, width=DESK, before=None, clean=True):
    """(page, end): the chat page, connected. Ends with a check that nothing was refused or asked of strangers."""
    end = ServerEnd()
    if before:
        before(end)
    async with chromium() as browser, doorway(browser, client, width=width) as door:
        await end.attach(door.page)
        await door.page.goto("/chat/")
        await end.got("resume")
        yield door.page, end
        if clean:
            assert door.complaints == []
            assert door.strangers == []


async def write(page, text):
    await page.get_by_label("Your message").fill(text)
    await page.keyboard.press("Enter")


def part(page, name):
    return page.locator(f'[data-part="{name}"]')


async def test_it_works(signed_in):
    async with chat(signed_in) as (page, end):
        await expect(page.get_by_role("heading", name="Hello Alice, what can I do for you?")).to_be_visible()
        await expect(part(page, "model")).to_have_text("Built-in demo model")
        await write(page, "Where is package ABCD-1337?")
        turn = end.accept(await end.got("user.message"))
        end.turn("running", turn_id=turn)
        end.send(type="delta", turn_id=turn, offset=0, text="It was **deli")
        await expect(page.locator(".live")).to_contain_text("It was **deli")
        end.send(type="delta", turn_id=turn, offset=13, text="vered** 📦 x")
        end.send(type="delta", turn_id=turn, offset=23, text="today.")
        await expect(page.locator(".live strong")).to_have_text("delivered")
        await expect(page.locator(".live")).to_contain_text("delivered 📦 today.")
        await expect(part(page, "announcer")).to_be_empty()
        end.message("assistant", "It was **delivered**.", turn_id=turn)
        end.turn("done", turn_id=turn)

        await expect(page.locator(".answer .bubble")).to_have_text("It was delivered.")
        await expect(page.locator(".live")).to_have_count(0)
        await expect(part(page, "announcer")).to_have_text("Assistant: It was delivered.")
        await expect(part(page, "stop")).to_be_hidden()


async def test_a_look_into_the_records_is_one_quiet_line(signed_in):
    async with chat(signed_in) as (page, end):
        end.call("running", effect="read", tool="check_package", label="Checking package ABCD-1337 …")
        await expect(page.locator(".read")).to_have_text("Checking package ABCD-1337 …")

        look = {"effect": "read", "tool": "check_package", "label": "Checking package ABCD-1337 …"}
        end.call("succeeded", **look, summary=look["label"])
        await expect(page.locator(".read")).to_have_text("Checking package ABCD-1337")

        end.call("succeeded", **look, summary="Package ABCD-1337: delivered")

        await expect(page.locator(".read")).to_have_text("Package ABCD-1337: delivered")
        await expect(page.locator(".card")).to_have_count(0)


async def test_confirming_consents_to_exactly_what_the_card_shows(signed_in):
    async with chat(signed_in, width=PHONE) as (page, end):
        end.call("awaiting_confirmation", **ASKED)
        card = page.locator(".card")
        await expect(card.get_by_role("heading")).to_have_text("Change your profile")
        await expect(card.locator(".changes li")).to_have_text("Phone before: +49301 → after: +493012345678")

        await card.get_by_role("button", name="Confirm").click()

        sent = await end.got("call.confirm")
        assert sent == {"type": "call.confirm", "call_id": CALL, "digest": "d" * 64}
        end.call("awaiting_approval", **ASKED)
        await expect(card.locator(".badge")).to_have_text("With our staff")
        await expect(card.get_by_role("button", name="Confirm")).to_be_hidden()
        await expect(card).to_be_focused()
        end.call("approved", **ASKED)
        end.call("executing", **ASKED)
        end.call("succeeded")
        end.message("system", "Your phone number is changed.", turn_id=None)
        await expect(card.locator(".badge")).to_have_text("Done")
        await expect(card).to_have_count(1)
        await expect(card.locator(".changes li")).to_contain_text("+493012345678")
        await expect(page.locator(".system")).to_contain_text("Your phone number is changed.")


async def test_every_argument_is_on_the_card_and_nothing_is_invisible(signed_in):
    parcels = [{"weight_kg": 2.5, "contents": "Books\u202e"}]
    asked = ASKED | {"changes": [], "arguments": {"parcels": parcels, "postal_code": "20095", "service": None}}
    async with chat(signed_in) as (page, end):
        end.call("awaiting_confirmation", **asked)

        rows = page.locator(".arguments > div")

        await expect(rows).to_have_text(["Parcels 1Weight (kg): 2.5 · Contents: Books[U+202E]", "Postal code20095"])


async def test_withdrawing_and_what_the_server_says_to_it(signed_in):
    async with chat(signed_in) as (page, end):
        end.call("awaiting_approval", **ASKED)
        button = page.get_by_role("button", name="Withdraw")
        await button.click()
        assert (await end.got("call.withdraw"))["call_id"] == CALL

        end.send(type="error", code="conflict", message="It is being carried out.", retryable=False, call_id=CALL)

        await expect(page.locator(".card [role=alert]")).to_have_text("It is being carried out.")
        await button.click()
        await end.got("call.withdraw", nth=2)
        end.call("withdrawn")
        await expect(page.locator(".card .badge")).to_have_text("Withdrawn")
        await expect(button).to_be_hidden()


async def test_a_declined_request_gives_the_reason(signed_in):
    async with chat(signed_in) as (page, end):
        end.call("awaiting_approval", **ASKED)
        end.call("declined", reason="Please ask your depot.")

        await expect(page.locator(".card .badge")).to_have_text("Declined")
        await expect(page.locator(".card-reason")).to_have_text("Reason: Please ask your depot.")


async def test_a_message_is_kept_when_the_line_is_down_and_sent_once_when_it_is_back(signed_in):
    async with chat(signed_in) as (page, end):
        end.greet = False
        await end.drop()
        await write(page, "Are you there?")
        own = page.locator(".own")
        await expect(own).to_contain_text("Not sent: there is no connection.")
        await expect(own.get_by_role("button", name="Try again")).to_be_visible()

        end.greet = True
        await expect(page.locator(".own .bubble")).to_have_text("Are you there?")
        sent = await end.got("user.message")
        end.accept(sent)

        await expect(own).not_to_contain_text("Not sent")
        await expect(own).to_have_count(1)
        assert [frame["text"] for frame in end.of("user.message")] == ["Are you there?"]


async def test_a_message_whose_answer_was_lost_is_not_sent_twice(signed_in):
    async with chat(signed_in) as (page, end):
        await write(page, "Hello")
        sent = await end.got("user.message")
        end.message("customer", "Hello", client_msg_id=sent["client_msg_id"], tell=False)

        await end.drop()
        await end.got("resume", nth=2)

        await expect(page.locator('.own[data-state="sent"]')).to_have_count(1)
        assert len(end.of("user.message")) == 1


async def test_the_line_comes_back_where_it_broke(signed_in):
    def past(end):
        end.message("customer", "One", tell=False)
        end.message("assistant", "Two", tell=False)

    async with chat(signed_in, before=past) as (page, end):
        await expect(page.locator(".answer")).to_have_count(1)
        await expect(part(page, "announcer")).to_be_empty()
        await end.drop()
        end.message("assistant", "Three", turn_id=SECOND, tell=False)

        assert (await end.got("resume", nth=2))["after_seq"] == 2

        await expect(page.locator(".answer .bubble")).to_have_text(["Two", "Three"])
        await expect(part(page, "connection")).to_be_hidden()


async def test_a_frame_that_is_missing_is_asked_for(signed_in):
    async with chat(signed_in) as (page, end):
        end.message("customer", "One", tell=False)
        end.message("assistant", "Two")

        assert (await end.got("resume", nth=2))["after_seq"] == 0

        await expect(page.locator(".entry .bubble")).to_have_text(["One", "Two"])


async def test_stop_stops_the_turn_and_says_so(signed_in):
    async with chat(signed_in) as (page, end):
        end.message("customer", "Tell me all")
        end.turn("running")
        end.send(type="delta", turn_id=TURN, offset=0, text="First")
        await page.get_by_role("button", name="Stop").click()
        assert (await end.got("turn.cancel"))["turn_id"] == TURN
        await expect(part(page, "stop")).to_have_text("Stopping …")

        end.message("assistant", "First")
        end.turn("cancelled")

        await expect(page.locator(".answer")).to_contain_text("Stopped before it was finished.")
        await expect(part(page, "stop")).to_be_hidden()


async def test_a_message_in_line_can_be_cancelled_and_stands_below_the_running_answer(signed_in):
    async with chat(signed_in) as (page, end):
        end.message("customer", "One")
        end.turn("running")
        end.send(type="delta", turn_id=TURN, offset=0, text="Answer to one")
        end.message("customer", "Two", turn_id=SECOND)
        await expect(page.locator(".entry .bubble")).to_have_text(["One", "Answer to one", "Two"])

        await page.get_by_role("button", name="Cancel").click()

        assert (await end.got("turn.cancel"))["turn_id"] == SECOND
        end.turn("cancelled", turn_id=SECOND)
        await expect(page.locator(".end")).to_have_text("Stopped before there was an answer.")
        await expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


async def test_a_failed_turn_is_not_dressed_up(signed_in):
    async with chat(signed_in) as (page, end):
        end.message("customer", "Where is it?")
        end.turn("running")
        end.send(type="notice", code="still_working", text="Still working on it …")
        await expect(part(page, "notice")).to_have_text("Still working on it …")
        end.message("assistant", "It is")
        end.turn("failed", error={"code": "timeout", "message": "This took too long. Please ask again."})

        await expect(page.locator(".answer")).to_contain_text("Not finished.")
        await expect(page.locator(".end")).to_have_text("This took too long. Please ask again.")


async def test_without_a_model_the_customer_gets_the_tracking_form_and_a_person(signed_in):
    async with chat(signed_in) as (page, end):
        end.message("customer", "Where is it?")
        end.message("system", "The assistant cannot be reached.", data={"type": "tracking_form"})
        end.turn("failed", error={"code": "model_unavailable", "message": "No model."})
        await expect(page.locator(".end")).to_have_count(0)

        await page.locator(".system").get_by_role("button", name="Talk to a person").click()
        await end.got("handoff.request")

        await page.locator(".system").get_by_label("Package number").fill("NONE-0001")
        await page.locator(".system").get_by_role("button", name="Track").click()

        await expect(page).to_have_url("http://127.0.0.1:8000/track/?number=NONE-0001")


async def test_a_person_takes_over_and_hands_back(signed_in):
    async with chat(signed_in) as (page, end):
        end.message("assistant", "I can hand you over.", data={"type": "handoff_offer"})
        await page.locator(".answer").get_by_role("button", name="Talk to a person").click()
        await end.got("handoff.request")

        end.message("system", "You asked for a person.", turn_id=None, data={"type": "handoff", "state": "waiting"})

        await expect(part(page, "handoff")).to_contain_text("A person of our staff will answer you here.")
        await expect(part(page, "person")).to_be_hidden()
        end.message("staff", "Hello, **Rita** here.", turn_id=None)
        await expect(page.locator(".staff .bubble")).to_have_text("Hello, **Rita** here.")
        end.message("system", "Back to the assistant.", turn_id=None, data={"type": "handoff", "state": "closed"})
        await expect(part(page, "handoff")).to_be_hidden()
        await expect(part(page, "person")).to_be_visible()


async def test_what_the_server_refuses_stands_beside_the_message(signed_in):
    async with chat(signed_in) as (page, end):
        await write(page, "Again and again")
        sent = await end.got("user.message")
        answers = {"client_msg_id": sent["client_msg_id"], "retry_after": 9}
        end.send(type="error", code="rate_limited", message="Too many messages.", retryable=True, **answers)
        own = page.locator(".own")
        await expect(own).to_contain_text("Too many messages. (9 s)")

        await own.get_by_role("button", name="Try again").click()

        again = await end.got("user.message", nth=2)
        assert again == sent
        end.send(type="error", code="conflict", message="Other text.", retryable=False, **answers)
        await expect(own.get_by_role("button", name="Try again")).to_be_hidden()
        await own.get_by_role("button", name="Remove").click()
        await expect(own).to_have_count(0)


async def test_an_error_that_answers_nothing_on_the_page_is_shown_above_the_field(signed_in):
    async with chat(signed_in) as (page, end):
        end.send(type="error", code="not_found", message="There is no such answer.", retryable=False)

        await expect(part(page, "warning")).to_have_text("There is no such answer.")


@pytest.mark.parametrize(
    ("code", "words", "link"),
    [(4401, "You are signed out.", "Sign in"), (4404, "There is no such conversation.", "Go to your conversation")],
)
async def test_an_end_for_good_is_said_with_a_way_on(signed_in, code, words, link):
    async with chat(signed_in) as (page, end):
        await end.drop(code)

        await expect(part(page, "connection")).to_contain_text(words)
        await expect(part(page, "connection").get_by_role("link", name=link)).to_be_visible()
        await expect(part(page, "send")).to_be_disabled()
        assert end.lines == 1


async def test_the_keyboard_alone_is_enough(signed_in):
    async with chat(signed_in) as (page, end):
        field = page.get_by_label("Your message")
        await expect(field).to_be_focused()
        await page.keyboard.type("One")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("Two")
        await page.keyboard.press("Enter")

        assert (await end.got("user.message"))["text"] == "One\nTwo"

        await expect(field).to_be_focused()
        await page.keyboard.press("Enter")
        await field.fill("📦" * 4001)
        await expect(part(page, "count")).to_have_text("1 characters too many")
        await page.keyboard.press("Enter")
        await field.fill("📦" * 4000)
        await expect(part(page, "count")).to_have_text("4000 of 4000")
        await expect(part(page, "send")).to_be_enabled()
        assert len(end.of("user.message")) == 1


async def test_a_suggested_question_is_asked(signed_in):
    async with chat(signed_in) as (page, end):
        await page.get_by_role("button", name="Show my packages").click()

        assert (await end.got("user.message"))["text"] == "Show my packages"
        await expect(page.get_by_role("heading", name="Hello Alice")).to_be_hidden()


async def test_a_rating_is_sent(signed_in):
    async with chat(signed_in) as (page, end):
        end.message("assistant", "It was delivered.")
        up = page.get_by_role("button", name="Good answer")
        await up.click()

        assert await end.got("feedback") == {"type": "feedback", "seq": 1, "rating": "up"}

        await expect(up).to_have_attribute("aria-pressed", "true")


async def test_the_reader_stays_where_they_read(signed_in):
    def past(end):
        for number in range(30):
            end.message("assistant", f"Line {number}\n\nmore", turn_id=None, tell=False)

    async with chat(signed_in, width=PHONE, before=past) as (page, end):
        await expect(page.get_by_text("Line 29")).to_be_in_viewport()
        await part(page, "log").evaluate("log => { log.scrollTop = 0 }")
        await expect(page.get_by_text("Line 0", exact=True)).to_be_in_viewport()
        end.message("assistant", "The newest", turn_id=None)
        await expect(part(page, "pill")).to_have_text("1 new message")
        await expect(page.get_by_text("Line 0", exact=True)).to_be_in_viewport()

        await part(page, "pill").click()

        await expect(page.get_by_text("The newest").first).to_be_in_viewport()
        await expect(part(page, "pill")).to_be_hidden()


async def test_a_request_out_of_sight_is_pointed_at(signed_in):
    def past(end):
        end.call("awaiting_confirmation", tell=False, **ASKED)
        for number in range(30):
            end.message("assistant", f"Line {number}", turn_id=None, tell=False)

    async with chat(signed_in, before=past) as (page, _):
        pointer = part(page, "to-confirm")
        await expect(pointer).to_have_text("A request waits for your answer")
        await pointer.click()

        await expect(page.locator(".card")).to_be_in_viewport()
        await expect(pointer).to_be_hidden()


async def test_text_is_never_markup(signed_in):
    hostile = '<img src="https://evil.example/x" onerror="alert(1)"><style>*{display:none}</style>![p](https://evil.example/y)'
    async with chat(signed_in) as (page, end):
        for author in ("customer", "assistant", "staff", "system"):
            end.message(author, hostile)
        end.call("awaiting_confirmation", **ASKED | {"label": hostile, "arguments": {hostile: hostile}})

        await expect(page.locator(".entry .bubble")).to_contain_text(["<img src="] * 4)
        await expect(page.locator(".card")).to_contain_text("<style>")
        assert await page.locator("#chat img, #chat style, .entries script").count() == 0
