"""Makes text that others wrote mean nothing but itself to a model: no token of a chat template, no label of ours.

What is stored and shown stays as it was written; this is for the request to the model alone.
"""

from __future__ import annotations

import re
import unicodedata

from tools.disguises import plain_letters

# Servers that build a model's input from a template may read these in a message as the end of it and the start of
# another. Angle brackets become quotation marks, square ones round: people read the same, a tokenizer does not.
_BARS = re.compile(r"<\s?(?=[|｜])|(?<=[|｜])\s?>")
_ANGLES = re.compile(
    r"<(/?(?:s|bos|eos|pad|unk|eot|sep|cls|mask|start_of_turn|end_of_turn|start_of_image|end_of_text|endoftext|im_start"
    r"|im_end|begin_of_text|start_header_id|end_header_id|eot_id|eom_id|extra_id_\d+|sys|inst|system|user|assistant|human"
    r"|tool|tools|tool_calls?|tool_responses?|tool_results?|function|functions|function_calls?|function_results?|invoke"
    r"|parameter|think|thinking|antml:[a-z_]+)(?:[ =][^<>\n]{0,80})?)>",
    re.IGNORECASE,
)
_SYS = re.compile(r"<<(/?\s?SYS\s?)>>", re.IGNORECASE)
_SQUARES = re.compile(
    r"\[(/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|ARGS|CALL_ID|THINK|IMG|IMG_BREAK"
    r"|IMG_END|PREFIX|MIDDLE|SUFFIX|gMASK|sMASK|BOS|EOS|SYS|SYSTEM|USER|ASSISTANT))\]",
    re.IGNORECASE,
)
# What we write before a line that is neither the customer's nor the model's (see `NOTICE` and `STAFF`), in any letters
# and brackets that look like ours; but for braces, which are JSON's. Its end may be missing as far as it goes.
_OPENING, _CLOSING = (
    re.escape(
        "".join(char for char in map(chr, range(0x10000)) if unicodedata.category(char) == kind and char not in own)
    )
    for kind, own in (("Ps", "({\ufe35\uff08\uff5b"), ("Pe", ")}\ufe36\uff09\uff5d"))
)
_BRACKETED = re.compile(f"[{_OPENING}]([^{_OPENING}{_CLOSING}]{{1,400}})[{_CLOSING}]")
_LABELS = re.compile(
    r"(?:a person|notice|staff|our staff|reviewer|support|system|tool|admin)\b|aperson|noticeshown|ourstaff",
    re.IGNORECASE,
)
# Blanks, also as JSON writes line ends, and signs that part nothing. A quotation mark begins a value of JSON.
_PARTED = re.compile(r"(?:\\[nrtfb]|[\W_])+")
# A second alphabet that nobody sees and some models read.
_TAGS = re.compile("[\U000e0000-\U000e007f]")

NOTICE = "[Notice shown to the customer]"
STAFF = "[A person from staff wrote]"


def inert(text: str) -> str:
    """The text without what a chat template or a label of ours would be recognised by. Safe on the text of JSON."""
    text = _BARS.sub(lambda found: "‹" if found[0].startswith("<") else "›", _TAGS.sub("", text))
    text = _SYS.sub(r"‹‹\1››", text)
    text = _ANGLES.sub(r"‹\1›", text)
    return _BRACKETED.sub(_no_label, _SQUARES.sub(r"(\1)", text))


def _no_label(found: re.Match[str]) -> str:
    words = plain_letters(found[1]).lstrip()
    if words.startswith(('"', "{", "[")):
        return found[0]
    plain = _PARTED.sub(" ", words).strip()
    return f"({found[1]})" if _LABELS.match(plain) or _LABELS.match(plain.replace(" ", "")) else found[0]
