"""What waits for a person: accounts to map, queues without a kind, ledger accounts without a category, bad records."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from collectors.connections import QuarantinedRecord
from collectors.facts.accounts import Account
from collectors.facts.money import LedgerAccount
from collectors.facts.service import Queue
from metrics.models import LedgerCategory, QueueKind
from organizations.models import AccountLink

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
    query: str = ""


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
            "Decide queues", "admin:collectors_queue_changelist",
        ),
        Undecided(
            "Ledger accounts without a category", unmapped_ledger_accounts().count(),
            "A month with an amount on one of them stays incomplete.",
            "Decide ledger accounts", "admin:collectors_ledgeraccount_changelist",
        ),
        Undecided(
            "Records that could not be read", quarantined().count(),
            "They are set aside with the reason and can be tried again.",
            "Look at them", "admin:collectors_quarantinedrecord_changelist",
        ),
    )  # fmt: skip
