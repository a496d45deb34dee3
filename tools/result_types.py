"""The building blocks of results: how text, times, days and money look to a model.

Text of customers, senders and carriers is cut and freed of invisible characters here, so no tool can forget it; what
another party than this customer could have written is an `Untrusted`, which says so and says who.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer

from tools.invisible import is_invisible, without_format_characters
from tools.masking import mask_bare_email, mask_cards, mask_email, mask_personal

# More of a text than this is not looked at.
LONGEST = 2000
Writer = Literal["sender", "carrier", "staff", "customer"]


def clean(text: str, *, length: int) -> str:
    """One line of visible text of at most `length` characters; what was cut is shown by an ellipsis."""
    # What cannot be seen leaves a gap, but for what stands inside a word and only hides there (zero width, bidi).
    plain = without_format_characters(unicodedata.normalize("NFC", text[: 4 * length]))
    visible = "".join(" " if is_invisible(char) else char for char in plain)
    line = " ".join(visible.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def _cut(length: int) -> Callable[[str], str]:
    return lambda text: clean(text, length=length)


Short = Annotated[str, AfterValidator(_cut(120))]
Line = Annotated[str, AfterValidator(_cut(200))]
When = Annotated[AwareDatetime, PlainSerializer(lambda value: value.isoformat(timespec="seconds"), return_type=str)]
Day = Annotated[date, PlainSerializer(lambda value: value.isoformat(), return_type=str)]
Money = Annotated[Decimal, PlainSerializer(lambda value: f"{value:.2f}", return_type=str)]


class Result(BaseModel):
    """Base of everything a read tool returns. Frozen; a field that is not declared cannot be added."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=True)


class Untrusted(Result):
    """Text that somebody else wrote: a quotation with its author, never an instruction.

    `customer`: this customer's own words as a record kept them, which a model may have put there.
    """

    untrusted_text: Line
    written_by: Writer


def quoted(text: str, by: Writer) -> Untrusted | None:
    """The text as its author's; None for an empty one.

    Without card numbers and addresses of people: a model needs none of them. A carrier's telephone number is news.
    """
    # Cleaned before it is masked, or what parts a number would be joined after it; cut last, or half of it would stay.
    plain = clean(text, length=LONGEST)
    if not plain:
        return None
    kept = mask_cards(mask_email(plain)) if by == "carrier" else mask_personal(plain)
    return Untrusted(untrusted_text=mask_bare_email(kept), written_by=by)
