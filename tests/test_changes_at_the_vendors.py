"""What people change in their own systems moves our numbers to where the world's own answers are, and no others.

The demo's past is read first; then the world is edited through the sandbox's control API, read again as a schedule
would, and compared with the world for every month, the company and each client.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command

from collectors.facts.accounts import Account
from collectors.facts.agreements import Agreement
from collectors.facts.estate import Asset
from collectors.facts.service import Ticket, TimeEntry
from collectors.facts.shapes import FOREVER
from metrics.models import MonthlyValue, Scope
from metrics.periods import Month
from organizations import linking
from organizations.models import AccountLink, Organization
from qbr.tasks import follow
from tests.test_from_vendors_to_numbers import COMPARED, stored, truth

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

MONTHS = 5
PSA, RMM, LEDGER = "connectwise_psa", "ninjaone", "quickbooks_online"
Rows = dict[tuple[int, str, date], tuple[int, Decimal | None]]


class Vendors:
    """The sandbox after the demo has read its past, its clock standing still."""

    def __init__(self, address: str) -> None:
        self.address = address
        call_command("demo", systems=[PSA, RMM, LEDGER], verbosity=0)
        self.moment = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
        self.ask("clock", now=self.moment.isoformat())
        self.links = {
            link.account.external_id: link.organization
            for link in AccountLink.objects.filter(
                account__connection__vendor=PSA, verdict="linked", superseded_at=None
            ).select_related("account", "organization")
        }
        self.decide_devices()
        self.read()

    def ask(self, what: str, **body: Any) -> None:
        request = urllib.request.Request(f"{self.address}/_sandbox/{what}", data=json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            json.load(answer)

    def edit(self, record: str, identity: str, delete: bool = False, **changes: Any) -> None:
        self.ask("edit", record=record, id=int(identity), set=changes, delete=delete)

    def add(self, record: str, **fields: Any) -> None:
        self.ask("edit", record=record, add=fields)

    def read(self, *, full: bool = False) -> None:
        """Every connection as of the clock, and what follows from it; a large loss is confirmed by nobody."""
        call_command("collect", as_of=self.moment.isoformat(), full=full, verbosity=0)
        follow()

    def later(self, **time: int) -> None:
        self.moment += timedelta(**time)
        self.ask("clock", now=self.moment.isoformat())

    def decide_devices(self) -> None:
        """The demo leaves some accounts for a person; here that person knows the answer."""
        for external_id, told in truth(self.address, months()[-1])["clients"].items():
            for number in told["rmm_organizations"]:
                account = Account.objects.get(connection__vendor=RMM, kind="client", external_id=str(number))
                owner = self.links.get(external_id)
                if owner is not None and not account.links.filter(superseded_at=None, verdict="linked").exists():
                    linking.link(account, owner, by=None, reason="the world says so", method=AccountLink.Method.PERSON)

    def differences(self) -> list[tuple[Any, ...]]:
        """Every stored number that is not the world's own."""
        company = stored(Scope.objects.get(kind="company"))
        seen, differ = 0, []
        for month in months():
            told = truth(self.address, month)
            pairs = [("company", told["company"], company)]
            for external_id, client in told["clients"].items():
                if owner := self.links.get(external_id):
                    pairs.append((client["name"], client, stored(Scope.objects.get(organization=owner))))
            for name, theirs, ours in pairs:
                for metric in COMPARED & theirs.keys():
                    if (metric, month) in ours:
                        seen += 1
                        if ours[metric, month] != Decimal(theirs[metric]):
                            differ.append((month, name, metric, theirs[metric], ours[metric, month]))
        assert seen > len(months()) * len(COMPARED)
        return differ

    def company_of(self, organization: Organization) -> int:
        return next(int(key) for key, owner in self.links.items() if owner == organization)


def months() -> list[str]:
    """The past the sandbox knows, and the month that runs."""
    last = Month.holding(datetime.now(UTC).date())
    return [f"{last.shift(-back).starts_on:%Y-%m}" for back in range(MONTHS, -1, -1)]


@pytest.fixture
def vendors(settings: Any) -> Iterator[Vendors]:
    process = subprocess.Popen(
        [sys.executable, "-m", "collectors.sandbox", "--port", "0", "--clients", "12", "--months", str(MONTHS)],
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout is not None
    words = process.stdout.readline().split()
    settings.SANDBOX_URL = next(word for word in words if word.startswith("http")).rstrip(".,/")
    yield Vendors(settings.SANDBOX_URL)
    process.terminate()
    process.wait(10)


def rows(**where: Any) -> Rows:
    """Every stored number with its state, by scope, metric and month."""
    found = MonthlyValue.objects.filter(definition__version=1, **where).select_related("definition", "period")
    return {(row.scope_id, row.definition.metric, row.period.starts_on): (row.state, row.value) for row in found}


def plain_tickets(owner: Organization, month: str) -> list[Ticket]:
    """Closed tickets of a client on the help desk that no other ticket belongs to."""
    first = date.fromisoformat(f"{month}-01")
    return list(Ticket.objects.filter(
        account__links__organization=owner, account__links__superseded_at=None, queue__name="Help Desk",
        opened_on__gte=first, opened_on__lt=Month.holding(first).ends_on, closed=True, parent=None, merged_into=None,
        children=None, retired_on=None,
    ).order_by("pk"))  # fmt: skip


def busy(vendors: Vendors) -> list[Organization]:
    """Clients by their tickets, the busiest first."""
    owners = {owner for owner in vendors.links.values() if owner and owner.kind == "client"}
    return sorted(owners, key=lambda owner: (-len(plain_tickets(owner, months()[2])), owner.pk))


def standing(owner: Organization) -> list[Asset]:
    """Workstations of a client that its RMM lists now."""
    sites = Account.objects.filter(parent__links__organization=owner, parent__links__superseded_at=None)
    return list(Asset.objects.filter(
        retired_on=None, states__until_on=FOREVER, states__kind="workstation", states__account__in=sites,
    ).exclude(states__name__istartswith="spare").order_by("pk").distinct())  # fmt: skip


def test_an_incremental_reading_follows_every_edit_and_moves_nobody_else(vendors: Vendors) -> None:
    assert not vendors.differences()
    one, two, *_ = busy(vendors)
    old, new = months()[1], months()[3]
    before = rows()
    vendors.later(minutes=20)
    board, company, closed, reopened, merged, host = plain_tickets(one, old)[:6]
    vendors.edit("tickets", board.external_id, board="Internal", status=">Closed")
    vendors.edit("tickets", company.external_id, company=vendors.company_of(two))
    vendors.edit("tickets", closed.external_id, closed_at=f"{new}-15T12:00:00Z")
    vendors.edit("tickets", reopened.external_id, status="In Progress")
    vendors.edit("tickets", merged.external_id, merged_into=int(host.external_id))
    hours = list(TimeEntry.objects.filter(ticket__in=plain_tickets(two, old)).order_by("pk")[:2])
    vendors.edit("time_entries", hours[0].external_id, hours=7.25)
    vendors.edit("time_entries", hours[1].external_id, entered_at=f"{new}-03T15:00:00Z")
    vendors.add("time_entries", ticket=int(host.external_id), hours=1.5)
    gone, spare, moved = standing(one)[:3]
    site = standing(two)[0].states.get(until_on=FOREVER).account
    assert site and site.parent
    vendors.edit("devices", gone.external_id, delete=True)
    vendors.edit("devices", spare.external_id, name="SPARE-9")
    vendors.edit("devices", moved.external_id, organization=int(site.parent.external_id),
                 site=int(site.external_id.rpartition("/")[2].rpartition(":")[2]))  # fmt: skip
    deal = Agreement.objects.filter(states__account__links__organization=two, states__until_on=FOREVER,
                                    states__cancelled=False, states__ends_on=None).first()  # fmt: skip
    assert deal
    vendors.edit("agreements", deal.external_id, cancelled=vendors.moment.date().isoformat())
    vendors.add("postings", day=f"{months()[4]}-20", account=4, amount="250.75")
    vendors.edit("companies", str(vendors.company_of(two)), name="Another Name Altogether")
    vendors.read()
    assert not (differ := vendors.differences()), "\n".join(map(str, differ))
    assert Account.objects.get(connection__vendor=PSA, external_id=vendors.company_of(two)).name.startswith("Another")
    after = rows()
    touched = {Scope.objects.get(organization=owner).pk for owner in (one, two)}
    company_scope = Scope.objects.get(kind="company").pk
    running = date.fromisoformat(f"{months()[-1]}-01")  # in which life goes on everywhere while minutes pass
    moved_rows = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key) and key[2] < running}
    others = {key: (before.get(key), after.get(key)) for key in moved_rows if key[0] not in touched | {company_scope}}
    assert not others, others
    assert {scope for scope, _, _ in moved_rows} == touched | {company_scope}
    stood = {"endpoints_managed", "seats_managed", "agreement_mrr", "managed_services_agreements", "lost_mrr"}
    assert not {key for key in moved_rows if key[1] in stood}


def test_a_full_compare_finds_what_was_deleted_and_dated_far_back(vendors: Vendors) -> None:
    one, two, *_ = busy(vendors)
    vendors.later(minutes=20)
    ticket = plain_tickets(one, months()[1])[0]
    hour = TimeEntry.objects.filter(ticket__in=plain_tickets(two, months()[2])).order_by("pk")[0]
    vendors.edit("tickets", ticket.external_id, delete=True)
    vendors.edit("time_entries", hour.external_id, delete=True)
    vendors.add("postings", day=f"{months()[0]}-20", account=4, amount="-99.99")
    vendors.read(full=True)
    assert not (differ := vendors.differences()), "\n".join(map(str, differ))
    before = rows()
    vendors.read(full=True)
    assert rows() == before


def test_another_owner_of_an_account_moves_two_clients_and_not_the_company(vendors: Vendors) -> None:
    one, two, *_ = busy(vendors)
    company = Scope.objects.get(kind="company").pk
    before = rows()
    account = Account.objects.get(connection__vendor=PSA, external_id=vendors.company_of(one))
    linking.link(account, two, by=None, reason="they were bought", method=AccountLink.Method.PERSON)
    follow()
    after = rows()
    moved = {scope for (scope, metric, day), value in after.items() if before.get((scope, metric, day)) != value}
    assert moved == {Scope.objects.get(organization=owner).pk for owner in (one, two)}
    assert company not in moved
    created = ("reactive_tickets_created", date.fromisoformat(f"{months()[2]}-01"))
    pair = [Scope.objects.get(organization=owner).pk for owner in (one, two)]
    together = sum(before[scope, *created][1] or 0 for scope in pair)
    assert after[pair[1], *created][1] == together
    linking.link(account, one, by=None, reason="they were not", method=AccountLink.Method.PERSON)
    follow()
    assert rows() == before
