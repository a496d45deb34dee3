"""The cast: Alice owns, Bob is the outsider, Rita and Ravi decide, Sam may only look. As in the demo data."""

import pytest
from django.contrib.auth.models import User

from tracking.demo.people import CUSTOMERS, OBSERVERS, REVIEWERS, add_groups
from tracking.factories import CustomerFactory, UserFactory
from tracking.models import Customer


@pytest.fixture
def alice(db: None) -> Customer:
    """A customer; `alice.user` signs in."""
    return CustomerFactory.create(user=UserFactory.create(username="alice"), **CUSTOMERS["alice"])


@pytest.fixture
def bob(db: None) -> Customer:
    """Another customer, who must never see or change what is Alice's."""
    return CustomerFactory.create(user=UserFactory.create(username="bob"), **CUSTOMERS["bob"])


@pytest.fixture
def rita(db: None) -> User:
    """A reviewer."""
    return staff("rita", REVIEWERS)


@pytest.fixture
def ravi(db: None) -> User:
    """A second reviewer."""
    return staff("ravi", REVIEWERS)


@pytest.fixture
def sam(db: None) -> User:
    """Staff who may look and not decide."""
    return staff("sam", OBSERVERS)


def staff(name: str, group: str) -> User:
    user: User = UserFactory.create(username=name, is_staff=True)
    user.groups.add(add_groups()[group])
    return user
