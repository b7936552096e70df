"""What the CRM and the invoices say, beside a case worked by hand and beside statements written for it alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from collectors.connections import Connection
from collectors.facts.accounts import Account
from collectors.facts.money import InvoiceLine
from collectors.facts.sales import Activity, Deal
from metrics import rollup, settings
from metrics.definitions import CATALOGUE, invoices, sales
from metrics.models import State
from metrics.periods import Month
from metrics.reading import COMPANY
from metrics.working import explain
from organizations.models import Organization
from tests.metrics.rollup.layers import known
from tests.metrics.rollup.world import World, at, day, disagreeing, enter, mark, number, read, value

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)

# March 2025 of the world below, for the company and for Acme.
BY_HAND: dict[str, tuple[str, str]] = {
    "pipeline_deals": ("4", "2"), "pipeline_amount": ("1600.5", "1100.5"), "deals_new": ("3", "1"),
    "deals_won": ("2", "1"), "deals_lost": ("1", "0"), "deals_won_amount": ("300", "300"),
    "calls_made": ("3", "1"), "meetings_held": ("4", "2"), "first_appointments_held": ("2", "1"),
    "pbrs_held": ("1", "0"), "meeting_no_shows": ("1", "1"),
    "invoiced": ("1250.5", "950.5"), "invoiced_agreements": ("1000", "1000"), "invoiced_in_ledger": ("775", "700"),
}
WORKED_OUT = {
    "win_rate": ("66.66666667", "100"), "invoiced_beside_agreements": ("250.5", "-49.5"),
}


class Crm:
    def __init__(self, world: World, label: str = "CRM") -> None:
        self.world = world
        self.source = Connection.objects.create(vendor="some_crm", label=label)
        for entity in ("Deal", "Activity"):
            read(self.source, entity, "2024-12-01", "2025-04-02")

    def account(self, of: Organization | None) -> Account:
        return self.world.account(of, self.source)

    def deal(
        self, account: Account | None, made: str, closed: str = "", status: str = "", amount: str | None = None,
        **fields: Any,
    ) -> Deal:
        return Deal.objects.create(
            connection=self.source, external_id=number(), account=account, created_at=at(made), created_on=day(made),
            closed_at=at(closed) if closed else None, closed_on=day(closed) if closed else None,
            status=status or ("won" if closed else "open"), amount=amount and Decimal(amount), **fields,
        )  # fmt: skip

    def did(self, account: Account | None, kind: str, on: str, **fields: Any) -> None:
        Activity.objects.create(
            connection=self.source, external_id=number(), account=account, kind=kind, happened_at=at(on),
            happened_on=day(on), **fields,
        )


def invoice(source: Connection, account: Account | None, on: str, amount: str, layer: str, **fields: Any) -> None:
    InvoiceLine.objects.create(
        connection=source, external_id=number(), account=account, posted_on=day(on), amount=Decimal(amount),
        layer=layer, **fields,
    )


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    known(monkeypatch)
    world = World(listed=("2025-02-28", "2025-03-31"))
    for source, layer in ((world.psa, "psa"), (world.ledger, "ledger")):
        source.vendor = f"some_{layer}"
        source.save()
        read(source, "InvoiceLine", "2024-12-01", "2025-04-02")
    return world


@pytest.fixture
def crm(world: World) -> Crm:
    return Crm(world)


@pytest.fixture
def acme(world: World, crm: Crm) -> Organization:
    acme, beta = world.client("acme"), world.client("beta")
    _sell(crm, crm.account(acme), crm.account(beta), crm.account(None))
    _invoice(world, acme, beta)
    rollup.run("test", now=NOW)
    return acme


def _sell(crm: Crm, a: Account, b: Account, prospect: Account) -> None:
    crm.deal(a, "2025-01-10", amount="1000.50")
    crm.deal(a, "2025-03-31", amount="100")  # made on the last day: it stands
    crm.deal(prospect, "2025-03-01", amount="500")  # nobody's client yet, and the company's all the same
    crm.deal(b, "2025-02-01", "2025-04-01")  # stood at the end of March, and what it is worth is not told
    crm.deal(a, "2025-02-01", "2025-03-31", amount="300")  # won on the last day: it stands no more
    crm.deal(b, "2025-03-02", "2025-03-20")
    crm.deal(b, "2025-02-03", "2025-03-20", "lost", "90")
    crm.deal(a, "2025-01-05", "2025-02-28", "lost", "80")
    crm.deal(a, "2025-01-05", "", "won", "70")  # closed on a day nobody tells
    crm.deal(a, "2025-03-05", amount="60", retired_on=date(2025, 3, 9))
    crm.did(a, "call", "2025-03-03", outcome="no answer")
    crm.did(b, "call", "2025-03-04")
    crm.did(prospect, "call", "2025-03-05", outcome="connected")
    crm.did(prospect, "call", "2025-02-28")
    crm.did(a, "meeting", "2025-03-06", outcome="held", type="First-time appointment")
    crm.did(a, "meeting", "2025-03-07", outcome="no show", type="First-time appointment")
    crm.did(a, "meeting", "2025-03-08", outcome="canceled", type="PBR")
    crm.did(a, "meeting", "2025-03-09", type="Check-in")  # what came of it is not told
    crm.did(prospect, "meeting", "2025-03-10", outcome="held", type="fta")
    crm.did(b, "meeting", "2025-03-31", outcome="held", type="PBR")
    crm.did(b, "meeting", "2025-03-31", done=False, type="PBR")
    crm.did(b, "other", "2025-03-31", outcome="held", type="PBR")


def _invoice(world: World, acme: Organization, beta: Organization) -> None:
    a, b = world.account(acme), world.account(beta)
    care = world.agreement(a, "1000")
    invoice(world.psa, a, "2025-03-01", "1000", "psa", agreement=care, kind="Agreement")
    invoice(world.psa, a, "2025-03-31", "-49.50", "psa", kind="CreditMemo")
    invoice(world.psa, b, "2025-03-15", "300", "psa", kind="Standard")
    invoice(world.psa, b, "2025-02-28", "7", "psa", kind="Standard")
    invoice(world.psa, b, "2025-03-15", "9", "psa", kind="Standard", retired_on=date(2025, 3, 16))
    x, y = world.account(acme, world.ledger), world.account(beta, world.ledger)
    invoice(world.ledger, x, "2025-03-01", "700", "ledger", category="Managed services")
    invoice(world.ledger, y, "2025-03-20", "100", "ledger", category="HARDWARE")
    invoice(world.ledger, y, "2025-03-21", "-25", "ledger", kind="credit")


def test_every_number_of_sales_and_invoices_agrees_with_a_case_worked_by_hand(acme: Organization) -> None:
    differ = {
        (key, of): (expected, found.value, found.state)
        for key, (company, theirs) in (BY_HAND | WORKED_OUT).items()
        for of, expected in ((None, company), (acme, theirs)) for found in [value(key, "2025-03", of)]
        if (found.value, found.state) != (Decimal(expected), State.MEASURED)
    }
    assert not differ


def test_every_number_of_sales_and_invoices_has_a_case() -> None:
    made = {metric.key for metric in (*sales.CRM, *invoices.MONTHLY)}
    assert made == BY_HAND.keys() | WORKED_OUT.keys()
    assert made <= CATALOGUE.keys()


DEALS, DONE = "FROM deal WHERE retired_on IS NULL AND", "FROM activity WHERE done AND"
IN_MARCH = "to_char({}, 'YYYY-MM') = '2025-03'"
STANDS = "created_on < '2025-04-01' AND CASE status WHEN 'open' THEN true ELSE closed_on > '2025-03-31' END"
HAPPENED = IN_MARCH.format("happened_on")
MEETINGS = f"{DONE} kind = 'meeting' AND {HAPPENED} AND outcome NOT IN ('no show', 'canceled')"
BILLED = f"FROM invoice_line WHERE retired_on IS NULL AND {IN_MARCH.format('posted_on')} AND"
INDEPENDENT = {
    "pipeline_deals": f"SELECT count(*) {DEALS} {STANDS}",
    "pipeline_amount": f"SELECT sum(amount) {DEALS} {STANDS}",
    "deals_new": f"SELECT count(*) {DEALS} {IN_MARCH.format('created_on')}",
    "deals_won": f"SELECT count(*) {DEALS} status = 'won' AND {IN_MARCH.format('closed_on')}",
    "deals_lost": f"SELECT count(*) {DEALS} status = 'lost' AND {IN_MARCH.format('closed_on')}",
    "deals_won_amount": f"SELECT sum(amount) {DEALS} status = 'won' AND {IN_MARCH.format('closed_on')}",
    "calls_made": f"SELECT count(*) {DONE} kind = 'call' AND {HAPPENED}",
    "meetings_held": f"SELECT count(*) {MEETINGS}",
    "first_appointments_held": f"SELECT count(*) {MEETINGS} AND lower(type) IN ('fta', 'first-time appointment')",
    "pbrs_held": f"SELECT count(*) {MEETINGS} AND type = 'PBR'",
    "meeting_no_shows": f"SELECT count(*) {DONE} kind = 'meeting' AND {HAPPENED} AND outcome = 'no show'",
    "invoiced": f"SELECT sum(amount) {BILLED} layer = 'psa'",
    "invoiced_agreements": f"SELECT sum(amount) {BILLED} agreement_id > 0",
    "invoiced_in_ledger": f"SELECT sum(amount) {BILLED} layer = 'ledger'",
}


def test_every_number_of_sales_and_invoices_agrees_with_a_statement_of_its_own(acme: Organization) -> None:
    assert INDEPENDENT.keys() == BY_HAND.keys()
    assert disagreeing(INDEPENDENT, "2025-03") == {}


def test_a_pipeline_whose_amounts_nobody_tells_has_no_worth_and_says_so(acme: Organization) -> None:
    beta = Organization.objects.get(slug="beta")
    found = value("pipeline_amount", "2025-03", beta)
    assert (found.value, found.state, found.cause) == (None, State.NOT_COLLECTED, "the vendor does not tell")
    assert value("pipeline_deals", "2025-03", beta).value == 1


def test_an_amount_told_late_gives_its_client_and_the_company_their_pipeline(acme: Organization, crm: Crm) -> None:
    deal = Deal.objects.get(amount=None, status="won", created_on="2025-02-01")
    Deal.objects.filter(pk=deal.pk).update(amount=40)
    for month in ("2025-02", "2025-04"):  # as loading marks a deal that moved: by its days
        mark("Deal", deal.account_id or 0, month)
    rollup.run("test", now=NOW)
    beta = Organization.objects.get(slug="beta")
    for month, of, expected in (("2025-03", beta, "40"), ("2025-03", None, "1640.5"), ("2025-02", beta, "130")):
        assert value("pipeline_amount", month, of).value == Decimal(expected), (month, of)


def test_which_meetings_are_first_appointments_is_a_setting_and_none_is_where_it_is_empty(acme: Organization) -> None:
    for pattern, expected in (("check", 1), ("", 0)):
        settings.decide("first_appointment_types", pattern)
        rollup.run("test", now=NOW)
        assert value("first_appointments_held", "2025-03").value == expected


def test_what_people_enter_of_sales_stays_theirs_beside_what_the_crm_counts(acme: Organization) -> None:
    enter("first_time_appointments", "2025-03", 9)
    rollup.run("test", now=NOW)
    assert value("first_time_appointments", "2025-03").value == 9
    assert value("first_appointments_held", "2025-03").value == 2


def test_a_crm_that_is_only_tried_counts_in_no_number(acme: Organization, world: World) -> None:
    tried = Crm(world, "Another CRM")
    Connection.objects.filter(pk=tried.source.pk).update(counts_to=date(1, 1, 1))
    tried.deal(tried.account(acme), "2025-03-01", amount="5000")
    tried.did(None, "call", "2025-03-01")
    mark("Deal", 0, "2025-03")
    mark("Activity", 0, "2025-03")
    rollup.run("test", now=NOW)
    assert value("pipeline_amount", "2025-03").value == Decimal("1600.5")
    assert value("calls_made", "2025-03").value == 3


def test_a_number_names_the_systems_of_its_own_layer_that_count_and_is_as_old_as_they_are(
    acme: Organization, world: World
) -> None:
    tried = Connection.objects.create(vendor="some_psa", label="tried", counts_to=date(1, 1, 1))
    for source in (tried, world.ledger):
        read(source, "InvoiceLine", "2024-12-01", "2025-03-20")
    boss = User.objects.create_superuser("boss")
    found = explain(boss, "invoiced", COMPANY, Month(2025, 3))
    assert found is not None
    assert [system.connection for system in found.systems] == ["psa"]
    assert found.number.read_through == at("2025-04-02")
