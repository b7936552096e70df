"""Rows of one file find what another file of the same source told, whichever comes first."""

from __future__ import annotations

import pytest

from collectors.connections import QuarantinedRecord
from collectors.drop.loading import Checked, load_and_tell
from collectors.facts.accounts import Account
from collectors.facts.backups import BackupRun
from collectors.facts.estate import Alert, Asset
from collectors.facts.money import LedgerAccount
from collectors.facts.partners import PartnerFigure, Registration
from collectors.facts.sales import DealStage
from collectors.facts.service import Ticket, TimeEntry
from collectors.quarantine import replay
from tests.collectors.drop.files import of

pytestmark = pytest.mark.django_db


def told(key: str, *rows: dict[str, str]) -> Checked:
    layout, table = of(key, *(rows or ({},)))
    return load_and_tell(layout, table, "By hand")[1]


def test_time_is_of_its_ticket_and_that_tickets_company() -> None:
    told("time", {"Company": "", "Ticket": "T-10442"})
    assert TimeEntry.objects.get().ticket is None
    told("tickets")
    entry = TimeEntry.objects.get()
    assert entry.ticket == Ticket.objects.get() and entry.charged_to == "ticket"
    told("time", {"Company": "", "Ticket": "T-10442", "Hours": "2"})
    assert TimeEntry.objects.get(hours=2).account == Account.objects.get()


@pytest.mark.parametrize("first", ["assets", "alerts"])
def test_an_alert_is_of_the_device_of_that_name_in_that_company(first: str) -> None:
    for key in sorted(("assets", "alerts"), key=lambda one: one != first):
        rows = ({}, {"Company": "Harbor Point Legal"}) if key == "assets" else ({},)
        told(key, *rows)
    asset = Alert.objects.get().asset
    assert asset == Asset.objects.get(external_id="brightwater dental / bw-srv-01")


def test_a_device_with_an_id_is_found_by_its_name_within_the_company() -> None:
    told("assets", {"Device id": "77"}, {"Device id": "78", "Company": "Harbor Point Legal"})
    told("alerts")
    assert Alert.objects.get().asset == Asset.objects.get(external_id="77")
    told("alerts", {"Alert": "a-2", "Device id": "78", "Company": "Harbor Point Legal"})
    assert Alert.objects.get(external_id="a-2").asset == Asset.objects.get(external_id="78")


def test_runs_are_of_their_backup_and_stages_of_their_deal() -> None:
    for key in ("backups", "backup_runs", "recovery_tests", "deals", "deal_stages"):
        told(key)
    run = BackupRun.objects.get()
    assert run.backup and run.backup.hostname == "BW-SRV-01" and run.backup.tests.count() == 1
    stage = DealStage.objects.get()
    assert stage.deal and stage.deal.partner == "Northgate Alliance"


def test_a_ledger_account_is_one_in_the_chart_and_in_the_figures() -> None:
    told("ledger_accounts", {"Account id": "12"})
    told("ledger")
    assert LedgerAccount.objects.get().balances.count() == 1


def test_a_partner_is_one_in_its_registrations_and_figures() -> None:
    for key in ("partners", "partner_registrations", "partner_figures"):
        told(key)
    registration, figure = Registration.objects.get(), PartnerFigure.objects.get()
    assert registration.partner == figure.partner and figure.measure == "revenue_target"
    assert figure.partner and figure.partner.states.get().tier == "Select"


def test_a_row_set_aside_is_put_right_by_its_file_and_not_by_trying_again() -> None:
    told("tickets", {}, {"Ticket": "2", "Opened": "soon"})
    kept = QuarantinedRecord.objects.get()
    assert replay([kept.pk]) == (0, 1)
    told("tickets", {}, {"Ticket": "2"})
    kept.refresh_from_db()
    assert kept.replayed_at and Ticket.objects.count() == 2
