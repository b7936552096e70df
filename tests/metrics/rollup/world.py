"""A small MSP made row by row, for tests that need to know every fact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import connection

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.agreements import Agreement, AgreementState
from collectors.facts.estate import Asset, AssetState
from collectors.facts.money import LedgerAccount, LedgerBalance
from collectors.facts.readings import Listing, Reading
from collectors.facts.service import Queue, Ticket, TimeEntry
from collectors.facts.shapes import EARLIEST, FOREVER
from collectors.facts.touched import Touched
from metrics.definitions import CATALOGUE
from metrics.models import Entry, LedgerCategory, MonthlyValue, Period, QuarterlyValue, QueueKind, Scope, YearlyValue
from metrics.models.values import Value
from metrics.periods import Month, parse
from organizations.models import AccountLink, Organization

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TABLES: dict[str, type[Value]] = {"month": MonthlyValue, "quarter": QuarterlyValue, "year": YearlyValue}
_numbers = count(1)


def number() -> str:
    return str(next(_numbers))


def day(text: str) -> date:
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def scope(of: Organization | str | None = None) -> Scope:
    """The company's scope, an organization's, or by its kind another."""
    kind = "organization" if isinstance(of, Organization) else of or "company"
    organization = of if isinstance(of, Organization) else None
    return Scope.objects.get_or_create(kind=kind, organization=organization, key=None)[0]


def period(text: str) -> Period:
    span = parse(text)
    return Period.objects.get_or_create(grain=span.grain, starts_on=span.starts_on, ends_on=span.ends_on)[0]


def enter(
    metric: str, month: str, given: Decimal | int | str | None, of: Organization | None = None, kind: str = "entered"
) -> None:
    """As people do: an entry, the one before it superseded, and its mark."""
    Entry.objects.filter(metric=metric, scope=scope(of), period=period(month), superseded_at=None).update(
        superseded_at=LONG_AGO
    )
    Entry.objects.create(
        metric=metric, scope=scope(of), period=period(month), kind=kind, value=None if given is None else Decimal(given)
    )
    mark("Entry", scope(of).pk, month)


def mark(entity: str, account: int, month: str) -> None:
    Touched.objects.bulk_create(
        [Touched(entity=entity, account=account, month=parse(month).starts_on)], ignore_conflicts=True
    )


def value(metric: str, when: str, of: Organization | str | None = None, version: int | None = None) -> Value:
    return values_of(metric, when, of, version)[0]


def values_of(
    metric: str, when: str = "", of: Organization | str | None = None, version: int | None = None
) -> list[Value]:
    """Of the version in the catalogue, unless another is named."""
    table = TABLES[parse(when).grain] if when else MonthlyValue
    version = CATALOGUE[metric].version if version is None else version
    found = table._default_manager.filter(definition__metric=metric, definition__version=version, scope=scope(of))
    return list(found.filter(period=period(when)) if when else found)


def state(metric: str, when: str, of: Organization | str | None = None) -> tuple[str, Decimal | None]:
    """The state in a word and the number; a row that is not there reads as absent."""
    rows = values_of(metric, when, of)
    return (rows[0].get_state_display(), rows[0].value) if rows else ("absent", None)


class World:
    """Three systems read from long ago until a given moment, with clients linked in each."""

    def __init__(self, read_through: str = "2025-04-02", *, listed: tuple[str, ...] = ()) -> None:
        self.psa, self.rmm, self.ledger = (
            Connection.objects.create(vendor=vendor, label=vendor) for vendor in ("psa", "rmm", "ledger")
        )
        for source, entities in ((self.psa, ("Ticket", "TimeEntry")), (self.ledger, ("LedgerBalance",))):
            for entity in entities:
                read(source, entity, "2024-12-01", read_through)
        for text in listed:
            self.list_all(text)
        self.desk = self.queue("reactive")

    def list_all(self, text: str) -> None:
        for source, entity in ((self.rmm, "Asset"), (self.psa, "Agreement"), (self.psa, "Addition")):
            Listing.objects.create(connection=source, entity=entity, day=day(text), at=at(text))

    def queue(self, kind: str | None) -> Queue:
        queue = Queue.objects.create(connection=self.psa, external_id=number(), name=kind or "Undecided")
        if kind:
            QueueKind.objects.create(queue=queue, kind=kind)
        return queue

    def client(self, slug: str, **fields: Any) -> Organization:
        return Organization.objects.create(slug=slug, name=slug.title(), **fields)

    def account(self, of: Organization | None, source: Connection | None = None, **fields: Any) -> Account:
        """An account in the PSA unless said otherwise, linked since ever where a client is named."""
        account = Account.objects.create(
            connection=source or self.psa, external_id=number(), name="An account", **fields
        )
        if of:
            self.link(account, of)
        return account

    def link(
        self, account: Account, of: Organization | None, starts_on: date = EARLIEST, verdict: str = "linked"
    ) -> None:
        AccountLink.objects.filter(account=account, starts_on=starts_on, superseded_at=None).update(
            superseded_at=datetime.now(UTC)
        )
        AccountLink.objects.create(
            account=account, organization=of, starts_on=starts_on, verdict=verdict, method="person"
        )
        mark_account(account)

    def ticket(self, account: Account | None, opened: str, closed: str = "", **fields: Any) -> Ticket:
        return Ticket.objects.create(**{
            "connection": self.psa, "external_id": number(), "account": account, "queue": self.desk,
            "opened_at": at(opened), "opened_on": day(opened), "closed": bool(closed),
            "closed_at": at(closed) if closed else None, "closed_on": day(closed) if closed else None, **fields,
        })

    def time(
        self, account: Account | None, entered: str, hours: str, ticket: Ticket | None = None, **fields: Any
    ) -> TimeEntry:
        return TimeEntry.objects.create(**{
            "connection": self.psa, "external_id": number(), "account": account, "ticket": ticket,
            "hours": Decimal(hours), "entered_at": at(entered), "entered_on": day(entered),
            "charged_to": "ticket" if ticket else "", **fields,
        })

    def device(
        self, account: Account | None, kind: str = "workstation", name: str = "ws-1", since: str = "2024-12-01",
        until: date = FOREVER, layer: str = "rmm", source: Connection | None = None, serial: str = "",
        hostname: str = "", warranty_until: date | None = None, **fields: Any,
    ) -> AssetState:
        asset = Asset.objects.create(
            connection=source or self.rmm, external_id=number(), layer=layer, serial=serial, hostname=hostname,
            warranty_until=warranty_until,
        )
        return AssetState.objects.create(
            thing=asset, account=account, kind=kind, name=name, from_on=day(since), until_on=until, **fields
        )

    def agreement(
        self, account: Account | None, amount: str, since: str = "2024-12-01", until: date = FOREVER,
        cycle: int | None = 1, agreement: Agreement | None = None, kind: str = "Managed", **fields: Any,
    ) -> Agreement:
        agreement = agreement or Agreement.objects.create(connection=self.psa, external_id=number(), name="Care")
        AgreementState.objects.create(
            thing=agreement, account=account, kind=kind, amount=Decimal(amount), cycle_months=cycle,
            from_on=day(since), until_on=until, **fields,
        )
        return agreement

    def balance(
        self, month: str, amount: str, category: str = "", side: str = "income", basis: str = "Accrual"
    ) -> LedgerBalance:
        account = LedgerAccount.objects.create(
            connection=self.ledger, external_id=number(), name=category or "Unmapped", side=side
        )
        if category:
            LedgerCategory.objects.create(ledger_account=account, category=category)
        return LedgerBalance.objects.create(
            connection=self.ledger, external_id=number(), ledger_account=account, month=parse(month).starts_on,
            basis=basis, amount=Decimal(amount),
        )


def mark_account(account: Account) -> None:
    Touched.objects.bulk_create(
        [Touched(entity="AccountLink", account=account.pk, month=EARLIEST)], ignore_conflicts=True
    )


def read(source: Connection, entity: str, read_from: str, read_through: str) -> None:
    Reading.objects.update_or_create(
        connection=source, entity=entity, account=None,
        defaults={"read_from": at(read_from), "read_through": at(read_through)},
    )


def months(first: str, last: str) -> list[Month]:
    from metrics.periods import months_between

    start, end = parse(first), parse(last)
    assert isinstance(start, Month) and isinstance(end, Month)
    return list(months_between(start, end))


def disagreeing(statements: Mapping[str, str], period: str) -> dict[str, tuple[Decimal | None, Any]]:
    """The metrics whose stored value is not what a statement written for each alone says, with both."""
    found = {}
    with connection.cursor() as cursor:
        for key, statement in statements.items():
            cursor.execute(statement)
            [(expected,)] = cursor.fetchall()
            if value(key, period).value != expected:
                found[key] = (value(key, period).value, expected)
    return found
