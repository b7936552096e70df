"""Rules over records and systems: dated ahead, there twice, set aside, counted by two, not read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from collectors.connections import CollectorRun, Connection, QuarantinedRecord
from collectors.facts.accounts import Account
from collectors.facts.estate import Asset
from collectors.facts.money import LedgerAccount
from collectors.facts.service import Ticket, TimeEntry
from collectors.facts.touched import Calendar
from metrics.models import Finding
from metrics.periods import Month
from metrics.reading import client
from organizations.matching import link_new
from organizations.models import AccountLink, Organization
from tests.metrics.quality.world import APRIL, found, look, months_known, says
from tests.metrics.stored_values import scope_row

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def psa() -> Connection:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": "America/Chicago"})
    months_known(Month(2025, 1), Month(2025, 4))
    return Connection.objects.create(vendor="connectwise_psa", label="PSA")


def ticket(source: Connection, opened_at: datetime, **fields: object) -> None:
    Ticket.objects.create(**{
        "connection": source, "external_id": str(Ticket.objects.count()), "opened_at": opened_at,
        "opened_on": opened_at.date(), **fields,
    })  # fmt: skip


def test_a_day_ahead_may_be_a_clock_and_more_cannot_be_so(psa: Connection) -> None:
    ticket(psa, APRIL + 23 * HOUR)
    look()
    assert found("future") == []
    ticket(psa, APRIL + 25 * HOUR)
    ticket(psa, APRIL + 500 * HOUR, retired_on="2025-04-01")
    late = APRIL + 100 * HOUR
    TimeEntry.objects.create(connection=psa, external_id="1", hours=1, entered_at=late, entered_on=late.date())
    look()
    assert says("future") == [
        "1 ticket of PSA is dated in the future, the latest on 3 Apr 2025.",
        "1 time entry of PSA is dated in the future, the latest on 6 Apr 2025.",
    ]


def aside(source: Connection, endpoint: str, number: str, **record: object) -> QuarantinedRecord:
    return QuarantinedRecord.objects.create(
        connection=source, endpoint=endpoint, external_id=number, reason="No number.", record=record,
        last_seen_at=datetime(2025, 3, 3, tzinfo=UTC),
    )


def test_records_set_aside_are_told_by_the_month_they_would_count_in(psa: Connection) -> None:
    aside(psa, "tickets", "1", **{"_info.dateEntered": "2025-04-01T03:00:00Z"})  # still March in Chicago
    aside(psa, "tickets", "2", _info={"dateEntered": "2025-03-09T12:00:00Z"})
    aside(psa, "tickets", "3", **{"_info.dateEntered": "2025-02-09T12:00:00Z"})
    aside(psa, "tickets", "4", **{"_info.dateEntered": "the day before yesterday"})
    aside(psa, "agreements", "5", billAmount="many")
    look()
    told = {(finding.subject, str(finding.period and finding.period.starts_on), finding.measure) for finding in
            found("set_aside")}  # fmt: skip
    assert told == {
        ("Ticket", "2025-03-01", 2), ("Ticket", "2025-02-01", 1), ("Ticket", "None", 1), ("Agreement", "2025-03-01", 1),
    }  # fmt: skip
    assert "2 tickets of Mar 2025 could not be read from PSA, and are set aside." in says("set_aside")


def test_they_are_fixed_once_they_could_be_read(psa: Connection) -> None:
    row = aside(psa, "tickets", "1", **{"_info.dateEntered": "2025-03-09T12:00:00Z"})
    look()
    assert len(found("set_aside")) == 1
    QuarantinedRecord.objects.filter(pk=row.pk).update(replayed_at=APRIL)
    look()
    assert found("set_aside") == []


def test_a_month_nothing_was_worked_out_for_is_told_by_its_name(psa: Connection) -> None:
    for year in (2031, 2032):
        aside(psa, "tickets", str(year), **{"_info.dateEntered": f"{year}-03-09T12:00:00Z"})
    look()
    assert {finding.subject for finding in found("set_aside")} == {"Ticket 2031-03", "Ticket 2032-03"}


def test_one_serial_on_two_devices_of_a_system_is_told_and_a_makers_blank_is_not(psa: Connection) -> None:
    other = Connection.objects.create(vendor="ninjaone", label="RMM")
    serials = ["5CG1234XYZ", "5cg1234xyz", "0000000", "0000000", "To be filled", "To be filled", "9ZZ77777A"]
    for number, serial in enumerate(serials):
        Asset.objects.create(
            connection=other, external_id=str(number), layer="rmm", serial=serial, hostname=f"PC-{number}"
        )
    Asset.objects.create(connection=psa, external_id="x", layer="psa", serial="9ZZ77777A")
    Asset.objects.create(connection=other, external_id="y", layer="rmm", serial="9ZZ77777A", retired_on="2025-01-01")
    look()
    assert says("numbers_twice") == ["2 devices have the number 5CG1234XYZ: PC-0, PC-1."]


def test_one_number_of_two_ledger_accounts_is_told(psa: Connection) -> None:
    for number, name in (("4000", "Services"), ("4000", "Services, old"), ("", "A"), ("", "B")):
        LedgerAccount.objects.create(connection=psa, external_id=name, name=name, number=number)
    look()
    assert says("numbers_twice") == ["2 ledger accounts have the number 4000: Services, Services, old."]


def test_two_accounts_that_look_like_one_client_are_told(psa: Connection) -> None:
    for number in ("1", "2"):
        Account.objects.create(
            connection=psa, external_id=number, name=f"Otterfield {number}",
            evidence={"domains": ["otterfield.example"], "types": ["Client"]},
        )  # fmt: skip
    link_new()
    AccountLink.objects.all().delete()
    look()
    [finding] = found("accounts_twice")
    assert "“Otterfield 1” and “Otterfield 2” look like one client. Same domain" in finding.says
    assert finding.connection == psa


def test_a_client_that_two_systems_of_one_kind_count_is_told_and_one_after_the_other_is_not(psa: Connection) -> None:
    acme = Organization.objects.create(slug="acme", name="Acme")
    scope_row(client("acme"))
    other = Connection.objects.create(vendor="connectwise_psa", label="The new PSA")
    rmm = Connection.objects.create(vendor="ninjaone", label="RMM")
    for source in (psa, other, rmm):
        account = Account.objects.create(connection=source, external_id="1", name="Acme")
        AccountLink.objects.create(account=account, organization=acme, verdict="linked", method="person")
    look()
    assert says("counted_twice") == ["PSA and The new PSA both count this client."]
    Connection.objects.filter(pk=psa.pk).update(counts_to="2025-04-01")
    look()
    assert found("counted_twice") == []


def test_a_system_not_read_in_time_is_told_with_the_reason(psa: Connection) -> None:
    CollectorRun.objects.create(connection=psa, as_of=APRIL, started_at=APRIL - timedelta(days=9), state="done")
    look()
    assert says("stale") == ["PSA: Not read since 24 Mar 2025, 07:00."]
    CollectorRun.objects.create(connection=psa, as_of=APRIL, started_at=APRIL - HOUR, state="done")
    look()
    assert found("stale") == [] and Finding.objects.get(rule="stale").life == "fixed"
