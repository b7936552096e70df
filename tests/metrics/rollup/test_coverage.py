"""How much of a joined number belongs to someone we know, stored with it; and what follows where it is too little."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.contrib.auth.models import User

from metrics import rollup, working
from metrics.declare import For
from metrics.definitions import CATALOGUE
from metrics.joined import bases_of, is_joined
from metrics.models import MonthlyValue, QuarterlyValue, State, YearlyValue
from metrics.models.values import Value
from metrics.periods import parse
from metrics.reading import COMPANY, year_to_date
from metrics.settings import decide
from organizations.models import Organization
from tests.metrics.rollup.world import World, day, enter, mark, state, value

pytestmark = pytest.mark.django_db
APRIL = datetime(2025, 4, 2, 12, tzinfo=UTC)
MONTHS = ("2025-01", "2025-02", "2025-03")
PROTECTION = ("edr_coverage", "devices_unprotected")  # the EDR's agents over the RMM's devices
ACROSS_LAYERS = (*PROTECTION, "backup_coverage", "servers_not_backed_up")
Key = tuple[str, str, str, int]  # metric, grain and first day, kind of scope, organization


def roll(*, everything: bool = False) -> int:
    done = rollup.run("test", now=APRIL, everything=everything)
    return done.rows_written if done else 0


def coverage(metric: str, when: str, of: Organization | str | None = None) -> Decimal | None:
    return value(metric, when, of).coverage


@pytest.fixture
def world() -> World:
    return World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))


@pytest.fixture
def acme(world: World) -> Organization:
    """A client of three devices and eight hours, beside one device and two hours of accounts that wait."""
    acme = world.client("acme")
    desk, site = world.account(acme), world.account(acme, world.rmm)
    waiting, waits_too = world.account(None), world.account(None, world.rmm)
    for account, hours in ((desk, ("1", "3", "4")), (waiting, ("1", "0", "1"))):
        for month, worked in zip(MONTHS, hours, strict=True):
            world.time(account, f"{month}-10", worked, world.ticket(account, f"{month}-10", f"{month}-11"))
    for name in ("ws-1", "ws-2", "ws-3"):
        world.device(site, name=name)
    world.device(waits_too, since="2025-02-15")
    return acme


def test_what_is_joined_follows_from_what_its_inputs_read() -> None:
    joined = {key for key, metric in CATALOGUE.items() if is_joined(metric, For.COMPANY)}
    assert joined == {
        "reactive_tickets_per_endpoint_per_month", "rhem", "aisp", "mrr_per_agreement", *ACROSS_LAYERS,
    }  # fmt: skip
    assert bases_of(CATALOGUE["rhem"], For.COMPANY) == ("reactive_hours", "endpoints_managed")
    assert bases_of(CATALOGUE["aisp"], For.COMPANY) == ("seats_managed",)  # the ledger's MRR is on no account
    assert not any(is_joined(metric, For.ORGANIZATION) for metric in CATALOGUE.values())


def test_a_months_coverage_is_the_least_share_of_its_inputs(world: World, acme: Organization) -> None:
    roll()
    assert coverage("rhem", "2025-01") == Decimal("0.5")  # 1 of 2 hours, 3 of 3 devices
    assert value("rhem", "2025-01").cause == "50% of hours resolved"
    assert coverage("rhem", "2025-02") == Decimal("0.75")  # 3 of 3 hours, 3 of 4 devices
    assert coverage("rhem", "2025-03") == Decimal("0.75")
    assert value("rhem", "2025-03").cause == "80% of hours, 75% of devices resolved"


def test_a_quarters_coverage_is_of_its_whole_base_and_not_a_mean_of_months(world: World, acme: Organization) -> None:
    roll()
    quarter = value("rhem", "2025-Q1")  # 8 of 10 hours; a mean of 3 devices of a mean of 11/3
    assert (quarter.coverage, quarter.cause) == (Decimal("0.8"), "80% of hours, 81.8% of devices resolved")
    year = value("rhem", "2025")
    assert (year.state, year.coverage) == (State.INCOMPLETE, None)  # nothing is listed in April: no value


def test_what_one_system_tells_alone_and_what_is_one_clients_own_has_no_coverage(
    world: World, acme: Organization
) -> None:
    roll()
    assert state("total_close_pct", "2025-03") == ("measured", 100)
    assert coverage("total_close_pct", "2025-03") is None
    assert coverage("reactive_hours", "2025-03") is None
    assert state("rhem", "2025-03", acme)[0] == "measured"
    assert coverage("rhem", "2025-03", acme) is None


def test_where_too_little_is_resolved_the_value_stands_and_its_state_says_so(world: World, acme: Organization) -> None:
    roll()
    assert state("rhem", "2025-03") == ("insufficient coverage", Decimal("1.25"))
    decide("least_resolved", "75")
    roll()
    assert state("rhem", "2025-03") == ("measured", Decimal("1.25"))  # it is at the limit, which is enough
    assert value("rhem", "2025-03").cause == "80% of hours, 75% of devices resolved"
    assert state("rhem", "2025-01")[0] == "insufficient coverage"


def test_the_limit_is_the_one_in_force_at_the_periods_end_and_stands_in_the_basis(
    world: World, acme: Organization
) -> None:
    decide("least_resolved", "50")
    decide("least_resolved", "78.5", from_on=date(2025, 3, 31))
    roll()
    words = [state("rhem", month)[0] for month in (*MONTHS, "2025-Q1")]
    assert words == ["measured", "measured", "insufficient coverage", "measured"]
    assert value("rhem", "2025-02").basis.rules == {"least_resolved": "50"}
    assert value("rhem", "2025-03").basis.rules == {"least_resolved": "78.5"}
    assert value("rhem", "2025-03", acme).basis.rules == {}
    assert value("total_close_pct", "2025-03").basis.rules == {}


def test_a_running_month_of_too_little_coverage_is_still_so_far(world: World, acme: Organization) -> None:
    world.list_all("2025-04-01")
    world.time(None, "2025-04-01", "1", world.ticket(None, "2025-04-01"))
    roll()
    running = value("rhem", "2025-04")
    assert (running.state, running.coverage) == (State.INSUFFICIENT_COVERAGE, 0)
    assert running.cause == "so far, 0% of hours, 75% of devices resolved"


def test_where_there_is_nothing_there_is_nothing_to_resolve(world: World) -> None:
    world.device(world.account(world.client("acme"), world.rmm))
    roll()
    assert state("rhem", "2025-03") == ("measured", 0)
    assert (coverage("rhem", "2025-03"), value("rhem", "2025-03").cause) == (Decimal(1), None)


def test_what_people_gave_is_part_of_no_base(world: World, acme: Organization) -> None:
    enter("reactive_hours", "2025-01", 40, kind="corrected")
    roll()
    assert (coverage("rhem", "2025-01"), value("rhem", "2025-01").cause) == (Decimal(1), None)  # the devices alone
    assert value("rhem", "2025-Q1").cause == "87.5% of hours, 81.8% of devices resolved"  # 7 of 8, 9 of 11
    enter("endpoints_managed", "2025-01", 10, kind="corrected")
    roll()
    assert (state("rhem", "2025-01")[0], coverage("rhem", "2025-01")) == ("measured", None)


def test_a_share_just_short_of_the_whole_is_never_told_as_the_whole(world: World) -> None:
    acme = world.client("acme")
    world.device(world.account(acme, world.rmm))
    world.time(world.account(acme), "2025-03-10", "9999.99", world.ticket(None, "2025-03-10"))
    world.time(None, "2025-03-10", "0.01", world.ticket(None, "2025-03-10"))
    roll()
    assert coverage("rhem", "2025-03") == Decimal("0.999999")
    assert value("rhem", "2025-03").cause == "99.9% of hours resolved"


def stored() -> dict[Key, tuple[object, ...]]:
    found: dict[Key, tuple[object, ...]] = {}
    for table in (MonthlyValue, QuarterlyValue, YearlyValue):
        rows: list[Value] = list(table.objects.select_related("definition", "period", "scope"))
        for row in rows:
            version = row.definition.version
            metric = row.definition.metric if version == 1 else f"{row.definition.metric}_v{version}"
            key = (metric, f"{row.period.grain} {row.period.starts_on}", row.scope.kind,
                   row.scope.organization_id or 0)
            found[key] = (row.value, row.state, row.cause, row.coverage, row.fact_rows, row.checksum, row.basis_id)
    return found


def test_unmapping_a_client_lowers_what_depends_on_it_and_moves_nothing_else(world: World, acme: Organization) -> None:
    beta = world.client("beta")
    desk, site = world.account(beta), world.account(beta, world.rmm)
    for month in MONTHS:
        ticket = world.ticket(desk, f"{month}-05", f"{month}-06")
        world.time(desk, f"{month}-05", "2", ticket)
        world.balance(month, "1000", "mrr")
    world.device(site)
    world.agreement(desk, "100")
    roll()
    before = stored()
    for account in (desk, site):
        world.link(account, None, verdict="open")
    roll()
    after = stored()

    gone = {key for key in before if key not in after}
    assert gone == {key for key in before if key[2:] == ("organization", beta.pk)}
    assert state("rhem", "2025-03", beta) == ("absent", None)
    assert not after.keys() - before.keys()
    moved = {key: (before[key], after[key]) for key in after if before[key] != after[key]}
    whole = {key: pair for key, pair in moved.items() if key[2] == "company"}
    assert {key[0] for key in whole} == {
        "rhem", "reactive_tickets_per_endpoint_per_month", "aisp", "mrr_per_agreement", *PROTECTION
    }
    assert {key[2] for key in moved} == {"company", "not_linked"}
    for old, new in whole.values():
        assert old[0] == new[0] and old[4:] == new[4:]  # the value, its rows and its basis stay
        assert new[3] < old[3]  # type: ignore[operator]
    assert {key[1] for key in whole if key[0] == "rhem"} == {
        *(f"month {month}-01" for month in MONTHS), "month 2024-12-01", "quarter 2025-01-01"
    }
    for account, of in ((desk, beta), (site, beta)):
        world.link(account, of)
    roll()
    assert stored() == before


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_partial_roll_up_ends_at_the_coverage_of_a_whole_one_and_each_share_can_be_told(seed: int) -> None:
    random = Random(seed)
    world = World(listed=("2024-12-31", "2025-01-31", "2025-02-28", "2025-03-31"))
    desks = [world.account(world.client(f"c{n}")) for n in range(3)] + [world.account(None)]
    sites = [world.account(world.client(f"d{n}"), world.rmm) for n in range(3)] + [world.account(None, world.rmm)]

    def some_day() -> str:
        return (date(2025, 1, 1) + timedelta(days=random.randrange(90))).isoformat()

    roll()
    for _ in range(5):
        desk, site, when, since = random.choice(desks), random.choice(sites), some_day(), some_day()
        world.time(desk, when, str(random.randint(1, 9)), world.ticket(desk, when, when))
        world.device(site, since=since)
        for entity in ("Ticket", "TimeEntry"):
            mark(entity, desk.pk, when[:7])
        for month in range(day(since).month, 5):
            mark("Asset", site.pk, f"2025-0{month}")
        if random.random() < 0.4:
            world.link(random.choice(desks), None, verdict="open", starts_on=day(some_day()))
        roll()
    assert roll(everything=True) == 0

    person = User.objects.create(username="reader")
    told = 0
    for metric in ("rhem", "reactive_tickets_per_endpoint_per_month"):
        for when in (*MONTHS, "2025-Q1"):
            explained = working.explain(person, metric, COMPANY, parse(when))
            assert explained is not None
            if explained.number.coverage is not None:
                assert min(each.share for each in explained.resolved) == explained.number.coverage, (metric, when)
                told += 1
        to_date = year_to_date(person, [metric], COMPANY, parse("2025-Q1"))[metric]
        quarter = value(metric, "2025-Q1")
        assert (to_date.coverage, to_date.state) == (quarter.coverage, quarter.state)
        assert to_date.cause == (quarter.cause or "")
    assert told == 8
