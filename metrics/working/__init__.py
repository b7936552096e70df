"""How a number came about: formula with values put in, inputs, rules, systems, entries, and the rows it counts."""

from metrics.working.explain import EntryMade, RuleRead, SystemRead, Working, explain
from metrics.working.rows import Row, Rows, rows

__all__ = ["EntryMade", "Row", "Rows", "RuleRead", "SystemRead", "Working", "explain", "rows"]
