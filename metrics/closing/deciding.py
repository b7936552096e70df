"""Accepting and refusing restatements. What shares a changed row is decided together, so that parts make wholes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from collectors.facts.touched import Calendar, Touched
from metrics.closing.periods import DAY, Refused, span_of
from metrics.closing.restated import WAITING, together
from metrics.models import Restatement, Rollup
from metrics.periods import Month
from metrics.rollup import whole
from metrics.rollup.asked import ENTRY, about_closed
from metrics.rollup.restate import accept_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def accept(chosen: Iterable[Restatement | int], by: User | None, reason: str) -> list[Restatement]:
    """Give each value its new figure, one revision on; every row that was decided with those named. Raises Refused.

    The figures are worked out once more. An open year above follows at the next roll-up.
    """
    whole.alone()
    rows = _batch(chosen, reason)
    rollup = Rollup.objects.create(cause="restated", started_at=timezone.now())
    figures = {(row.scope_id, row.definition_id, row.period_id): (row.new_state, row.new_value) for row in rows}
    months = [span for row in rows if isinstance(span := span_of(row.period), Month)]
    every = months or [month for row in rows for month in span_of(row.period).months]
    if accept_in(about_closed(timezone.now()), sorted(set(every)), figures, rollup):
        raise Refused("The source has changed again since. Look at it once more after the next roll-up.")
    Rollup.objects.filter(pk=rollup.pk).update(ended_at=timezone.now(), rows_written=len(rows))
    _ask_for_years(rows)
    return _decide(rows, Restatement.Decision.ACCEPTED, by, reason)


@transaction.atomic
def refuse(chosen: Iterable[Restatement | int], by: User | None, reason: str) -> list[Restatement]:
    """Leave the values as they were closed; every row that was decided with those named. Raises Refused."""
    whole.alone()
    return _decide(_batch(chosen, reason), Restatement.Decision.REFUSED, by, reason)


def _batch(chosen: Iterable[Restatement | int], reason: str) -> list[Restatement]:
    """The rows named and those that share a changed row with one of them."""
    if not reason.strip():
        raise Refused("Say why.")
    wanted = {row.pk if isinstance(row, Restatement) else row for row in chosen}
    waiting = list(Restatement.objects.filter(decision=WAITING).select_related("period").order_by("pk"))
    if not wanted or wanted - {row.pk for row in waiting}:
        raise Refused("This was decided already, or the source has changed back.")
    return [row for group in together(waiting) if wanted & {each.pk for each in group} for row in group]


def _decide(
    rows: list[Restatement], decision: Restatement.Decision, by: User | None, reason: str
) -> list[Restatement]:
    moment = timezone.now()
    for row in rows:
        row.decision, row.reason, row.decided_by, row.decided_at = decision, reason.strip(), by, moment
    Restatement.objects.bulk_update(rows, ["decision", "reason", "decided_by", "decided_at"], batch_size=500)
    return rows


def _ask_for_years(rows: Iterable[Restatement]) -> None:
    """A year that is still open is made of closed months as well: ask for it through its first open month."""
    frontier = Calendar.current().closed_through
    if frontier is None:
        return
    opened = Month.holding(frontier + DAY)
    Touched.objects.bulk_create(
        [Touched(entity=ENTRY, account=scope, month=opened.starts_on)
         for scope in sorted({row.scope_id for row in rows if row.period.starts_on.year == opened.year})],
        ignore_conflicts=True,
    )
