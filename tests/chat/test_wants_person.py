"""Which words of a customer are a wish for a person: it only offers a button, but people who ask should get it."""

from __future__ import annotations

import pytest

from support_bot.chat.handoff import wants_person

WISHES = """\
I want to talk to a human being
a person please
human!
can i talk to someone
connect me with your support team
I want to talk to your manager
let me speak to a supervisor
are there any humans here?
customer service
Could you transfer me to an agent, this is not helping me at all
is there a real person I can chat with
put me through to somebody
operator"""
OTHERS = """\
Where is package ABCD-1337?
Thank you
My package was left with a person I do not know and I would like to have the photo of it
The delivery truck hit a parked car
show my orders
please call me back tomorrow at ten about the parcel that is lost
80331"""


@pytest.mark.parametrize("words", WISHES.splitlines())
def test_a_wish(words: str):
    assert wants_person(words)


@pytest.mark.parametrize("words", OTHERS.splitlines())
def test_no_wish(words: str):
    assert not wants_person(words)
