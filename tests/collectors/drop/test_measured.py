"""What files told is counted as what an API told: by its layer, and measured in the months it speaks for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from collectors.connections import Connection
from collectors.drop.declare import Span
from collectors.drop.loading import load
from collectors.facts.accounts import Account
from collectors.facts.money import LedgerAccount
from collectors.facts.service import Queue
from metrics import rollup
from metrics.models import LedgerCategory, QueueKind
from organizations.holdings import waiting
from organizations.models import AccountLink, Organization
from tests.collectors.drop.files import of
from tests.metrics.rollup.world import mark_account, state

pytestmark = pytest.mark.django_db
APRIL = datetime(2025, 4, 20, 12, tzinfo=UTC)
MARCH = Span(date(2025, 3, 1), date(2025, 3, 31))
LAST = Span(date(2025, 3, 31), date(2025, 3, 31))
EARLIEST = date(1, 1, 1)


def put(key: str, *rows: dict[str, str], span: Span = MARCH, source: str = "By hand") -> None:
    layout, table = of(key, *rows)
    load(layout, table, source, span=span)


def linked(name: str = "Brightwater Dental") -> Organization:
    client = Organization.objects.create(slug="brightwater", name=name)
    for account in Account.objects.all():
        AccountLink.objects.create(
            account=account, organization=client, starts_on=EARLIEST, verdict="linked", method="person"
        )
        mark_account(account)
    return client


def test_tickets_of_a_file_are_the_service_desks_tickets() -> None:
    put("tickets", {"Ticket": "1", "Opened": "2025-03-04"}, {"Ticket": "2", "Opened": "2025-03-09"})
    QueueKind.objects.create(queue=Queue.objects.get(), kind="reactive")
    client = linked()
    rollup.run("test", now=APRIL)
    assert state("reactive_tickets_created", "2025-03") == ("measured", Decimal(2))
    assert state("reactive_tickets_created", "2025-03", client) == ("measured", Decimal(2))
    assert state("reactive_tickets_created", "2025-02")[0] in ("absent", "not collected")


def test_the_ledger_of_a_file_is_the_ledger() -> None:
    wages = {"Account": "Wages", "Number": "6000", "Type": "expense", "Amount": "31,000.00"}
    put("ledger", {"Month": "2025-03", "Amount": "48,200.00"}, {"Month": "2025-03", **wages})
    for account in LedgerAccount.objects.all():
        category = "mrr" if account.side == "income" else "employee_expense"
        LedgerCategory.objects.create(ledger_account=account, category=category)
    rollup.run("test", now=APRIL)
    assert state("mrr", "2025-03") == ("measured", Decimal(48200))


def test_devices_and_agreements_of_a_file_are_listed_on_its_day() -> None:
    put("assets", {"Device": "A"}, {"Device": "B", "Kind": "server"}, {"Device": "C", "Kind": "VM guest"}, span=LAST)
    put("agreements", {"Amount": "4,250.00"}, span=LAST)
    client = linked()
    rollup.run("test", now=APRIL)
    assert state("endpoints_managed", "2025-03", client) == ("measured", Decimal(2))
    assert state("agreement_mrr", "2025-03") == ("measured", Decimal(4250))


def test_a_source_of_other_files_holds_no_month_of_tickets_back() -> None:
    put("tickets", {"Ticket": "1", "Opened": "2025-03-04"})
    put("surveys", {"Answered": "2025-03-05"}, source="Surveys")
    assert Connection.objects.filter(vendor="files_psa").count() == 2
    QueueKind.objects.create(queue=Queue.objects.get(), kind="reactive")
    rollup.run("test", now=APRIL)
    assert state("reactive_tickets_created", "2025-03") == ("measured", Decimal(1))


def test_a_company_not_met_before_waits_in_the_mapping_queue() -> None:
    put("tickets", {"Company": "Quillhaven Bakery"})
    assert [one.account for one in waiting(date(2025, 4, 20))] == [Account.objects.get(name="Quillhaven Bakery").pk]
