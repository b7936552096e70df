"""How a number came about: formula with values put in, inputs, rules, systems, entries, and the rows it counts."""

from metrics.working.as_json import everything, one
from metrics.working.explain import EntryMade, RuleRead, SystemRead, Working, explain
from metrics.working.rows import NO_ROWS, OverBudget, Row, Rows, rows

__all__ = [
    "NO_ROWS", "EntryMade", "OverBudget", "Row", "Rows", "RuleRead", "SystemRead", "Working", "everything", "explain",
    "one", "rows",
]
