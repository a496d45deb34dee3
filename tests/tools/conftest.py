"""What the tests of tools share: nobody's limits and registry leak, and wake-ups are noted instead of published."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery import current_app
from django.contrib.auth.models import User

from tools import ratelimit
from tools.registry import REGISTRY
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

    def send_task(name: str, *, args: list[str], retry: bool) -> None:
        (identifier,) = args
        published.append((name, identifier))

    monkeypatch.setattr(current_app, "send_task", send_task)
    return published


@pytest.fixture
def root(db: None) -> User:
    """A superuser who is a customer too."""
    user: User = UserFactory.create(username="root", is_staff=True, is_superuser=True)
    CustomerFactory.create(user=user, **CUSTOMERS["root"])
    return user
