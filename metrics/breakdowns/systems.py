"""What each system adds to a number: the metric's own statement, grouped by connection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from collectors.connections import Connection
from collectors.declare import Layer
from collectors.systems import system
from metrics.breakdowns.source import Source, listed
from metrics.declare import Derived, Flow, MayBeUntold, Stock
from metrics.definitions import CATALOGUE
from metrics.formula import evaluate, parse
from metrics.periods import Month
from metrics.reading import COMPANY, ScopeRef
from metrics.rollup.compile import counted

Values = Mapping[str, Decimal | None]


@dataclass(frozen=True)
class OfSystem:
    """One connection and what it tells of each metric; None: it tells nothing of it."""

    connection: int
    label: str
    values: Values


def by_system(
    scope: ScopeRef, months: tuple[Month, ...], layers: Sequence[Layer], metrics: Iterable[str]
) -> list[OfSystem]:  # fmt: skip
    """The systems of these layers that count in some months, by name. Of one client those that tell something of it.

    What happened is of all those months, what stood of the last. A formula is worked out for each system.
    Raises ValueError for a metric that is counted from no rows of one connection.
    """
    asked = list(metrics)
    found: dict[int, dict[str, Decimal | None]] = defaultdict(dict)
    for group in _groups(asked).values():
        for connection, values in _counted(scope, months, group):
            found[connection].update(values)
    of_layers = [
        row for row in Connection.objects.filter(
            enabled=True, counts_from__lt=months[-1].ends_on, counts_to__gt=months[0].starts_on
        ).order_by("label") if system(row.vendor).layer in layers and (scope == COMPANY or row.pk in found)
    ]
    return [OfSystem(row.pk, row.label, {key: _value(key, found[row.pk]) for key in asked}) for row in of_layers]


def _groups(keys: Iterable[str]) -> dict[tuple[str, str], list[Flow | Stock]]:
    """Everything that is counted, by the statement that counts it."""
    groups: dict[tuple[str, str], list[Flow | Stock]] = defaultdict(list)
    for key in keys:
        match CATALOGUE[key]:
            case Derived() as metric:
                for name, more in _groups(parse(metric.formula).words).items():
                    groups[name] += [each for each in more if each not in groups[name]]
            case Flow() as metric:
                groups[metric.facts.name, metric.dated].append(metric)
            case Stock() as metric:
                groups[metric.facts.name, ""].append(metric)
            case _:
                raise ValueError(f"{key} cannot be told by system.")
    return groups


def _counted(
    scope: ScopeRef, months: tuple[Month, ...], metrics: Sequence[Flow | Stock]
) -> list[tuple[int, dict[str, Decimal | None]]]:  # fmt: skip
    facts = metrics[0].facts
    columns = ", ".join(
        column for metric in metrics for column in (
            counted(metric.value, metric.where),
            *(counted("count(*)", told) for told in
              ((metric.among, metric.told) if isinstance(metric, MayBeUntold) else ("false", "false"))),
        )
    )
    if isinstance(metrics[0], Flow):
        source = Source(scope, months)
        body = f"SELECT c.id, {columns} FROM {source.flowing(facts, metrics[0].dated)} GROUP BY 1"  # noqa: S608
    else:
        source = Source(scope, months[-1:])
        rows = source.standing(facts)
        body = f", {listed(facts)} SELECT d.connection_id, {columns} FROM {rows} GROUP BY 1"  # noqa: S608
    return [
        (connection, {
            metric.key: None if among and not told else Decimal(value or 0)
            for metric, value, among, told in zip(metrics, said[::3], said[1::3], said[2::3], strict=True)
        })
        for connection, *said in source.rows(body)
    ]  # fmt: skip


def _value(key: str, values: Values) -> Decimal | None:
    metric = CATALOGUE[key]
    if not isinstance(metric, Derived):
        return values.get(key)
    formula = parse(metric.formula)
    return evaluate(formula, {word: values.get(word) for word in formula.words}).value
