"""Parcels as a model describes them: measures are JSON numbers, rounded to what a scale and a tape can tell."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tools.arguments import text_of
from tracking.pricing import ParcelMeasures

MOST_PARCELS = 20


def _measure(*, most: float, places: int) -> AfterValidator:
    def check(value: float) -> float:
        rounded = round(value, places) if math.isfinite(value) else 0.0
        if not 0 < rounded <= most:
            raise ValueError(f"Give a number above 0 and at most {most:g}.")
        return rounded

    return AfterValidator(check)


Kilograms = Annotated[float, _measure(most=5000, places=2)]
Centimetres = Annotated[float, _measure(most=1000, places=1)]
Contents = Annotated[str, text_of(most=120)]


class MeasuredParcel(BaseModel):
    """One parcel to be priced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    weight_kg: Kilograms = Field(description="Weight in kilograms.")
    length_cm: Centimetres = Field(description="Length in centimetres.")
    width_cm: Centimetres = Field(description="Width in centimetres.")
    height_cm: Centimetres = Field(description="Height in centimetres.")
    contents: Contents | None = Field(default=None, description="What is inside; not needed for a price.")

    def measures(self) -> ParcelMeasures:
        return ParcelMeasures(
            weight_kg=Decimal(str(self.weight_kg)),
            length_cm=Decimal(str(self.length_cm)),
            width_cm=Decimal(str(self.width_cm)),
            height_cm=Decimal(str(self.height_cm)),
        )


class BookedParcel(MeasuredParcel):
    """One parcel to be sent."""

    contents: Contents = Field(description="What is inside, in a few words.")


def _count(parcels: list[MeasuredParcel]) -> list[MeasuredParcel]:
    if not 1 <= len(parcels) <= MOST_PARCELS:
        raise ValueError(f"Give 1 to {MOST_PARCELS} parcels.")
    return parcels


MeasuredParcels = Annotated[list[MeasuredParcel], AfterValidator(_count)]
BookedParcels = Annotated[list[BookedParcel], AfterValidator(_count)]
