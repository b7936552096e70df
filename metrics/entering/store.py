"""Entries are superseded and added, never edited, and each month they could move is marked for the roll-up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction

from collectors.facts.touched import Touched
from metrics.entering.check import CellEdit, CellError, Change, check
from metrics.entering.standing import locks
from metrics.models import Entry, Period, Scope
from metrics.periods import Month
from metrics.reading import Person, ScopeRef
from metrics.reading.stored import scope_ids
from organizations.models import Organization

SUPERSEDE = """
UPDATE entry SET superseded_at = now()
FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS changed(metric, scope_id, period_id)
WHERE entry.metric = changed.metric AND entry.scope_id = changed.scope_id AND entry.period_id = changed.period_id
  AND entry.superseded_at IS NULL"""


def save(person: Person, scope: ScopeRef, cells: Sequence[CellEdit]) -> list[CellError]:
    """Store every valid cell and name the others. Run the roll-up afterwards. Raises PermissionDenied."""
    checked = check(person, [(scope, cell) for cell in cells])
    store(checked.changes, person)
    return checked.errors


@transaction.atomic
def store(changes: Sequence[Change], person: Person) -> None:
    """All of the changes or none. Two people who save the same client at once wait for each other.

    Raises PermissionDenied where a month was closed since the cells were checked; nobody closes one meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM calendar FOR SHARE")
    if locked := locks({change.month for change in changes}):
        raise PermissionDenied(f"{next(iter(locked.values()))}.")
    scopes = _scopes({change.scope for change in changes})
    periods = _periods({change.month for change in changes})
    list(Scope.objects.select_for_update().filter(id__in=scopes.values()).order_by("id").values_list("id"))
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDE, [
            [change.metric.key for change in changes], [scopes[change.scope] for change in changes],
            [periods[change.month] for change in changes],
        ])
    Entry.objects.bulk_create([
        Entry(
            metric=change.metric.key, scope_id=scopes[change.scope], period_id=periods[change.month], kind=change.kind,
            value=change.new, note=change.note, by_id=person.pk,
        )
        for change in changes if change.kind
    ], batch_size=5000)
    marks = {(scopes[change.scope], change.month.starts_on) for change in changes}
    Touched.objects.bulk_create(
        [Touched(entity="Entry", account=account, month=month) for account, month in sorted(marks)],
        ignore_conflicts=True,
    )


def _scopes(references: Collection[ScopeRef]) -> Mapping[ScopeRef, int]:
    """The ids of the scope rows, made where a client has none yet. Raises KeyError for an unknown client."""
    known = {ref: row for row, ref in scope_ids(tuple(references)).items()}
    if missing := [ref for ref in references if ref not in known]:
        slugs = [ref.slug for ref in missing if ref.slug]
        organizations = dict(Organization.objects.filter(slug__in=slugs).values_list("slug", "id"))
        Scope.objects.bulk_create(
            [Scope(kind=ref.kind, organization_id=organizations[ref.slug] if ref.slug else None) for ref in missing],
            ignore_conflicts=True,
        )
        known |= {ref: row for row, ref in scope_ids(tuple(missing)).items()}
    return known


def _periods(months: Iterable[Month]) -> Mapping[Month, int]:
    return {
        month: Period.objects.get_or_create(grain="month", starts_on=month.starts_on, ends_on=month.ends_on)[0].pk
        for month in months
    }
