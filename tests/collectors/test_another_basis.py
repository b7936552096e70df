"""Books read on another basis: the other list is read whole, the old balances stay, and neither is taken for both."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum
from django.test import Client as Browser
from django.urls import reverse

from collectors.collect import run
from collectors.connections import CollectorRun, Connection
from collectors.facts.money import LedgerAccount, LedgerBalance
from collectors.facts.readings import Reading
from collectors.facts.touched import Calendar
from collectors.vendors import VENDORS
from metrics import rollup
from metrics.models import LedgerCategory, MonthlyValue
from tests.collectors.playing import Playing

pytestmark = pytest.mark.django_db(transaction=True)
BOOKS = VENDORS["quickbooks_online"]
Months = dict[date, tuple[int, Decimal | None]]


@pytest.fixture
def source(playing: Playing) -> Connection:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago", "read_from": date(2026, 2, 1)})
    return playing.connection(BOOKS)


def now_of(playing: Playing) -> datetime:
    return datetime.fromtimestamp(playing.sandbox.world.clock.now(), UTC)


def collect(source: Connection, playing: Playing) -> None:
    now = now_of(playing)
    done = run(Connection.objects.get(pk=source.pk), as_of=now)
    assert done.state == CollectorRun.State.DONE, done.error
    for account in LedgerAccount.objects.filter(categories=None).exclude(side="none"):
        category = "misc_revenue" if "income" in account.side else "other_expenses"
        LedgerCategory.objects.create(ledger_account=account, category=category)
    rollup.run("test", now=now)


def switch(source: Connection, basis: str) -> None:
    browser = Browser()
    browser.force_login(User.objects.get_or_create(username="ada", is_superuser=True, is_staff=True)[0])
    stored = Connection.objects.get(pk=source.pk)
    reply = browser.post(
        reverse("admin:collectors_connection_change", args=[source.pk]),
        {"label": "Played", "enabled": "on", "schedule": "17 * * * *", **stored.settings, "basis": basis},
    )
    assert reply.status_code == 302


def revenue() -> Months:
    found = MonthlyValue.objects.filter(definition__metric="total_revenue", scope__kind="company")
    return {row.period.starts_on: (row.state, row.value) for row in found.select_related("period")}


def booked(basis: str) -> dict[date, Decimal]:
    rows = LedgerBalance.objects.filter(basis=basis, retired_on=None, ledger_account__side__contains="income")
    return dict(rows.order_by().values_list("month").annotate(sum=Sum("amount")))


def test_another_basis_is_read_from_the_beginning_and_back_again(source: Connection, playing: Playing) -> None:
    collect(source, playing)
    accrual = revenue()
    assert {day: value for day, (_, value) in accrual.items()} == booked("accrual")
    switch(source, "Cash")
    reading = Reading.objects.get(connection=source, entity="LedgerBalance")
    assert reading.read_through == reading.read_from
    rollup.run("follow", now=now_of(playing))
    assert {value for _, value in revenue().values()} == {None}  # nothing of the other basis is known yet
    collect(source, playing)
    assert {day: value for day, (_, value) in revenue().items()} == booked("cash")
    assert booked("cash").keys() == booked("accrual").keys()
    assert booked("cash") != booked("accrual")
    switch(source, "Accrual")
    collect(source, playing)
    assert revenue() == accrual


def test_a_run_under_way_ends_with_the_setting_it_asked_with(source: Connection, playing: Playing) -> None:
    collect(source, playing)
    under_way = CollectorRun.objects.create(connection=source, as_of=now_of(playing), state="paused")
    switch(source, "Cash")
    under_way.refresh_from_db()
    assert (under_way.state, under_way.error) == ("failed", "A setting was changed; the next reading begins anew.")


def test_another_setting_leaves_what_was_read(source: Connection, playing: Playing) -> None:
    collect(source, playing)
    before = Reading.objects.get(connection=source, entity="LedgerBalance").read_through
    switch(source, "Accrual")
    assert Reading.objects.get(connection=source, entity="LedgerBalance").read_through == before
