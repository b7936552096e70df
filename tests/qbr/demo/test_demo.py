"""The demo set up on a small world: complete, and saying it twice changes nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection

from collectors.connections import CollectorRun, Connection
from collectors.facts.touched import Calendar
from collectors.vendors import VENDORS
from metrics.models import Entry, State
from metrics.periods import months_between
from metrics.reading import COMPANY, numbers
from organizations.models import Organization
from qbr.data import undecided
from qbr.demo.people import create_people, person
from qbr.demo.sign_ins import SIGN_INS
from qbr.demo.sources import played
from qbr.entry.grid import this_month

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
MONTHS = 3


@pytest.fixture
def sandbox(settings: Any) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sizes = ["--clients", "8", "--months", str(MONTHS)]
    command = [sys.executable, "-m", "collectors.sandbox", "--port", str(port), *sizes]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    settings.SANDBOX_URL = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{settings.SANDBOX_URL}/_sandbox/info")
        yield settings.SANDBOX_URL
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                json.load(answer)
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the sandbox did not start")


def set_up() -> str:
    said = StringIO()
    call_command("demo", stdout=said)
    return said.getvalue()


def everything() -> dict[str, int]:
    """How many rows each table holds, but those the worker keeps for itself."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if not name.startswith("django_")]
        counts = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = int(cursor.fetchone()[0])
    return counts


def test_the_demo_is_complete_and_a_second_time_changes_nothing(sandbox: str) -> None:
    said = set_up()
    months = list(months_between(this_month().shift(-MONTHS), this_month().previous))
    for month in months:
        assert f"{month.label}: " in said
    assert Calendar.objects.get().time_zone == "America/Chicago"
    assert set(Connection.objects.values_list("vendor", flat=True)) == VENDORS.keys()
    assert not Connection.objects.exclude(problem="").exists()
    sources = Connection.objects.all()
    runs = {one.vendor: one.runs.filter(state=CollectorRun.State.DONE).count() for one in sources}
    assert runs == {one.vendor: len(played(one, months)) + 1 for one in sources}
    assert not undecided.undecided_queues().exists() and not undecided.unmapped_ledger_accounts().exists()
    assert Organization.objects.filter(kind=Organization.Kind.INTERNAL).count() == 1
    assert Organization.objects.filter(owner=person("vcio")).exists()
    assert Entry.objects.count() == 6 * (MONTHS + 1)
    read = numbers(person("admin"), ["rhem", "net_profit_pct", "aisp", "total_revenue"], [COMPANY], months)
    assert {number.state for number in read.values()} == {State.MEASURED}

    before = everything()
    assert "nothing moved" in set_up()
    assert everything() == before


def test_everyone_of_the_demo_can_sign_in_and_may_do_what_their_role_says(db: None) -> None:
    create_people()
    for one in SIGN_INS:
        assert authenticate(username=one.username, password=one.password) is not None
    assert [one.username for one in SIGN_INS if person(one.username).is_superuser] == ["admin"]
    assert person("finance").has_perm("metrics.see_wages") and not person("editor").has_perm("metrics.see_wages")
    assert person("editor").has_perm("metrics.enter_numbers") and not person("vcio").has_perm("metrics.enter_numbers")


def test_without_a_sandbox_it_says_what_is_missing(settings: Any) -> None:
    settings.SANDBOX_URL = ""
    with pytest.raises(CommandError, match="SANDBOX_URL"):
        call_command("demo")


def test_the_sign_ins_can_be_printed_alone() -> None:
    said = StringIO()
    call_command("demo", "--sign-ins", stdout=said)
    assert all(one.username in said.getvalue() and one.password in said.getvalue() for one in SIGN_INS)
