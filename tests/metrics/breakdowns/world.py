"""A small world for breakdowns, made by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.agreements import Agreement, AgreementState
from collectors.facts.estate import Asset, AssetState
from collectors.facts.money import LedgerAccount, LedgerBalance
from collectors.facts.readings import Listing
from collectors.facts.service import Queue, Technician, Ticket, TimeEntry
from metrics.models import QueueKind
from metrics.periods import Month, Quarter
from metrics.reading import client
from organizations import linking
from organizations.models import Organization

MAY, JUNE = Month(2026, 5), Month(2026, 6)
SECOND_QUARTER = Quarter(2026, 2)
ACME, US = client("acme"), client("us")


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


class World:
    """Two clients, the MSP itself, an ignored account and one that waits, in three systems."""

    def __init__(self) -> None:
        self.psa, self.rmm, self.ledger = (
            Connection.objects.create(vendor=vendor, label=vendor, settings={"basis": "Accrual"})
            for vendor in ("connectwise_psa", "ninjaone", "quickbooks_online")
        )
        self.count = 0
        self.organizations = {
            slug: Organization.objects.create(slug=slug, name=slug.title(), kind=kind)
            for slug, kind in (("acme", "client"), ("oak", "client"), ("us", "internal"))
        }
        self.companies = {name: self.account(self.psa, name) for name in ("acme", "oak", "us", "nobody", "waiting")}
        self.fleets = {name: self.account(self.rmm, name) for name in ("acme", "oak", "us", "nobody", "waiting")}
        for accounts in (self.companies, self.fleets):
            for slug, organization in self.organizations.items():
                linking.link(accounts[slug], organization, None)
            linking.ignore(accounts["nobody"], None)
        self.site = self.account(self.rmm, "Main office", kind="site", parent=self.fleets["acme"])
        self.desk = Queue.objects.create(connection=self.psa, external_id="1", name="Help Desk")
        self.projects = Queue.objects.create(connection=self.psa, external_id="2", name="Projects")
        QueueKind.objects.create(queue=self.desk, kind="reactive")
        QueueKind.objects.create(queue=self.projects, kind="project")
        self.noor = Technician.objects.create(connection=self.psa, external_id="1", name="Noor Selwick")

    def account(self, connection: Connection, name: str, **fields: Any) -> Account:
        return Account.objects.create(connection=connection, external_id=self.number(), name=name, **fields)

    def number(self) -> str:
        self.count += 1
        return str(self.count)

    def ticket(self, whose: str, opened: date, closed: date | None = None, **fields: Any) -> Ticket:
        fields = {"queue": self.desk, "technician": self.noor, "type": "Break"} | fields
        return Ticket.objects.create(
            connection=self.psa, external_id=self.number(), account=self.companies[whose], opened_on=opened,
            opened_at=moment(opened), closed=closed is not None, closed_on=closed,
            closed_at=moment(closed) if closed else None, **fields,
        )  # fmt: skip

    def time(self, hours: str, entered: date, ticket: Ticket | None = None, **fields: Any) -> TimeEntry:
        fields = {"charged_to": "ticket" if ticket else "charge code", "technician": self.noor} | fields
        return TimeEntry.objects.create(
            connection=self.psa, external_id=self.number(), account=ticket.account if ticket else None, ticket=ticket,
            hours=Decimal(hours), entered_on=entered, entered_at=moment(entered), **fields,
        )  # fmt: skip

    def device(
        self, whose: str | Account, since: date, name: str = "PC", kind: str = "workstation",
        seen: datetime | None = None, until: date = date(9999, 12, 31),
    ) -> Asset:
        account = self.fleets[whose] if isinstance(whose, str) else whose
        asset = Asset.objects.create(
            connection=self.rmm, external_id=self.number(), layer="rmm", hostname=name, last_seen_at=seen
        )
        AssetState.objects.create(thing=asset, account=account, name=name, kind=kind, from_on=since, until_on=until)
        return asset

    def listed(self, connection: Connection, days: list[date], *entities: str) -> None:
        for day in days:
            for entity in entities:
                Listing.objects.create(connection=connection, entity=entity, day=day, at=moment(day))

    def agreement(
        self, whose: str, name: str, steps: list[tuple[date, str]], cycle: int = 1, **fields: Any
    ) -> Agreement:
        agreement = Agreement.objects.create(connection=self.psa, external_id=self.number(), name=name)
        ends = [*(day for day, _ in steps[1:]), date(9999, 12, 31)]
        for (day, amount), until in zip(steps, ends, strict=True):
            AgreementState.objects.create(
                thing=agreement, account=self.companies[whose], from_on=day, until_on=until, amount=Decimal(amount),
                cycle_months=cycle, currency="USD", kind="Managed", **fields,
            )  # fmt: skip
        return agreement

    def balance(self, name: str, side: str, month: Month, amount: str, basis: str = "accrual") -> LedgerAccount:
        account, _ = LedgerAccount.objects.get_or_create(
            connection=self.ledger, external_id=name, defaults={"name": name, "side": side}
        )
        LedgerBalance.objects.create(
            connection=self.ledger, external_id=self.number(), ledger_account=account, month=month.starts_on,
            basis=basis, amount=Decimal(amount),
        )  # fmt: skip
        return account
