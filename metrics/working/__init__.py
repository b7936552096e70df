"""How a number came about: formula with values put in, inputs, rules, systems, entries, and the rows it counts."""

from metrics.working.as_json import everything, one
from metrics.working.explain import Working, explain
from metrics.working.rests_on import EntryMade, RuleRead, SystemRead, VersionTold
from metrics.working.rows import NO_ROWS, OverBudget, Row, Rows, rows

__all__ = [
    "NO_ROWS", "EntryMade", "OverBudget", "Row", "Rows", "RuleRead", "SystemRead", "VersionTold", "Working",
    "everything", "explain", "one", "rows",
]
