"""Breakdowns against a small world worked by hand, and against the stored numbers they must add up to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.agreements import Addition, AdditionState, Agreement, AgreementState
from collectors.facts.estate import Asset, AssetState
from collectors.facts.money import LedgerAccount, LedgerBalance
from collectors.facts.readings import Listing, Reading
from collectors.facts.service import Queue, Technician, Ticket, TimeEntry
from metrics import breakdowns, rollup, settings
from metrics.declare import Part
from metrics.models import LedgerCategory, MonthlyValue, QueueKind
from metrics.periods import Month, Quarter
from metrics.reading import COMPANY, NOT_LINKED, ScopeRef, client
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


@pytest.fixture
def world(db: None) -> World:
    return World()


def by_name(rows: Any) -> dict[str, Any]:
    return {row.name: row for row in rows}


def test_tickets_and_hours_add_up_whatever_they_are_parted_by(world: World) -> None:
    parent = world.ticket("acme", date(2026, 5, 4), date(2026, 6, 2), type="Printer")
    child = world.ticket("acme", date(2026, 5, 5), date(2026, 5, 6), type="Odd", parent=parent)
    merged = world.ticket("oak", date(2026, 5, 6), date(2026, 5, 6), merged_into=parent)
    world.ticket("oak", date(2026, 5, 31), type="")
    world.ticket("nobody", date(2026, 5, 7))
    world.ticket("waiting", date(2026, 5, 8), technician=None)
    world.ticket("acme", date(2026, 5, 9), queue=world.projects)
    world.ticket("acme", date(2026, 4, 30), date(2026, 5, 1))
    world.time("1.5", date(2026, 5, 10), parent)
    world.time("0.5", date(2026, 5, 10), child)
    world.time("2", date(2026, 5, 31), merged, technician=None)
    world.time("4", date(2026, 6, 1), parent)
    assert [(row.name, row.created, row.closed, row.hours) for row in breakdowns.tickets_by(COMPANY, MAY, "type")] == [
        ("Printer", 1, 0, Decimal(4)), ("", 1, 0, Decimal(0)), ("Break", 1, 1, Decimal(0)),
    ]  # fmt: skip
    for by in ("queue", "type", "technician", "client"):
        rows = breakdowns.tickets_by(COMPANY, MAY, by)
        assert [sum(row.created for row in rows), sum(row.closed for row in rows)] == [3, 1], by
        assert sum(row.hours for row in rows) == 4, by
    clients = by_name(breakdowns.tickets_by(COMPANY, MAY, "client"))
    assert (clients["Acme"].created, clients["Acme"].closed, clients["Acme"].hours) == (1, 1, Decimal(2))
    assert (clients["Oak"].created, clients["Oak"].hours, clients["Oak"].slug) == (1, Decimal(2), "oak")
    assert (clients[""].created, clients[""].key) == (1, None)
    technicians = by_name(breakdowns.tickets_by(COMPANY, MAY, "technician"))
    assert (technicians["Noor Selwick"].created, technicians["Noor Selwick"].hours) == (2, Decimal(2))
    assert by_name(breakdowns.tickets_by(COMPANY, MAY, "queue", reactive=False))["Projects"].created == 1


def test_each_scope_has_its_own_and_together_they_are_the_company(world: World) -> None:
    for whose, many in (("acme", 3), ("oak", 2), ("us", 1), ("waiting", 4), ("nobody", 9)):
        for _ in range(many):
            world.ticket(whose, date(2026, 5, 4))
    scopes = (ACME, client("oak"), US, NOT_LINKED, COMPANY, client("no-such-client"))
    counted = [sum(row.created for row in breakdowns.tickets_by(scope, MAY, "queue")) for scope in scopes]
    assert counted == [3, 2, 1, 4, 10, 0]


def test_a_queue_counts_by_the_kind_it_had_and_a_connection_on_its_own_days(world: World) -> None:
    QueueKind.objects.create(queue=world.desk, kind="internal", from_on=date(2026, 5, 15))
    world.ticket("acme", date(2026, 5, 14))
    world.ticket("acme", date(2026, 5, 15))
    assert [row.created for row in breakdowns.tickets_by(COMPANY, MAY, "queue")] == [1]
    Connection.objects.filter(pk=world.psa.pk).update(counts_from=date(2026, 6, 1))
    assert breakdowns.tickets_by(COMPANY, MAY, "queue") == []


def test_hours_go_by_the_kind_of_work_of_the_ticket_they_belong_to(world: World) -> None:
    project = world.ticket("acme", date(2026, 5, 1), queue=world.projects)
    world.time("1", date(2026, 5, 2), world.ticket("acme", date(2026, 5, 1)))
    world.time("2", date(2026, 5, 2), project)
    world.time("3", date(2026, 5, 2), charged_to="project")
    world.time("4", date(2026, 5, 2), charged_to="activity")
    rows = breakdowns.hours_by_kind(COMPANY, MAY)
    assert [(row.kind, row.hours, row.entries) for row in rows] == [
        ("project", Decimal(5), 2), ("internal", Decimal(4), 1), ("reactive", Decimal(1), 1),
    ]  # fmt: skip


def test_open_tickets_by_age_are_those_open_at_the_end_of_the_day(world: World) -> None:
    on = date(2026, 6, 30)
    for age in (0, 1, 2, 7, 8, 30, 31, 90, 91, 400):
        world.ticket("acme", on - timedelta(days=age))
    world.ticket("oak", on, on + timedelta(days=1))
    world.ticket("oak", on, on)
    world.ticket("oak", on + timedelta(days=1))
    world.ticket("oak", on, queue=world.projects)
    rows = breakdowns.open_by_age(COMPANY, on)
    assert [(row.from_days, row.until_days, row.tickets) for row in rows] == [
        (0, 2, 3), (2, 8, 2), (8, 31, 2), (31, 91, 2), (91, None, 2),
    ]  # fmt: skip
    assert sum(row.tickets for row in breakdowns.open_by_age(client("oak"), on)) == 1


def test_the_longest_tickets_take_their_childrens_time_and_one_months_hours(world: World) -> None:
    long = world.ticket("acme", date(2026, 4, 1), title="Server down")
    world.time("2", date(2026, 5, 3), world.ticket("acme", date(2026, 5, 1), parent=long))
    world.time("3", date(2026, 5, 3), long)
    world.time("9", date(2026, 6, 1), long)
    short = world.ticket("oak", date(2026, 5, 1), date(2026, 5, 2))
    world.time("4", date(2026, 5, 3), short)
    rows = breakdowns.longest_tickets(COMPANY, MAY)
    assert [(row.ticket, row.hours, row.client) for row in rows] == [
        (long.pk, Decimal(5), "Acme"), (short.pk, Decimal(4), "Oak"),
    ]  # fmt: skip
    assert (rows[0].title, rows[0].queue, rows[0].technician) == ("Server down", "Help Desk", "Noor Selwick")
    assert (rows[1].closed_on, rows[0].closed_on) == (date(2026, 5, 2), None)
    assert len(breakdowns.longest_tickets(COMPANY, MAY, limit=1)) == 1


def test_endpoints_stand_as_listed_last_in_each_month_and_a_month_not_listed_is_a_gap(world: World) -> None:
    world.listed(world.rmm, [date(2026, 4, 30), date(2026, 6, 29), date(2026, 6, 30)], "Asset")
    april, june = date(2026, 4, 30), date(2026, 6, 30)
    world.device("acme", april)
    world.device(world.site, april, kind="server")
    world.device(world.site, june)
    world.device("oak", april, until=june)
    world.device("acme", april, name="SPARE-7")
    world.device("acme", april, kind="vm_guest")
    world.device("us", april)
    world.device("nobody", april)
    world.device("waiting", april)
    over = breakdowns.endpoints_over(COMPANY, JUNE, "kind", months=4)
    assert [str(month) for month in over.months] == ["2026-03", "2026-04", "2026-05", "2026-06"]
    assert [(one.name, one.values) for one in over.series] == [
        ("Workstation", (None, 3, None, 3)), ("Server", (None, 1, None, 1)),
    ]  # fmt: skip
    places = breakdowns.endpoints_over(ACME, JUNE, "location", months=1)
    assert [(one.name, one.values) for one in places.series] == [("Main office", (2,)), ("acme", (1,))]
    clients = breakdowns.endpoints_over(COMPANY, JUNE, "client", months=3)
    assert {one.name: one.values for one in clients.series} == {
        "Acme": (2, None, 3), "Oak": (1, None, 0), "": (1, None, 1),
    }  # fmt: skip
    assert breakdowns.endpoints_over(US, JUNE, "kind").series == ()


def test_a_device_counts_for_whoever_its_account_belonged_to_on_the_day_of_each_listing(world: World) -> None:
    world.listed(world.rmm, [date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)], "Asset")
    linking.link(world.fleets["waiting"], world.organizations["oak"], None, starts_on=date(2026, 5, 10))
    linking.ignore(world.fleets["waiting"], None, starts_on=date(2026, 6, 10))
    world.device("waiting", date(2026, 1, 1))

    def over(scope: ScopeRef) -> dict[str, tuple[int | None, ...]]:
        found = breakdowns.endpoints_over(scope, JUNE, "client", months=3)
        return {one.name: one.values for one in found.series}

    assert over(COMPANY) == {"": (1, 0, 0), "Oak": (0, 1, 0)}
    assert over(client("oak")) == {"Oak": (0, 1, 0)}
    assert over(NOT_LINKED) == {"": (1, 0, 0)}


def test_a_device_counts_by_the_rules_in_force_at_each_months_end(world: World) -> None:
    world.listed(world.rmm, [date(2026, 5, 31), date(2026, 6, 30)], "Asset")
    world.device("acme", date(2026, 1, 1))
    world.device("acme", date(2026, 1, 1), name="LOANER-1")
    world.device("acme", date(2026, 1, 1), kind="server")
    settings.decide("spare_pattern", "^loaner", from_on=date(2026, 6, 1))
    settings.decide("endpoint_kinds", ["workstation"], from_on=date(2026, 6, 1))
    over = breakdowns.endpoints_over(ACME, JUNE, "kind", months=2)
    assert {one.name: one.values for one in over.series} == {"Workstation": (2, 1), "Server": (1, 0)}


def test_last_contact_and_the_agents_not_seen_for_thirty_days(world: World) -> None:
    now = datetime(2026, 6, 30, 12, tzinfo=UTC)
    since = date(2026, 1, 1)
    for hours in (1, 23, 25, 24 * 8, 24 * 29, 24 * 31, 24 * 91):
        world.device("acme", since, name=f"PC-{hours}", seen=now - timedelta(hours=hours))
    world.device("oak", since, name="NEVER")
    gone = world.device("oak", since, name="GONE", seen=now)
    Asset.objects.filter(pk=gone.pk).update(retired_on=date(2026, 6, 1))
    world.device("us", since, seen=now)
    contacts = breakdowns.last_contact(COMPANY, now)
    assert [(row.from_days, row.until_days, row.devices) for row in contacts] == [
        (0, 1, 2), (1, 7, 1), (7, 30, 2), (30, 90, 1), (90, None, 1), (None, None, 1),
    ]  # fmt: skip
    unseen = breakdowns.not_seen(COMPANY, now)
    assert [(row.name, row.client) for row in unseen.devices] == [
        ("NEVER", "Oak"), ("PC-2184", "Acme"), ("PC-744", "Acme"),
    ]  # fmt: skip
    assert breakdowns.not_seen(COMPANY, now, limit=1).total == 3
    assert breakdowns.not_seen(client("us"), now) == breakdowns.UnseenDevices(0, ())


def test_agreements_with_mrr_seats_budget_and_hours_used(world: World) -> None:
    world.listed(world.psa, [date(2026, 6, 30)], "Agreement", "Addition")
    since = date(2026, 1, 1)
    term = {"budget_hours": Decimal(10), "ends_on": date(2026, 9, 30)}
    large = world.agreement("acme", "Care", [(since, "1200")], cycle=12, **term)
    world.agreement("oak", "Basic", [(since, "50")])
    world.agreement("oak", "Gone", [(since, "70")], cancelled=True, cancelled_on=date(2026, 3, 1))
    world.agreement("nobody", "Not ours", [(since, "999")])
    addition = Addition.objects.create(connection=world.psa, external_id="a", agreement=large)
    AdditionState.objects.create(
        thing=addition, from_on=since, product="Seat", quantity=12, included=2, amount=Decimal(2400), effective_on=since
    )
    world.time("1.25", date(2026, 4, 1), agreement=large)
    world.time("2", date(2026, 6, 30), agreement=large)
    world.time("9", date(2026, 7, 1), agreement=large)
    rows = breakdowns.agreements(COMPANY, SECOND_QUARTER)
    assert [(row.name, row.client, row.mrr, row.seats, row.hours_used) for row in rows] == [
        ("Care", "Acme", Decimal(300), Decimal(10), Decimal("3.25")),
        ("Basic", "Oak", Decimal(50), Decimal(0), Decimal(0)),
    ]  # fmt: skip
    assert (rows[0].budget_hours, rows[0].ends_on, rows[0].kind) == (Decimal(10), date(2026, 9, 30), "Managed")
    assert (rows[1].budget_hours, rows[1].ends_on) == (None, None)
    assert [row.name for row in breakdowns.agreements(ACME, JUNE)] == ["Care"]


def test_the_agreements_behind_the_mrr_bridge(world: World) -> None:
    ends = [date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)]
    world.listed(world.psa, ends, "Agreement", "Addition")
    since = date(2026, 1, 1)
    world.agreement("acme", "Grows", [(since, "100"), (date(2026, 4, 10), "150")])
    world.agreement("acme", "Shrinks", [(since, "100"), (date(2026, 5, 10), "80")])
    world.agreement("oak", "New", [(date(2026, 6, 2), "40")])
    world.agreement("oak", "Lost", [(since, "60")], cancelled=True, cancelled_on=date(2026, 6, 15))
    world.agreement("oak", "Same", [(since, "10")])
    rows = breakdowns.moved_agreements(COMPANY, SECOND_QUARTER)
    assert [(str(row.month), row.name, row.part, row.amount) for row in rows] == [
        ("2026-04", "Grows", Part.EXPANSION, Decimal(50)),
        ("2026-05", "Shrinks", Part.CONTRACTION, Decimal(20)),
        ("2026-06", "Lost", Part.LOST, Decimal(60)),
        ("2026-06", "New", Part.NEW, Decimal(40)),
    ]
    assert [row.name for row in breakdowns.moved_agreements(ACME, SECOND_QUARTER)] == ["Grows", "Shrinks"]


def test_nothing_moves_out_of_a_month_that_was_not_listed(world: World) -> None:
    world.listed(world.psa, [date(2026, 6, 30)], "Agreement", "Addition")
    world.agreement("acme", "Care", [(date(2026, 1, 1), "100")])
    assert breakdowns.moved_agreements(COMPANY, JUNE) == []


def test_ledger_accounts_in_no_category_are_named_with_their_amounts(world: World) -> None:
    mapped = world.balance("Managed Services", "income", JUNE, "1000")
    LedgerCategory.objects.create(ledger_account=mapped, category="mrr")
    world.balance("Odd income", "income", JUNE, "70")
    world.balance("Odd income", "income", MAY, "5")
    world.balance("Odd cost", "expense", JUNE, "90")
    world.balance("Odd cost", "expense", JUNE, "7000", basis="cash")
    world.balance("Zero", "income", JUNE, "0")
    world.balance("Bank", "none", JUNE, "8")
    rows = breakdowns.unmapped_ledger(SECOND_QUARTER)
    assert [(row.name, row.side, row.amount, row.months) for row in rows] == [
        ("Odd cost", "expense", Decimal(90), 1), ("Odd income", "income", Decimal(75), 2),
    ]  # fmt: skip


def test_agreement_mrr_stands_beside_ledger_mrr_where_each_was_read(world: World) -> None:
    world.listed(world.psa, [date(2026, 5, 31), date(2026, 6, 30)], "Agreement", "Addition")
    world.agreement("acme", "Care", [(date(2026, 1, 1), "100")])
    mapped = world.balance("Managed Services", "income", JUNE, "120")
    LedgerCategory.objects.create(ledger_account=mapped, category="mrr")
    rows = breakdowns.mrr_beside_ledger(SECOND_QUARTER)
    assert [(row.agreements, row.ledger, row.difference) for row in rows] == [
        (None, None, None), (Decimal(100), None, None), (Decimal(100), Decimal(120), Decimal(20)),
    ]  # fmt: skip


def test_the_parts_add_up_to_the_stored_numbers(world: World) -> None:
    days = [date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)]
    world.listed(world.psa, days, "Agreement", "Addition")
    world.listed(world.rmm, days, "Asset")
    for entity in ("Ticket", "TimeEntry"):
        Reading.objects.create(
            connection=world.psa, entity=entity, read_from=moment(date(2026, 1, 1)),
            read_through=moment(date(2026, 7, 2)),
        )  # fmt: skip
    for n, whose in enumerate(("acme", "oak", "us", "waiting", "nobody") * 4):
        ticket = world.ticket(whose, date(2026, 5, 1 + n), date(2026, 5, 2 + n) if n % 3 else None)
        world.time(f"{n}.25", date(2026, 5, 3 + n), ticket)
        world.device(whose, date(2026, 4, 1 + n), name="SPARE" if n % 7 == 0 else "PC")
        world.agreement(whose, f"Care {n}", [(date(2026, 1, 1), "10"), (date(2026, 5, 1 + n), f"{n}")])
    rollup.run("a test", everything=True)

    def stored(metric: str, scope: ScopeRef) -> Decimal | None:
        asked = MonthlyValue.objects.filter(definition__metric=metric, period__starts_on=MAY.starts_on)
        whose = {"scope__organization__slug": scope.slug} if scope.slug else {"scope__kind": scope.kind}
        return asked.filter(**whose).values_list("value", flat=True).first()

    for scope in (COMPANY, NOT_LINKED, ACME, client("oak"), US):
        tickets = breakdowns.tickets_by(scope, MAY, "technician")
        moved = breakdowns.moved_agreements(scope, MAY)
        counted = {
            "reactive_tickets_created": sum(row.created for row in tickets),
            "reactive_tickets_closed": sum(row.closed for row in tickets),
            "reactive_hours": sum(row.hours for row in tickets),
            "agreement_mrr": sum(row.mrr for row in breakdowns.agreements(scope, MAY)),
            "tickets_open": sum(row.tickets for row in breakdowns.open_by_age(scope, date(2026, 5, 31))),
            **{f"{part}_mrr": sum(row.amount for row in moved if row.part is part) for part in Part},
        }  # fmt: skip
        if scope != US:
            counted["endpoints_managed"] = sum(
                one.values[0] or 0 for one in breakdowns.endpoints_over(scope, MAY, "kind", months=1).series
            )
        assert counted == {metric: stored(metric, scope) for metric in counted}, scope
        assert counted["reactive_tickets_created"] and counted["agreement_mrr"]


def test_a_relinked_account_takes_its_facts_along(world: World) -> None:
    world.ticket("acme", date(2026, 5, 4))
    linking.link(world.companies["acme"], world.organizations["oak"], None)
    assert breakdowns.tickets_by(ACME, MAY, "queue") == []
    assert [row.created for row in breakdowns.tickets_by(client("oak"), MAY, "queue")] == [1]


def test_a_link_moves_the_clients_number_at_the_next_roll_up_with_nothing_collected_again(world: World) -> None:
    Reading.objects.create(
        connection=world.psa, entity="Ticket", read_from=moment(date(2026, 1, 1)), read_through=moment(date(2026, 7, 2))
    )
    world.ticket("acme", date(2026, 5, 4))
    world.ticket("waiting", date(2026, 5, 4))
    rollup.run("a test", everything=True)

    def created() -> dict[str, Decimal]:
        rows = MonthlyValue.objects.filter(
            definition__metric="reactive_tickets_created", period__starts_on=MAY.starts_on, value__gt=0
        )
        return dict(rows.values_list("scope__organization__slug", "value").exclude(scope__organization=None))

    assert created() == {"acme": 1}
    decision = linking.link(world.companies["waiting"], world.organizations["oak"], None)
    rollup.run("links")
    assert created() == {"acme": 1, "oak": 1}
    linking.undo([decision], None)
    rollup.run("links")
    assert created() == {"acme": 1}


@pytest.mark.parametrize("scope", [COMPANY, ACME, NOT_LINKED])
def test_each_keeps_to_its_budget_of_queries(world: World, scope: Any, django_assert_max_num_queries: Any) -> None:
    asked = (
        lambda: breakdowns.tickets_by(scope, SECOND_QUARTER, "client"),
        lambda: breakdowns.open_by_age(scope, date(2026, 6, 30)),
        lambda: breakdowns.hours_by_kind(scope, SECOND_QUARTER),
        lambda: breakdowns.longest_tickets(scope, JUNE),
        lambda: breakdowns.endpoints_over(scope, JUNE, "kind"),
        lambda: breakdowns.last_contact(scope, moment(date(2026, 6, 30))),
        lambda: breakdowns.not_seen(scope, moment(date(2026, 6, 30))),
        lambda: breakdowns.agreements(scope, SECOND_QUARTER),
        lambda: breakdowns.moved_agreements(scope, SECOND_QUARTER),
    )
    for ask in asked:
        with django_assert_max_num_queries(3):  # the rules, the client's number, and the one statement
            ask()
