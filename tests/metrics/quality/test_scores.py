"""Scores: good of total by system and dimension, once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from collectors.connections import Connection, QuarantinedRecord
from collectors.facts.accounts import Account
from collectors.facts.readings import Listing, Reading
from collectors.facts.service import Queue, Technician, Ticket, TimeEntry
from collectors.facts.touched import Dangling
from metrics import quality
from metrics.models import QualityScore
from tests.metrics.quality.world import APRIL

pytestmark = pytest.mark.django_db
OPENED = datetime(2025, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
def psa() -> Connection:
    return Connection.objects.create(vendor="connectwise_psa", label="PSA", schedule="17 * * * *")


def scores(source: Connection) -> dict[str, tuple[int, int]]:
    quality.run(now=APRIL)
    rows = QualityScore.objects.filter(connection=source, total__gt=0)
    return {dimension: (good, total) for dimension, good, total in rows.values_list("dimension", "good", "total")}


def ticket(source: Connection, account: Account | None, **fields: object) -> Ticket:
    queue, _ = Queue.objects.get_or_create(connection=source, external_id="1", name="Desk")
    return Ticket.objects.create(**{
        "connection": source, "external_id": str(Ticket.objects.count()), "account": account, "queue": queue,
        "opened_at": OPENED, "opened_on": OPENED.date(), **fields,
    })  # fmt: skip


def test_what_metrics_need_what_cannot_be_and_what_leads_nowhere_are_counted_apart(psa: Connection) -> None:
    account = Account.objects.create(connection=psa, external_id="1", name="Acme")
    lee = Technician.objects.create(connection=psa, external_id="1", name="Lee")
    good = ticket(psa, account)
    ticket(psa, None)
    ticket(psa, account, closed=True, closed_at=OPENED - timedelta(hours=1), closed_on=OPENED.date())
    ticket(psa, None, opened_on="2023-01-01")  # longer ago than what happened is scored for
    ticket(psa, None, retired_on="2025-03-20")
    TimeEntry.objects.create(connection=psa, external_id="1", account=account, technician=lee, hours=-1,
                             entered_at=OPENED, entered_on=OPENED.date())  # fmt: skip
    QuarantinedRecord.objects.create(connection=psa, endpoint="tickets", external_id="9", reason="No date.")
    for field in ("queue", "account"):
        Dangling.objects.create(
            connection=psa, entity="Ticket", fact=good.pk, field=field, target="Queue", external_id="7"
        )
    found = scores(psa)
    assert found["completeness"] == (3, 4)
    assert found["accuracy"] == (2, 5)
    assert found["consistency"] == (3, 4)


def test_timeliness_is_lists_read_within_their_schedule(psa: Connection) -> None:
    for entity, hours in (("Ticket", 1), ("TimeEntry", 30)):
        through = APRIL - timedelta(hours=hours)
        Reading.objects.create(connection=psa, entity=entity, read_from=OPENED, read_through=through)
    Listing.objects.create(connection=psa, entity="Account", day=APRIL.date(), at=APRIL - timedelta(hours=1))
    assert scores(psa)["timeliness"] == (2, 10)


def test_uniqueness_is_accounts_and_devices_that_are_there_once(psa: Connection) -> None:
    for number in ("1", "2", "3"):
        Account.objects.create(connection=psa, external_id=number, name=f"Client {number}")
    assert scores(psa)["uniqueness"] == (3, 3)


def test_a_system_without_records_has_no_score_of_them(psa: Connection) -> None:
    assert scores(psa) == {"timeliness": (0, 10)}


def test_a_day_is_scored_once(psa: Connection) -> None:
    once = scores(psa)
    Account.objects.create(connection=psa, external_id="1", name="Acme")
    assert scores(psa) == once
    quality.run(now=APRIL + timedelta(days=1))
    assert list(QualityScore.objects.filter(dimension="uniqueness").order_by("day").values_list("good", "total")) == [
        (0, 0), (1, 1),
    ]
