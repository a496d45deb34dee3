"""What a text says to a reader who sees through its disguise: look-alike letters, encodings, letters moved or reversed.

A model may understand all of these, so where text of others is searched, its readings are searched too. Pure.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from tools.invisible import without_format_characters

# More than a conversation's worth of notes; the rest is searched as it is written.
MOST_CHARS = 50_000
# Greek and Cyrillic letters that look like a Latin one, capitals by their own shape.
_LOOK_ALIKE = str.maketrans(
    "АВЕЅЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝүѵԍ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονιαρυχγ",
    "ABESSIJKMHOPCTYXaesijopcyxhdqwyvg" + "ABEZHIKMNOPTYXoviapuxy",
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(r"(?:[0-9a-f]{2}[ :]?){8,}", re.IGNORECASE)


def plain_letters(text: str) -> str:
    """The text as it looks: no invisible characters, one form of each letter, Latin letters for their look-alikes."""
    return without_format_characters(unicodedata.normalize("NFKC", text)).translate(_LOOK_ALIKE)


def readings(texts: Iterable[str]) -> list[str]:
    """Every other way to read these texts; none for an ordinary one but its letters moved by thirteen and reversed."""
    found, left = [], MOST_CHARS
    for text in texts:
        left -= len(text)
        if left < 0:
            break
        found += [reading for reading in _readings_of(text) if reading != text]
    return found


def _readings_of(text: str) -> Iterator[str]:
    looks = plain_letters(text)
    yield looks
    yield unquote(looks)
    yield codecs.encode(looks, "rot13")
    yield looks[::-1]
    for found in _BASE64.findall(text):
        yield from _decoded(found)
    for found in _HEX.findall(text):
        yield bytes.fromhex(re.sub("[ :]", "", found)).decode("utf-8", "ignore")


def _decoded(text: str) -> Iterator[str]:
    """What base64 says, also where its end was cut off; nothing where it is no text."""
    whole = text[: len(text) // 4 * 4].replace("-", "+").replace("_", "/")
    try:
        said = base64.b64decode(whole).decode("utf-8", "ignore")
    except binascii.Error:
        return
    if len(said) >= len(whole) // 2 and said.isprintable():
        yield said
