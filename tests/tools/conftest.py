"""What the tests of tools share: nobody's limits and registry leak, and wake-ups are noted instead of published."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.contrib.auth.models import User

from tests.tools.trail import write
from tools import ratelimit, sealing
from tools.auditcheck import verify
from tools.models import AuditSeal, ToolCall
from tools.registry import REGISTRY
from tools.signals import call_changed
from tracking.demo.people import CUSTOMERS
from tracking.factories import CustomerFactory, UserFactory


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    yield
    ratelimit._local.storage.reset()


@pytest.fixture
def registry() -> Iterator[dict]:
    """The registry, put back as it was: a test may register tools of its own."""
    before = dict(REGISTRY)
    yield REGISTRY
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.fixture(autouse=True)
def wakeups(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(task, id) of every wake-up that a commit published."""
    published: list[tuple[str, str]] = []

    def send_task(name: str, *, args: list[str], **_: object) -> None:
        (identifier,) = args
        published.append((name, identifier))

    monkeypatch.setattr(current_app, "send_task", send_task)
    return published


@pytest.fixture
def no_news_of() -> Iterator[Callable[[ToolCall], None]]:
    """`no_news_of(call)`: from now on nobody can be told of this call, so it cannot be moved."""
    stuck: set[UUID] = set()

    def refuse(sender: Any, *, call: ToolCall, **_: Any) -> None:
        if call.pk in stuck:
            raise OSError("the chat does not take its event")

    call_changed.connect(refuse, weak=False)
    yield lambda call: stuck.add(call.pk)
    call_changed.disconnect(refuse)


@pytest.fixture
def root(db: None) -> User:
    """A superuser who is a customer too."""
    user: User = UserFactory.create(username="root", is_staff=True, is_superuser=True)
    CustomerFactory.create(user=user, **CUSTOMERS["root"])
    return user


@pytest.fixture(autouse=True)
def _fresh_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_memory", sealing._Memory())


@pytest.fixture
def trail(db: None) -> list[int]:
    """Ten sealed entries, the anchor, and the anchor's own entry, sealed as well. Returns the ids in the chain."""
    write(10)
    sealing.seal_entries()
    sealing.seal_entries()
    assert verify().entries == 11
    return list(AuditSeal.objects.order_by("position").values_list("entry_id", flat=True))
