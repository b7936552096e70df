"""A counted number by client, queue, ticket type, technician, ...: its rows read once a period, grouped by each.

The statement is the roll-up's own, so that the parts add up to the stored change; what they no longer give, because
rows changed since or people entered a month, is told apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from metrics import reading
from metrics.attribution import to_the_place
from metrics.changing.parts import Part, Split, is_rounding
from metrics.declare import Across, Measured, Movement, Opening
from metrics.formula import EXACT, rounded
from metrics.models import Scope
from metrics.periods import Month, Span
from metrics.reading import Number, Person, ScopeRef
from metrics.reading.resolved import BY_HAND, GOOD
from metrics.rollup.compile import with_rules
from metrics.working.source import aggregate_of, source_of

BUDGET = "10s"  # a person waits
NAMED = 5  # parts that are named; the others are told together


@dataclass(frozen=True)
class Dimension:
    """What rows are grouped by: SQL for its key, and for the name (and slug) of keys; no names: the key is one."""

    by: str
    key: str
    names: str = ""
    unnamed: str = "none"


def _named(table: str) -> str:
    return f"SELECT x.id::text, x.name, '' FROM {table} x WHERE x.id = ANY(%s::bigint[])"  # noqa: S608 - names of ours


CLIENT = Dimension("client", "o.scope_id", """
    SELECT s.id::text, g.name, CASE g.kind WHEN 'client' THEN g.slug ELSE '' END
    FROM scope s JOIN organization g ON g.id = s.organization_id WHERE s.id = ANY(%s::bigint[])""", "not linked")
DIMENSIONS: Mapping[str, tuple[Dimension, ...]] = {
    "tickets": (
        CLIENT, Dimension("queue", "f.queue_id", _named("queue")), Dimension("type", "f.type"),
        Dimension("technician", "f.technician_id", _named("technician"), "nobody"),
    ),
    "time": (
        CLIENT, Dimension("queue", "coalesce(root.queue_id, t.queue_id)", _named("queue"), "no ticket"),
        Dimension("type", "coalesce(nullif(root.type, ''), t.type, '')"),
        Dimension("technician", "f.technician_id", _named("technician"), "nobody"),
    ),
    "time of all": (Dimension("technician", "f.technician_id", _named("technician"), "nobody"),),
    "surveys": (CLIENT,),
    "devices": (CLIENT, Dimension("kind of device", "f.kind")),
    "devices told of": (CLIENT, Dimension("kind of device", "f.kind")),
    "devices by system": (CLIENT, Dimension("system", "f.os", unnamed="not told")),
    "agreement lines": (CLIENT, Dimension("agreement type", "f.kind")),
    "alerts": (CLIENT, Dimension("severity", "f.severity"), Dimension("kind of alert", "f.kind")),
    "backups": (CLIENT, Dimension("kind of backup", "f.kind")),
    "backup runs": (CLIENT, Dimension("outcome", "f.outcome")),
    "agents of endpoint protection": (CLIENT, Dimension("kind of device", "device.kind")),
    "incidents": (CLIENT, Dimension("severity", "f.severity")),
    "tenant incidents": (CLIENT, Dimension("severity", "f.severity")),
    "posture checks": (CLIENT,),
    "sign-ins": (CLIENT,),
    "controlled computers": (CLIENT, Dimension("kind of device", "f.kind")),
    "licences of the tenant": (CLIENT, Dimension("product", "f.product")),
    "subscriptions": (CLIENT, Dimension("product", "f.product")),
    "deals": (CLIENT, Dimension("pipeline", "f.pipeline"), Dimension("seller", "f.owner", unnamed="nobody")),
    "activities": (CLIENT, Dimension("type", "f.type"), Dimension("seller", "f.owner", unnamed="nobody")),
    "invoices": (CLIENT, Dimension("kind of invoice", "f.kind")),
    "invoices of the ledger": (CLIENT, Dimension("class", "f.category")),
    "ledger income": (Dimension("ledger account", "f.ledger_account_id", _named("ledger_account")),),
    "ledger costs": (Dimension("ledger account", "f.ledger_account_id", _named("ledger_account")),),
}
MOVED = (CLIENT, Dimension("agreement", "p.thing", _named("agreement")))

Amounts = dict[str | None, Fraction]  # by key
ByMonth = dict[tuple[str, Month], Amounts]  # by dimension and month


class OverBudget(Exception):
    """Reading the rows would take longer than a person waits."""


def by_thing(person: Person, metric: Measured, now: Number, base: Number) -> list[Split]:
    """One split for each thing the rows tell of; none where people gave all of it. Raises OverBudget."""
    dimensions = _dimensions(metric, now.scope)
    whose = _scope_id(now.scope)
    months = [*now.period.months, *base.period.months]
    stored = reading.numbers(person, [metric.key], [now.scope], months)
    sides = []
    for number in (base, now):
        counted = [stored[metric.key, number.scope, month] for month in number.period.months]
        there = [month for month in counted if month.value is not None and month.state in GOOD]
        if not there:
            return []
        rows = _amounts(metric, number.scope, whose, number.period, dimensions)
        sides.append((rows, _weights(metric, there)))
    by_hand = any(each.origin in BY_HAND for each in stored.values())
    splits = [_split(dimension, sides, _change(now, base), by_hand) for dimension in dimensions]
    return splits if not by_hand or any(each.parts for each in splits) else []


def _dimensions(metric: Measured, scope: ScopeRef) -> tuple[Dimension, ...]:
    found = MOVED if isinstance(metric, Movement | Opening) else DIMENSIONS[_facts_name(metric)]
    return tuple(each for each in found if each is not CLIENT or scope.is_company)


def _facts_name(metric: Measured) -> str:
    return metric.bridge.facts.name if isinstance(metric, Movement | Opening) else metric.facts.name


def _weights(metric: Measured, there: Sequence[Number]) -> dict[Month, Fraction]:
    """How much of each month goes into the longer period."""
    months = [number.period for number in there if isinstance(number.period, Month)]
    match metric.across:
        case Across.FIRST:
            return {months[0]: Fraction(1)}
        case Across.LAST:
            return {months[-1]: Fraction(1)}
        case Across.MEAN:
            return {month: Fraction(1, len(months)) for month in months}
    return {month: Fraction(1) for month in months}


def _split(
    dimension: Dimension, sides: Sequence[tuple[ByMonth, Mapping[Month, Fraction]]], change: Decimal, by_hand: bool
) -> Split:
    before, after = (_over(dimension.by, rows, weights) for rows, weights in sides)
    moved = {key: after[key] - before[key] for key in before.keys() | after.keys()}
    ordered = sorted((key for key in moved if moved[key]), key=lambda key: (-abs(moved[key]), key or ""))
    named, others = ordered[:NAMED], ordered[NAMED:]
    shares = [*(moved[key] for key in named), sum((moved[key] for key in others), Fraction(0))]
    total = _written(sum(shares, Fraction(0)))
    total = change if is_rounding(change - total, len(shares)) else total
    *changes, rest = to_the_place(shares, total)
    names = _names(dimension, named)
    parts = tuple(
        Part(name, part, _written(before[key]), _written(after[key]), words=name, slug=slug)
        for key, part in zip(named, changes, strict=True) for name, slug in [names[key]]
    )
    words = "entered, corrected or changed since it was worked out" if by_hand else "changed since it was worked out"
    return Split(dimension.by, parts, rest, len(others), change - total, words if change != total else "")


def _over(by: str, rows: ByMonth, weights: Mapping[Month, Fraction]) -> Amounts:
    """Each key's months made one, as the number's own are."""
    found: Amounts = defaultdict(Fraction)
    for month, weight in weights.items():
        for key, amount in rows.get((by, month), {}).items():
            found[key] += amount * weight
    return found


def _written(value: Fraction) -> Decimal:
    return rounded(EXACT.divide(Decimal(value.numerator), Decimal(value.denominator)))


def _change(now: Number, base: Number) -> Decimal:
    assert now.value is not None and base.value is not None
    return now.value - base.value


def _amounts(
    metric: Measured, scope: ScopeRef, whose: Scope, period: Span, dimensions: Sequence[Dimension]
) -> ByMonth:
    """What the rows of a period give by month and by each dimension, in one reading of them. Raises OverBudget."""
    source = source_of(metric, period.months, whose.organization_id)
    aggregate, where = aggregate_of(metric)
    narrowed = [source.source, with_rules(where) if where else "true", _of(scope, whose, source.scope)]
    keys = ", ".join(f"({each.key})::text" for each in dimensions)
    sets = ", ".join(f"(r.month, ({each.key})::text)" for each in dimensions)
    asked = ", ".join(f"grouping(({each.key})::text)" for each in dimensions)
    statement = f"""{source.tables}
        SELECT r.month, ARRAY[{asked}], ARRAY[{keys}], {aggregate}
        FROM {" AND ".join(f"({part})" if at else part for at, part in enumerate(narrowed))}
        GROUP BY GROUPING SETS ({sets})"""  # noqa: S608 - declarations and quoted literals
    found: ByMonth = {}
    for month, apart, values, amount in _within_budget(statement, scope):
        at = apart.index(0)
        of = found.setdefault((dimensions[at].by, Month.holding(month)), defaultdict(Fraction))
        of[values[at] or None] += Fraction(amount or 0)
    return found


def _of(scope: ScopeRef, whose: Scope, owner: str) -> str:
    if scope.is_company:
        return "true"
    return f"{owner} = {whose.pk}" if scope.slug else f"{owner} IS NULL"


def _within_budget(statement: str, scope: ScopeRef) -> Iterator[tuple[Any, ...]]:
    """The statement's rows, with the server's settings put back behind it."""
    wanted = {"statement_timeout": BUDGET} | ({} if scope.slug else {"enable_nestloop": "off"})
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            former = {}
            for name, value in wanted.items():
                cursor.execute("SELECT current_setting(%s), set_config(%s, %s, true)", [name, name, value])
                [(former[name], _)] = cursor.fetchall()
            cursor.execute(statement)
            rows = cursor.fetchall()
            for name, value in former.items():
                cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
    except OperationalError as fault:
        if not isinstance(fault.__cause__, QueryCanceled):
            raise
        raise OverBudget from None
    yield from rows


def _scope_id(scope: ScopeRef) -> Scope:
    return Scope.objects.get(kind=scope.kind, organization__slug=scope.slug or None, key=None)


def _names(dimension: Dimension, keys: Sequence[str | None]) -> dict[str | None, tuple[str, str]]:
    """The name and slug of each key, in one statement."""
    names: dict[str | None, tuple[str, str]] = {key: (_plain(key), "") for key in keys if key is not None}
    names[None] = (dimension.unnamed, "")
    if dimension.names and (there := [key for key in keys if key is not None]):
        with connection.cursor() as cursor:
            cursor.execute(dimension.names, [there])
            names |= {key: (name or "without a name", slug) for key, name, slug in cursor.fetchall()}
    return names


def _plain(key: str) -> str:
    return key.replace("_", " ")
