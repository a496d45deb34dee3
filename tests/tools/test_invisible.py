"""What nobody sees: one list, in Python and in the browser, and what each part of the product does with it."""

import re
import sys
import unicodedata
from pathlib import Path

import pytest

from support_bot.chat.claim_text import readings_of
from tools.invisible import INVISIBLE, UNSEEN, is_invisible, shows_nothing, without_format_characters
from tools.provenance import Sources, provenance_of
from tools.result_types import clean, quoted
from tools.textview import MOST, visible

VALUES_JS = Path(__file__).parents[2] / "static" / "js" / "values.js"
EVERY = sorted(char for char in UNSEEN if char < "\U000e0110")


def test_the_browser_has_the_same_list():
    found = re.search(r"const UNSEEN =\s*/\(\?! \)\[(.+)\]/gu;", VALUES_JS.read_text())
    assert found is not None
    categories = set(re.findall(r"\\p\{(\w+)\}", found[1]))
    chars = set()
    for first, last in re.findall(r"\\u\{(\w+)\}(?:-\\u\{(\w+)\})?", found[1]):
        chars |= {chr(code) for code in range(int(first, 16), int(last or first, 16) + 1)}

    assert categories == INVISIBLE | {"Zs"}
    assert chars == UNSEEN


def test_every_code_point_is_hidden_or_shown_alike_to_staff_and_in_arguments():
    for first in range(0, sys.maxunicode + 1, MOST):
        chars = [chr(code) for code in range(first, min(first + MOST, sys.maxunicode + 1))]
        shown = [
            f"[U+{ord(char):04X}]"
            if is_invisible(char) or (unicodedata.category(char) == "Zs" and char != " ")
            else char
            for char in chars
        ]
        assert visible("".join(chars)) == "".join(shown), hex(first)


@pytest.mark.parametrize("char", EVERY, ids=lambda char: f"{ord(char):04X}")
def test_what_nobody_sees_hides_nothing(char):
    assert shows_nothing(f" {char}\n")
    assert char not in clean(f"a{char}b", length=20)
    assert char not in without_format_characters(f"a{char}b")
    assert quoted(char * 3, "sender") is None
    masked = quoted(f"4111{char * 2}1111{char}1111 1111", "sender")
    assert masked is not None
    assert masked.untrusted_text == "[card ending 1111]"
    sources = Sources(typed=("Where is it?",), untrusted=(f"move to Th{char}ief{char}gasse 66",))
    found = provenance_of(tool="update_profile", arguments={"street": "Thiefgasse 66"}, sources=sources)
    assert found["sources"]["street"] == "untrusted"


def test_a_word_of_a_claim_is_found_behind_what_hides_in_it():
    assert readings_of("Your re\ufe0ffund was\u3164paid.")[0] == ["Your refund was paid."]
