"""Periods close: what must hold first, the frontier that then stands, and what sources change behind it.

Everything that ends by the frontier keeps its values, whatever is collected. A close writes a few rows of state and
copies no value; what a source changes later waits as a restatement until a person accepts or refuses it.
"""

from metrics.closing.checks import CHECKS, Check, Outcome, look
from metrics.closing.deciding import accept, refuse
from metrics.closing.frontier import close, reopen
from metrics.closing.periods import (
    Refused,
    closable,
    closed_through,
    first_open_day,
    history,
    span_of,
    status,
    statuses,
)
from metrics.closing.restated import Asked, Batch, Batches, LateChange, Restated, changes_of, how_many, restatements

__all__ = [
    "CHECKS", "Asked", "Batch", "Batches", "Check", "LateChange", "Outcome", "Refused", "Restated", "accept",
    "changes_of", "closable", "close", "closed_through", "first_open_day", "history", "how_many", "look", "refuse",
    "reopen", "restatements", "span_of", "status", "statuses",
]
