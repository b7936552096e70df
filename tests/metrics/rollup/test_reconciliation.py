"""Clients + internal organizations + not linked = company, exactly, for every additive metric, month and scope."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import connection

from collectors.declare import Layer
from collectors.facts.agreements import Agreement
from collectors.facts.estate import Asset
from collectors.facts.service import Ticket, TimeEntry
from metrics import rollup
from metrics.declare import ALL_SCOPES, Flow, MayBeUntold, Movement, Opening, Standing, Stock, facts_of
from metrics.definitions import CATALOGUE
from metrics.models import MonthlyValue, QueueKind
from tests.metrics.rollup.world import World

pytestmark = pytest.mark.django_db
HELD = (Ticket, TimeEntry, Asset, Agreement)  # what the world below has
ADDITIVE = [
    key for key, metric in CATALOGUE.items()
    if isinstance(metric, Flow | Stock | Standing | Movement | Opening) and metric.scopes == ALL_SCOPES
    and (facts := facts_of(metric)) is not None and facts.entity in HELD and facts.layer in (Layer.PSA, Layer.RMM)
]
APART = """
SELECT d.metric, p.starts_on, sum(v.value) FILTER (WHERE s.kind = 'company') AS company,
       sum(v.value) FILTER (WHERE s.kind <> 'company') AS parts
FROM metrics_monthly v JOIN definition d ON d.id = v.definition_id AND d.metric = ANY(%s)
JOIN scope s ON s.id = v.scope_id JOIN period p ON p.id = v.period_id
GROUP BY 1, 2"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_parts_make_the_company_whatever_the_links_and_days(seed: int) -> None:
    random = Random(seed)
    world = World(listed=("2025-01-31", "2025-02-28", "2025-03-31"))
    clients = [world.client("plain"), world.client("ours", kind="internal"),
               world.client("late", client_from=date(2025, 2, 14)), world.client("gone", client_to=date(2025, 3, 1))]
    accounts = [
        world.account(random.choice([None, *clients]), source) for source in (world.psa, world.rmm) for _ in range(9)
    ]
    for account in random.sample(accounts, 6):
        world.link(account, random.choice(clients), starts_on=date(2025, random.randint(1, 3), random.randint(1, 28)))
    for account in random.sample(accounts, 2):
        world.link(account, None, starts_on=date(2025, 2, random.randint(1, 28)), verdict="ignored")
    queues = [world.queue(kind) for kind in (*QueueKind.Kind.values, None)]
    desk = [account for account in accounts if account.connection == world.psa]

    def some_day() -> str:
        return (date(2025, 1, 1) + timedelta(days=random.randrange(90))).isoformat()

    for _ in range(150):
        opened, closed = sorted((some_day(), some_day()))
        ticket = world.ticket(
            random.choice([*desk, None]), opened, random.choice([closed, ""]), queue=random.choice(queues),
            sla_met=random.choice([True, False, None]), reopened=random.choice([0, 1, None]),
        )
        world.time(random.choice([*desk, None]), some_day(), str(random.randint(1, 400) / Decimal(8)), ticket)
    for _ in range(60):
        kind = random.choice(["workstation", "server", "vm_guest"])
        world.device(random.choice(accounts[9:]), kind, since=some_day())
        cycle = random.choice([1, 3])
        world.agreement(random.choice(desk), str(random.randint(0, 5000)), since=some_day(), cycle=cycle)
    rollup.run("test", now=datetime(2025, 4, 2, tzinfo=UTC))

    with connection.cursor() as cursor:
        cursor.execute(APART, [ADDITIVE])
        rows = cursor.fetchall()
    assert {row[0] for row in rows} == set(ADDITIVE)
    assert sum(company or 0 for _, _, company, _ in rows) > 0
    for metric, month, company, parts in rows:
        nothing_told = isinstance(CATALOGUE[metric], MayBeUntold) and company is None and not parts
        assert company == parts or nothing_told, (metric, month)  # zeros of those who have none of what could be told


def test_an_ignored_account_counts_nowhere_and_a_waiting_one_counts_for_the_company() -> None:
    world = World()
    world.ticket(world.account(None), "2025-03-01")
    ignored = world.account(None)
    world.link(ignored, None, verdict="ignored")
    world.ticket(ignored, "2025-03-01")
    rollup.run("test", now=datetime(2025, 4, 2, tzinfo=UTC))
    values = MonthlyValue.objects.filter(definition__metric="reactive_tickets_created", period__starts_on="2025-03-01")
    assert {row.scope.kind: row.value for row in values} == {"company": 1, "not_linked": 1}
