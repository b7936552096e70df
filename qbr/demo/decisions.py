"""What the demo's people decided: kinds of queues, categories of ledger accounts, and the numbers no system holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from django.contrib.auth.models import User

from collectors.facts.money import LedgerAccount
from collectors.facts.service import Queue
from metrics.models import LedgerCategory, QueueKind
from metrics.periods import Month
from organizations import holdings
from organizations.linking import Decision, decide
from organizations.models import AccountLink
from organizations.suggestions import suggestions
from qbr.data.undecided import waiting_accounts

KINDS = {
    "Help Desk": QueueKind.Kind.REACTIVE,
    "Professional Services": QueueKind.Kind.PROFESSIONAL_SERVICES,
    "Alignment": QueueKind.Kind.ALIGNMENT,
    "Projects": QueueKind.Kind.PROJECT,
    "Internal": QueueKind.Kind.INTERNAL,
    "Sales": QueueKind.Kind.SALES,
}
_C = LedgerCategory.Category
CATEGORIES = {
    "Managed Services": _C.MRR,
    "Managed Services - Seats": _C.MRR,
    "Managed Services - Servers": _C.MRR,
    "Project Labor": _C.NRR,
    "Project Labor Credits": _C.NRR,
    "Cloud Resale": _C.ORR,
    "Hardware Sales": _C.PRODUCT_SALES,
    "Miscellaneous Income": _C.MISC_REVENUE,
    "Interest Earned": _C.MISC_REVENUE,
    "Cost of Cloud Resale": _C.COGS,
    "Cost of Hardware": _C.COGS,
    "RMM and Security Tools": _C.COGS,
    "Subcontractors": _C.COGS,
    "Payroll Expenses": _C.EMPLOYEE_EXPENSE,
    "Wages": _C.EMPLOYEE_EXPENSE,
    "Payroll Taxes": _C.EMPLOYEE_EXPENSE,
    "Employee Benefits": _C.EMPLOYEE_EXPENSE,
    "Owner's Compensation": _C.OWNER_COMPENSATION,
    "Owner's Quarterly Taxes": _C.OWNER_COMP_TAXES,
    "Rent": _C.OTHER_EXPENSES,
    "Office Software": _C.OTHER_EXPENSES,
    "Insurance": _C.OTHER_EXPENSES,
    "Vehicle": _C.OTHER_EXPENSES,
    "Fuel": _C.OTHER_EXPENSES,
    "Marketing": _C.OTHER_EXPENSES,
    "Telephone and Internet": _C.OTHER_EXPENSES,
    "Interest Paid": _C.OTHER_EXPENSES,
}
MANY_DEVICES = 20


def decide_queues() -> int:
    undecided = Queue.objects.filter(kinds=None, name__in=KINDS)
    return len([QueueKind.objects.create(queue=queue, kind=KINDS[queue.name], note="demo") for queue in undecided])


def decide_ledger() -> int:
    """By the account's own name: the ledger may spell a sub-account with its parents before it."""
    unmapped = [(account, account.name.rpartition(":")[2]) for account in LedgerAccount.objects.filter(categories=None)]
    return len([
        LedgerCategory.objects.create(ledger_account=account, category=CATEGORIES[name], note="demo")
        for account, name in unmapped if name in CATEGORIES
    ])  # fmt: skip


def by_hand(months: Sequence[Month]) -> dict[tuple[str, Month], Decimal]:
    """Headcount and sales activity by (metric, month): a small MSP that hires once and dials more before summer."""
    numbers: dict[tuple[str, Month], Decimal] = {}
    for place, month in enumerate(months):
        grown = place >= 14
        appointments = (1, 2, 0, 3, 2, 1, 4, 2, 1, 2, 3, 1)[month.number - 1]
        numbers |= {
            ("employees", month): Decimal("9.5" if grown else "8.5"),
            ("technical_employees", month): Decimal("6.5" if grown else "5.5"),
            ("telemarketing_dials", month): Decimal(60 + appointments * 25 + place * 7 % 18),
            ("first_time_appointments", month): Decimal(appointments),
            ("prospects_pbr", month): Decimal((appointments + 1) // 2),
            ("new_agreements", month): Decimal(appointments // 2),
        }
    return numbers


def map_accounts(by: User, today: date) -> int:
    """What holds too much to wait, and vendors, who are no clients; the rest is left for a walk through the queue."""
    large = [one.account for one in holdings.waiting(today, "ninjaone") if one.devices >= MANY_DEVICES]
    offered = suggestions(list(waiting_accounts().filter(pk__in=large)))
    best = {key: ranked[0] for key, ranked in offered.items() if ranked and not ranked[0].is_conflict}
    linked = [
        Decision(account=key, organization=one.organization.pk, reason="Known", evidence={"shown": list(one.evidence)})
        for key, one in best.items()
    ]
    vendors = waiting_accounts().filter(connection__vendor="connectwise_psa", evidence__types__contains=["Vendor"])
    ignored = [
        Decision(account=key, verdict=AccountLink.Verdict.IGNORED, reason="Sells to us")
        for key in vendors.values_list("pk", flat=True)
    ]
    decide([*linked, *ignored], by)
    return len(linked) + len(ignored)
