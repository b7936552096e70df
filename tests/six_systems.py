"""One world in six systems, each read over HTTP from the sandbox; nothing is mapped.

`World.truth` is whose each account is, by the world's own word. It is for tests to compare with, and for the person in
them to know what a person would.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.management import call_command
from django.db import connection

from collectors.facts.accounts import Account
from metrics.models import MonthlyValue, QuarterlyValue, Scope, YearlyValue
from organizations.linking import Decision, decide
from organizations.models import AccountLink
from qbr.demo import decisions, past, sandbox, sources

Values = dict[tuple[str, ...], tuple[Any, ...]]
PSA = "connectwise_psa"
SYSTEMS = (PSA, "ninjaone", "quickbooks_online", "datto_bcdr", "sentinelone", "microsoft_365")
VALUES = (MonthlyValue, QuarterlyValue, YearlyValue)


@dataclass(frozen=True)
class World:
    """`truth` has a PSA id, or None for what is nobody's, by the key of each account that can wait."""

    truth: Mapping[int, str | None]

    def owners(self) -> dict[int, str | None]:
        """Whose each account is by the links as they stand, in the truth's words; nothing where it waits."""
        links = AccountLink.objects.current().filter(account__in=self.truth).exclude(verdict="open")
        named = named_organizations()
        return {
            account: named.get(organization, f"organization {organization}") if organization else None
            for account, organization in links.values_list("account", "organization")
        }

    def decide_the_rest(self) -> int:
        """What waits, as people decide it who know the answer. How many they were."""
        by_id = {number: key for key, number in named_organizations().items()}
        decided = self.owners()
        waiting = {account: whose for account, whose in self.truth.items() if account not in decided}
        decide([
            Decision(account=account, organization=by_id[whose], reason="Known")
            if whose else Decision(account=account, verdict=AccountLink.Verdict.IGNORED, reason="No client of ours")
            for account, whose in waiting.items()
        ])
        return len(waiting)


def named_organizations() -> dict[int, str]:
    """The PSA id of each organization's own company: that which founded it, or was linked first."""
    companies = AccountLink.objects.current().filter(account__connection__vendor=PSA, verdict="linked")
    return dict(companies.order_by("-pk").values_list("organization", "account__external_id"))


@contextmanager
def six_systems(settings: Any, clients: int, months: int) -> Iterator[World]:
    """The world in the tables, with the sandbox behind it gone when the test is over."""
    process = subprocess.Popen(
        [sys.executable, "-m", "collectors.sandbox", "--port", "0", "--clients", str(clients), "--months", str(months)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        settings.SANDBOX_URL = next(word for word in words if word.startswith("http")).rstrip(".,/")
        yield World(_fill(settings.SANDBOX_URL))
    finally:
        process.terminate()
        process.wait(10)


def _fill(address: str) -> dict[int, str | None]:
    world = sandbox.info()
    months = sources.calendar(world)
    zone = sources.Calendar.current().zone
    world["vendors"] = {slug: world["vendors"][slug] for slug in SYSTEMS}
    past.play(sources.connect(world), months, zone, lambda line: None)
    decisions.decide_queues()
    decisions.decide_ledger()
    with urllib.request.urlopen(f"{address}/_sandbox/identities", timeout=60) as answer:
        told = json.load(answer)
    clients = Account.objects.filter(kind=Account.Kind.CLIENT, retired_on=None)
    keys = clients.values_list("pk", "connection__vendor", "external_id")
    return {account: told[vendor][external_id] for account, vendor, external_id in keys}


def same_id_everywhere(world: World) -> None:
    """Every account of a client has its PSA id and name, and nothing else of identity; nobody has decided anything."""
    values = ", ".join(table._meta.db_table for table in VALUES)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE organization, account_link, signals_read, signal, proposal, scope, {values} CASCADE")
    accounts = Account.objects.select_related("connection").in_bulk(world.truth)
    names = {one.external_id: one.name for one in accounts.values() if one.connection.vendor == PSA}
    for key, account in accounts.items():
        whose = world.truth[key]
        account.name = names[whose] if whose else account.name
        account.evidence = {"types": account.evidence["types"]} if "types" in account.evidence else {}
        if whose and account.connection.vendor != PSA:
            account.evidence["ids"] = {PSA: whose}
    Account.objects.bulk_update(accounts.values(), ["name", "evidence"])


def rolled_up() -> Values:
    """Every stored value after a roll-up of everything, by whose it is, its metric, its period and its version."""
    call_command("rollup", "--everything", verbosity=0)
    named = {None: ""} | named_organizations()
    known = Scope.objects.values_list("pk", "kind", "organization")
    scopes = {scope: (kind, named.get(whose, "?")) for scope, kind, whose in known}
    return {
        (*scopes[row[0]], row[1], row[2], f"{row[3]}", f"version {row[4]}"): row[5:]
        for table in VALUES
        for row in table._default_manager.values_list(
            "scope", "definition__metric", "period__grain", "period__starts_on", "definition__version",
            "value", "state", "coverage",
        )
    }


def differing(one: Values, other: Values) -> dict[tuple[str, ...], tuple[Any, Any]]:
    """What two worlds do not have alike, with what each has."""
    keys = one.keys() | other.keys()
    return {key: (one.get(key), other.get(key)) for key in keys if one.get(key) != other.get(key)}
