"""What waits for a person is counted, and only that."""

from __future__ import annotations

import pytest
from django.utils import timezone

from collectors.connections import Connection, QuarantinedRecord
from collectors.facts.accounts import Account
from collectors.facts.money import LedgerAccount
from collectors.facts.service import Queue
from metrics.models import LedgerCategory, QueueKind
from organizations.models import AccountLink, Organization
from qbr.data import undecided

pytestmark = pytest.mark.django_db


@pytest.fixture
def source() -> Connection:
    return Connection.objects.create(vendor="connectwise_psa", label="PSA")


def account(source: Connection, name: str, **fields: object) -> Account:
    return Account.objects.create(connection=source, external_id=name, name=name, **fields)


def test_an_account_waits_until_it_is_linked_or_ignored_and_again_when_that_is_taken_back(source: Connection) -> None:
    organization = Organization.objects.create(slug="acme", name="Acme")
    account(source, "waits")
    link = {"method": "person", "account": account(source, "linked")}
    AccountLink.objects.create(verdict="linked", organization=organization, **link)
    AccountLink.objects.create(verdict="ignored", method="person", account=account(source, "ignored"))
    AccountLink.objects.create(verdict="open", method="person", account=account(source, "taken back"))
    account(source, "a site", kind=Account.Kind.SITE)
    account(source, "gone", retired_on="2026-01-01")
    assert {one.name for one in undecided.waiting_accounts()} == {"waits", "taken back"}
    assert [one.name for one in undecided.ignored_accounts()] == ["ignored"]


def test_a_queue_waits_until_its_kind_is_decided(source: Connection) -> None:
    decided, undecided_, open_ = [
        Queue.objects.create(connection=source, external_id=name, name=name) for name in ("decided", "said", "none")
    ]
    QueueKind.objects.create(queue=decided, kind=QueueKind.Kind.REACTIVE)
    QueueKind.objects.create(queue=undecided_, kind=QueueKind.Kind.UNDECIDED)
    assert {queue.name for queue in undecided.undecided_queues()} == {undecided_.name, open_.name}


def test_a_ledger_account_waits_only_where_it_can_move_a_result(source: Connection) -> None:
    sides = {"income": "income", "bank": "none", "mapped": "expense"}
    made = {
        name: LedgerAccount.objects.create(connection=source, external_id=name, name=name, side=side)
        for name, side in sides.items()
    }
    LedgerCategory.objects.create(ledger_account=made["mapped"], category=LedgerCategory.Category.OTHER_EXPENSES)
    assert [one.name for one in undecided.unmapped_ledger_accounts()] == ["income"]


def test_set_aside_records_are_told_by_reason_the_commonest_first(source: Connection) -> None:
    for number, reason in enumerate(["no day", "no id", "no id"]):
        QuarantinedRecord.objects.create(
            connection=source, endpoint="time_entries", external_id=str(number), reason=reason
        )
    QuarantinedRecord.objects.create(
        connection=source, endpoint="time_entries", external_id="9", reason="no id", replayed_at=timezone.now()
    )
    assert undecided.reasons() == ["2 of PSA, time entries: no id", "1 of PSA, time entries: no day"]
