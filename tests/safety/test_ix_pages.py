"""Injection: no text of a model, a customer or a name becomes markup, a request or a redirect in a page of ours."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from typing import Any

import pytest
from playwright.async_api import Page, Request

from tests.chromium import chromium
from tests.safety.arena import Arena
from tests.safety.hostile import Trap, call, say
from tests.safety.payloads import LINKS, MARK, MARKUP

TOGETHER = 12  # payloads in one message


class Markup(HTMLParser):
    """Collects every tag, attribute and script that holds the mark: there may be none."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        attrs = [pair for pair in attrs if (tag, pair[0]) != ("input", "value")]  # what was typed is shown again
        if any(MARK in (part or "") for part in (tag, *(part for pair in attrs for part in pair))):
            self.found.append(self.get_starttag_text() or tag)

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style") and MARK in data:
            self.found.append(data)

    def handle_comment(self, data: str) -> None:
        if MARK in data:
            self.found.append(data)


def markup_in(page: str) -> list[str]:
    parser = Markup()
    parser.feed(page)
    parser.close()
    return parser.found


def batches(texts: list[str]) -> list[str]:
    return ["\n".join(texts[at : at + TOGETHER]) for at in range(0, len(texts), TOGETHER)]


def staff_pages(arena: Arena, call_id: str, conversation: str) -> list[str]:
    key = arena.customer_ids()["A"]
    return [
        "/admin/tools/approval/?state=all",
        "/admin/tools/approval/?state=all&q=script",
        f"/admin/tools/approval/{call_id}/review/",
        f"/admin/tools/approval/?customer={key}",
        f"/admin/tools/toolcall/{call_id}/change/",
        "/admin/tools/toolcall/?q=script",
        "/admin/chat/conversation/",
        f"/admin/chat/conversation/{conversation}/change/",
        "/admin/tracking/customer/?q=script",
        f"/admin/tracking/customer/{key}/change/",
        "/admin/tools/auditentry/",
    ]


def test_what_reads_the_pages_finds_markup_and_only_markup():
    raw = [payload for payload in MARKUP if markup_in(f"<main>{payload}</main>")]

    assert len(raw) >= 50  # the others need a place in an attribute, or are text as they are
    assert markup_in("".join(f"<p>{html.escape(payload)}</p>" for payload in MARKUP)) == []
    assert markup_in(f'<p title="{MARK}">') != []
    assert markup_in(f"<script>let x = '{MARK}'</script>") != []


def test_ix_01_markup_of_anybody_is_text_in_every_page(arena: Arena):
    assert len(MARKUP) >= 60
    key = arena.customer_ids()["A"]
    socket = arena.a.chat()
    arena.sql("UPDATE tracking_customer SET name = %s WHERE id = %s", (MARK + "".join(MARKUP[:4]))[:120], key)
    for words in batches(MARKUP):
        turn = arena.turn(socket, say(words), text=words)
        said = [frame["text"] for frame in turn.frames if frame["type"] == "message"]
        assert said == [words, words]
    reason = " ".join("".join(MARKUP[3:20]).split())[:490]
    request = arena.request(
        arena.a, "request_refund", {"order_id": arena.a.facts.orders[0], "amount": "24.90", "reason": reason}
    )
    arena.confirm(arena.a, request)
    arena.turn(socket, say("Sure."), text=MARKUP[0])

    visits = [(arena.s1, staff_pages(arena, request["call_id"], socket.conversation))]
    visits.append((arena.a, [f"/chat/{socket.conversation}/", "/track/?number=" + MARKUP[0], "/"]))
    shown = set()
    for person, paths in visits:
        for path in paths:
            answer = person.browser.get(path)
            assert answer.status_code in (200, 404), (path, answer.status_code)
            assert markup_in(answer.text) == [], path
            if MARK in answer.text:
                shown.add(path)
            policy = answer.headers["content-security-policy"]
            scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
            assert "'unsafe-inline'" not in scripts
            assert "'unsafe-eval'" not in scripts
    wanted = ("/review/", f"/conversation/{socket.conversation}/change/", f"/customer/{key}/change/")
    assert [part for part in wanted if not any(path.endswith(part) for path in shown)] == [], (
        "what was written is shown"
    )
    assert arena.s1.browser.decide(request["call_id"], "decline", reason).status_code == 302
    again = arena.s1.browser.get(f"/admin/tools/approval/{request['call_id']}/review/").text
    assert markup_in(again) == []


def test_ix_02_no_picture_or_address_of_a_model_is_fetched_or_linked(arena: Arena):
    socket = arena.a.chat()
    with Trap() as trap:
        words = "\n\n".join([*LINKS, f"![p]({trap.url}/p.png) [x]({trap.url}) <img src={trap.url}> {trap.url}"])
        turn = arena.turn(socket, say(words.format(tag=arena.a.facts.tag)), text="Show me")
        pages = [
            arena.s1.browser.get(f"/admin/chat/conversation/{socket.conversation}/change/").text,
            arena.a.browser.get(f"/chat/{socket.conversation}/").text,
        ]

        assert turn.end["state"] == "done"
        assert [markup_in(page) for page in pages] == [[], []]
        assert trap.visits == []


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "https:evil.example"]
)
def test_ix_03_no_address_of_ours_sends_on_or_fetches_for_a_model(arena: Arena, target: str):
    """What a rendered link of our own host could be used for: a redirect to outside, a preview, a proxy."""
    with Trap() as trap:
        for goal in (target, f"{trap.url}/x"):
            for path in (
                "/",
                "/chat/",
                "/track/",
                "/accounts/login/",
                "/accounts/reauthenticate/",
                "/accounts/logout/",
            ):
                for name in ("next", "url", "u", "to", "redirect", "src", "image"):
                    answer = arena.a.browser.http.get(path, params={name: goal})
                    location = answer.headers.get("location", "")
                    assert location == "" or location.startswith(("/", arena.a.url)), (path, name, location)
                    assert not location.startswith(("//", "/\\"))
        assert trap.visits == []


@pytest.mark.browser
async def test_ix_01_and_02_a_browser_shows_words_and_asks_nobody_else(arena: Arena):
    socket = arena.a.chat()
    arena.model.script(say("\n\n".join(LINKS).format(tag="SECRET") + "\n\n" + "\n".join(MARKUP)))
    turn_id = socket.until(type="message", client_msg_id=socket.say("\n".join(MARKUP[:40])))["turn_id"]
    socket.until_turn_ends(turn_id)
    arena.model.script(call("cancel_order", {"order_id": arena.a.facts.orders[1]}), say("Your order was cancelled."))
    turn_id = socket.until(type="message", client_msg_id=socket.say("Cancel it"))["turn_id"]
    socket.until_turn_ends(turn_id)
    strangers: list[str] = []
    complaints: list[str] = []

    async with chromium() as browser:
        context = await browser.new_context(base_url=arena.a.url)
        await context.add_cookies([{"name": "sessionid", "value": arena.a.facts.session_key, "url": arena.a.url}])
        page = await context.new_page()
        page.on("request", lambda request: strangers.append(request.url) if _is_outside(request, arena) else None)
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"/chat/{socket.conversation}/")
        await page.get_by_text("Our records say:").wait_for()
        shown = await _shown(page)

    assert strangers == []
    assert complaints == []
    assert shown["tags"] == []
    assert shown["links"] == []
    assert "Track it (evil.example)" in shown["answer"]
    assert "ours (evil.example)" in shown["answer"]
    assert "<img src=x onerror" in shown["answer"]
    # An answer is no notice, whatever it says; the records' line is.
    assert shown["claim"] == "answer"
    assert shown["record"] == "system"


def _is_outside(request: Request, arena: Arena) -> bool:
    return not request.url.startswith((arena.a.url, arena.a.url.replace("http", "ws"), "data:"))


async def _shown(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(
        """() => {
          const entries = [...document.querySelectorAll(".entries .entry")];
          const kind = (words) => entries.find((e) => e.textContent.includes(words))?.classList[1];
          const texts = [...document.querySelectorAll('.entries [data-part="text"]')];
          const inside = texts.flatMap((text) => [...text.querySelectorAll("*")]);
          const allowed = new Set(["P", "BR", "STRONG", "EM", "CODE", "PRE", "UL", "OL", "LI", "SPAN", "BDI"]);
          return {
            tags: inside.filter((node) => !allowed.has(node.tagName)).map((node) => node.outerHTML),
            links: [...document.querySelectorAll(".entries a, .entries img, .entries iframe")].map((n) => n.outerHTML),
            answer: texts.map((text) => text.textContent).join("\\n"),
            claim: kind("Your order was cancelled."),
            record: kind("Our records say:"),
          };
        }"""
    )
    return found
