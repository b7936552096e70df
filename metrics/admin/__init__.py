"""What people decide about the numbers: queue kinds, ledger categories, rules and goals, each from a day on."""

from metrics.admin.decisions import LedgerAccountAdmin, QueueAdmin
from metrics.admin.goals import GoalAdmin
from metrics.admin.rules import RuleAdmin

__all__ = ["GoalAdmin", "LedgerAccountAdmin", "QueueAdmin", "RuleAdmin"]
