"""What a text says to a reader who sees through its disguise: look-alike letters, encodings, letters moved or reversed.

A model may understand all of these, so where text of others is searched, its readings are searched too. Pure.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import quopri
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

from tools.invisible import without_format_characters

# More than a conversation's worth of notes; the rest is searched as it is written.
MOST_CHARS = 50_000
# Greek and Cyrillic letters that look like a Latin one, capitals by their own shape.
_LOOK_ALIKE = str.maketrans(
    "АВЕЅЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝүѵԍ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονιαρυχγ",
    "ABESSIJKMHOPCTYXaesijopcyxhdqwyvg" + "ABEZHIKMNOPTYXoviapuxy",
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_SPACED64 = re.compile(r"(?:[A-Za-z0-9+/]{2,8} ){3,}[A-Za-z0-9+/]{1,8}={0,2}")
_BASE32 = re.compile(r"(?<![A-Za-z0-9])[A-Z2-7]{8,}={0,6}")
_ESCAPED = re.compile(r"\\(?:u\{?([0-9a-f]{4,6})\}?|x([0-9a-f]{2}))", re.IGNORECASE)
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


def bare_letters(text: str) -> str:
    """Only letters and digits, small and without accents: what stays the same however they are spaced and set apart."""
    apart = unicodedata.normalize("NFKD", plain_letters(text)).casefold()
    return "".join(char for char in apart if char.isalnum())


def _readings_of(text: str) -> Iterator[str]:
    looks = plain_letters(text)
    yield looks
    yield unquote(looks)
    yield html.unescape(looks)
    yield quopri.decodestring(looks.encode("utf-8", "ignore")).decode("utf-8", "ignore")
    yield _ESCAPED.sub(lambda found: _char(int(found[1] or found[2], 16)), looks)
    yield codecs.encode(looks, "rot13")
    yield looks[::-1]
    runs = [*_BASE64.findall(looks), *(re.sub(" ", "", found) for found in _SPACED64.findall(looks))]
    for said in (said for run in runs for said in _decoded(run)):
        yield said
        for again in _BASE64.findall(said):
            yield from _decoded(again)
    for found in _BASE32.findall(looks):
        yield from _text(base64.b32decode, found.rstrip("=") + "=" * (-len(found.rstrip("=")) % 8))
    for found in _HEX.findall(text):
        yield bytes.fromhex(re.sub("[ :]", "", found)).decode("utf-8", "ignore")


def _char(code: int) -> str:
    return chr(code) if code <= sys.maxunicode else ""


def _decoded(text: str) -> Iterator[str]:
    """What base64 says, also where its end was cut off; nothing where it is no text."""
    yield from _text(
        base64.b64decode, text.rstrip("=")[: len(text.rstrip("=")) // 4 * 4].replace("-", "+").replace("_", "/")
    )
    whole = text.rstrip("=").replace("-", "+").replace("_", "/")
    yield from _text(base64.b64decode, whole + "=" * (-len(whole) % 4))


def _text(decode: Callable[[str], bytes], code: str) -> Iterator[str]:
    try:
        said = decode(code).decode("utf-8", "ignore")
    except binascii.Error:
        return
    if len(said) >= len(code.rstrip("=")) // 2 and said.isprintable():
        yield said
