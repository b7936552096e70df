"""What was seen, compared with what is known: new breaches open, those seen no more are fixed, accepted ones stay.

Seeing the same again writes nothing: `last_seen_at` is when a finding was last seen anew or differently and, once it
is fixed, when it was found to be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import QuerySet

from metrics.models import Finding, Scope
from metrics.quality.extent import Extent
from metrics.quality.rules import Over, Rule
from metrics.quality.seen import Key, Seen, fetched

Life = Finding.Life
CLEARLY = Decimal("1.25")  # times as bad as it was when it was accepted
BATCH = 1_000

IN_REACH = {
    Over.VALUES: """SELECT f.id FROM finding f JOIN looked_at l ON l.scope_id = f.scope_id AND l.period_id = f.period_id
                    WHERE f.rule = %(rule)s""",
    Over.CLIENTS: """SELECT f.id FROM finding f WHERE f.rule = %(rule)s
                     AND f.scope_id IN (SELECT scope_id FROM looked_at)""",
    Over.EVERYONE: """SELECT f.id FROM finding f WHERE f.rule = %(rule)s
                      AND f.period_id IN (SELECT period_id FROM looked_at WHERE everyone)""",
    Over.MONTHS: """SELECT f.id FROM finding f JOIN period p ON p.id = f.period_id
                    WHERE f.rule = %(rule)s AND p.starts_on = ANY(%(months)s)""",
}
# Those of a month that is not read whole now: nothing was seen of them, since nothing could be.
IN_DOUBT = """
SELECT f.id FROM finding f
JOIN shown_as s ON s.metric = f.metric AND s.period_id = f.period_id
JOIN metrics_monthly v ON v.scope_id = f.scope_id AND v.definition_id = s.definition_id AND v.period_id = f.period_id
WHERE f.rule = %(rule)s AND f.life <> 'fixed' AND v.state IN (2, 4)"""


def keep(rule: Rule, seen: Iterable[Seen], extent: Extent) -> None:
    """Make the findings of a rule, within what was looked at, equal to what was seen."""
    told = {each.key: each for each in seen}
    known = {_key(row): row for row in _in_reach(rule, extent)}
    _open([each for key, each in told.items() if key not in known], rule, extent)
    changed = [row for key, row in known.items() if key in told and _sees(row, told[key], rule, extent)]
    Finding.objects.bulk_update(
        changed, ["says", "measure", "severity", "life", "reason", "decided_by", "decided_at", "first_seen_at",
                  "last_seen_at"], batch_size=BATCH,
    )
    gone = [row.pk for key, row in known.items() if key not in told and row.life != Life.FIXED]
    if gone and rule.measured:
        in_doubt = {row for (row,) in fetched(IN_DOUBT, {"rule": rule.key})}
        gone = [row for row in gone if row not in in_doubt]
    Finding.objects.filter(pk__in=gone).update(life=Life.FIXED, last_seen_at=extent.now)


def _in_reach(rule: Rule, extent: Extent) -> QuerySet[Finding]:
    """The findings that this look would have seen again, were they still so."""
    every = Finding.objects.filter(rule=rule.key)
    if rule.over not in IN_REACH:
        return every
    months = [month.starts_on for month in extent.ended]
    return every.filter(pk__in=[row for (row,) in fetched(IN_REACH[rule.over], {"rule": rule.key, "months": months})])


def _key(row: Finding) -> Key:
    return row.metric, row.scope_id, row.period_id, row.connection_id, row.subject


def _sees(row: Finding, seen: Seen, rule: Rule, extent: Extent) -> bool:
    """Whether a finding that is known changes by what was seen of it; it is changed in place."""
    if row.life == Life.ACCEPTED and not _clearly_worse(row, seen):
        return False
    if row.life == Life.OPEN and (row.says, row.measure, row.severity) == (
        seen.says, _stored(seen.measure), rule.severity
    ):
        return False
    if row.life != Life.OPEN:
        row.life, row.reason, row.decided_by, row.decided_at = Life.OPEN, "", None, None
        row.first_seen_at = extent.now
    row.says, row.measure, row.severity, row.last_seen_at = seen.says, seen.measure, rule.severity, extent.now
    return True


def _clearly_worse(row: Finding, seen: Seen) -> bool:
    """Than when it was accepted: what is measured then stands in the row until it opens again."""
    if row.measure is None or seen.measure is None:
        return False
    return abs(seen.measure) > abs(row.measure) * CLEARLY


def _stored(measure: Decimal | None) -> Decimal | None:
    return None if measure is None else round(measure, 8)


def _open(new: Sequence[Seen], rule: Rule, extent: Extent) -> None:
    owners = _owners({each.scope for each in new if each.scope is not None})
    Finding.objects.bulk_create(
        [
            Finding(
                rule=rule.key, metric=each.metric, scope_id=each.scope, period_id=each.period,
                connection_id=each.connection, subject=each.subject, severity=rule.severity, says=each.says,
                measure=each.measure, owner_id=owners.get(each.scope), first_seen_at=extent.now,
                last_seen_at=extent.now,
            )
            for each in new
        ],
        batch_size=BATCH,
    )  # fmt: skip


def _owners(scopes: Iterable[int]) -> Mapping[int | None, int]:
    """Who looks after each client: they look after its findings until somebody says otherwise."""
    rows = Scope.objects.filter(pk__in=list(scopes), organization__owner__isnull=False)
    return dict(rows.values_list("pk", "organization__owner"))
