"""What people decide about the numbers, each from a day on, and changes of organizations with what they would move."""

from metrics.admin.benchmarks import BenchmarkSetAdmin
from metrics.admin.decisions import LedgerAccountAdmin, QueueAdmin
from metrics.admin.goals import GoalAdmin
from metrics.admin.lifecycles import OsLifecycleAdmin
from metrics.admin.organization_changes import OrganizationChangeAdmin
from metrics.admin.owners import MetricOwnerAdmin
from metrics.admin.rules import RuleAdmin
from metrics.admin.versions import InForceAdmin

__all__ = [
    "BenchmarkSetAdmin", "GoalAdmin", "InForceAdmin", "LedgerAccountAdmin", "MetricOwnerAdmin",
    "OrganizationChangeAdmin", "OsLifecycleAdmin", "QueueAdmin", "RuleAdmin",
]
