"""When the rules look, and at what: after each roll-up at what it moved, once a day and before a close at more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from collectors.connections import Connection
from collectors.facts.touched import Calendar
from metrics.models import QualityScore, Rollup
from metrics.periods import Month, Span
from metrics.quality import scores
from metrics.quality.extent import Extent, asked_of
from metrics.quality.rules import RULES, Over, Rule
from metrics.quality.store import keep

LATELY = 4  # months: the running one and a quarter before it
ONE_AT_A_TIME = 7_132_003  # the advisory lock of looks


@transaction.atomic
def run(*, now: datetime | None = None) -> None:
    """Look at what the roll-ups since the last look moved; once a day also at records and systems, and score them.

    Where nothing moved only the systems are looked at: whether they were read, and what could not be.
    """
    _alone()
    moment = now or timezone.now()
    waiting = list(Rollup.objects.filter(looked_at=None))
    months = asked_of(rollup.asked for rollup in waiting)
    if _first_of_the_day(moment):
        _look(moment, {**months, **_lately(moment)}, whole=True)
        scores.score(moment)
    else:
        _look(moment, months)
    Rollup.objects.filter(pk__in=[rollup.pk for rollup in waiting]).update(looked_at=moment)


@transaction.atomic
def look(period: Span, *, now: datetime | None = None) -> None:
    """Every rule on the months of a period for everyone, whenever they were last looked at: what a close asks for."""
    _alone()
    _look(now or timezone.now(), dict.fromkeys(period.months), whole=True)


def _look(now: datetime, months: Mapping[Month, frozenset[int] | None], *, whole: bool = False) -> None:
    extent = Extent(now, Calendar.current().zone, months, whole)
    if months:
        extent.lay()
    for rule in RULES.values():
        if _asked(rule, extent):
            keep(rule, rule.find(extent), extent)


def _asked(rule: Rule, extent: Extent) -> bool:
    match rule.over:
        case Over.SYSTEMS:
            return True
        case Over.ALL:
            return extent.whole
        case Over.EVERYONE:
            return extent.for_everyone
    return bool(extent.months)


def _lately(now: datetime) -> dict[Month, frozenset[int] | None]:
    """The months looked at once a day whether they moved or not; of earlier ones nothing is new unless they move."""
    month = Month.holding(now.astimezone(Calendar.current().zone).date())
    return {month.shift(-back): None for back in range(LATELY)}


def _first_of_the_day(now: datetime) -> bool:
    today = now.astimezone(Calendar.current().zone).date()
    return Connection.objects.filter(enabled=True).exists() and not QualityScore.objects.filter(day=today).exists()


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        cursor.execute("SET LOCAL jit = off")
        cursor.execute("SET LOCAL work_mem = '128MB'")
