"""Every stored value of the demo, worked out again from what `explain --all --json` tells of it and from nothing else.

The demo is read from the sandbox over HTTP and mapped as its people mapped it. Then more happens, so that every state,
scope, grain and origin is there: segments, corrections, entries, a client that came and one that went, a rule that asks
for more coverage, a ledger account in no category, hours counted by another version of their definition. What the
evaluator takes on trust is whose a row is, which rows meet a metric's condition and which record names which thing: the
lines tell each row with its owner and what it adds.
"""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from metrics import entering
from metrics.definitions import CATALOGUE
from metrics.entering import CellEdit
from metrics.models import (
    Definition,
    Entry,
    InForce,
    LedgerCategory,
    MonthlyValue,
    Origin,
    QuarterlyValue,
    State,
    YearlyValue,
)
from metrics.periods import Month
from metrics.reading import COMPANY, client
from metrics.settings import decide
from organizations import linking
from organizations.models import AccountLink, Organization
from tests import worked_again
from tests.worked_again import STATES, Worked, World, fraction, key_of

MONTHS = 6
TABLES = (MonthlyValue, QuarterlyValue, YearlyValue)


def test_what_works_numbers_out_again_knows_nothing_of_the_program() -> None:
    [folder] = worked_again.__path__
    names = {
        name for file in Path(folder).glob("*.py") for node in ast.walk(ast.parse(file.read_text()))
        for name in ([each.name for each in node.names] if isinstance(node, ast.Import)
                     else [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
    }  # fmt: skip
    own = {name for name in names if name.startswith(f"{worked_again.__name__}.")}
    outside = {name.partition(".")[0] for name in names - own}
    assert own and outside <= sys.stdlib_module_names, outside


def test_it_rounds_half_away_from_zero_and_hashes_as_postgresql_does() -> None:
    assert worked_again.rounded(Fraction(5, 10**9)) == Fraction(1, 10**8)
    assert worked_again.rounded(Fraction(-5, 10**9)) == Fraction(-1, 10**8)
    assert worked_again.rounded(Fraction(-4, 10**9)) == 0
    assert [worked_again.hashed(row) for row in (1, -1, 5_000_000_000)] == [-1905060026, 385747274, -694934712]


@pytest.fixture
def sandbox() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "collectors.sandbox", "--port", "0", "--clients", "12", "--months", str(MONTHS)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    words = process.stdout.readline().split()
    yield next(word for word in words if word.startswith("http")).rstrip(".,/")
    process.terminate()
    process.wait(10)


@pytest.mark.django_db(transaction=True)
@pytest.mark.processes
def test_every_stored_value_is_worked_out_again_to_the_last_digit(
    sandbox: str, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SANDBOX_URL = sandbox
    call_command("demo", verbosity=0)
    more_happens()
    call_command("rollup", "--everything", verbosity=0)

    lines = told("--all")
    world = World(lines)
    assert len(world.values) == sum(table._default_manager.count() for table in TABLES)
    differ = {key: found for key in world.values if (found := differing(world, key))}
    assert not differ, "\n".join(f"{key}: {said} but worked out {mine}" for key, (said, mine) in differ.items())
    counts = counted(world)
    with capsys.disabled():
        print(f"\n{said_of(counts)}")
    assert_nothing_is_left_out(counts)
    assert_one_at_a_time_says_the_same(world)
    assert_a_changed_row_is_noticed(lines)


def more_happens() -> None:
    """What the demo's people did not do, on the last months that have ended."""
    last = Month.holding(MonthlyValue.objects.filter(
        state=State.MEASURED, definition__metric="mrr"
    ).latest("period__starts_on").period.starts_on)  # fmt: skip
    editor = User.objects.get(username="editor")
    clients = list(Organization.objects.filter(kind="client").order_by("slug"))
    for place, each in enumerate(clients[:6]):
        each.segment = ("Dental", "Legal")[place % 2]
        each.save()
    came, went, corrected, without, unknown = clients[:5]
    came.client_from, went.client_to = last.previous.starts_on, last.starts_on
    came.save()
    went.save()
    assert not entering.save(editor, COMPANY, [
        CellEdit("reactive_tickets_closed", last, "70", "counted twice"),
        CellEdit("total_revenue", last.shift(-8), "150000.25", "from the books before"),
        CellEdit("net_profit", last, "1000", "as the accountant says"),
        CellEdit("first_time_appointments", last, "0", "nobody came"),
    ])  # fmt: skip
    assert not entering.save(editor, COMPANY, [CellEdit("reactive_tickets_closed", last, "71", "no, once")])
    Entry.objects.filter(metric="total_revenue").update(kind=Entry.Kind.IMPORTED)
    assert not entering.save(editor, client(corrected.slug), [CellEdit("reactive_hours", last, "12.34567891", "typed")])
    assert not entering.save(editor, client(without.slug), [
        CellEdit(metric, last, "", "does not buy that", not_used=True) for metric in ("new_mrr", "lost_mrr")
    ])  # fmt: skip
    devices_of = AccountLink.objects.current().filter(organization=unknown, account__connection__vendor="ninjaone")
    linking.decide([
        linking.Decision(account=link.account_id, verdict=AccountLink.Verdict.OPEN, reason="whose is it?")
        for link in devices_of
    ])  # fmt: skip
    InForce.objects.update_or_create(
        metric="reactive_hours", from_on=last.starts_on,
        defaults={"definition": Definition.objects.get(metric="reactive_hours", version=2)},
    )  # fmt: skip
    decide("least_resolved", "99.9", from_on=last.starts_on)
    LedgerCategory.objects.filter(category="misc_revenue").delete()


def told(*asked: str) -> list[str]:
    out = io.StringIO()
    call_command("explain", *asked, "--json", stdout=out)
    return out.getvalue().splitlines()


def differing(world: World, key: worked_again.Key) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    """What is stored and what is worked out again, where they are not the same to the last digit."""
    line, mine = world.values[key], world.worked(key)
    assert mine is not None
    stored = Worked(
        value=fraction(line["value"]), state=STATES.index(line["state"]), bare=mine.bare, origin=line["origin"],
        exact=mine.exact, collected=fraction(line["collected"]), months=line["months"], of_months=line["of_months"],
        coverage=fraction(line["coverage"]), fact_rows=line["fact_rows"], checksum=line["checksum"],
    )  # fmt: skip
    names = [name for name in Worked.__dataclass_fields__ if getattr(stored, name) != getattr(mine, name)]
    if not names:
        return None
    return tuple((name, getattr(stored, name)) for name in names), tuple(getattr(mine, name) for name in names)


def counted(world: World) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for line in world.values.values():
        made = world.definitions[line["metric"], line["version"]]["class"]
        for name, word in {**line, "class": made, "scope": line["scope"]["kind"]}.items():
            if name in ("metric", "class", "scope", "grain", "state", "origin"):
                found[name][word] += 1
    return found


def said_of(counts: dict[str, Counter[str]]) -> str:
    of = {name: ", ".join(f"{word} {many:,}" for word, many in by.most_common()) for name, by in counts.items()}
    of["metric"] = f"{len(counts['metric'])} of them, {min(counts['metric'].values())} values or more each"
    whole = sum(counts["grain"].values())
    return "\n".join([f"{whole:,} values worked out again", *(f"  by {name}: {text}" for name, text in of.items())])


def assert_nothing_is_left_out(counts: dict[str, Counter[str]]) -> None:
    assert counts["metric"].keys() == CATALOGUE.keys()
    assert counts["scope"].keys() == {"company", "organization", "not_linked", "segment"}
    assert counts["grain"].keys() == {"month", "quarter", "year"}
    assert counts["state"].keys() == {state.label for state in State}
    assert counts["origin"].keys() == {origin.label for origin in Origin}


def assert_one_at_a_time_says_the_same(world: World) -> None:
    """One number of each make, scope and grain, by itself, is told as it is among all."""
    samples: dict[tuple[str, ...], worked_again.Key] = {}
    for key, line in sorted(world.values.items()):
        samples.setdefault((line["made_of"], line["scope"]["kind"], line["grain"]), key)
    for metric, version, (kind, slug), period in samples.values():
        asked = {"organization": ["--client", slug], "segment": ["--segment", slug], "not_linked": ["--not-linked"]}
        found = json.loads("\n".join(told(metric, period, *asked.get(kind, []))))
        assert key_of(found["value"]) == (metric, version, (kind, slug), period)
        assert found["value"] == world.values[key_of(found["value"])]
        if found["value"]["fact_rows"] is not None and kind != "segment":
            adding = [row for part in found["rows"] for row in part["rows"] if row[2] is not None]
            assert len(adding) == found["value"]["fact_rows"], (metric, kind, period)


def assert_a_changed_row_is_noticed(lines: list[str]) -> None:
    """An hour less in one time entry moves the client's and the company's month, and what is made of them."""
    changed, row = [], None
    for line in map(json.loads, lines):
        if row is None and line["line"] == "rows" and line["of"] == "time" and line["scope"]["kind"] == "organization":
            row = next((row for row in line["rows"] if row[2] is not None), None)
            if row is not None:
                row[2] = str(Fraction(row[2]) - 1)
        changed.append(json.dumps(line))
    world = World(changed)
    moved = {key[0] for key in world.values if differing(world, key)}
    assert {"reactive_hours", "rhem"} <= moved
