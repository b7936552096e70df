"""The tables of numbers: what they mean, for whom, over which days, and what people decided about them."""

from metrics.models.closing import PeriodChange, Restatement
from metrics.models.context import Benchmark, BenchmarkSet, HeldLimits, MetricOwner, Note
from metrics.models.entries import Entry, Goal
from metrics.models.estate import OsLifecycle, SameDevice
from metrics.models.hours import OpenDay
from metrics.models.quality import Finding, QualityScore
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
    "Basis", "Benchmark", "BenchmarkSet", "Definition", "Entry", "Finding", "Goal", "HeldLimits", "InForce",
    "LedgerCategory", "MetricOwner", "MonthlyValue", "Note", "OpenDay", "Origin", "OsLifecycle", "Period",
    "PeriodChange", "QualityScore", "QuarterlyValue", "QueueKind", "Restatement", "Rollup", "RollupReading", "Rule",
    "SameDevice", "Scope", "Segment", "State", "Value", "WeeklyValue", "YearlyValue",
]
