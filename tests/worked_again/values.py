"""A value, what says which one it is, and how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

STATES = (
    "measured", "so far", "incomplete", "insufficient coverage", "not collected", "not linked", "not applicable",
    "undefined",
)  # fmt: skip
MEASURED, SO_FAR, INCOMPLETE, INSUFFICIENT, NOT_COLLECTED, NOT_LINKED, NOT_APPLICABLE, UNDEFINED = range(8)
GOOD = (MEASURED, SO_FAR, INSUFFICIENT)
TOLD = (MEASURED, SO_FAR, INCOMPLETE, INSUFFICIENT)  # a count is kept, if only a count so far
GIVEN = ("entered", "imported", "corrected")
ORIGINS = ("collected", *GIVEN, "derived")

Scope = tuple[str, str]
Key = tuple[str, int, Scope, str]  # metric, version, scope, period
Line = dict[str, Any]


@dataclass(frozen=True)
class Worked:
    """A value worked out again. `bare` is its state before coverage is looked at, `exact` the value before rounding."""

    value: Fraction | None
    state: int
    bare: int
    origin: str
    exact: Fraction | None = None
    collected: Fraction | None = None
    months: int | None = None
    of_months: int | None = None
    coverage: Fraction | None = None
    fact_rows: int | None = None
    checksum: int | None = None


@dataclass(frozen=True)
class Count:
    """What the rows of one owner in one month come to."""

    value: Fraction
    rows: int
    checksum: int
    among: int = 0
    told: int = 0
    unsettled: Fraction = Fraction(0)

    def __add__(self, other: Count) -> Count:
        return Count(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


NOTHING = Count(Fraction(0), 0, 0)


def key_of(line: Mapping[str, Any]) -> Key:
    return line["metric"], line["version"], (line["scope"]["kind"], line["scope"]["slug"]), line["period"]


def standing(line: Line) -> Line | None:
    return next((entry for entry in line["entries"] if entry["superseded_at"] is None), None)
