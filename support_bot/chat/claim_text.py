"""Undoes what hides the words of an answer from a search: marks, strange letters, broken lines. Pure and linear."""

from __future__ import annotations

import re
import unicodedata

from tools.invisible import without_format_characters

MOST = 8000
_SENTENCE = re.compile(r"(?<=[.!?…])(?<!\b\d\.)(?<!\bno\.)(?<!\bnr\.)\s+|\n+", re.IGNORECASE)
# What somebody is quoted with is not said by who quotes.
_QUOTED = re.compile(
    r"\u201c[^\u201c\u201d\n]{0,300}\u201d|\u201e[^\u201c\u201e\n]{0,300}\u201c|\u00ab[^\u00ab\u00bb\n]{0,300}\u00bb|\"[^\"\n]{0,300}\""
)
# Words that only lengthen a claim, and would cut it in two.
_PADDING = re.compile(r"\b(?:gone|went|go) ahead and |\btook the liberty (?:of|to) ", re.IGNORECASE)
_HAS = re.compile(
    r"(?<=\w)'s (?=(?:now |all |just |already |also |\w{1,10}ly ){0,2}(?:been|gone|come)\b)", re.IGNORECASE
)
# A number between commas belongs to the word before it.
_NUMBER_APART = re.compile(r", ((?:[a-z]{3,4}-)?\d{1,12}),(?= )", re.IGNORECASE)
_ITEM = "\n"  # makes a blank line before a list item or a heading: nothing joins over it
_HEADS = re.compile(r"^[ \t]*(?:(?:[-+*\u2022]|\d{1,3}[.)])[ \t]+|#{1,6}[ \t]+)", re.MULTILINE)
_QUOTING = re.compile(r"^[ \t]*>[> \t]*", re.MULTILINE)
_TAG = re.compile(r"</?[A-Za-z]{1,10}/?>")
# Inside a word an underscore parts words, at its edge it is a mark; the other marks part nothing.
_UNDERSCORE = re.compile(r"(?<=[^\W_])_+(?=[^\W_])")
_MARKS = re.compile(r"[*_`~#]+")
_SPACED_OUT = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_](?!\S)){2,}")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n ?")
_BROKEN = re.compile(r"(?<=[^\s.!?…:|])\n(?=[^\s|])")
_BROKEN_WITHIN = re.compile(r"(?<=[^\s.!?…:|])\n(?=[a-zß-ÿ\d])|(?<=,)\n(?=[^\s|])")


def readings_of(text: str) -> list[list[str]]:
    """The sentences, once with the line breaks inside a sentence undone, and where that differs, with all that may be.

    A line that begins with a small letter goes on from the last; one with a capital may or may not.
    """
    plain = _plain(text[:MOST])
    within = _BROKEN_WITHIN.sub(" ", plain)
    joined = _BROKEN.sub(" ", within)
    return [_sentences(reading) for reading in dict.fromkeys((within, joined))]


def _sentences(text: str) -> list[str]:
    found = (sentence.strip() for sentence in _SENTENCE.split(text))
    return list(dict.fromkeys(sentence for sentence in found if sentence))


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)[:MOST].replace("\u2019", "'").replace("\r\n", "\n")
    text = without_format_characters(text)
    text = _HEADS.sub(_ITEM, _QUOTING.sub("", _TAG.sub("", text)))
    text = _MARKS.sub("", _UNDERSCORE.sub(" ", _QUOTED.sub(" ", text)))
    text = _SPACED_OUT.sub(lambda found: found[0].replace(" ", ""), text)
    text = _BREAKS.sub("\n", _SPACES.sub(" ", text))
    return _HAS.sub(" has ", _PADDING.sub("", _NUMBER_APART.sub(r" \1", text)))
