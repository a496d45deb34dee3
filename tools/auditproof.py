"""The keyed proofs of the audit trail. Who has the database but not SECRET_KEY can make none of them.

Keys come from SECRET_KEY; what was proven under an earlier key is checked with SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings

from tools.models import AuditAnchor, AuditEntry, AuditSeal

NONCE_CHARS = 16


@lru_cache(maxsize=64)
def _key(purpose: str, secret: str) -> bytes:
    return hashlib.sha256(f"tools.audit.{purpose}\0{secret}".encode()).digest()


def _proof(purpose: str, text: str, secret: str | None = None) -> str:
    key = _key(purpose, settings.SECRET_KEY if secret is None else secret)
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()


def _holds(proof: str, make: Callable[[str], str]) -> bool:
    """Whether `proof` was made with one of our keys, the newest first."""
    secrets_known = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(proof.encode(), make(secret).encode()) for secret in secrets_known)


def _text(*parts: Any) -> str:
    """One spelling for one row: a JSON list of texts in a fixed order, so that no two rows read the same."""
    return json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _row(entry: AuditEntry, nonce: str) -> str:
    return _text(
        nonce,
        _moment(entry.at),
        entry.event,
        entry.actor,
        entry.customer_id,
        entry.call_id.hex if entry.call_id else None,
        entry.digest,
        entry.outcome,
        entry.details,
        entry.request_id,
        entry.address,
    )


def hashed(value: str, *, purpose: str) -> str:
    """A keyed hash that stands for a value (an address, a name that was typed) without telling it."""
    return _proof(purpose, value)[:32]


# --- entries ----------------------------------------------------------------------------------------------------


def entry_mac(entry: AuditEntry) -> str:
    nonce = secrets.token_hex(NONCE_CHARS // 2)
    return nonce + _proof("entry", _row(entry, nonce))


def entry_is_ours(entry: AuditEntry) -> bool:
    nonce, proof = entry.mac[:NONCE_CHARS], entry.mac[NONCE_CHARS:]
    try:
        row = _row(entry, nonce)
    except (TypeError, ValueError, AttributeError):
        return False  # a value that we never write, such as NaN
    return _holds(proof, lambda secret: _proof("entry", row, secret))


# --- seals and anchors ------------------------------------------------------------------------------------------


def _link(seal: AuditSeal, entry_mac: str) -> str:
    return _text(seal.prev, seal.position, _moment(seal.sealed_at), seal.entry_id, entry_mac)


def seal_hash(seal: AuditSeal, *, entry: AuditEntry) -> str:
    """The entry's mac stands for its whole row."""
    return _proof("seal", _link(seal, entry.mac))


def seal_is_ours(seal: AuditSeal, *, entry: AuditEntry) -> bool:
    link = _link(seal, entry.mac)
    return _holds(seal.hash, lambda secret: _proof("seal", link, secret))


def _point(anchor: AuditAnchor) -> str:
    return _text(_moment(anchor.at), anchor.position, anchor.entry_id, anchor.hash)


def anchor_mac(anchor: AuditAnchor) -> str:
    return _proof("anchor", _point(anchor))


def anchor_is_ours(anchor: AuditAnchor) -> bool:
    point = _point(anchor)
    return _holds(anchor.mac, lambda secret: _proof("anchor", point, secret))
