"""Definitions have versions: all are worked out, one is in force in each period, and what is read from it follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from collectors.facts.shapes import EARLIEST
from collectors.facts.touched import Calendar, Touched
from metrics import definitions, reading, rollup
from metrics.checks import check_definitions, check_in_force, check_versions
from metrics.declare import Derived
from metrics.definitions import ALSO, CATALOGUE, SEVERAL, VERSIONS, name_of, versions_of
from metrics.models import Basis, Definition, InForce, MonthlyValue, Period, QuarterlyValue, Restatement, YearlyValue
from metrics.models.values import Value
from metrics.periods import Month, parse
from metrics.reading import COMPANY
from metrics.rollup import compile as compiled
from metrics.working import explain, rows
from tests.metrics.rollup.world import World, enter, mark, value, values_of

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
JANUARY, FEBRUARY, QUARTER = Month(2025, 1), Month(2025, 2), parse("2025-Q1")
HOURS = [metric.key for metric in ALSO if getattr(metric, "dated", "") == "f.worked_on"]
Stored = dict[tuple[str, int, int, str], tuple[object, ...]]


class Acme(World):
    """Acme with ten devices, four hours a month, and two hours worked in January that were typed in February."""

    def __init__(self) -> None:
        super().__init__(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
        self.acme = self.client("acme")
        self.at_desk, site = self.account(self.acme), self.account(self.acme, self.rmm)
        for _ in range(10):
            self.device(site)
        self.task = self.ticket(self.at_desk, "2025-01-10", "2025-03-20")
        for month in ("2025-01", "2025-02", "2025-03"):
            self.worked(f"{month}-15", "4", f"{month}-15")
        self.worked("2025-02-03", "2", "2025-01-30")

    def worked(self, entered: str, hours: str, worked: str) -> None:
        self.time(self.at_desk, entered, hours, self.task, worked_on=date.fromisoformat(worked))


@pytest.fixture
def world() -> Acme:
    return Acme()


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", password="boss")


def roll(*, everything: bool = False) -> int:
    done = rollup.run("test", now=NOW, everything=everything)
    return done.rows_written if done else 0


def put_in_force(version: int, from_on: date, *keys: str) -> None:
    for key in keys or HOURS:
        definition = Definition.objects.get(metric=key, version=version)
        InForce.objects.update_or_create(metric=key, from_on=from_on, defaults={"definition": definition})


def stored() -> Stored:
    """Value, state and basis by (metric, version, scope, period)."""
    return {
        (row.definition.metric, row.definition.version, row.scope_id, f"{row.period.grain} {row.period.starts_on}"):
            (row.value, row.state, row.cause, row.coverage, row.basis_id)
        for table in (MonthlyValue, QuarterlyValue, YearlyValue)
        for row in table.objects.select_related("definition", "period")
    }


def hours(when: str, version: int) -> Decimal | None:
    return value("reactive_hours", when, version=version).value


def test_an_entry_typed_in_february_for_january_counts_in_each_version_where_it_says(world: Acme) -> None:
    roll()
    assert [hours(when, 1) for when in ("2025-01", "2025-02", "2025-03", "2025-Q1")] == [4, 6, 4, 14]
    assert [hours(when, 2) for when in ("2025-01", "2025-02", "2025-03", "2025-Q1")] == [6, 4, 4, 14]
    assert value("reactive_hours", "2025-01", world.acme, version=2).value == 6
    assert [value("hours_logged", "2025-01", version=version).value for version in (1, 2)] == [4, 6]
    assert value("reactive_hours", "2025-01", version=2).fact_rows == 2


def test_service_revenue_for_each_employee_without_and_with_other_recurring_revenue(world: Acme) -> None:
    for month in ("2025-01", "2025-02", "2025-03"):
        world.balance(month, "1000", "nrr")
        world.balance(month, "100000", "mrr")
        world.balance(month, "5000", "orr")
        enter("employees", month, 20)
        enter("technical_employees", month, 10)
    roll()
    for key, people in (("service_revenue_per_employee", 20), ("service_revenue_per_technical_employee", 10)):
        for when in ("2025-02", "2025-Q1"):
            assert value(key, when, version=1).value == Decimal(101_000 * 12) / people
            assert value(key, when, version=2).value == Decimal(106_000 * 12) / people


def test_what_people_gave_stands_in_every_version(world: Acme) -> None:
    enter("reactive_hours", "2025-01", "9.5", kind="corrected")
    roll()
    assert [hours("2025-01", version) for version in (1, 2)] == [Decimal("9.5")] * 2
    assert [value("reactive_hours", "2025-01", version=version).collected for version in (1, 2)] == [4, 6]


def test_putting_a_version_in_force_moves_what_reads_it_with_its_basis_and_nothing_else(world: Acme) -> None:
    roll()
    before = stored()
    put_in_force(2, FEBRUARY.starts_on, "reactive_hours")
    roll()
    after = stored()
    assert before.keys() == after.keys()
    moved = {key for key in after if after[key] != before[key]}
    readers = {"rhem", "average_resolution_time", "reactive_service_pct"}
    assert {key[0] for key in moved} <= readers
    # What begins in February or later reads the second version; the quarter that holds February begins before.
    assert {key[3] for key in moved} <= {
        "month 2025-02-01", "month 2025-03-01", "month 2025-04-01", "quarter 2025-04-01"
    }
    assert value("rhem", "2025-02").value == Decimal("0.4")
    was = {row[0] for key, row in before.items() if (key[0], key[3]) == ("rhem", "month 2025-02-01")}
    assert was == {Decimal("0.6")}
    assert value("rhem", "2025-Q1").value == round(Decimal(14) / 10 / 3, 8)
    read = Basis.objects.get(pk=value("rhem", "2025-02").basis_id)
    second = Definition.objects.get(metric="reactive_hours", version=2)
    assert second.pk in set(Basis.objects.filter(pk__in=read.inputs).values_list("definition", flat=True))
    InForce.objects.filter(metric="reactive_hours", from_on=FEBRUARY.starts_on).delete()
    InForce.objects.get(metric="reactive_hours").save()  # leaves a mark as the screen does
    roll()
    assert stored() == before


def test_a_quarter_takes_the_version_of_its_first_day_over_months_of_that_version(world: Acme, boss: User) -> None:
    world.worked("2025-01-03", "3", "2024-12-30")
    roll()
    put_in_force(2, JANUARY.starts_on)
    roll()
    assert [hours("2025-Q1", version) for version in (1, 2)] == [17, 14]
    assert value("rhem", "2025-Q1").value == round(Decimal(14) / 10 / 3, 8)
    put_in_force(2, FEBRUARY.starts_on)
    InForce.objects.filter(from_on=JANUARY.starts_on).delete()
    roll()
    shown = reading.numbers(boss, ["reactive_hours"], [COMPANY], [QUARTER, *QUARTER.months])
    assert [shown["reactive_hours", COMPANY, span].value for span in (QUARTER, *QUARTER.months)] == [17, 7, 4, 4]
    told = explain(boss, "reactive_hours", COMPANY, QUARTER)
    assert told is not None and [month.value for month in told.months] == [7, 6, 4]  # those that make the 17


def test_the_year_to_date_takes_the_version_of_its_first_day(world: Acme, boss: User) -> None:
    roll()
    put_in_force(2, FEBRUARY.starts_on)
    roll()
    [to_date] = reading.year_to_date(boss, ["reactive_hours"], COMPANY, FEBRUARY).values()
    assert to_date.value == 10 and to_date.metric.version == 1  # 4 and 6, not 4 of the first and 4 of the second


def test_any_version_can_be_asked_for_by_name(world: Acme, boss: User) -> None:
    roll()
    found = reading.in_version(boss, "reactive_hours", 2, [COMPANY], [JANUARY, QUARTER])
    assert [number.value for number in found.values()] == [6, 14]
    assert {number.version for number in found.values()} == {2}
    assert rows(boss, "reactive_hours", COMPANY, JANUARY, version=2).total == 2
    with pytest.raises(KeyError):
        reading.in_version(boss, "reactive_hours", 9, [COMPANY], [JANUARY])
    reader = User.objects.create_user("reader")
    assert not reading.in_version(reader, "service_revenue_per_employee", 2, [COMPANY], [JANUARY])


def test_a_chart_is_told_where_the_version_shown_changes(world: Acme, boss: User) -> None:
    roll()
    put_in_force(2, FEBRUARY.starts_on)
    shown = reading.numbers(boss, ["reactive_hours"], [COMPANY], QUARTER.months)
    [switch] = reading.switches(shown.values())
    assert (switch.period, switch.version) == (FEBRUARY, 2)
    assert "worked" in switch.note


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_partial_roll_up_ends_where_a_whole_one_does_whichever_version_is_in_force(world: Acme, seed: int) -> None:
    random = Random(seed)
    roll()
    for _ in range(5):
        if random.random() < 0.4:
            put_in_force(random.choice((1, 2)), Month(2025, random.randrange(1, 4)).starts_on)
        entered, worked = (date(2025, random.randrange(1, 4), random.randrange(1, 28)) for _ in range(2))
        world.worked(entered.isoformat(), "1.25", worked.isoformat())
        for day in {entered, worked}:
            mark("TimeEntry", world.at_desk.pk, f"{day:%Y-%m}")
        roll()
    assert roll(everything=True) == 0


def test_a_late_change_in_a_closed_month_restates_the_version_in_force_alone(world: Acme) -> None:
    roll()
    Calendar.objects.update(closed_through=date(2025, 1, 31))
    Period.objects.filter(grain="month", starts_on="2025-01-01").update(state="closed", closed_at=NOW, links_as_of=NOW)
    before = values_of("reactive_hours", "2025-01", version=2)[0].value
    world.worked("2025-03-03", "8", "2025-01-31")
    mark("TimeEntry", world.at_desk.pk, "2025-03")
    mark("TimeEntry, late", world.at_desk.pk, "2025-01")
    roll()
    assert not Restatement.objects.exists()
    assert hours("2025-01", 2) == before
    assert hours("2025-03", 1) == 12


INDEPENDENT = {
    ("reactive_hours", 2): """
        SELECT sum(e.hours) FROM time_entry e JOIN ticket t ON t.id = e.ticket_id
        WHERE to_char(e.worked_on, 'YYYY-MM') = '2025-01'
        AND t.queue_id IN (SELECT queue_id FROM queue_kind WHERE kind = 'reactive')""",
    ("hours_logged", 2): "SELECT sum(hours) FROM time_entry WHERE worked_on BETWEEN '2025-01-01' AND '2025-01-31'",
}


@pytest.mark.parametrize(("key", "version"), INDEPENDENT)
def test_another_version_agrees_with_a_statement_written_on_its_own(world: Acme, key: str, version: int) -> None:
    roll()
    with connection.cursor() as cursor:
        cursor.execute(INDEPENDENT[key, version])
        [expected] = cursor.fetchone()
    assert value(key, "2025-01", version=version).value == expected


@pytest.fixture
def wider_margin() -> Iterator[None]:
    """A second version of a number that others are worked out from."""
    first = CATALOGUE["gross_margin"]
    assert isinstance(first, Derived)
    second = replace(first, version=2, since=NOW.date(), note="Other expenses too.",
                     formula="total_revenue - cogs - other_expenses")
    patch = pytest.MonkeyPatch()
    patch.setattr(definitions, "ALSO", (*ALSO, second))
    patch.setitem(VERSIONS, name_of(second), second)
    for module in ("metrics.rollup.derive", "metrics.rollup.in_force"):
        patch.setattr(f"{module}.SEVERAL", SEVERAL | {"gross_margin"})
    compiled.in_order.cache_clear()
    yield
    patch.undo()
    compiled.in_order.cache_clear()


def test_a_formula_reads_the_version_in_force_of_another_formula(world: Acme, wider_margin: None) -> None:
    for month in ("2025-01", "2025-02", "2025-03"):
        for key, amount in (("mrr", "1000"), ("cogs", "100"), ("other_expenses", "400")):
            world.balance(month, amount, key, "income" if key == "mrr" else "expense")
    roll()
    put_in_force(2, FEBRUARY.starts_on, "gross_margin")
    roll()
    assert [value("gross_margin", "2025-02", version=version).value for version in (1, 2)] == [900, 500]
    assert [value("gross_margin_pct", f"2025-0{number}").value for number in (1, 2)] == [90, 50]
    assert value("gross_margin_pct", "2025-Q1").value == 90


def test_a_version_that_says_nothing_is_doubled_or_is_another_metric_is_refused() -> None:
    second = ALSO[0]
    silent, other = replace(second, note=""), replace(second, version=3, scopes=frozenset())
    stray = replace(second, key="no_such_metric")

    def told(*also: object) -> list[str]:
        return [str(error.msg) for error in check_definitions(also=also) if error.id == "metrics.E004"]  # type: ignore[arg-type]

    assert not told(*ALSO)
    assert told(second, second) == [f"{second.key}: version 2 is declared twice."]
    assert told(silent) == [f"{second.key}: version 2 lacks a note that says what changed, and its day."]
    assert told(other) == [f"{second.key}: version 3 has another scopes than version 1: that is another metric."]
    assert told(stray) == ["no_such_metric: version 2 is a version of a metric that does not exist."]


def test_another_meaning_under_a_version_with_values_is_refused_and_without_values_it_is_not(world: Acme) -> None:
    roll()
    assert not check_versions()
    Definition.objects.filter(metric="reactive_hours", version=2).update(fingerprint="other")
    [error] = check_versions()
    assert error.id == "metrics.E003" and "reactive_hours: the meaning of version 2 has changed" in error.msg
    MonthlyValue.objects.all().delete()
    assert not check_versions()


def test_a_version_in_force_that_nobody_declares_is_told(world: Acme) -> None:
    roll()
    assert not check_in_force()
    gone = Definition.objects.create(metric="rhem", version=7, fingerprint="gone")
    InForce.objects.create(metric="rhem", from_on=JANUARY.starts_on, definition=gone)
    [error] = check_in_force()
    assert error.msg == ("rhem: from 2025-01-01 on version 7 of rhem is in force, which the code does not declare.")


def test_each_metric_of_several_versions_begins_with_the_catalogues_own(world: Acme) -> None:
    roll()
    assert dict(InForce.objects.values_list("metric", "definition__version")) == dict.fromkeys(SEVERAL, 1)
    assert set(InForce.objects.values_list("from_on", flat=True)) == {EARLIEST}
    assert not Touched.objects.exists()


def test_a_new_version_in_the_catalogue_is_in_force_from_the_first_open_day(world: Acme) -> None:
    roll()
    Calendar.objects.update(closed_through=date(2025, 1, 31))
    old = Definition.objects.get(metric="rhem")
    Definition.objects.filter(pk=old.pk).update(version=0)  # as if the catalogue had held another until now
    roll()
    found = InForce.objects.filter(metric="rhem").order_by("from_on").values_list("from_on", "definition__version")
    assert list(found) == [(EARLIEST, 0), (FEBRUARY.starts_on, 1)]


def add(client: Client, **given: str) -> str:
    answer = client.post("/admin/metrics/inforce/add/", given)
    return "" if answer.status_code == 302 else answer.content.decode()


def test_a_person_puts_versions_that_belong_together_in_force_with_a_reason(world: Acme, boss: User) -> None:
    roll()
    client = Client()
    client.force_login(boss)
    choice = f"{HOURS[0]}.2"
    assert "This field is required" in add(client, version=choice, from_on="2025-02-01", note="")
    assert "first day of a month" in add(client, version=choice, from_on="2025-02-02", note="Payroll counts so")
    assert not Touched.objects.exists()
    assert add(client, version=choice, from_on="2025-02-01", note="Payroll counts so") == ""
    made = InForce.objects.filter(from_on="2025-02-01")
    assert {row.metric for row in made} == set(HOURS)
    assert {(row.definition.version, row.note, row.by) for row in made} == {(2, "Payroll counts so", boss)}
    roll()
    assert value("rhem", "2025-02").value == Decimal("0.4")
    client.post(f"/admin/metrics/inforce/{made[0].pk}/delete/", {"post": "yes"})
    assert not InForce.objects.filter(from_on="2025-02-01").exists()
    roll()
    assert value("rhem", "2025-02").value == Decimal("0.6")


def test_a_closed_period_keeps_the_version_it_was_closed_with(world: Acme, boss: User) -> None:
    roll()
    Calendar.objects.update(closed_through=date(2025, 2, 28))
    client = Client()
    client.force_login(boss)
    choice = f"{HOURS[0]}.2"
    refused = add(client, version=choice, from_on="2025-02-01", note="Too late")
    assert "Periods are closed through 28 Feb 2025" in refused
    assert add(client, version=choice, from_on="2025-03-01", note="In time") == ""
    Calendar.objects.update(closed_through=date(2025, 3, 31))
    row: Value | InForce = InForce.objects.filter(from_on="2025-03-01")[0]
    assert client.post(f"/admin/metrics/inforce/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_every_version_has_a_name_of_its_own() -> None:
    assert len(VERSIONS) == len(CATALOGUE) + len(ALSO)
    assert all(next(iter(versions_of(key))) == key for key in CATALOGUE)
    assert {(metric.key, metric.version) for metric in VERSIONS.values()} == {
        (metric.key, metric.version) for metric in (*CATALOGUE.values(), *ALSO)
    }
