"""Accepting and refusing restatements, a batch of what shares a changed row at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from collectors.facts.touched import Calendar, Touched
from metrics.closing.batches import Together, covered, is_counted, together
from metrics.closing.periods import DAY, Refused
from metrics.models import Restatement, Rollup
from metrics.periods import Month
from metrics.rollup import whole
from metrics.rollup.asked import ENTRY, about_closed
from metrics.rollup.restate import WAITING, restate
from metrics.rollup.take_in import MovedAgain, Revised, take_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Decision = Restatement.Decision


@transaction.atomic
def accept(
    chosen: Iterable[Restatement | int], by: User | None, reason: str, *, now: datetime | None = None
) -> list[Restatement]:
    """Give values their new figures, one revision on, and what rests on them; every row of it. Raises Refused.

    The figures are worked out once more. What others the company's figure waits for goes on waiting; an open year
    above follows at the next roll-up.
    """
    whole.alone()
    batches = _named(chosen, reason)
    rows = covered(batches)
    asked = about_closed(now or timezone.now())
    rollup = Rollup.objects.create(cause="restated", started_at=timezone.now())
    try:
        revised = take_in(asked, {_key(row): (row.new_state, row.new_value) for row in rows if is_counted(row)}, rollup)
    except MovedAgain as error:
        raise Refused("The source has changed again since. Look at it once more after the next roll-up.") from error
    accepted = _write_down(revised, batches, by, reason.strip())
    Rollup.objects.filter(pk=rollup.pk).update(ended_at=timezone.now(), rows_written=len(revised))
    months = {Month.holding(row.period.starts_on) for row in rows if row.period.grain == "month"}
    restate(replace(asked, late=frozenset(months)))
    _ask_for_years(accepted)
    return accepted


@transaction.atomic
def refuse(chosen: Iterable[Restatement | int], by: User | None, reason: str) -> list[Restatement]:
    """Leave values as they were closed; every row that was decided with those named. Raises Refused."""
    whole.alone()
    rows = covered(_named(chosen, reason))
    for row in rows:
        _decide(row, Decision.REFUSED, by, reason.strip())
    Restatement.objects.bulk_update(rows, ["decision", "reason", "decided_by", "decided_at"], batch_size=500)
    return rows


def _named(chosen: Iterable[Restatement | int], reason: str) -> list[Together]:
    """The batches that hold what was named, or that a figure named is made of."""
    if not reason.strip():
        raise Refused("Say why.")
    wanted = {row.pk if isinstance(row, Restatement) else row for row in chosen}
    waiting = list(
        Restatement.objects.filter(decision=WAITING).select_related("period", "scope", "definition").order_by("pk")
    )
    if not wanted or wanted - {row.pk for row in waiting}:
        raise Refused("This was decided already, or the source has changed back.")
    return [batch for batch in together(waiting) if wanted & {row.pk for row in (*batch.rows, *batch.followers)}]


def _write_down(
    revised: Iterable[Revised], batches: Iterable[Together], by: User | None, reason: str
) -> list[Restatement]:
    """A row for every value that moved: the one that waited, or a new one where a part of it goes on waiting."""
    waiting = {_key(row): row for batch in batches for row in (*batch.rows, *batch.followers)}
    changes = sorted({change for batch in batches for change in batch.changes})
    cause = "; ".join(dict.fromkeys(batch.rows[0].cause for batch in batches))
    there, new = [], []
    for each in revised:
        row = waiting.get(each.key)
        if row is not None and (row.new_state, row.new_value) == each.new:
            there.append(row)
        else:
            scope, definition, period = each.key
            row = Restatement(
                scope_id=scope, definition_id=definition, period_id=period, revision=row.revision if row else 0,
                old_state=each.old[0], old_value=each.old[1], new_state=each.new[0], new_value=each.new[1],
                cause=cause, changes=changes,
            )
            new.append(row)
        _decide(row, Decision.ACCEPTED, by, reason)
    Restatement.objects.bulk_update(there, ["decision", "reason", "decided_by", "decided_at"], batch_size=500)
    return there + Restatement.objects.bulk_create(new, batch_size=2_000)


def _decide(row: Restatement, decision: Decision, by: User | None, reason: str) -> None:
    row.decision, row.reason, row.decided_by, row.decided_at = decision, reason, by, timezone.now()


def _key(row: Restatement) -> tuple[int, int, int]:
    return row.scope_id, row.definition_id, row.period_id


def _ask_for_years(rows: Iterable[Restatement]) -> None:
    """A year that is still open is made of closed months as well: ask for it through its first open month."""
    frontier = Calendar.current().closed_through
    if frontier is None:
        return
    opened = Month.holding(frontier + DAY)
    scopes = sorted({row.scope_id for row in rows if row.period.starts_on.year == opened.year})
    Touched.objects.bulk_create(
        [Touched(entity=ENTRY, account=scope, month=opened.starts_on) for scope in scopes], ignore_conflicts=True,
    )
