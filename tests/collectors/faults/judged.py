"""What must hold of every stored number while a vendor has a bad day."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.contrib.auth.models import User
from django.utils import timezone

from collectors.connections import CollectorRun
from metrics.comparisons import Judgement, Met, against_goal, compare, judged, year_ago
from metrics.declare import Goal, at_least, at_most
from metrics.definitions import CATALOGUE
from metrics.models import State
from metrics.reading import COMPANY, NOT_LINKED, Number, numbers
from metrics.reading.freshness import Freshness, systems
from tests.collectors.faults.month import LAST_KNOWN, MONTH, Key, Months, Values

GOALS: tuple[Goal, ...] = (at_least("0"), at_least("-1000000000"), at_most("0"), at_most("1000000000"))


def holds(months: Months, known: Values, was_read: bool) -> None:
    """Nothing is untrue, nothing is lost, nothing is judged, and what was to be known is said not to be."""
    now, well = months.values(), months.well_values
    assert [(key, now[key], known.get(key), well.get(key)) for key in untrue(now, known, well)] == []
    assert [key for key, (state, _) in known.items() if state is State.MEASURED and not measured(now, key)] == []
    assert [(key, now[key], known[key], well[key]) for key in lowered(now, known, well)] == []
    waiting = {metric for scope, metric, grain, day in well if measured(well, (scope, metric, grain, day))
               and grain == "month" and day == MONTH.starts_on and not measured(now, (scope, metric, grain, day))}
    assert waiting or was_read, "the fault touched nothing that is counted"
    assert list(judged_anyhow(sorted(waiting))) == []


def measured(values: Values, key: Key) -> bool:
    return key in values and values[key][0] is State.MEASURED


def untrue(now: Values, known: Values, well: Values) -> list[Key]:
    """Called measured, and neither what was known before nor what a world without the fault says."""
    return [key for key in now if measured(now, key) and now[key] not in (known.get(key), well.get(key))]


def lowered(now: Values, known: Values, well: Values) -> list[Key]:
    """The count so far of a month read in part, below both what it was and what it will be."""
    return [
        key for key, (state, value) in now.items()
        if state is State.INCOMPLETE and key in known and value is not None
        and (was := known[key][1]) is not None and value < min(was, _or(well.get(key), was))
    ]  # fmt: skip


def _or(stored: tuple[State, Decimal | None] | None, otherwise: Decimal) -> Decimal:
    return otherwise if stored is None or stored[1] is None else stored[1]


def judged_anyhow(metrics: list[str]) -> Iterator[Number]:
    """The numbers of the month that a comparison or a goal would colour, of those that are not known."""
    admin = User.objects.create_superuser("somebody")
    try:
        periods = (MONTH, LAST_KNOWN, year_ago(MONTH)[1])
        found = numbers(admin, metrics, (COMPANY, NOT_LINKED), periods)
    finally:
        admin.delete()
    for (metric, scope, period), number in found.items():
        if period != MONTH or number.is_final:
            continue
        for other in periods[1:]:
            base = found[metric, scope, other]
            compared = compare(number, base, "before", other_versions=True)
            if compared and compared.judgement is not Judgement.NONE:
                yield number
            if base.value is not None and judged(number, base.value) is not Judgement.NONE:
                yield number
        for goal in (*GOALS, CATALOGUE[metric].goal):
            if (told := against_goal(number, goal)) and told.met is not Met.NONE:
                yield number


def says_so(months: Months, ended: CollectorRun) -> None:
    """The connection shows a sentence, and nothing about it is fresh."""
    assert ended.state in (CollectorRun.State.FAILED, CollectorRun.State.STOPPED)
    [shown] = [one for one in systems(timezone.now()) if one.vendor == months.vendor.label]
    assert shown.state is Freshness.FAILING
    assert shown.problem == ended.error
    assert months.vendor.label in shown.problem or "no longer listed" in shown.problem
    assert shown.problem.endswith((".", "--confirm-retire"))
