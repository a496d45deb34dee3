"""The keyed proofs of the audit trail. Who has the database but not SECRET_KEY can make none of them.

Keys come from SECRET_KEY; what was proven under an earlier key is checked with SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from tools.keyed import holds, prove
from tools.models import AuditAnchor, AuditEntry, AuditSeal

NONCE_CHARS = 16


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


# --- entries ----------------------------------------------------------------------------------------------------


def entry_mac(entry: AuditEntry) -> str:
    nonce = secrets.token_hex(NONCE_CHARS // 2)
    return nonce + prove(purpose="audit entry", text=_row(entry, nonce))


def entry_is_ours(entry: AuditEntry) -> bool:
    nonce, proof = entry.mac[:NONCE_CHARS], entry.mac[NONCE_CHARS:]
    try:
        row = _row(entry, nonce)
    except (TypeError, ValueError, AttributeError):
        return False  # a value that we never write, such as NaN
    return holds(proof=proof, purpose="audit entry", text=row)


# --- seals and anchors ------------------------------------------------------------------------------------------


def _link(seal: AuditSeal, entry: AuditEntry) -> str:
    """The entry's mac stands for its whole row."""
    return _text(seal.prev, seal.position, _moment(seal.sealed_at), seal.entry_id, entry.mac)


def seal_hash(seal: AuditSeal, *, entry: AuditEntry) -> str:
    return prove(purpose="audit seal", text=_link(seal, entry))


def seal_is_ours(seal: AuditSeal, *, entry: AuditEntry) -> bool:
    return holds(proof=seal.hash, purpose="audit seal", text=_link(seal, entry))


def _point(anchor: AuditAnchor) -> str:
    return _text(_moment(anchor.at), anchor.position, anchor.entry_id, anchor.hash)


def anchor_mac(anchor: AuditAnchor) -> str:
    return prove(purpose="audit anchor", text=_point(anchor))


def anchor_is_ours(anchor: AuditAnchor) -> bool:
    return holds(proof=anchor.mac, purpose="audit anchor", text=_point(anchor))
