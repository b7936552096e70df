"""Data quality: rules over what is stored, the life of their findings, scores, and the reconciliation strip."""

from metrics.quality.look import look, run
from metrics.quality.rules import RULES, Rule
from metrics.quality.strip import Line, Side, strip, strip_for_all
from metrics.quality.told import blocking, findings_for, visible

__all__ = [
    "RULES", "Line", "Rule", "Side", "blocking", "findings_for", "look", "run", "strip", "strip_for_all", "visible",
]
