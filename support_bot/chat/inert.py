"""Makes text that others wrote mean nothing but itself to a model: no token of a chat template, no label of ours.

What is stored and shown stays as it was written; this is for the request to the model alone.
"""

from __future__ import annotations

import re

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
# and brackets that look like ours.
_BRACKETED = re.compile(
    r"[\[\uff3b\u3010\u3014\u27e6\u2045]([^\[\]\n\uff3b\uff3d\u3010\u3011\u3014\u3015\u27e6\u27e7\u2045\u2046]{1,400})[\]\uff3d\u3011\u3015\u27e7\u2046]"
)
_LABELS = re.compile(
    r"\s*(?:a person\b|notice\b|staff\b|our staff\b|reviewer\b|support\b|system\b|tool\b|admin\b)", re.IGNORECASE
)
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
    return f"({found[1]})" if _LABELS.match(plain_letters(found[1])) else found[0]
