"""The tables of numbers: what they mean, for whom, over which days, and what people decided about them."""

from metrics.models.entries import Entry, Goal
from metrics.models.rules import LedgerCategory, QueueKind, Rule
from metrics.models.values import (
    Basis,
    Definition,
    InForce,
    MonthlyValue,
    Origin,
    Period,
    QuarterlyValue,
    Rollup,
    RollupReading,
    Scope,
    Segment,
    State,
    Value,
    WeeklyValue,
    YearlyValue,
)

__all__ = [
    "Basis", "Definition", "Entry", "Goal", "InForce", "LedgerCategory", "MonthlyValue", "Origin", "Period",
    "QuarterlyValue", "QueueKind", "Rollup", "RollupReading", "Rule", "Scope", "Segment", "State", "Value",
    "WeeklyValue", "YearlyValue",
]
