"""The crowd of a run: customers who ask and confirm in the chat, reviewers who approve on their page, all at once."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg

from tests.faults.chats import BROKEN, Chat, Interrupted, Seen
from tests.faults.product import Product
from tests.faults.wishes import WishModel
from tests.safety.cast import Facts, Pair
from tests.wire import Browser, csrf_token, hidden_field

IN_FLIGHT = "state IN ('approved', 'executing', 'needs_reconciliation')"
OPEN = "state IN ('awaiting_confirmation', 'awaiting_approval', 'approved', 'executing', 'needs_reconciliation')"
GAUGE = f"""
    SELECT count(*) FILTER (WHERE {IN_FLIGHT}), count(*) FILTER (WHERE state = 'awaiting_approval'),
        (SELECT count(*) FROM chat_turn WHERE state IN ('waiting', 'running')),
        coalesce(extract(epoch FROM max(ended_at)), 0)::float
    FROM tools_toolcall WHERE effect = 'write'"""
WAITING = """
    SELECT id::text FROM tools_toolcall WHERE state = 'awaiting_approval' AND effect = 'write'
    ORDER BY created_at LIMIT 60"""
BUSY = f"SELECT count(*) FROM tools_toolcall c JOIN auth_user u ON u.username = %s JOIN tracking_customer t" \
    f" ON t.user_id = u.id AND t.id = c.customer_id WHERE {OPEN} AND c.effect = 'write'"  # fmt: skip
TALKERS = 6
REVIEWERS = 2
# Requests that wait for staff: more would only make the run longer at its end.
STOCK = 45


@dataclass
class Gauge:
    """How much is going on, looked up every few hundredths of a second by the main thread."""

    in_flight: int = 0
    waiting: int = 0
    turns: int = 0
    last_end: float = 0.0
    todo: list[str] = field(default_factory=list, repr=False)

    def read(self, session: psycopg.Connection) -> None:
        row = session.execute(GAUGE.encode()).fetchone()
        assert row is not None
        self.in_flight, self.waiting, self.turns, self.last_end = row
        self.todo = [str(found[0]) for found in session.execute(WAITING.encode()).fetchall()]


class Crowd:
    """Keeps `target` approved calls in flight until it is told to go home."""

    def __init__(self, *, product: Product, model: WishModel, pairs: int, target: int) -> None:
        self.product, self.model, self.target = product, model, target
        self.gauge = Gauge()
        self.seen = Seen()
        self.resting = threading.Event()  # nobody asks or approves any more
        self.stopping = threading.Event()
        self._customers = self._in_turn(pairs)
        self._lock = threading.Lock()
        self._taken: set[str] = set()
        self._threads = [threading.Thread(target=self._talk, daemon=True) for _ in range(TALKERS)]
        self._threads += [threading.Thread(target=self._review, args=(n + 1,), daemon=True) for n in range(REVIEWERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join(20)

    @staticmethod
    def _in_turn(pairs: int) -> Iterator[Facts]:
        return itertools.cycle(Pair(number).facts(letter) for number in range(1, pairs + 1) for letter in ("A", "B"))

    # --- customers ----------------------------------------------------------------------------------------------

    def _talk(self) -> None:
        with self.product.sql() as session:
            while not self.stopping.is_set():
                if self.resting.is_set() or self.gauge.waiting >= STOCK:
                    time.sleep(0.05)
                    continue
                facts = self._next_customer(session)
                chat = Chat(url=self.product.web.url, facts=facts, seen=self.seen, stopping=self.stopping)
                try:
                    for call in chat.ask(self.model.prepare(facts)):
                        chat.confirm(call)
                except Interrupted:
                    return
                except Exception as error:
                    self.seen.problems.append(f"{facts.tag}: {type(error).__name__} {error}")
                finally:
                    chat.leave()

    def _next_customer(self, session: psycopg.Connection) -> Facts:
        """Somebody who wants nothing at the moment: a newer wish would take the place of an older one."""
        while True:
            with self._lock:
                facts = next(self._customers)
            row = session.execute(BUSY.encode(), [facts.username]).fetchone()
            if row is not None and not row[0]:
                return facts

    # --- reviewers ----------------------------------------------------------------------------------------------

    def _review(self, number: int) -> None:
        browser: Browser | None = None
        while not self.stopping.is_set():
            call_id = self._next_request()
            if call_id is None:
                time.sleep(0.03)
                continue
            try:
                browser = browser or self.product.reviewer(number)
                self._approve(browser, call_id)
            except BROKEN:
                time.sleep(0.1)
            except Exception as error:
                self.seen.problems.append(f"reviewer {number}: {type(error).__name__} {str(error)[:300]}")
            finally:
                self._taken.discard(call_id)
        if browser is not None:
            browser.close()

    def _next_request(self) -> str | None:
        if self.resting.is_set() or self.gauge.in_flight >= self.target:
            return None
        with self._lock:
            found = next((call_id for call_id in self.gauge.todo if call_id not in self._taken), None)
            if found is not None:
                self._taken.add(found)
        return found

    def _approve(self, browser: Browser, call_id: str) -> None:
        path = f"/admin/tools/approval/{call_id}/review/"
        page = browser.get(path)
        if page.status_code != 200 or 'name="digest"' not in page.text:
            return  # decided already: the answer to the decision was lost with the server
        form = {name: hidden_field(page.text, name) for name in ("version", "digest")}
        form |= {"csrfmiddlewaretoken": csrf_token(page.text), "decision": "approve", "reason": ""}
        answer = browser.http.post(path, data=form, headers={"Referer": browser.url + path})
        if answer.status_code == 302:
            self.seen.agreed.add(call_id)
        elif answer.status_code != 409:
            self.seen.problems.append(f"approving {call_id} was answered {answer.status_code}")
