"""Takes out of a text what opens a door to whoever reads it: the keys of links in mails, and the queries of addresses.

By the place in the address and by the shape of what was signed, so that a link that was broken or sent to the wrong
address gives nothing away either. Safe to apply twice.
"""

from __future__ import annotations

import re

_SLASH = r"(?:/|%(?:25)*2f)"
_COLON = r"(?::|%(?:25)*3a)"
# What follows in such an address, to its end: a key may have slashes, and a path is logged decoded.
_LINK = re.compile(rf"(verify-change|confirm-email|reset{_SLASH}+key){_SLASH}+[^?\"'\r\n]+", re.IGNORECASE)
# Made by django.core.signing (value:time:signature), and by the makers of tokens (who-time-hash).
_SIGNED = re.compile(
    rf"(?<![\w.=-])[\w.=-]{{1,2000}}{_COLON}[0-9a-z]{{5,8}}{_COLON}[\w-]{{20,}}"
    r"|(?<![0-9a-z])[0-9a-z]{1,13}-[0-9a-z]{5,8}-[0-9a-f]{32,64}(?![0-9a-z])",
    re.IGNORECASE,
)
_WORD = re.compile(r"\S+")


def without_bearers(text: str) -> str:
    return _WORD.sub(_without_query, _SIGNED.sub("[key]", _LINK.sub(r"\1/[key]", text)))


def _without_query(word: re.Match[str]) -> str:
    address, _, query = word[0].partition("?")
    if "/" not in address or not query.strip('"'):
        return word[0]
    return f"{address}?[query]" + ('"' if query.endswith('"') else "")
