"""How the desk does: each number beside a case worked by hand in business hours, and beside a statement of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import connection

from collectors.facts.accounts import Account
from collectors.facts.service import Survey, Technician, Ticket
from collectors.facts.touched import Calendar
from metrics import business_hours, reading, rollup, working
from metrics.declare import Median
from metrics.definitions import CATALOGUE
from metrics.models import OpenDay, State
from metrics.periods import parse
from metrics.reading import COMPANY, client, segment
from metrics.settings import all_in_force, decide
from organizations.models import Organization
from tests.metrics.rollup.world import World, day, enter, mark, number, read, state, value

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 4, 2, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")  # its clocks were put forward on 9 March 2025

# March 2025 of the world below, for the company and for Acme.
BY_HAND: dict[str, tuple[str, str]] = {
    "tickets_closed_same_day": ("2", "1"), "tickets_open_to_1_day": ("2", "0"), "tickets_open_2_to_7_days": ("3", "1"),
    "tickets_open_8_to_30_days": ("2", "0"), "tickets_open_over_30_days": ("1", "0"),
    "tickets_with_response": ("5", "2"), "surveys_answered": ("4", "2"), "surveys_positive": ("2", "1"),
    "technicians_at_work": ("2", ""),
}
WORKED_OUT = {
    "same_day_close_pct": ("33.33333333", "33.33333333"), "csat": ("50", "50"), "capacity_hours": ("334", ""),
    "utilization": ("18.86227545", ""), "first_response_hours": ("0.25", "1.25"), "resolve_hours": ("3.25", "4"),
}


def boss() -> User:
    return User.objects.get_or_create(username="boss", is_superuser=True)[0]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


class Desk(World):
    """Two clients' accounts, one that waits and one that people ignore."""

    a: Account
    b: Account
    waiting: Account
    ignored: Account


@pytest.fixture
def world() -> Desk:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": ZONE.key})
    decide("holidays", ["2025-03-21"])
    world = Desk(listed=("2025-02-28", "2025-03-31"))
    read(world.psa, "Survey", "2024-12-01", "2025-04-02")
    acme, beta = world.client("acme", segment="Dental"), world.client("beta", segment="Dental")
    world.a, world.b, world.waiting = world.account(acme), world.account(beta), world.account(None)
    world.ignored = world.account(None)
    world.link(world.ignored, None, verdict="ignored")
    _closed(world)
    _open(world)
    _answered(world)
    _worked(world)
    rollup.run("test", now=NOW)
    return world


def timed(
    world: Desk, account: Account | None, opened: str, responded: str, resolved: str, closed: str, **fields: Any
) -> Ticket:
    return world.ticket(
        account, opened[:10], closed[:10], opened_at=local(opened), closed_at=local(closed),
        first_response_at=local(responded) if responded else None, resolved_at=local(resolved) if resolved else None,
        **fields,
    )


def _closed(world: Desk) -> None:
    a, b = world.a, world.b
    # Over the weekend on which an hour is left out: an hour on Friday, and 1.5 or 3 on Monday.
    timed(world, a, "2025-03-07T16:00", "2025-03-10T09:30", "2025-03-10T11:00", "2025-03-10T12:00")
    # Opened and answered on a Saturday: no business hour; not said when resolved, so half an hour to its close.
    timed(world, a, "2025-03-15T10:00", "2025-03-15T11:00", "", "2025-03-17T08:30")
    # Never answered; a whole day of nine hours, though it was closed an hour later.
    timed(world, a, "2025-03-17T08:00", "", "", "2025-03-17T18:00")
    # Before the desk opened: 15 minutes; two days to the end of the second.
    timed(world, b, "2025-03-03T07:00", "2025-03-03T08:15", "2025-03-04T17:30", "2025-03-05T09:00")
    # Answered before it was written down: no time; half an hour.
    timed(world, b, "2025-03-20T10:00", "2025-03-20T09:00", "2025-03-20T10:30", "2025-03-20T11:00")
    # Over a holiday and a weekend: half an hour before and half an hour, or two hours, behind.
    timed(world, world.waiting, "2025-03-20T16:30", "2025-03-24T08:30", "2025-03-24T10:00", "2025-03-24T10:00")
    timed(world, b, "2025-02-10T09:00", "2025-02-10T12:00", "2025-02-10T13:00", "2025-02-10T13:00")  # February's
    for account, fields in ((world.ignored, {}), (a, {"queue": world.queue("project")})):
        timed(world, account, "2025-03-12T09:00", "2025-03-12T16:00", "", "2025-03-12T16:30", **fields)


def _open(world: Desk) -> None:
    a, b = world.a, world.b
    world.ticket(a, "2025-03-28", first_response_at=local("2025-03-28T12:00"))
    for opened in ("2025-03-31", "2025-03-30", "2025-03-29", "2025-03-24", "2025-03-23", "2025-03-01", "2025-02-28"):
        world.ticket(b, opened)


def _answered(world: Desk) -> None:
    a, b = world.a, world.b
    for account, score in ((a, "100"), (a, "60"), (b, "80"), (None, "20")):
        Survey.objects.create(
            connection=world.psa, external_id=number(), account=account, score=Decimal(score),
            answered_at=local("2025-03-12T12:00"), answered_on=day("2025-03-12"),
        )


def _worked(world: Desk) -> None:
    a, b = world.a, world.b
    one, two = (Technician.objects.create(connection=world.psa, external_id=number(), name=name) for name in "ab")
    ticket = Ticket.objects.filter(account=a).first()
    world.time(a, "2025-03-31", "40", ticket, technician=one)
    world.time(b, "2025-03-20", "20", ticket, technician=two)
    world.time(None, "2025-03-20", "5", technician=one, charged_to="charge_code")
    world.time(a, "2025-03-20", "3", ticket)  # nobody is named
    world.time(a, "2025-02-20", "10", ticket, technician=one)


def test_every_number_of_the_desk_agrees_with_a_case_worked_by_hand(world: Desk) -> None:
    acme = Organization.objects.get(slug="acme")
    differ = {
        (key, of): (expected, found.value, found.state)
        for key, (company, theirs) in {**BY_HAND, **WORKED_OUT}.items()
        for of, expected in ((None, company), (acme, theirs)) if expected for found in [value(key, "2025-03", of)]
        if (found.value, found.state) != (Decimal(expected), State.MEASURED)
    }
    assert not differ


def test_a_quarter_has_the_median_of_its_own_rows_and_not_of_its_months(world: Desk) -> None:
    beta = Organization.objects.get(slug="beta")
    assert [value("first_response_hours", when).value for when in ("2025-02", "2025-03", "2025-Q1", "2025")] == [
        Decimal("3"), Decimal("0.25"), Decimal("0.625"), Decimal("0.625"),
    ]
    assert value("resolve_hours", "2025-Q1").value == 4
    assert [value(key, "2025-Q1", beta).value for key in ("first_response_hours", "resolve_hours")] == [
        Decimal("0.25"), Decimal("4"),
    ]


def test_a_month_without_a_ticket_has_no_median_and_its_quarter_has_one(world: Desk) -> None:
    found = value("resolve_hours", "2025-01")
    assert (found.value, found.state, found.cause) == (None, State.UNDEFINED, "no ticket closed")
    assert value("resolve_hours", "2025-Q1").state == State.MEASURED


def test_a_segment_has_the_median_of_its_clients_tickets(world: Desk) -> None:
    found = reading.numbers(boss(), ["first_response_hours", "resolve_hours"], [segment("Dental")], [parse("2025-03")])
    assert [each.value for each in found.values()] == [Decimal("0.125"), Decimal("4")]


def test_where_the_psa_tells_no_response_there_is_no_median_and_it_says_so(world: Desk) -> None:
    Ticket.objects.update(first_response_at=None)
    mark("Ticket", world.a.pk, "2025-03")
    rollup.run("test", now=NOW, everything=True)
    assert (value("tickets_with_response", "2025-03").cause) == "the vendor does not tell"
    found = value("first_response_hours", "2025-03")
    assert (found.value, found.state, found.cause) == (
        None, State.NOT_COLLECTED, "needs tickets with a first response"
    )
    assert value("resolve_hours", "2025-03").value == Decimal("3.25")


def test_the_technicians_of_a_quarter_are_the_mean_of_its_months_and_their_hours_add_up(world: Desk) -> None:
    assert value("technicians_at_work", "2025-Q1").value == 1  # none, one and two
    assert value("capacity_hours", "2025-Q1").value == 3 * 167
    assert value("utilization", "2025-Q1").value == Decimal("14.57085828")  # 73 of 501


def test_more_hours_of_a_technician_move_the_company_where_only_one_client_is_counted_again(world: Desk) -> None:
    three = Technician.objects.create(connection=world.psa, external_id=number(), name="c")
    world.time(world.a, "2025-03-20", "7", technician=three, charged_to="project")
    mark("TimeEntry", world.a.pk, "2025-03")
    rollup.run("test", now=NOW)
    assert value("technicians_at_work", "2025-03").value == 3
    assert value("capacity_hours", "2025-03").value == 501


def test_a_ticket_answered_late_moves_every_median_it_is_part_of_and_no_other(world: Desk) -> None:
    acme, beta = (Organization.objects.get(slug=slug) for slug in ("acme", "beta"))
    before = {of: value("first_response_hours", "2025-03", of).rollup_id for of in (acme, beta)}
    ticket = Ticket.objects.filter(account=world.a, first_response_at=local("2025-03-10T09:30"))
    ticket.update(first_response_at=local("2025-03-10T12:00"))  # five hours in place of 2.5
    mark("Ticket", world.a.pk, "2025-03")
    rollup.run("test", now=NOW)
    assert value("first_response_hours", "2025-03", acme).value == Decimal("2.5")
    assert value("first_response_hours", "2025-Q1", acme).value == Decimal("2.5")
    assert value("first_response_hours", "2025-03").value == Decimal("0.25")
    assert value("first_response_hours", "2025-Q1").value == Decimal("0.625")
    assert value("first_response_hours", "2025-03", beta).rollup_id == before[beta]


def test_where_no_ticket_moved_medians_stay_as_they_are(world: Desk) -> None:
    before = [value("resolve_hours", when).value for when in ("2025-03", "2025-Q1", "2025")]
    Ticket.objects.update(resolved_at=None)  # unmarked: whoever read it again would find another median
    world.time(world.a, "2025-03-20", "7", charged_to="project")
    mark("TimeEntry", world.a.pk, "2025-03")
    rollup.run("test", now=NOW)
    assert value("hours_logged", "2025-03").value == 75
    assert before == [Decimal("3.25"), 4, 4]
    assert [value("resolve_hours", when).value for when in ("2025-03", "2025-Q1", "2025")] == before


def test_a_holiday_decided_later_takes_its_hours_out(world: Desk) -> None:
    decide("holidays", ["2025-03-21", "2025-03-17"])
    rollup.run("test", now=NOW, everything=True)
    acme = Organization.objects.get(slug="acme")
    assert value("resolve_hours", "2025-03", acme).value == 0  # 4, and nothing on the holiday, twice
    assert "2025-03-17" in value("resolve_hours", "2025-03", acme).basis.rules["holidays"]


def test_hours_are_those_in_force_on_each_day(world: Desk) -> None:
    decide("business_hours", {"days": [1, 2, 3, 4, 5], "from": "06:00", "to": "18:00"}, from_on=date(2025, 3, 17))
    rollup.run("test", now=NOW, everything=True)
    acme = Organization.objects.get(slug="acme")
    assert value("resolve_hours", "2025-03", acme).value == 4  # 4, 2.5 and ten hours


def test_the_year_to_date_is_worked_out_from_rows(world: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for scope, expected in (
        (COMPANY, ("0.625", "4")), (client("acme"), ("1.25", "4")), (segment("Dental"), ("0.25", "4")),
    ):
        found = reading.year_to_date(boss(), ["first_response_hours", "resolve_hours"], scope, parse("2025-03"))
        assert [each.value for each in found.values()] == [Decimal(text) for text in expected], scope


def test_its_working_tells_the_middle_of_what_and_lists_each_row_with_its_hours(world: Desk) -> None:
    told = working.explain(boss(), "first_response_hours", client("acme"), parse("2025-03"))
    assert told is not None
    assert told.formula == "the middle of business hours from opening to the first response"
    assert [each.metric.key for each in told.inputs] == ["tickets_with_response"]
    found = working.rows(boss(), "first_response_hours", client("acme"), parse("2025-03"), order="told")
    assert [row.cells[-1] for row in found.rows] == [Decimal("0.0000"), Decimal("2.5000")]
    assert found.columns[-1].label == "First response"


def test_a_correction_of_how_many_there_are_leaves_the_middle_as_it_is(world: Desk) -> None:
    enter("reactive_tickets_closed", "2025-03", 99, kind="corrected")
    rollup.run("test", now=NOW)
    assert value("resolve_hours", "2025-03").value == Decimal("3.25")
    assert state("same_day_close_pct", "2025-03") == ("measured", Decimal("2.02020202"))


INDEPENDENT = {
    "tickets_closed_same_day": """
        SELECT count(*) FROM ticket t JOIN queue_kind k USING (queue_id) WHERE k.kind = 'reactive'
        AND to_char(closed_at AT TIME ZONE 'America/New_York', 'YYYY-MM-DD')
            = to_char(opened_at AT TIME ZONE 'America/New_York', 'YYYY-MM-DD')
        AND closed_on BETWEEN '2025-03-01' AND '2025-03-31' AND account_id NOT IN (
            SELECT account_id FROM account_link WHERE verdict = 'ignored')""",
    "tickets_open_over_30_days": """
        SELECT count(*) FROM ticket WHERE closed_at IS NULL AND opened_on <= date '2025-03-31' - 31""",
    "tickets_with_response": """
        SELECT count(first_response_at) FROM ticket t JOIN queue_kind k USING (queue_id) WHERE k.kind = 'reactive'
        AND to_char(closed_on, 'YYYY-MM') = '2025-03'
        AND account_id NOT IN (SELECT account_id FROM account_link WHERE verdict = 'ignored')""",
    "surveys_positive": "SELECT sum((score BETWEEN 80 AND 100)::int) FROM survey",
    "technicians_at_work": """
        SELECT count(*) FROM technician t WHERE EXISTS (
            SELECT FROM time_entry e WHERE e.technician_id = t.id AND to_char(e.entered_on, 'YYYY-MM') = '2025-03')""",
    # Every minute of each ticket that is a business minute, counted one by one.
    "resolve_hours": """
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY hours)::numeric FROM (
            SELECT t.id, (
                SELECT count(*) / 60.0 FROM generate_series(
                    t.opened_at, coalesce(t.resolved_at, t.closed_at) - interval '1 minute', interval '1 minute'
                ) g(minute) CROSS JOIN LATERAL (SELECT g.minute AT TIME ZONE 'America/New_York' AS wall) w
                WHERE extract(isodow FROM w.wall) < 6 AND w.wall::date <> '2025-03-21'
                  AND w.wall::time >= '08:00' AND w.wall::time < '17:00') AS hours
            FROM ticket t JOIN queue_kind k USING (queue_id) WHERE k.kind = 'reactive'
              AND to_char(t.closed_on, 'YYYY-MM') = '2025-03' AND t.account_id NOT IN (
                  SELECT account_id FROM account_link WHERE verdict = 'ignored')) x""",
}


@pytest.mark.parametrize("key", INDEPENDENT)
def test_it_agrees_with_a_statement_written_on_its_own(world: Desk, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INDEPENDENT[key])
        [expected] = cursor.fetchone()
    assert value(key, "2025-03").value == expected


def test_every_median_has_a_case() -> None:
    assert {key for key, metric in CATALOGUE.items() if isinstance(metric, Median)} <= WORKED_OUT.keys()


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC"])
def test_business_hours_of_any_two_moments_agree_with_a_plain_reckoning(zone: str) -> None:
    Calendar.objects.update_or_create(id=1, defaults={"time_zone": zone})
    decide("business_hours", {"days": [1, 2, 4, 6, 7], "from": "01:15", "to": "23:15"})  # the clocks change within
    decide("business_hours", {"days": [1, 2, 3, 4, 5], "from": "08:00", "to": "17:00"}, from_on=date(2025, 6, 11))
    decide("holidays", ["2025-03-27", "2025-12-25"])
    decide("holidays", ["2025-08-01", "2025-08-04"], from_on=date(2025, 7, 1))
    draw = Random(26)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    pairs = []
    for _ in range(1_500):
        moment = start + timedelta(seconds=draw.randint(0, 400 * 86_400))
        seconds = draw.choice([draw.randint(-500, 900), draw.randint(0, 10**7)])
        pairs.append((moment, moment + timedelta(seconds=seconds)))
    World().ticket(None, "2025-01-01")
    business_hours.lay()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {business_hours.between('f.since', 'f.until')} FROM unnest(%s::timestamptz[], %s::timestamptz[])"
            " WITH ORDINALITY AS f(since, until, number) ORDER BY number",
            [[since for since, _ in pairs], [until for _, until in pairs]],
        )
        found = [row for (row,) in cursor.fetchall()]
    rules = all_in_force({start.date() + timedelta(days) for days in range(-2, 900)})
    differ = [
        (pair, said, expected) for pair, said in zip(pairs, found, strict=True)
        if said != (expected := plainly(*pair, ZoneInfo(zone), rules))
    ]
    assert not differ[:3]


def plainly(since: datetime, until: datetime, zone: ZoneInfo, rules: Mapping[date, Mapping[str, Any]]) -> Decimal:
    """Day by day, what of it lies between opening and closing."""
    seconds = Fraction(0)
    for on in _days(since.astimezone(zone).date(), until.astimezone(zone).date()):
        week, off = rules[on]["business_hours"], rules[on]["holidays"]
        if on.isoweekday() in week["days"] and on.isoformat() not in off:
            opens, closes = (
                datetime.combine(on, time.fromisoformat(week[end]), zone).astimezone(UTC) for end in ("from", "to")
            )
            seconds += Fraction(max(0, (min(until, closes) - max(since, opens)).total_seconds()))
    hours = seconds / 3600
    exact = Decimal(hours.numerator) / Decimal(hours.denominator)
    return exact.quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def test_laying_the_open_days_again_changes_none(world: Desk) -> None:
    before = list(OpenDay.objects.order_by("day").values_list())
    business_hours.lay()
    assert before and list(OpenDay.objects.order_by("day").values_list()) == before
