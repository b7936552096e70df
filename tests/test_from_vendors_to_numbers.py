"""The whole way: three systems read over HTTP, mapped, rolled up, and compared with the world they came from.

The world works its own answers out in plain Python, from its own records and in no code of ours.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from collectors.facts.accounts import Account
from metrics.models import MonthlyValue, Rollup, Scope
from organizations.models import AccountLink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.processes]

MONTHS = 5
SYSTEMS = ("connectwise_psa", "ninjaone", "quickbooks_online")
# What the world counts by the same rule. The rest depends on what people decided, and is compared elsewhere.
COMPARED = {
    "reactive_tickets_created", "reactive_tickets_closed", "tickets_reopened", "reactive_hours", "agreement_mrr",
    "managed_services_agreements", "agreement_seats", "mrr", "nrr", "orr", "product_sales", "misc_revenue",
    "employee_expense", "owner_comp_taxes", "owner_compensation", "cogs", "other_expenses", "total_revenue",
    "total_expenses", "net_profit", "endpoints_managed", "seats_managed",
}


@pytest.fixture
def sandbox() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "collectors.sandbox", "--port", "0", "--clients", "12", "--months", str(MONTHS)],
        stdout=subprocess.PIPE, text=True,
    )
    assert process.stdout is not None
    words = process.stdout.readline().split()
    yield next(word for word in words if word.startswith("http")).rstrip(".,/")
    process.terminate()
    process.wait(10)


def truth(sandbox: str, month: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{sandbox}/_sandbox/truth?month={month}", timeout=60) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def stored(scope: Scope) -> dict[tuple[str, str], Decimal | None]:
    rows = MonthlyValue.objects.filter(scope=scope, definition__version=1).values_list(
        "definition__metric", "period__starts_on", "value")
    return {(metric, f"{month:%Y-%m}"): value for metric, month, value in rows}


def months(values: dict[tuple[str, str], Decimal | None]) -> list[str]:
    return sorted({month for _, month in values})[:MONTHS]


def test_stored_numbers_are_the_worlds_own_for_the_company_and_each_client(sandbox: str, settings: Any) -> None:
    settings.SANDBOX_URL = sandbox
    call_command("demo", systems=SYSTEMS, verbosity=0)
    # The demo leaves some accounts for a person; here that person knows the answer.
    links = {
        link.account.external_id: link.organization
        for link in AccountLink.objects.filter(
            account__connection__vendor="connectwise_psa", verdict="linked", superseded_at=None
        ).select_related("account", "organization")
    }
    world = truth(sandbox, "2026-01")["clients"]
    from organizations import linking

    for external_id, told in world.items():
        for number in told["rmm_organizations"]:
            account = Account.objects.get(connection__vendor="ninjaone", kind="client", external_id=str(number))
            owner = links.get(external_id)
            if owner is not None and not account.links.filter(superseded_at=None, verdict="linked").exists():
                linking.link(account, owner, by=None, reason="the world says so", method=AccountLink.Method.PERSON)
    call_command("rollup", verbosity=0)

    company = stored(Scope.objects.get(kind="company"))
    seen, differ = 0, []
    for month in months(company):
        told = truth(sandbox, month)
        pairs = [("company", told["company"], company)]
        for external_id, client in told["clients"].items():
            organization = links.get(external_id)
            scope = Scope.objects.filter(organization=organization).first() if organization else None
            if scope is not None:
                pairs.append((client["name"], client, stored(scope)))
        for name, theirs, ours in pairs:
            for metric in COMPARED & theirs.keys():
                if (metric, month) in ours:
                    seen += 1
                    if ours[metric, month] != Decimal(theirs[metric]):
                        differ.append((month, name, metric, theirs[metric], ours[metric, month]))
    assert seen > MONTHS * len(COMPARED)
    assert not differ, "\n".join(map(str, differ))


def test_working_everything_out_again_writes_nothing(sandbox: str, settings: Any) -> None:
    settings.SANDBOX_URL = sandbox
    call_command("demo", systems=SYSTEMS, verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT md5(string_agg(v::text, '' ORDER BY v::text)) FROM metrics_monthly v")
        before = cursor.fetchone()
    call_command("demo", systems=SYSTEMS, verbosity=0)
    call_command("rollup", "--everything", verbosity=0)
    assert Rollup.objects.latest("pk").rows_written == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT md5(string_agg(v::text, '' ORDER BY v::text)) FROM metrics_monthly v")
        assert cursor.fetchone() == before
