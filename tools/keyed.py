"""Keyed hashes: what only SECRET_KEY can make, and what its earlier values made is still recognised."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings


@lru_cache(maxsize=64)
def _key(purpose: str, secret: str) -> bytes:
    return hashlib.sha256(f"tools.keyed.{purpose}\0{secret}".encode()).digest()


def _proof(purpose: str, text: str, secret: str) -> str:
    return hmac.digest(_key(purpose, secret), text.encode("utf-8", "surrogatepass"), "sha256").hex()


def prove(*, purpose: str, text: str) -> str:
    """HMAC-SHA256 (hex) of a text under a key of this purpose alone."""
    return _proof(purpose, text, settings.SECRET_KEY)


def holds(*, proof: str, purpose: str, text: str) -> bool:
    """Whether `proof` was made of `text` with SECRET_KEY, or with one of SECRET_KEY_FALLBACKS."""
    return any(
        hmac.compare_digest(proof.encode("utf-8", "replace"), _proof(purpose, text, secret).encode())
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def is_current(*, proof: str, purpose: str, text: str) -> bool:
    """As `holds`, with SECRET_KEY alone: what holds but is not current was made before the key changed."""
    return hmac.compare_digest(proof.encode("utf-8", "replace"), prove(purpose=purpose, text=text).encode())


def stand_in(*, purpose: str, value: str) -> str:
    """What stands for a value (an address, a name that was typed): the same each time, and nobody can read it."""
    return prove(purpose=purpose, text=value)[:32] if value else ""
