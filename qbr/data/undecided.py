"""What waits for a person: accounts to map, queues without a kind, ledger accounts without a category, bad records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Exists, OuterRef, QuerySet

from collectors.connections import QuarantinedRecord
from collectors.facts.accounts import Account
from collectors.facts.money import LedgerAccount
from collectors.facts.service import Queue
from metrics.models import LedgerCategory, QueueKind
from organizations.models import AccountLink
from qbr.data.progress import spoken

SHOWN_DETAILS = 5
CURRENT = AccountLink.objects.filter(account=OuterRef("pk"), superseded_at=None)


def waiting_accounts() -> QuerySet[Account]:
    """Accounts nobody has decided on. A site belongs with its parent, so it never waits."""
    decided = CURRENT.exclude(verdict=AccountLink.Verdict.OPEN)
    return Account.objects.filter(~Exists(decided), kind=Account.Kind.CLIENT, retired_on=None)


def ignored_accounts() -> QuerySet[Account]:
    return Account.objects.filter(Exists(CURRENT.filter(verdict=AccountLink.Verdict.IGNORED))).order_by("name")


def undecided_queues() -> QuerySet[Queue]:
    decided = QueueKind.objects.filter(queue=OuterRef("pk")).exclude(kind=QueueKind.Kind.UNDECIDED)
    return Queue.objects.filter(~Exists(decided), retired_on=None).order_by("name")


def unmapped_ledger_accounts() -> QuerySet[LedgerAccount]:
    """Only accounts of profit and loss can move a result."""
    mapped = LedgerCategory.objects.filter(ledger_account=OuterRef("pk"))
    counted = LedgerAccount.objects.filter(retired_on=None).exclude(side=LedgerAccount.Side.NONE)
    return counted.filter(~Exists(mapped)).order_by("name")


def reasons() -> list[str]:
    """Why records were set aside, the commonest first."""
    grouped = quarantined().values_list("connection__label", "endpoint", "reason").annotate(many=Count("pk"))
    return [
        f"{many} of {label}, {spoken(endpoint)}: {reason}"
        for label, endpoint, reason, many in grouped.order_by("-many", "reason")[:SHOWN_DETAILS]
    ]


def quarantined() -> QuerySet[QuarantinedRecord]:
    return QuarantinedRecord.objects.filter(replayed_at=None)


@dataclass(frozen=True)
class Undecided:
    """One kind of decision that waits: how many, what they hold back, and where they are made."""

    title: str
    count: int
    holds_back: str
    action: str
    address: str  # the name of the admin's page
    look: Callable[[], Sequence[str]] = tuple

    @cached_property
    def details(self) -> Sequence[str]:
        """The first few, by name or reason; read where they are shown."""
        return self.look() if self.count else ()


def counts() -> tuple[Undecided, ...]:
    return (
        Undecided(
            "Accounts to map", waiting_accounts().count(),
            "Their tickets, devices and agreements count for the company but for no client.",
            "Map accounts", "admin:organizations_waitingaccount_changelist",
        ),
        Undecided(
            "Queues without a kind", undecided_queues().count(),
            "Their tickets and hours count in no kind of work.",
            "Decide queues", "admin:collectors_queue_changelist", lambda: _names(undecided_queues()),
        ),
        Undecided(
            "Ledger accounts without a category", unmapped_ledger_accounts().count(),
            "A month with an amount on one of them stays incomplete.",
            "Decide ledger accounts", "admin:collectors_ledgeraccount_changelist",
            lambda: _names(unmapped_ledger_accounts()),
        ),
        Undecided(
            "Records that could not be read", quarantined().count(),
            "They are set aside with the reason and can be tried again.",
            "Look at them", "admin:collectors_quarantinedrecord_changelist", reasons,
        ),
    )  # fmt: skip


def _names(waiting: QuerySet[Queue] | QuerySet[LedgerAccount]) -> list[str]:
    return list(waiting.values_list("name", flat=True)[:SHOWN_DETAILS])
