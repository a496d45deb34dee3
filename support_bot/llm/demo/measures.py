"""Finds parcels in words: `two boxes of 5 kg, 40 x 30 x 20 cm, with books`. Pure; unknown measures stay None."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import zip_longest

_NUMBER = r"\d{1,5}(?:[.,]\d{1,2})?"
_WEIGHT_UNIT = r"kg|kgs|kilos?|kilograms?|kilogrammes?|g|grams?|grammes?|lbs?|pounds?|oz|ounces?|tons?|tonnes?"
_LENGTH_UNIT = r"cm|cms|centimet(?:er|re)s?|mm|m|met(?:er|re)s?|in|inch|inches|\"|ft|feet"
_SIZE = re.compile(
    rf"(?<!\w)({_NUMBER})\s?(?:{_LENGTH_UNIT})?\s?(?:x|×|\*|by)\s?({_NUMBER})\s?(?:{_LENGTH_UNIT})?\s?(?:x|×|\*|by)\s?({_NUMBER})"
    rf"\s?({_LENGTH_UNIT})?(?!\w)",
    re.IGNORECASE,
)
_WORDED_SIZE = re.compile(
    rf"({_NUMBER})\s?({_LENGTH_UNIT})?\s*(?:long|length|in "
    rf"length),?\s*(?:and\s*)?({_NUMBER})\s?(?:{_LENGTH_UNIT})?\s*(?:wide|broad|width|in width),?"
    rf"\s*(?:and\s*)?({_NUMBER})\s?(?:{_LENGTH_UNIT})?\s*(?:high|tall|height|deep|in height)",
    re.IGNORECASE,
)
_NAMED_SIZE = re.compile(
    rf"length\s*:?\s*({_NUMBER})\s?({_LENGTH_UNIT})?\W+(?:and\s*)?width\s*:?\s*({_NUMBER})\s?(?:{_LENGTH_UNIT})?\W+(?:and\s*)?height\s*:?\s*({_NUMBER})"
    rf"\s?(?:{_LENGTH_UNIT})?",
    re.IGNORECASE,
)
_CUBE = re.compile(rf"(?<!\w)({_NUMBER})\s?({_LENGTH_UNIT})\s+(?:cubes?|cubed)(?!\w)", re.IGNORECASE)
_WEIGHT = re.compile(rf"(?<![\w.,])({_NUMBER})\s?({_WEIGHT_UNIT})(?!\w)", re.IGNORECASE)
_COUNT_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_COUNT = re.compile(
    rf"(?<![\w.,-])(\d{{1,2}}|{'|'.join(_COUNT_WORDS)})\s+(?:\w+\s+)?(?:parcels|packages|boxes|packets|cartons|items|pallets)(?!\w)"
    r"|(?<!\w)(\d{1,2})\s?(?:x|×)\s(?=[a-z\d])",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"(?<!\w)(?:contents?(?:\s+(?:is|are))?\s*:?|contains?|containing|filled with|full of|"
    r"with(?!\s+(?:a\s+)?(?:weight|size|@|\d|express|standard|freight|you))"
    r"|(?:box|boxes|parcel|package|carton)\s+of(?!\s+@))\s+"
    r"([^,.;!?@]{2,60}?)(?=\s*(?:[,.;!?@]|$|\s(?:to|for|by|via|with|weighing|from|please|and\s+it)\s))",
    re.IGNORECASE,
)
_KILOS = {"g": 0.001, "lb": 0.45359237, "po": 0.45359237, "oz": 0.028349523, "ou": 0.028349523, "t": 1000.0}
_CENTIMETRES = {"mm": 0.1, "m": 100.0, "in": 2.54, '"': 2.54, "f": 30.48}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One parcel as far as it was described."""

    weight_kg: float | None = None
    length_cm: float | None = None
    width_cm: float | None = None
    height_cm: float | None = None
    contents: str | None = None

    @property
    def lacks(self) -> list[str]:
        """What is still unknown of weight and size, in words."""
        missing = [] if self.weight_kg else ["the weight"]
        return missing if self.length_cm else [*missing, "the size (length x width x height)"]


@dataclass(frozen=True, slots=True)
class Measured:
    """The parcels that were described and the text with `@measure` in place of the figures."""

    parcels: tuple[Parcel, ...]
    masked: str


def find_parcels(text: str) -> Measured:
    """Parcels in order; `two boxes of 3 kg` are two alike. No parcels where no weight and no size is named."""
    sizes: list[tuple[float, float, float]] = []
    weights: list[float] = []
    masked = _SIZE.sub(lambda m: _keep_size(sizes, (m[1], m[2], m[3]), m[4]), text)
    masked = _WORDED_SIZE.sub(lambda m: _keep_size(sizes, (m[1], m[3], m[4]), m[2]), masked)
    masked = _NAMED_SIZE.sub(lambda m: _keep_size(sizes, (m[1], m[3], m[4]), m[2]), masked)
    masked = _CUBE.sub(lambda m: _keep_size(sizes, (m[1], m[1], m[1]), m[2]), masked)
    masked = _WEIGHT.sub(lambda m: _keep_weight(weights, m[1], m[2]), masked)
    parcels = [_parcel(size, weight) for size, weight in zip_longest(sizes, weights)]
    count = _count(masked)
    if len(parcels) == 1 and count > 1:
        parcels *= count
    elif len(parcels) > 1 and min(len(sizes), len(weights)) == 1:
        parcels = [merge(parcel, parcels[0]) for parcel in parcels]
    contents = find_contents(masked)
    return Measured(parcels=tuple(replace(parcel, contents=contents) for parcel in parcels), masked=masked)


def find_contents(text: str) -> str | None:
    """What is inside, where the text says `with …`, `containing …`, `box of …`."""
    match = _CONTENTS.search(text)
    return match[1].strip() if match else None


def merge(known: Parcel, more: Parcel) -> Parcel:
    """The first, its gaps filled from the second."""
    return Parcel(
        weight_kg=known.weight_kg or more.weight_kg,
        length_cm=known.length_cm or more.length_cm,
        width_cm=known.width_cm or more.width_cm,
        height_cm=known.height_cm or more.height_cm,
        contents=known.contents or more.contents,
    )


def _parcel(size: tuple[float, float, float] | None, weight: float | None) -> Parcel:
    length, width, height = size or (None, None, None)
    return Parcel(weight_kg=weight, length_cm=length, width_cm=width, height_cm=height)


def _keep_size(sizes: list[tuple[float, float, float]], figures: tuple[str, str, str], unit: str | None) -> str:
    factor = _factor(unit, _CENTIMETRES)
    length, width, height = (round(_number(figure) * factor, 1) for figure in figures)
    sizes.append((length, width, height))
    return " @measure "


def _keep_weight(weights: list[float], figure: str, unit: str) -> str:
    weights.append(round(_number(figure) * _factor(unit, _KILOS), 3))
    return " @measure "


def _factor(unit: str | None, factors: dict[str, float]) -> float:
    name = (unit or "").lower()
    return next((factor for start, factor in factors.items() if name.startswith(start)), 1.0)


def _number(figure: str) -> float:
    return float(figure.replace(",", "."))


def _count(text: str) -> int:
    match = _COUNT.search(text)
    if match is None:
        return 1
    said = (match[1] or match[2]).lower()
    return min(_COUNT_WORDS.get(said) or int(said), 20)
