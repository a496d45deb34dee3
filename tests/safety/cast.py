"""The people of a safety test and the marks they carry: every text of theirs names its owner.

A tag such as `CANARY-A-7f3a12bc` stands in each text column of one customer and in nobody else's, so a byte that
reaches the wrong person shows whose it was. `CANARY-N-…` marks what B wrote for A: both may read it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from tests.environment import TEST_ENVIRONMENT

CUSTOMERS = ("A", "B", "SU")
STAFF = ("S1", "S2", "S3")
# Of everybody who appears in the pool; N is shared between A and B of one pair, E is the environment's.
TAG = re.compile(rb"CANARY-(A|B|SU|S1|S2|S3|N|E)-([0-9a-f]{8})", re.IGNORECASE)
E_MAIL = re.compile(rb"canary-[a-z0-9]+-[0-9a-f]{8}@", re.IGNORECASE)
NEVER_SEEN = "CANARY-E-0badcafe"
SECRETS = {
    "SECRET_KEY": f"{NEVER_SEEN}-secret-key-0123456789abcdefghijklmnopqrstuvwxyz",
    # Under this key the template was made, its first audit entries among it.
    "SECRET_KEY_FALLBACKS": TEST_ENVIRONMENT["SECRET_KEY"],
    "OPENAI_API_KEY": f"{NEVER_SEEN}-api-key",
    "WEBHOOK_SECRET_AFTERSHIP": f"{NEVER_SEEN}-aftership",
    "WEBHOOK_SECRET_EASYPOST": f"{NEVER_SEEN}-easypost",
}
DATABASE_PASSWORD = f"{NEVER_SEEN}-database"
REDIS_PASSWORD = f"{NEVER_SEEN}-redis"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about one person of the pool that follows from who they are: entry `number`, part `letter`."""

    number: int
    letter: str

    @property
    def code(self) -> str:
        return hashlib.sha256(f"{self.number}/{self.letter}".encode()).hexdigest()[:8]

    @property
    def tag(self) -> str:
        return f"CANARY-{self.letter}-{self.code}"

    @property
    def username(self) -> str:
        return self.tag.lower()

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"

    @property
    def name(self) -> str:
        return f"{self.tag} Example"

    @property
    def phone(self) -> str:
        return f"+4930{40_000_000 + self.number * 10 + (*CUSTOMERS, *STAFF).index(self.letter)}"

    @property
    def postal_code(self) -> str:
        return f"X{self.code}".upper()

    @property
    def session_key(self) -> str:
        return f"pool{self.letter.lower()}{self.number:04d}{self.code}"

    @property
    def orders(self) -> list[str]:
        """Delivered and paid 24.90; booked; delivered and paid 180.00."""
        return [f"ORD-8{self.number:04d}{self._digit}{k}" for k in (1, 2, 3)]

    @property
    def packages(self) -> list[str]:
        """On its way on the truck; delivered (of the first order); announced (of the second order)."""
        return [f"{self._letters}-{self.number:04d}{k}" for k in (1, 2, 3)]

    @property
    def truck(self) -> str:
        return f"TRK-{self.number:04d}{self._digit}"

    @property
    def _digit(self) -> int:
        return CUSTOMERS.index(self.letter) + 1

    @property
    def _letters(self) -> str:
        return f"CAN{self.letter[0]}"

    def text(self, column: str) -> str:
        """The value of a text column that is this person's."""
        return f"{self.tag}-{column}"

    def marks(self) -> list[bytes]:
        """What nobody else may be sent besides the tag: the columns that have no room for one."""
        return [self.phone[1:].encode(), self.postal_code.encode()]


@dataclass(frozen=True, slots=True)
class Pair:
    """One entry of the pool: customers A and B, who know each other only by one package that B sends to A."""

    number: int

    def facts(self, letter: str) -> Facts:
        return Facts(self.number, letter)

    @property
    def sent_to_a(self) -> str:
        """The number of the package that B booked for A, with a note of B."""
        return f"CANS-{self.number:04d}9"

    @property
    def shared_tag(self) -> str:
        return f"CANARY-N-{Facts(self.number, 'N').code}"

    @property
    def note(self) -> str:
        return f"{self.shared_tag} Please ring twice."


def tags_in(data: bytes) -> set[tuple[str, str]]:
    """(letter, code) of every tag in these bytes."""
    return {(letter.decode().upper(), code.decode().lower()) for letter, code in TAG.findall(data)}
